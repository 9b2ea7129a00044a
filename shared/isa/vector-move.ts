import type { Insn } from './insn.ts'
import type { Operations } from './operations.ts'
import { copyIndex, element, elementLetters, replicate, setElement, setSized, vectorInsn } from './vector.ts'

/** Moves between vector registers, their elements and general registers: FMOV, DUP, INS, SMOV, UMOV. */

const sizes = [0, 1, 2, 3] as const
const bitsOf = (s: number): number => 8 << s
/** The general register of an element: X for doublewords. */
const generalOf = (s: number): 'w' | 'x' => (s === 3 ? 'x' : 'w')

/** FMOV between a general register and a scalar of the same width, or the high half of a vector. */
const generalMoves = [
  { name: 'FMOV (32-bit to S)', bits: '0001111000100111000000', asm: 'fmov {s:d}, {w:n}' },
  { name: 'FMOV (64-bit to D)', bits: '1001111001100111000000', asm: 'fmov {d:d}, {x:n}' },
  { name: 'FMOV (64-bit to the high half)', bits: '1001111010101111000000', asm: 'fmov {high:d}, {x:n}' },
  { name: 'FMOV (S to 32-bit)', bits: '0001111000100110000000', asm: 'fmov {w:d}, {s:n}' },
  { name: 'FMOV (D to 64-bit)', bits: '1001111001100110000000', asm: 'fmov {x:d}, {d:n}' },
  { name: 'FMOV (the high half to 64-bit)', bits: '1001111010101110000000', asm: 'fmov {x:d}, {high:n}' },
] as const

type General = (typeof generalMoves)[number]['name']

function moveGeneral<V>(o: Operations<V>, name: General, d: number, n: number): void {
  switch (name) {
    case 'FMOV (32-bit to S)':
      o.setVector(d, o.r(0, n), o.imm(0))
      break
    case 'FMOV (64-bit to D)':
      o.setVector(d, o.x(n), o.imm(0))
      break
    case 'FMOV (64-bit to the high half)':
      o.setHalf(d, 1, o.x(n))
      break
    case 'FMOV (S to 32-bit)':
      o.setX(d, o.zext(o.half(n, 0), 32))
      break
    case 'FMOV (D to 64-bit)':
      o.setX(d, o.half(n, 0))
      break
    case 'FMOV (the high half to 64-bit)':
      o.setX(d, o.half(n, 1))
  }
}

const general = generalMoves.map(({ name, bits, asm }) =>
  vectorInsn({
    name,
    bits: `${bits} nnnnn ddddd`,
    asm,
    doc: 'Moves bits between a general and a vector register, unconverted.',
    cost: 'alu',
    sem: (o, f) => moveGeneral(o, name, f.d, f.n),
  }),
)

/** Type field, width and register letter of the two scalar floating-point formats that the machine has. */
const formats = [
  { type: '00', bits: 32, reg: 's' },
  { type: '01', bits: 64, reg: 'd' },
] as const

const registers = formats.map(({ type, bits, reg }) =>
  vectorInsn({
    name: `FMOV (register, ${bits}-bit)`,
    bits: `00011110${type}1 0000 00 10000 nnnnn ddddd`,
    asm: `fmov {${reg}:d}, {${reg}:n}`,
    doc: 'Moves a scalar between vector registers.',
    cost: 'alu',
    sem: (o, f) => o.setVector(f.d, o.zext(o.half(f.n, 0), bits), o.imm(0)),
  }),
)

/** VFPExpandImm: sign, three bits of exponent around 2^0, four bits of fraction. */
export function expandFloat(imm8: number, bits: 32 | 64): bigint {
  const exponentBits = bits === 32 ? 8 : 11
  const fractionBits = bits - exponentBits - 1
  const sign = BigInt(imm8 >> 7)
  const repeated = imm8 & 0x40 ? 2 ** (exponentBits - 3) - 1 : 0
  const exponent = ((imm8 & 0x40 ? 0 : 1) << (exponentBits - 1)) | (repeated << 2) | ((imm8 >> 4) & 3)
  const fraction = BigInt(imm8 & 15) << BigInt(fractionBits - 4)
  return (sign << BigInt(bits - 1)) | (BigInt(exponent) << BigInt(fractionBits)) | fraction
}

const immediates = formats.map(({ type, bits, reg }) =>
  vectorInsn({
    name: `FMOV (scalar, immediate, ${bits}-bit)`,
    bits: `00011110${type}1 iiiiiiii 10000000 ddddd`,
    asm: `fmov {${reg}:d}, #{float:i}`,
    doc: 'Moves a floating-point constant to a scalar.',
    cost: 'alu',
    sem: (o, f) => o.setVector(f.d, o.imm(expandFloat(f.i, bits)), o.imm(0)),
  }),
)

/** imm5 where only the size counts. */
const ignoredIndex = ['....1', '...10', '..100', '.1000'] as const

const dupElement = sizes.map((s) =>
  vectorInsn({
    name: `DUP (element, ${bitsOf(s)}-bit)`,
    bits: `0 q 001110000 ${copyIndex[s]} 0 0000 1 nnnnn ddddd`,
    asm: `dup {vec*${bitsOf(s)}:q,d}, {element*${bitsOf(s)}:n,i}`,
    doc: 'Copies an element to every element.',
    cost: 'alu',
    ...(s === 3 && { where: (f: { q: number }) => f.q === 1 }),
    sem(o, f) {
      const filled = replicate(o, element(o, f.n, f.i, bitsOf(s)), bitsOf(s))
      setSized(o, f.q, f.d, filled, () => filled)
    },
  }),
)

const dupGeneral = sizes.map((s) =>
  vectorInsn({
    name: `DUP (general, ${bitsOf(s)}-bit)`,
    bits: `0 q 001110000 ${ignoredIndex[s]} 0 0001 1 nnnnn ddddd`,
    asm: `dup {vec*${bitsOf(s)}:q,d}, {${generalOf(s)}:n}`,
    doc: 'Copies a general register to every element.',
    cost: 'alu',
    ...(s === 3 && { where: (f: { q: number }) => f.q === 1 }),
    sem(o, f) {
      const filled = replicate(o, o.x(f.n), bitsOf(s))
      setSized(o, f.q, f.d, filled, () => filled)
    },
  }),
)

const dupScalar = sizes.map((s) =>
  vectorInsn({
    name: `DUP (element, scalar, ${bitsOf(s)}-bit)`,
    bits: `01011110000 ${copyIndex[s]} 0 0000 1 nnnnn ddddd`,
    asm: `dup {${elementLetters[s]}:d}, {element*${bitsOf(s)}:n,i}`,
    aliases: [{ asm: `mov {${elementLetters[s]}:d}, {element*${bitsOf(s)}:n,i}`, when: () => true }],
    doc: 'Moves an element to a scalar.',
    cost: 'alu',
    sem: (o, f) => o.setVector(f.d, element(o, f.n, f.i, bitsOf(s)), o.imm(0)),
  }),
)

const insertGeneral = sizes.map((s) =>
  vectorInsn({
    name: `INS (general, ${bitsOf(s)}-bit)`,
    bits: `01001110000 ${copyIndex[s]} 0 0011 1 nnnnn ddddd`,
    asm: `ins {element*${bitsOf(s)}:d,i}, {${generalOf(s)}:n}`,
    aliases: [{ asm: `mov {element*${bitsOf(s)}:d,i}, {${generalOf(s)}:n}`, when: () => true }],
    doc: 'Replaces an element by a general register.',
    cost: 'alu',
    sem: (o, f) => setElement(o, f.d, f.i, bitsOf(s), o.x(f.n)),
  }),
)

/** imm4 of INS (element): the index of the source, above bits that are ignored. */
const sourceIndex = ['jjjj', 'jjj.', 'jj..', 'j...'] as const

const insertElement = sizes.map((s) =>
  vectorInsn({
    name: `INS (element, ${bitsOf(s)}-bit)`,
    bits: `01101110000 ${copyIndex[s]} 0 ${sourceIndex[s]} 1 nnnnn ddddd`,
    asm: `ins {element*${bitsOf(s)}:d,i}, {element*${bitsOf(s)}:n,j}`,
    aliases: [{ asm: `mov {element*${bitsOf(s)}:d,i}, {element*${bitsOf(s)}:n,j}`, when: () => true }],
    doc: 'Replaces an element by another.',
    cost: 'alu',
    sem: (o, f) => setElement(o, f.d, f.i, bitsOf(s), element(o, f.n, f.j, bitsOf(s))),
  }),
)

/** SMOV has a source smaller than its destination; UMOV fills W from up to a word, and X from a doubleword. */
const signedMoves = [
  { q: 0, s: 0 },
  { q: 0, s: 1 },
  { q: 1, s: 0 },
  { q: 1, s: 1 },
  { q: 1, s: 2 },
] as const
const unsignedMoves = [
  { q: 0, s: 0 },
  { q: 0, s: 1 },
  { q: 0, s: 2 },
  { q: 1, s: 3 },
] as const

const smov = signedMoves.map(({ q, s }) =>
  vectorInsn({
    name: `SMOV (${bitsOf(s)}-bit to ${q ? 64 : 32}-bit)`,
    bits: `0${q}001110000 ${copyIndex[s]} 0 0101 1 nnnnn ddddd`,
    asm: `smov {${q ? 'x' : 'w'}:d}, {element*${bitsOf(s)}:n,i}`,
    doc: 'Moves an element to a general register with its sign.',
    cost: 'alu',
    sem: (o, f) => o.setR(q, f.d, o.sext(element(o, f.n, f.i, bitsOf(s)), bitsOf(s))),
  }),
)

const umov = unsignedMoves.map(({ q, s }) => {
  const operands = `{${q ? 'x' : 'w'}:d}, {element*${bitsOf(s)}:n,i}`
  return vectorInsn({
    name: `UMOV (${bitsOf(s)}-bit)`,
    bits: `0${q}001110000 ${copyIndex[s]} 0 0111 1 nnnnn ddddd`,
    asm: `umov ${operands}`,
    ...(s >= 2 && { aliases: [{ asm: `mov ${operands}`, when: () => true }] }),
    doc: 'Moves an element to a general register.',
    cost: 'alu',
    sem: (o, f) => o.setX(f.d, element(o, f.n, f.i, bitsOf(s))),
  })
})

export const vectorCopy: readonly Insn[] = [
  ...dupScalar,
  ...dupElement,
  ...dupGeneral,
  ...insertGeneral,
  ...insertElement,
  ...smov,
  ...umov,
]
export const floatMove: readonly Insn[] = [...general, ...registers, ...immediates]
