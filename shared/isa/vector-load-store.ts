import { extendedRegister } from './addsub.ts'
import { signed } from './fields.ts'
import type { Insn } from './insn.ts'
import { bothAccesses } from './load-store.ts'
import type { Access, Operations } from './operations.ts'
import { vectorInsn } from './vector.ts'

/**
 * Loads and stores of SIMD and floating-point registers: literal, pairs, and single registers. A loaded register is zero
 * above what was loaded. A Q register moves as two doublewords and is aligned as 16 bytes (DDI 0487, C3.2.10, B2.5.2).
 */

interface Width {
  /** The register's name: B, H, S, D, Q. */
  reg: 'b' | 'h' | 's' | 'd' | 'q'
  bytes: 1 | 2 | 4 | 8 | 16
  /** Bits 31:30, and bit 23 of the single-register forms. */
  size: string
  high: string
}

const widths = [
  { reg: 'b', bytes: 1, size: '00', high: '0' },
  { reg: 'h', bytes: 2, size: '01', high: '0' },
  { reg: 's', bytes: 4, size: '10', high: '0' },
  { reg: 'd', bytes: 8, size: '11', high: '0' },
  { reg: 'q', bytes: 16, size: '00', high: '1' },
] as const satisfies readonly Width[]

/** Pairs and literals come in three widths, told apart by bits 31:30. */
const wide = [
  { ...widths[2], opc: '00' },
  { ...widths[3], opc: '01' },
  { ...widths[4], opc: '10' },
] as const

const directions = [
  { load: false, l: '0', stem: 'st' },
  { load: true, l: '1', stem: 'ld' },
] as const
type Direction = (typeof directions)[number]

const transfers = directions.flatMap((direction) => widths.map((width) => ({ ...direction, ...width })))
const pairs = directions.flatMap((direction) => wide.map((width) => ({ ...direction, ...width })))

const title = (mnemonic: string, form: string, { bytes }: Width): string =>
  `${mnemonic.toUpperCase()} (${[form, 'SIMD&FP', `${8 * bytes}-bit`].filter(Boolean).join(', ')})`
const verb = ({ load }: Direction): string => (load ? 'Loads' : 'Stores')
const register = ({ reg }: Width): string =>
  `${reg === 'h' || reg === 's' ? 'an' : 'a'} ${reg.toUpperCase()} register`
const cost = ({ load }: Direction): 'load' | 'store' => (load ? 'load' : 'store')

/** An access by elements of at most a doubleword. */
const accessOf = ({ bytes }: Width): Omit<Access, 'checked'> =>
  bytes === 16 ? { bytes: 8, unit: 16 } : { bytes }

/** Moves registers that lie one behind the other; `writeBack` runs after the access and before a register is written. */
function transfer<V>(
  o: Operations<V>,
  k: Direction & Width,
  registers: readonly number[],
  address: V,
  access: Access,
  writeBack?: () => void,
): void {
  const halves = k.bytes === 16 ? 2 : 1
  if (!k.load) {
    const values = registers.flatMap((t) =>
      halves === 2 ? [o.half(t, 0), o.half(t, 1)] : [o.zext(o.half(t, 0), 8 * k.bytes)],
    )
    o.storeElements(address, values, access)
    writeBack?.()
    return
  }
  const loaded = o.loadElements(address, registers.length * halves, access)
  writeBack?.()
  for (const [index, t] of registers.entries()) {
    o.setVector(t, loaded[index * halves]!, halves === 2 ? loaded[index * 2 + 1]! : o.imm(0))
  }
}

const literal = wide.map((k) => {
  const access = { ...accessOf(k), checked: false }
  return vectorInsn({
    name: title('LDR', 'literal', k),
    bits: `${k.opc}011100 iiiiiiiiiiiiiiiiiii ttttt`,
    asm: `ldr {${k.reg}:t}, {label:i}`,
    doc: `Loads ${register(k)} at a label.`,
    cost: 'load',
    sem: (o, f) =>
      transfer(o, { ...directions[1], ...k }, [f.t], o.add(o.pc(), o.imm(signed(f.i, 19) * 4)), access),
  })
})

const unscaled = transfers.map((k) => {
  const access = bothAccesses(accessOf(k))
  return vectorInsn({
    name: title(`${k.stem}ur`, '', k),
    bits: `${k.size}111100${k.high}${k.l}0 iiiiiiiii 00 nnnnn ttttt`,
    asm: `${k.stem}ur {${k.reg}:t}, [{xsp:n}<, #{sdec:i}>]`,
    aliases: [{ asm: `${k.stem}r {${k.reg}:t}, [{xsp:n}, #{sdec:i}]` }],
    doc: `${verb(k)} ${register(k)} with an unscaled offset.`,
    cost: cost(k),
    sem: (o, f) =>
      transfer(
        o,
        k,
        [f.t],
        o.add(o.base(f.n), o.imm(signed(f.i, 9))),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

const postIndexed = transfers.map((k) => {
  const access = { ...accessOf(k), checked: true }
  return vectorInsn({
    name: title(`${k.stem}r`, 'immediate, post-index', k),
    bits: `${k.size}111100${k.high}${k.l}0 iiiiiiiii 01 nnnnn ttttt`,
    asm: `${k.stem}r {${k.reg}:t}, [{xsp:n}], #{sdec:i}`,
    doc: `${verb(k)} ${register(k)}, then adds to the base.`,
    cost: cost(k),
    sem(o, f) {
      const address = o.base(f.n)
      transfer(o, k, [f.t], address, access, () => o.setXsp(f.n, o.add(address, o.imm(signed(f.i, 9)))))
    },
  })
})

const preIndexed = transfers.map((k) => {
  const access = { ...accessOf(k), checked: true }
  return vectorInsn({
    name: title(`${k.stem}r`, 'immediate, pre-index', k),
    bits: `${k.size}111100${k.high}${k.l}0 iiiiiiiii 11 nnnnn ttttt`,
    asm: `${k.stem}r {${k.reg}:t}, [{xsp:n}, #{sdec:i}]!`,
    doc: `${verb(k)} ${register(k)} after adding to the base.`,
    cost: cost(k),
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 9)))
      transfer(o, k, [f.t], address, access, () => o.setXsp(f.n, address))
    },
  })
})

const registerOffset = transfers.map((k) => {
  const access = { ...accessOf(k), checked: true }
  return vectorInsn({
    name: title(`${k.stem}r`, 'register', k),
    bits: `${k.size}111100${k.high}${k.l}1 mmmmm ooo s 10 nnnnn ttttt`,
    asm: `${k.stem}r {${k.reg}:t}, [{xsp:n}, {offset*${k.bytes}:o,m,s}]`,
    doc: `${verb(k)} ${register(k)} at a register offset.`,
    cost: cost(k),
    where: (f) => (f.o & 2) !== 0,
    sem: (o, f) =>
      transfer(
        o,
        k,
        [f.t],
        o.add(o.base(f.n), extendedRegister(o, f.m, f.o, f.s ? Math.log2(k.bytes) : 0)),
        access,
      ),
  })
})

const unsignedOffset = transfers.map((k) => {
  const access = bothAccesses(accessOf(k))
  return vectorInsn({
    name: title(`${k.stem}r`, 'immediate, unsigned offset', k),
    bits: `${k.size}111101${k.high}${k.l} iiiiiiiiiiii nnnnn ttttt`,
    asm: `${k.stem}r {${k.reg}:t}, [{xsp:n}<, #{dec*${k.bytes}:i}>]`,
    doc: `${verb(k)} ${register(k)}.`,
    cost: cost(k),
    sem: (o, f) =>
      transfer(
        o,
        k,
        [f.t],
        o.add(o.base(f.n), o.imm(f.i * k.bytes)),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

const offsetPair = (form: string, mode: '00' | '10', suffix: 'p' | 'np') =>
  pairs.map((k) => {
    const access = bothAccesses(accessOf(k))
    const mnemonic = `${k.stem}${suffix}`
    return vectorInsn({
      name: title(mnemonic, form, k),
      bits: `${k.opc}10110${mode}${k.l} iiiiiii uuuuu nnnnn ttttt`,
      asm: `${mnemonic} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}<, #{sdec*${k.bytes}:i}>]`,
      doc: `${verb(k)} two ${k.reg.toUpperCase()} registers${suffix === 'np' ? ', not to be cached' : ''}.`,
      cost: cost(k),
      sem: (o, f) =>
        transfer(
          o,
          k,
          [f.t, f.u],
          o.add(o.base(f.n), o.imm(signed(f.i, 7) * k.bytes)),
          f.n === 31 ? access.unchecked : access.checked,
        ),
    })
  })

const postIndexedPair = pairs.map((k) => {
  const access = { ...accessOf(k), checked: true }
  return vectorInsn({
    name: title(`${k.stem}p`, 'post-index', k),
    bits: `${k.opc}1011001${k.l} iiiiiii uuuuu nnnnn ttttt`,
    asm: `${k.stem}p {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}], #{sdec*${k.bytes}:i}`,
    doc: `${verb(k)} two ${k.reg.toUpperCase()} registers, then adds to the base.`,
    cost: cost(k),
    sem(o, f) {
      const address = o.base(f.n)
      const next = o.add(address, o.imm(signed(f.i, 7) * k.bytes))
      transfer(o, k, [f.t, f.u], address, access, () => o.setXsp(f.n, next))
    },
  })
})

const preIndexedPair = pairs.map((k) => {
  const access = { ...accessOf(k), checked: true }
  return vectorInsn({
    name: title(`${k.stem}p`, 'pre-index', k),
    bits: `${k.opc}1011011${k.l} iiiiiii uuuuu nnnnn ttttt`,
    asm: `${k.stem}p {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}, #{sdec*${k.bytes}:i}]!`,
    doc: `${verb(k)} two ${k.reg.toUpperCase()} registers after adding to the base.`,
    cost: cost(k),
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 7) * k.bytes))
      transfer(o, k, [f.t, f.u], address, access, () => o.setXsp(f.n, address))
    },
  })
})

export const vectorLiteral: readonly Insn[] = literal
export const vectorPair: readonly Insn[] = [
  ...offsetPair('', '00', 'np'),
  ...postIndexedPair,
  ...offsetPair('signed offset', '10', 'p'),
  ...preIndexedPair,
]
export const vectorSingle: readonly Insn[] = [
  ...unscaled,
  ...postIndexed,
  ...preIndexed,
  ...registerOffset,
  ...unsignedOffset,
]
