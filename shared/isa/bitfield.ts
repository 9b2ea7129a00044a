import { ones } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** Bitfield and extract. The 32-bit and 64-bit encodings differ in N and in the width of their fields: a row for each. */

/** Where a bitfield instruction takes bits from and puts them: `length` bits from bit `from` of Rn to bit `to` of Rd. */
function span(width: number, immr: number, imms: number): { length: number; from: number; to: number } {
  return imms >= immr
    ? { length: imms - immr + 1, from: immr, to: 0 }
    : { length: imms + 1, from: 0, to: width - immr }
}

function moveField<V>(o: Operations<V>, sf: number, n: number, immr: number, imms: number, sign: boolean): V {
  const { length, from, to } = span(sf ? 64 : 32, immr, imms)
  const source = from ? o.lsr(1, o.r(sf, n), o.imm(from)) : o.r(sf, n)
  const field = sign ? o.sext(source, length) : o.zext(source, length)
  return to ? o.lsl(1, field, o.imm(to)) : field
}

function insertField<V>(o: Operations<V>, sf: number, d: number, n: number, immr: number, imms: number): V {
  const { length, to } = span(sf ? 64 : 32, immr, imms)
  const hole = o.imm((ones(length) << BigInt(to)) ^ ones(64))
  return o.or(o.and(o.r(sf, d), hole), moveField(o, sf, n, immr, imms, false))
}

/** The sign extensions of a word read a W register; the manual prints it so even for a 64-bit destination. */
const extendWord = (f: { r: number; s: number }, imms: number): boolean => f.r === 0 && f.s === imms

const forWidth = ({ sf, n, word, reg, width }: (typeof widths)[number]): Insn[] => [
  insn({
    name: `SBFM (${width}-bit)`,
    bits: `${sf}00100110${n}${word} nnnnn ddddd`,
    asm: `sbfm {${reg}:d}, {${reg}:n}, #{dec:r}, #{dec:s}`,
    aliases: [
      {
        asm: `asr {${reg}:d}, {${reg}:n}, #{dec:r}`,
        set: { s: width - 1 },
        when: (f) => f.s === width - 1,
      },
      { asm: `sxtb {${reg}:d}, {w:n}`, set: { r: 0, s: 7 }, when: (f) => extendWord(f, 7) },
      { asm: `sxth {${reg}:d}, {w:n}`, set: { r: 0, s: 15 }, when: (f) => extendWord(f, 15) },
      ...(sf === '1'
        ? [{ asm: 'sxtw {x:d}, {w:n}', set: { r: 0, s: 31 }, when: (f: Span) => extendWord(f, 31) }]
        : []),
      { asm: `sbfiz {${reg}:d}, {${reg}:n}, #{bfilsb*${width}:r}, #{plus1:s}`, when: (f) => f.s < f.r },
      { asm: `sbfx {${reg}:d}, {${reg}:n}, #{dec:r}, #{bfxwidth*${width}:r,s}`, when: (f) => f.s >= f.r },
    ],
    doc: 'Copies a bitfield, sign-extended.',
    cost: 'alu',
    sem: (o, f) => o.setR(+(width === 64), f.d, moveField(o, +(width === 64), f.n, f.r, f.s, true)),
  }),
  insn({
    name: `BFM (${width}-bit)`,
    bits: `${sf}01100110${n}${word} nnnnn ddddd`,
    asm: `bfm {${reg}:d}, {${reg}:n}, #{dec:r}, #{dec:s}`,
    aliases: [
      {
        asm: `bfc {${reg}:d}, #{bfilsb*${width}:r}, #{plus1:s}`,
        set: { n: 31 },
        when: (f) => f.n === 31 && f.s < f.r,
      },
      { asm: `bfi {${reg}:d}, {${reg}:n}, #{bfilsb*${width}:r}, #{plus1:s}`, when: (f) => f.s < f.r },
      { asm: `bfxil {${reg}:d}, {${reg}:n}, #{dec:r}, #{bfxwidth*${width}:r,s}`, when: (f) => f.s >= f.r },
    ],
    doc: 'Inserts a bitfield, keeping the other bits.',
    cost: 'alu',
    sem: (o, f) => o.setR(+(width === 64), f.d, insertField(o, +(width === 64), f.d, f.n, f.r, f.s)),
  }),
  insn({
    name: `UBFM (${width}-bit)`,
    bits: `${sf}10100110${n}${word} nnnnn ddddd`,
    asm: `ubfm {${reg}:d}, {${reg}:n}, #{dec:r}, #{dec:s}`,
    aliases: [
      {
        asm: `lsl {${reg}:d}, {${reg}:n}, #{lslamount*${width}:r,s}`,
        when: (f) => f.s !== width - 1 && f.s + 1 === f.r,
      },
      {
        asm: `lsr {${reg}:d}, {${reg}:n}, #{dec:r}`,
        set: { s: width - 1 },
        when: (f) => f.s === width - 1,
      },
      ...(sf === '0'
        ? [
            { asm: 'uxtb {w:d}, {w:n}', set: { r: 0, s: 7 }, when: (f: Span) => extendWord(f, 7) },
            { asm: 'uxth {w:d}, {w:n}', set: { r: 0, s: 15 }, when: (f: Span) => extendWord(f, 15) },
          ]
        : []),
      { asm: `ubfiz {${reg}:d}, {${reg}:n}, #{bfilsb*${width}:r}, #{plus1:s}`, when: (f) => f.s < f.r },
      { asm: `ubfx {${reg}:d}, {${reg}:n}, #{dec:r}, #{bfxwidth*${width}:r,s}`, when: (f) => f.s >= f.r },
    ],
    doc: 'Copies a bitfield, zero-extended; shifts by a constant.',
    cost: 'alu',
    sem: (o, f) => o.setR(+(width === 64), f.d, moveField(o, +(width === 64), f.n, f.r, f.s, false)),
  }),
  insn({
    name: `EXTR (${width}-bit)`,
    bits: `${sf}00100111${n}0 mmmmm ${sf === '1' ? 's' : '0'}sssss nnnnn ddddd`,
    asm: `extr {${reg}:d}, {${reg}:n}, {${reg}:m}, #{dec:s}`,
    aliases: [{ asm: `ror {${reg}:d}, {${reg}2:n,m}, #{dec:s}`, when: (f) => f.n === f.m }],
    doc: 'Extracts a register from a pair of registers; rotates by a constant.',
    cost: 'alu',
    sem(o, f) {
      const sf = +(width === 64)
      const low = o.lsr(sf, o.r(sf, f.m), o.imm(f.s))
      if (f.s === 0) o.setR(sf, f.d, low)
      else o.setR(sf, f.d, o.or(low, o.lsl(sf, o.r(sf, f.n), o.imm(width - f.s))))
    },
  }),
]

interface Span {
  r: number
  s: number
}

const widths = [
  { sf: '0', n: '0', word: '0rrrrr 0sssss', reg: 'w', width: 32 },
  { sf: '1', n: '1', word: 'rrrrrr ssssss', reg: 'x', width: 64 },
] as const

export const bitfield: readonly Insn[] = widths.flatMap(forWidth)
