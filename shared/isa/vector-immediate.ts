import { ones } from './fields.ts'
import type { Insn } from './insn.ts'
import type { Operations } from './operations.ts'
import { everyElement, setSized, vectorInsn } from './vector.ts'
import { expandFloat } from './vector-move.ts'

/** AdvSIMD modified immediate (MOVI, MVNI, ORR, BIC, FMOV), and the bitwise instructions on whole registers. */

/** AdvSIMDExpandImm for the shifted forms: a byte at `shift` in elements of `bits`, with ones below it for MSL. */
const shifted = (imm8: number, shift: number, bits: number, onesBelow: boolean): bigint =>
  ((BigInt(imm8) << BigInt(shift)) | (onesBelow ? ones(shift) : 0n)) * everyElement(bits)

type Combine = 'set' | 'not' | 'or' | 'clear'

function combine<V>(o: Operations<V>, how: Combine, d: number, q: number, value: bigint): void {
  const one = (which: 0 | 1): V => {
    switch (how) {
      case 'set':
        return o.imm(value)
      case 'not':
        return o.imm(value ^ ones(64))
      case 'or':
        return o.or(o.half(d, which), o.imm(value))
      case 'clear':
        return o.and(o.half(d, which), o.imm(value ^ ones(64)))
    }
  }
  const low = one(0)
  setSized(o, q, d, low, () => one(1))
}

const operations = [
  { mnemonic: 'movi', op: '0', keep: '0', how: 'set', doc: 'Sets every element to an immediate.' },
  {
    mnemonic: 'mvni',
    op: '1',
    keep: '0',
    how: 'not',
    doc: 'Sets every element to the complement of an immediate.',
  },
  { mnemonic: 'orr', op: '0', keep: '1', how: 'or', doc: 'Sets the bits of an immediate in every element.' },
  {
    mnemonic: 'bic',
    op: '1',
    keep: '1',
    how: 'clear',
    doc: 'Clears the bits of an immediate in every element.',
  },
] as const

/** cmode of 16- and 32-bit elements: `c` is the shift in bytes. */
const elementShapes = [
  { bits: 32, cmode: '0cc' },
  { bits: 16, cmode: '10c' },
] as const

const shiftedImmediate = operations.flatMap(({ mnemonic, op, keep, how, doc }) =>
  elementShapes.map(({ bits, cmode }) =>
    vectorInsn({
      name: `${mnemonic.toUpperCase()} (vector, immediate, ${bits}-bit)`,
      bits: `0 q ${op} 0111100000 iii ${cmode}${keep} 01 iiiii ddddd`,
      asm: `${mnemonic} {vec*${bits}:q,d}, #{hex:i}<, {lsl8:c}>`,
      doc,
      cost: 'alu',
      sem: (o, f) => combine(o, how, f.d, f.q, shifted(f.i, 8 * f.c, bits, false)),
    }),
  ),
)

const shiftingOnes = [operations[0], operations[1]].map(({ mnemonic, op, how, doc }) =>
  vectorInsn({
    name: `${mnemonic.toUpperCase()} (vector, immediate, shifting ones)`,
    bits: `0 q ${op} 0111100000 iii 110c 01 iiiii ddddd`,
    asm: `${mnemonic} {vec*32:q,d}, #{hex:i}, {msl:c}`,
    doc,
    cost: 'alu',
    sem: (o, f) => combine(o, how, f.d, f.q, shifted(f.i, f.c ? 16 : 8, 32, true)),
  }),
)

const MOVI_byte = vectorInsn({
  name: 'MOVI (vector, immediate, 8-bit)',
  bits: '0 q 0 0111100000 iii 1110 01 iiiii ddddd',
  asm: 'movi {vec*8:q,d}, #{hex:i}',
  doc: 'Sets every byte to an immediate.',
  cost: 'alu',
  sem: (o, f) => combine(o, 'set', f.d, f.q, shifted(f.i, 0, 8, false)),
})

/** Each bit of the immediate makes a byte of ones. */
export function byteMask(imm8: number): bigint {
  let mask = 0n
  for (let i = 0; i < 8; i++) if ((imm8 >> i) & 1) mask |= 0xffn << BigInt(8 * i)
  return mask
}

const MOVI_D = vectorInsn({
  name: 'MOVI (scalar, immediate, 64-bit)',
  bits: '0 0 1 0111100000 iii 1110 01 iiiii ddddd',
  asm: 'movi {d:d}, #{bytemask:i}',
  doc: 'Sets a doubleword to a mask of bytes.',
  cost: 'alu',
  sem: (o, f) => combine(o, 'set', f.d, 0, byteMask(f.i)),
})

const MOVI_2D = vectorInsn({
  name: 'MOVI (vector, immediate, 64-bit)',
  bits: '0 1 1 0111100000 iii 1110 01 iiiii ddddd',
  asm: 'movi {d2:d}, #{bytemask:i}',
  doc: 'Sets both doublewords to a mask of bytes.',
  cost: 'alu',
  sem: (o, f) => combine(o, 'set', f.d, 1, byteMask(f.i)),
})

const FMOV_S = vectorInsn({
  name: 'FMOV (vector, immediate, 32-bit)',
  bits: '0 q 0 0111100000 iii 1111 01 iiiii ddddd',
  asm: 'fmov {vec*32:q,d}, #{float:i}',
  doc: 'Sets every word to a floating-point constant.',
  cost: 'alu',
  sem: (o, f) => combine(o, 'set', f.d, f.q, expandFloat(f.i, 32) * everyElement(32)),
})

const FMOV_D = vectorInsn({
  name: 'FMOV (vector, immediate, 64-bit)',
  bits: '0 1 1 0111100000 iii 1111 01 iiiii ddddd',
  asm: 'fmov {d2:d}, #{float:i}',
  doc: 'Sets both doublewords to a floating-point constant.',
  cost: 'alu',
  sem: (o, f) => combine(o, 'set', f.d, 1, expandFloat(f.i, 64)),
})

/** U and size choose the function; the selecting ones read the destination. */
const functions = [
  { name: 'AND', u: '0', size: '00', doc: 'Bitwise AND.' },
  { name: 'BIC', u: '0', size: '01', doc: 'Bitwise AND with a complement.' },
  { name: 'ORR', u: '0', size: '10', doc: 'Bitwise OR.' },
  { name: 'ORN', u: '0', size: '11', doc: 'Bitwise OR with a complement.' },
  { name: 'EOR', u: '1', size: '00', doc: 'Bitwise exclusive OR.' },
  { name: 'BSL', u: '1', size: '01', doc: 'Bitwise select by the destination.' },
  { name: 'BIT', u: '1', size: '10', doc: 'Inserts bits where the second source is 1.' },
  { name: 'BIF', u: '1', size: '11', doc: 'Inserts bits where the second source is 0.' },
] as const

type Function = (typeof functions)[number]['name']

function bitwise<V>(o: Operations<V>, name: Function, d: V, n: V, m: V): V {
  /** a where the mask is 1, b where it is 0. */
  const choose = (mask: V, a: V, b: V): V => o.xor(b, o.and(o.xor(b, a), mask))
  switch (name) {
    case 'AND':
      return o.and(n, m)
    case 'BIC':
      return o.and(n, o.not(m))
    case 'ORR':
      return o.or(n, m)
    case 'ORN':
      return o.or(n, o.not(m))
    case 'EOR':
      return o.xor(n, m)
    case 'BSL':
      return choose(d, n, m)
    case 'BIT':
      return choose(m, n, d)
    case 'BIF':
      return choose(m, d, n)
  }
}

const logical = functions.map(({ name, u, size, doc }) =>
  vectorInsn({
    name: `${name} (vector)`,
    bits: `0 q ${u} 01110 ${size} 1 mmmmm 00011 1 nnnnn ddddd`,
    asm: `${name.toLowerCase()} {vec*8:q,d}, {vec*8:q,n}, {vec*8:q,m}`,
    ...(name === 'ORR' && {
      aliases: [
        {
          asm: 'mov {vec*8:q,d}, {vec2*8:q,n,m}',
          when: (f: { n: number; m: number }) => f.n === f.m,
        },
      ],
    }),
    doc,
    cost: 'alu',
    sem(o, f) {
      const half = (which: 0 | 1) =>
        bitwise(o, name, o.half(f.d, which), o.half(f.n, which), o.half(f.m, which))
      setSized(o, f.q, f.d, half(0), () => half(1))
    },
  }),
)

export const vectorImmediate: readonly Insn[] = [
  ...shiftedImmediate,
  ...shiftingOnes,
  MOVI_byte,
  MOVI_D,
  MOVI_2D,
  FMOV_S,
  FMOV_D,
]
export const vectorLogical: readonly Insn[] = logical
