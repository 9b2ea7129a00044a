import { type Insn, insn } from './insn.ts'
import { bothAccesses } from './load-store.ts'
import type { Access, AtomicOp } from './operations.ts'

/** Large System Extensions: compare and swap, atomic memory operations, swap; and LDAPR, which shares their encodings. */

const sizes = [
  { suffix: 'b', size: '00', reg: 'w', bytes: 1, label: '' },
  { suffix: 'h', size: '01', reg: 'w', bytes: 2, label: '' },
  { suffix: '', size: '10', reg: 'w', bytes: 4, label: ' (32-bit)' },
  { suffix: '', size: '11', reg: 'x', bytes: 8, label: ' (64-bit)' },
] as const

/** The accesses of one row by [checked][acquire][release]. */
const accessTable = (bytes: number): Access[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
    bytes,
    aligned: true,
    checked: (bits & 4) !== 0,
    acquire: (bits & 2) !== 0,
    release: (bits & 1) !== 0,
  }))

const select = (table: readonly Access[], n: number, acquire: boolean, release: boolean): Access =>
  table[(n === 31 ? 0 : 4) | (acquire ? 2 : 0) | (release ? 1 : 0)]!

const CAS = sizes.map((k) => {
  const table = accessTable(k.bytes)
  return insn({
    name: `CAS${k.suffix.toUpperCase()}${k.label}`,
    bits: `${k.size}0010001a1 sssss r11111 nnnnn ttttt`,
    asm: `cas{acqrel:a,r}${k.suffix} {${k.reg}:s}, {${k.reg}:t}, [{xsp:n}]`,
    doc: 'Compares memory with Rs, stores Rt when equal, and returns the old value in Rs.',
    needs: 'FEAT_LSE',
    cost: 'atomic',
    sem(o, f) {
      const expected = o.zext(o.x(f.s), 8 * k.bytes)
      const value = o.zext(o.x(f.t), 8 * k.bytes)
      const access = select(table, f.n, f.a === 1, f.r === 1)
      o.setX(f.s, o.compareAndSwap(o.base(f.n), expected, value, access))
    },
  })
})

const pairSizes = [
  { size: '0', reg: 'w', bytes: 4, label: ' (32-bit)' },
  { size: '1', reg: 'x', bytes: 8, label: ' (64-bit)' },
] as const

/** Odd register numbers are unallocated. */
const CASP = pairSizes.map((k) => {
  const table = accessTable(k.bytes)
  const sf = k.reg === 'x' ? 1 : 0
  return insn({
    name: `CASP${k.label}`,
    bits: `0${k.size}0010000a1 sssss r11111 nnnnn ttttt`,
    asm: `casp{acqrel:a,r} {${k.reg}:s}, {${k.reg}next:s}, {${k.reg}:t}, {${k.reg}next:t}, [{xsp:n}]`,
    doc: 'Compares a pair in memory with Rs and Rs+1, stores Rt and Rt+1 when equal, and returns the old pair.',
    needs: 'FEAT_LSE',
    cost: 'atomic',
    where: (f) => (f.s & 1) === 0 && (f.t & 1) === 0,
    sem(o, f) {
      const access = select(table, f.n, f.a === 1, f.r === 1)
      const [first, second] = o.compareAndSwapPair(
        o.base(f.n),
        [o.r(sf, f.s), o.r(sf, f.s + 1)],
        [o.r(sf, f.t), o.r(sf, f.t + 1)],
        access,
      )
      o.setX(f.s, first)
      o.setX(f.s + 1, second)
    },
  })
})

const operations = [
  { name: 'add', opc: '000', op: 'add', doc: 'adds' },
  { name: 'clr', opc: '001', op: 'clr', doc: 'clears the bits that are set' },
  { name: 'eor', opc: '010', op: 'eor', doc: 'exclusive-ORs' },
  { name: 'set', opc: '011', op: 'set', doc: 'sets the bits that are set' },
  { name: 'smax', opc: '100', op: 'smax', doc: 'takes the signed maximum with the value' },
  { name: 'smin', opc: '101', op: 'smin', doc: 'takes the signed minimum with the value' },
  { name: 'umax', opc: '110', op: 'umax', doc: 'takes the unsigned maximum with the value' },
  { name: 'umin', opc: '111', op: 'umin', doc: 'takes the unsigned minimum with the value' },
] as const satisfies readonly { name: string; opc: string; op: AtomicOp; doc: string }[]

/** Without a destination (Rt = 31) there is no acquire semantics, and with A = 0 the name is ST<op>. */
const LD_op = operations.flatMap(({ name, opc, op, doc }) =>
  sizes.map((k) => {
    const table = accessTable(k.bytes)
    return insn({
      name: `LD${`${name}${k.suffix}`.toUpperCase()}${k.label}`,
      bits: `${k.size}111000ar1 sssss 0${opc}00 nnnnn ttttt`,
      asm: `ld${name}{acqrel:a,r}${k.suffix} {${k.reg}:s}, {${k.reg}:t}, [{xsp:n}]`,
      aliases: [
        {
          asm: `st${name}{rel:r}${k.suffix} {${k.reg}:s}, [{xsp:n}]`,
          set: { a: 0, t: 31 },
          when: (f) => f.t === 31 && f.a === 0,
        },
      ],
      doc: `Atomically ${doc} in Rs; returns the old value.`,
      needs: 'FEAT_LSE',
      cost: 'atomic',
      sem(o, f) {
        const access = select(table, f.n, f.a === 1 && f.t !== 31, f.r === 1)
        const operand = o.zext(o.x(f.s), 8 * k.bytes)
        o.setX(f.t, o.atomic(op, o.base(f.n), operand, access))
      },
    })
  }),
)

const SWP = sizes.map((k) => {
  const table = accessTable(k.bytes)
  return insn({
    name: `SWP${k.suffix.toUpperCase()}${k.label}`,
    bits: `${k.size}111000ar1 sssss 100000 nnnnn ttttt`,
    asm: `swp{acqrel:a,r}${k.suffix} {${k.reg}:s}, {${k.reg}:t}, [{xsp:n}]`,
    doc: 'Atomically swaps a register with memory.',
    needs: 'FEAT_LSE',
    cost: 'atomic',
    sem(o, f) {
      const access = select(table, f.n, f.a === 1 && f.t !== 31, f.r === 1)
      const operand = o.zext(o.x(f.s), 8 * k.bytes)
      o.setX(f.t, o.atomic('swp', o.base(f.n), operand, access))
    },
  })
})

const LDAPR = sizes.map((k) => {
  const access = bothAccesses({ bytes: k.bytes, aligned: true, acquire: true })
  return insn({
    name: `LDAPR${k.suffix.toUpperCase()}${k.label}`,
    bits: `${k.size}11100010111111110000 nnnnn ttttt`,
    asm: `ldapr${k.suffix} {${k.reg}:t}, [{xsp:n}]`,
    doc: 'Loads with acquire (RCpc) semantics.',
    needs: 'FEAT_LRCPC',
    cost: 'load',
    sem: (o, f) => o.setX(f.t, o.load(o.base(f.n), f.n === 31 ? access.unchecked : access.checked)),
  })
})

export const compareAndSwap: readonly Insn[] = [...CASP, ...CAS]
export const atomic: readonly Insn[] = [...LD_op, ...SWP, ...LDAPR]
