import type { Insn } from './insn.ts'
import { bothAccesses } from './load-store.ts'
import type { Access, Operations } from './operations.ts'
import { element, elementBytes, replicate, setElement, setSized, vectorInsn } from './vector.ts'

/**
 * LD1 to LD4 and ST1 to ST4: multiple structures, single structures, and one structure to all lanes.
 *
 * Every element is an access of its own, aligned to its size (DDI 0487, C3.2.13). Here the whole is translated and checked
 * before anything moves, so that a fault leaves memory and registers as they were.
 */

const directions = [
  { load: false, l: '0', stem: 'st' },
  { load: true, l: '1', stem: 'ld' },
] as const

/** Registers of a list follow each other; V0 comes after V31. */
const listed = (t: number, count: number): number[] => Array.from({ length: count }, (_, i) => (t + i) & 31)

/** By element size: checked, and unchecked for an SP base without write-back. */
const elementAccesses = elementBytes.map((bytes) => bothAccesses({ bytes }))
/** LD1 and ST1 of whole registers keep the order of bytes, so they move doublewords. */
const wholeAccesses = elementBytes.map((unit) => bothAccesses({ bytes: 8, unit }))

interface Fields {
  q: number
  s: number
  t: number
  n: number
  m: number
}

/** What moves between base and write-back; `writeBack` runs after the access and before a register is written. */
type Move = <V>(o: Operations<V>, f: Fields, address: V, access: Access, writeBack: () => void) => void

/**
 * The two rows of a form, without and with post-index. In `bits` and `asm` stand `P` for the post-index bit and `M` for Rm;
 * `post` is the operand behind the comma: Xm, or with Rm = 31 the size of the access as an immediate.
 */
function rowsOf(form: {
  name: string
  doc: string
  bits: string
  asm: string
  post: string
  load: boolean
  where?: (f: Fields) => boolean
  /** Index into the access tables. */
  size: (f: Fields) => number
  accesses: typeof elementAccesses
  total: (f: Fields) => number
  move: Move
}): Insn[] {
  const { doc, load, where, size, accesses, total, move } = form
  const common = { cost: load ? 'load' : 'store', ...(where && { where }) } as const
  const pattern = (p: string, m: string): string => form.bits.replace('P', p).replace('MMMMM', m)
  const plain = {
    name: `${form.name})`,
    bits: pattern('0', '00000'),
    asm: `${form.asm}, [{xsp:n}]`,
    doc: `${doc}.`,
    ...common,
    sem<V>(o: Operations<V>, f: Fields) {
      const both = accesses[size(f)]!
      move(o, f, o.base(f.n), f.n === 31 ? both.unchecked : both.checked, () => {})
    },
  }
  const postIndexed = {
    name: `${form.name}, post-index)`,
    bits: pattern('1', 'mmmmm'),
    asm: `${form.asm}, [{xsp:n}], ${form.post}`,
    doc: `${doc}, then adds to the base.`,
    ...common,
    sem<V>(o: Operations<V>, f: Fields) {
      const address = o.base(f.n)
      const next = o.add(address, f.m === 31 ? o.imm(total(f)) : o.x(f.m))
      move(o, f, address, accesses[size(f)]!.checked, () => o.setXsp(f.n, next))
    },
  }
  return [plain, postIndexed].map((row) => vectorInsn(row as unknown as Insn<'q s t n m'>))
}

const registersBytes = (f: Fields, count: number): number => (8 << f.q) * count

/** LD1 and ST1 of one to four registers. */
const wholeShapes = [
  { count: 1, opcode: '0111' },
  { count: 2, opcode: '1010' },
  { count: 3, opcode: '0110' },
  { count: 4, opcode: '0010' },
] as const

const whole = directions.flatMap(({ load, l, stem }) =>
  wholeShapes.flatMap(({ count, opcode }) =>
    rowsOf({
      name: `${stem.toUpperCase()}1 (multiple structures, ${count} register${count > 1 ? 's' : ''}`,
      doc: `${load ? 'Loads' : 'Stores'} the elements of ${count} vector register${count > 1 ? 's' : ''}`,
      bits: `0 q 001100 P ${l} 0 MMMMM ${opcode} ss nnnnn ttttt`,
      asm: `${stem}1 {list${count}:q,s,t}`,
      post: `{vpost*${8 * count}:q,m}`,
      load,
      size: (f) => f.s,
      accesses: wholeAccesses,
      total: (f) => registersBytes(f, count),
      move(o, f, address, access, writeBack) {
        const registers = listed(f.t, count)
        if (!load) {
          const values = registers.flatMap((t) => (f.q ? [o.half(t, 0), o.half(t, 1)] : [o.half(t, 0)]))
          o.storeElements(address, values, access)
          writeBack()
          return
        }
        const loaded = o.loadElements(address, count << f.q, access)
        writeBack()
        for (const [i, t] of registers.entries())
          setSized(o, f.q, t, loaded[i << f.q]!, () => loaded[2 * i + 1]!)
      },
    }),
  ),
)

/** LD2 to LD4 and ST2 to ST4: the elements of a structure go to as many registers. */
const structureShapes = [
  { count: 2, opcode: '1000' },
  { count: 3, opcode: '0100' },
  { count: 4, opcode: '0000' },
] as const

/** Half `which` of a register of a list, gathered from elements in memory order: those of one structure are neighbours. */
function gather<V>(
  o: Operations<V>,
  memory: readonly V[],
  index: number,
  count: number,
  s: number,
  which: number,
): V {
  const bits = 8 << s
  const lanes = 64 / bits
  let half: V = memory[which * lanes * count + index]!
  for (let lane = 1; lane < lanes; lane++) {
    half = o.or(half, o.lsl(1, memory[(which * lanes + lane) * count + index]!, o.imm(lane * bits)))
  }
  return half
}

const structures = directions.flatMap(({ load, l, stem }) =>
  structureShapes.flatMap(({ count, opcode }) =>
    rowsOf({
      name: `${stem.toUpperCase()}${count} (multiple structures`,
      doc: `${load ? 'Loads' : 'Stores'} structures of ${count} elements ${load ? 'to' : 'from'} ${count} vector registers`,
      bits: `0 q 001100 P ${l} 0 MMMMM ${opcode} ss nnnnn ttttt`,
      asm: `${stem}${count} {list${count}:q,s,t}`,
      post: `{vpost*${8 * count}:q,m}`,
      load,
      where: (f) => f.s !== 3 || f.q === 1,
      size: (f) => f.s,
      accesses: elementAccesses,
      total: (f) => registersBytes(f, count),
      move(o, f, address, access, writeBack) {
        const registers = listed(f.t, count)
        const lanes = (8 << f.q) >> f.s
        if (!load) {
          const values = Array.from({ length: lanes * count }, (_, i) =>
            element(o, registers[i % count]!, Math.floor(i / count), 8 << f.s),
          )
          o.storeElements(address, values, access)
          writeBack()
          return
        }
        const memory = o.loadElements(address, lanes * count, access)
        writeBack()
        for (const [i, t] of registers.entries()) {
          setSized(o, f.q, t, gather(o, memory, i, count, f.s, 0), () => gather(o, memory, i, count, f.s, 1))
        }
      },
    }),
  ),
)

/** Bits R and opcode<0> count the elements of a structure. */
const lists = [
  { count: 1, r: '0', o: '0' },
  { count: 2, r: '1', o: '0' },
  { count: 3, r: '0', o: '1' },
  { count: 4, r: '1', o: '1' },
] as const

/** Where Q, S and size hold the index of the lane, by element size: the pattern of bits 15:10. */
const laneShapes = [
  { top: 'i', low: '00', rest: 'i ii' },
  { top: 'i', low: '01', rest: 'i i0' },
  { top: 'i', low: '10', rest: 'i 00' },
  { top: 'i', low: '10', rest: '0 01' },
] as const

const lanes = directions.flatMap(({ load, l, stem }) =>
  lists.flatMap(({ count, r, o: opcode }) =>
    laneShapes.flatMap(({ top, low, rest }, s) => {
      const bytes = elementBytes[s]!
      return rowsOf({
        name: `${stem.toUpperCase()}${count} (single structure, ${8 * bytes}-bit`,
        doc: `${load ? 'Loads' : 'Stores'} one lane of ${count} vector register${count > 1 ? 's' : ''}`,
        bits: `0 ${top} 001101 P ${l} ${r} MMMMM ${low}${opcode} ${rest} nnnnn ttttt`,
        asm: `${stem}${count} {lane${count}*${8 * bytes}:t,i}`,
        post: `{post*${bytes * count}:m}`,
        load,
        size: () => s,
        accesses: elementAccesses,
        total: () => bytes * count,
        move(o, f, address, access, writeBack) {
          const { i } = f as unknown as { i: number }
          const registers = listed(f.t, count)
          if (!load) {
            o.storeElements(
              address,
              registers.map((t) => element(o, t, i, 8 * bytes)),
              access,
            )
            writeBack()
            return
          }
          const memory = o.loadElements(address, count, access)
          writeBack()
          for (const [at, t] of registers.entries()) setElement(o, t, i, 8 * bytes, memory[at]!)
        },
      })
    }),
  ),
)

const replicated = lists.flatMap(({ count, r, o: opcode }) =>
  rowsOf({
    name: `LD${count}R (all lanes`,
    doc: `Loads one structure to all lanes of ${count} vector register${count > 1 ? 's' : ''}`,
    bits: `0 q 001101 P 1 ${r} MMMMM 11${opcode} 0 ss nnnnn ttttt`,
    asm: `ld${count}r {list${count}:q,s,t}`,
    post: `{spost*${count}:s,m}`,
    load: true,
    size: (f) => f.s,
    accesses: elementAccesses,
    total: (f) => count << f.s,
    move(o, f, address, access, writeBack) {
      const memory = o.loadElements(address, count, access)
      writeBack()
      for (const [at, t] of listed(f.t, count).entries()) {
        const filled = replicate(o, memory[at]!, 8 << f.s)
        setSized(o, f.q, t, filled, () => filled)
      }
    },
  }),
)

export const vectorStructures: readonly Insn[] = [...whole, ...structures, ...lanes, ...replicated]
