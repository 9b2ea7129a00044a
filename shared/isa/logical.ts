import { shiftedRegister } from './addsub.ts'
import { decodeBitMask, moveWidePreferred } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** Logical: bitmask immediate and shifted register. */

interface MaskFields {
  z: number
  k: number
  r: number
  s: number
}

const allowed = (f: MaskFields): boolean => decodeBitMask(f.z, f.k, f.r, f.s) !== null

/** The immediate; `where` has excluded the reserved encodings. */
const mask = <V>(o: Operations<V>, f: MaskFields): V => o.imm(decodeBitMask(f.z, f.k, f.r, f.s)!)

const AND_imm = insn({
  name: 'AND (immediate)',
  bits: 'z00100100 k rrrrrr ssssss nnnnn ddddd',
  asm: 'and {rsp:z,d}, {r:z,n}, #{mask:z,k,r,s}',
  aliases: [{ asm: 'bic {rsp:z,d}, {r:z,n}, #{notmask:z,k,r,s}' }],
  doc: 'Bitwise AND with a bitmask immediate.',
  cost: 'alu',
  where: allowed,
  sem: (o, f) => o.setRsp(f.z, f.d, o.and(o.r(f.z, f.n), mask(o, f))),
})

const ORR_imm = insn({
  name: 'ORR (immediate)',
  bits: 'z01100100 k rrrrrr ssssss nnnnn ddddd',
  asm: 'orr {rsp:z,d}, {r:z,n}, #{mask:z,k,r,s}',
  aliases: [
    {
      asm: 'mov {rsp:z,d}, #{mask:z,k,r,s}',
      set: { n: 31 },
      when: (f) => f.n === 31 && !moveWidePreferred(f.z, f.k, f.r, f.s),
    },
  ],
  doc: 'Bitwise OR with a bitmask immediate.',
  cost: 'alu',
  where: allowed,
  sem: (o, f) => o.setRsp(f.z, f.d, o.or(o.r(f.z, f.n), mask(o, f))),
})

const EOR_imm = insn({
  name: 'EOR (immediate)',
  bits: 'z10100100 k rrrrrr ssssss nnnnn ddddd',
  asm: 'eor {rsp:z,d}, {r:z,n}, #{mask:z,k,r,s}',
  doc: 'Bitwise exclusive OR with a bitmask immediate.',
  cost: 'alu',
  where: allowed,
  sem: (o, f) => o.setRsp(f.z, f.d, o.xor(o.r(f.z, f.n), mask(o, f))),
})

const ANDS_imm = insn({
  name: 'ANDS (immediate)',
  bits: 'z11100100 k rrrrrr ssssss nnnnn ddddd',
  asm: 'ands {r:z,d}, {r:z,n}, #{mask:z,k,r,s}',
  aliases: [
    { asm: 'tst {r:z,n}, #{mask:z,k,r,s}', set: { d: 31 }, when: (f) => f.d === 31 },
    { asm: 'bics {r:z,d}, {r:z,n}, #{notmask:z,k,r,s}' },
  ],
  doc: 'Bitwise AND with a bitmask immediate; sets N and Z, clears C and V.',
  cost: 'alu',
  where: allowed,
  sem(o, f) {
    const result = o.and(o.r(f.z, f.n), mask(o, f))
    o.logicSetFlags(f.z, result)
    o.setR(f.z, f.d, result)
  },
})

export const logicalImmediate: readonly Insn[] = [AND_imm, ORR_imm, EOR_imm, ANDS_imm]

const shiftAllowed = (f: { z: number; a: number }): boolean => f.z === 1 || f.a < 32

const AND_shift = insn({
  name: 'AND (shifted register)',
  bits: 'z0001010 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'and {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Bitwise AND.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.and(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const BIC_shift = insn({
  name: 'BIC (shifted register)',
  bits: 'z0001010 hh 1 mmmmm aaaaaa nnnnn ddddd',
  asm: 'bic {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Bitwise AND with the complement.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.and(o.r(f.z, f.n), o.not(shiftedRegister(o, f.z, f.m, f.h, f.a)))),
})

const ORR_shift = insn({
  name: 'ORR (shifted register)',
  bits: 'z0101010 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'orr {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [
    {
      asm: 'mov {r:z,d}, {r:z,m}',
      set: { n: 31, h: 0, a: 0 },
      when: (f) => f.n === 31 && f.h === 0 && f.a === 0,
    },
  ],
  doc: 'Bitwise OR; moves a register.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.or(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const ORN_shift = insn({
  name: 'ORN (shifted register)',
  bits: 'z0101010 hh 1 mmmmm aaaaaa nnnnn ddddd',
  asm: 'orn {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [{ asm: 'mvn {r:z,d}, {r:z,m}<, {shift:h,a}>', set: { n: 31 }, when: (f) => f.n === 31 }],
  doc: 'Bitwise OR with the complement.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.or(o.r(f.z, f.n), o.not(shiftedRegister(o, f.z, f.m, f.h, f.a)))),
})

const EOR_shift = insn({
  name: 'EOR (shifted register)',
  bits: 'z1001010 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'eor {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Bitwise exclusive OR.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.xor(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const EON_shift = insn({
  name: 'EON (shifted register)',
  bits: 'z1001010 hh 1 mmmmm aaaaaa nnnnn ddddd',
  asm: 'eon {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Bitwise exclusive OR with the complement.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.xor(o.r(f.z, f.n), o.not(shiftedRegister(o, f.z, f.m, f.h, f.a)))),
})

const ANDS_shift = insn({
  name: 'ANDS (shifted register)',
  bits: 'z1101010 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'ands {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [{ asm: 'tst {r:z,n}, {r:z,m}<, {shift:h,a}>', set: { d: 31 }, when: (f) => f.d === 31 }],
  doc: 'Bitwise AND; sets N and Z, clears C and V.',
  cost: 'alu',
  where: shiftAllowed,
  sem(o, f) {
    const result = o.and(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))
    o.logicSetFlags(f.z, result)
    o.setR(f.z, f.d, result)
  },
})

const BICS_shift = insn({
  name: 'BICS (shifted register)',
  bits: 'z1101010 hh 1 mmmmm aaaaaa nnnnn ddddd',
  asm: 'bics {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Bitwise AND with the complement; sets N and Z, clears C and V.',
  cost: 'alu',
  where: shiftAllowed,
  sem(o, f) {
    const result = o.and(o.r(f.z, f.n), o.not(shiftedRegister(o, f.z, f.m, f.h, f.a)))
    o.logicSetFlags(f.z, result)
    o.setR(f.z, f.d, result)
  },
})

export const logicalRegister: readonly Insn[] = [
  AND_shift,
  BIC_shift,
  ORR_shift,
  ORN_shift,
  EOR_shift,
  EON_shift,
  ANDS_shift,
  BICS_shift,
]
