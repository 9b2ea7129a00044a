import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** Add and subtract: immediate, shifted register, extended register, with carry. */

/** A register operand shifted by LSL, LSR, ASR or ROR (type 0..3) and a constant. */
export function shiftedRegister<V>(o: Operations<V>, sf: number, m: number, type: number, amount: number): V {
  const value = o.r(sf, m)
  if (amount === 0) return value
  const by = o.imm(amount)
  if (type === 0) return o.lsl(sf, value, by)
  if (type === 1) return o.lsr(sf, value, by)
  if (type === 2) return o.asr(sf, value, by)
  return o.ror(sf, value, by)
}

/** A register operand extended by option 0..7 (UXTB, UXTH, UXTW, UXTX, SXTB ... SXTX) and shifted left. */
export function extendedRegister<V>(o: Operations<V>, m: number, option: number, amount: number): V {
  const width = 8 << (option & 3)
  const value = o.x(m)
  const wide = width === 64 ? value : option & 4 ? o.sext(value, width) : o.zext(value, width)
  return amount ? o.lsl(1, wide, o.imm(amount)) : wide
}

const immediate = (f: { i: number; s: number }): number => f.i << (12 * f.s)

/** The shifted forms have no ROR, and the 32-bit ones no shift past 31. */
const shiftAllowed = (f: { z: number; h: number; a: number }): boolean => f.h !== 3 && (f.z === 1 || f.a < 32)

/** a + b, or a - b with the flags of a + NOT(b) + 1. */
function setFlags<V>(o: Operations<V>, sf: number, subtract: boolean, a: V, b: V): V {
  return subtract ? o.addSetFlags(sf, a, o.not(b), o.imm(1)) : o.addSetFlags(sf, a, b, o.imm(0))
}

const ADD_imm = insn({
  name: 'ADD (immediate)',
  bits: 'z00100010s iiiiiiiiiiii nnnnn ddddd',
  asm: 'add {rsp:z,d}, {rsp:z,n}, #{hex:i}<, {lsl12:s}>',
  aliases: [
    {
      asm: 'mov {rsp:z,d}, {rsp:z,n}',
      set: { s: 0, i: 0 },
      when: (f) => f.i === 0 && f.s === 0 && (f.d === 31 || f.n === 31),
    },
    { asm: 'add {rsp:z,d}, {rsp:z,n}, #{addsub:i,s}' },
    { asm: 'sub {rsp:z,d}, {rsp:z,n}, #{negated:i,s}' },
  ],
  doc: 'Adds an immediate; moves to or from SP.',
  cost: 'alu',
  sem: (o, f) => o.setRsp(f.z, f.d, o.add(o.rsp(f.z, f.n), o.imm(immediate(f)))),
})

const ADDS_imm = insn({
  name: 'ADDS (immediate)',
  bits: 'z01100010s iiiiiiiiiiii nnnnn ddddd',
  asm: 'adds {r:z,d}, {rsp:z,n}, #{hex:i}<, {lsl12:s}>',
  aliases: [
    { asm: 'cmn {rsp:z,n}, #{hex:i}<, {lsl12:s}>', set: { d: 31 }, when: (f) => f.d === 31 },
    { asm: 'cmn {rsp:z,n}, #{addsub:i,s}', set: { d: 31 } },
    { asm: 'cmp {rsp:z,n}, #{negated:i,s}', set: { d: 31 } },
    { asm: 'adds {r:z,d}, {rsp:z,n}, #{addsub:i,s}' },
    { asm: 'subs {r:z,d}, {rsp:z,n}, #{negated:i,s}' },
  ],
  doc: 'Adds an immediate and sets the flags.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, setFlags(o, f.z, false, o.rsp(f.z, f.n), o.imm(immediate(f)))),
})

const SUB_imm = insn({
  name: 'SUB (immediate)',
  bits: 'z10100010s iiiiiiiiiiii nnnnn ddddd',
  asm: 'sub {rsp:z,d}, {rsp:z,n}, #{hex:i}<, {lsl12:s}>',
  aliases: [
    { asm: 'sub {rsp:z,d}, {rsp:z,n}, #{addsub:i,s}' },
    { asm: 'add {rsp:z,d}, {rsp:z,n}, #{negated:i,s}' },
  ],
  doc: 'Subtracts an immediate.',
  cost: 'alu',
  sem: (o, f) => o.setRsp(f.z, f.d, o.sub(o.rsp(f.z, f.n), o.imm(immediate(f)))),
})

const SUBS_imm = insn({
  name: 'SUBS (immediate)',
  bits: 'z11100010s iiiiiiiiiiii nnnnn ddddd',
  asm: 'subs {r:z,d}, {rsp:z,n}, #{hex:i}<, {lsl12:s}>',
  aliases: [
    { asm: 'cmp {rsp:z,n}, #{hex:i}<, {lsl12:s}>', set: { d: 31 }, when: (f) => f.d === 31 },
    { asm: 'cmp {rsp:z,n}, #{addsub:i,s}', set: { d: 31 } },
    { asm: 'cmn {rsp:z,n}, #{negated:i,s}', set: { d: 31 } },
    { asm: 'subs {r:z,d}, {rsp:z,n}, #{addsub:i,s}' },
    { asm: 'adds {r:z,d}, {rsp:z,n}, #{negated:i,s}' },
  ],
  doc: 'Subtracts an immediate and sets the flags.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, setFlags(o, f.z, true, o.rsp(f.z, f.n), o.imm(immediate(f)))),
})

const ADD_shift = insn({
  name: 'ADD (shifted register)',
  bits: 'z0001011 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'add {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  doc: 'Adds a shifted register.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.add(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const ADDS_shift = insn({
  name: 'ADDS (shifted register)',
  bits: 'z0101011 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'adds {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [{ asm: 'cmn {r:z,n}, {r:z,m}<, {shift:h,a}>', set: { d: 31 }, when: (f) => f.d === 31 }],
  doc: 'Adds a shifted register and sets the flags.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) =>
    o.setR(f.z, f.d, setFlags(o, f.z, false, o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const SUB_shift = insn({
  name: 'SUB (shifted register)',
  bits: 'z1001011 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'sub {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [{ asm: 'neg {r:z,d}, {r:z,m}<, {shift:h,a}>', set: { n: 31 }, when: (f) => f.n === 31 }],
  doc: 'Subtracts a shifted register.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.sub(o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const SUBS_shift = insn({
  name: 'SUBS (shifted register)',
  bits: 'z1101011 hh 0 mmmmm aaaaaa nnnnn ddddd',
  asm: 'subs {r:z,d}, {r:z,n}, {r:z,m}<, {shift:h,a}>',
  aliases: [
    { asm: 'cmp {r:z,n}, {r:z,m}<, {shift:h,a}>', set: { d: 31 }, when: (f) => f.d === 31 },
    { asm: 'negs {r:z,d}, {r:z,m}<, {shift:h,a}>', set: { n: 31 }, when: (f) => f.n === 31 },
  ],
  doc: 'Subtracts a shifted register and sets the flags.',
  cost: 'alu',
  where: shiftAllowed,
  sem: (o, f) =>
    o.setR(f.z, f.d, setFlags(o, f.z, true, o.r(f.z, f.n), shiftedRegister(o, f.z, f.m, f.h, f.a))),
})

const ADD_ext = insn({
  name: 'ADD (extended register)',
  bits: 'z0001011001 mmmmm ooo aaa nnnnn ddddd',
  asm: 'add {rsp:z,d}, {rsp:z,n}, {extreg:z,d,n,m,o,a}',
  doc: 'Adds an extended register; the form with SP.',
  cost: 'alu',
  where: (f) => f.a <= 4,
  sem: (o, f) => o.setRsp(f.z, f.d, o.add(o.rsp(f.z, f.n), extendedRegister(o, f.m, f.o, f.a))),
})

const ADDS_ext = insn({
  name: 'ADDS (extended register)',
  bits: 'z0101011001 mmmmm ooo aaa nnnnn ddddd',
  asm: 'adds {r:z,d}, {rsp:z,n}, {extregs:z,n,m,o,a}',
  aliases: [{ asm: 'cmn {rsp:z,n}, {extregs:z,n,m,o,a}', set: { d: 31 }, when: (f) => f.d === 31 }],
  doc: 'Adds an extended register and sets the flags.',
  cost: 'alu',
  where: (f) => f.a <= 4,
  sem: (o, f) =>
    o.setR(f.z, f.d, setFlags(o, f.z, false, o.rsp(f.z, f.n), extendedRegister(o, f.m, f.o, f.a))),
})

const SUB_ext = insn({
  name: 'SUB (extended register)',
  bits: 'z1001011001 mmmmm ooo aaa nnnnn ddddd',
  asm: 'sub {rsp:z,d}, {rsp:z,n}, {extreg:z,d,n,m,o,a}',
  doc: 'Subtracts an extended register; the form with SP.',
  cost: 'alu',
  where: (f) => f.a <= 4,
  sem: (o, f) => o.setRsp(f.z, f.d, o.sub(o.rsp(f.z, f.n), extendedRegister(o, f.m, f.o, f.a))),
})

const SUBS_ext = insn({
  name: 'SUBS (extended register)',
  bits: 'z1101011001 mmmmm ooo aaa nnnnn ddddd',
  asm: 'subs {r:z,d}, {rsp:z,n}, {extregs:z,n,m,o,a}',
  aliases: [{ asm: 'cmp {rsp:z,n}, {extregs:z,n,m,o,a}', set: { d: 31 }, when: (f) => f.d === 31 }],
  doc: 'Subtracts an extended register and sets the flags.',
  cost: 'alu',
  where: (f) => f.a <= 4,
  sem: (o, f) =>
    o.setR(f.z, f.d, setFlags(o, f.z, true, o.rsp(f.z, f.n), extendedRegister(o, f.m, f.o, f.a))),
})

const ADC = insn({
  name: 'ADC',
  bits: 'z0011010000 mmmmm 000000 nnnnn ddddd',
  asm: 'adc {r:z,d}, {r:z,n}, {r:z,m}',
  doc: 'Adds with the carry flag.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.add(o.add(o.r(f.z, f.n), o.r(f.z, f.m)), o.carry())),
})

const ADCS = insn({
  name: 'ADCS',
  bits: 'z0111010000 mmmmm 000000 nnnnn ddddd',
  asm: 'adcs {r:z,d}, {r:z,n}, {r:z,m}',
  doc: 'Adds with the carry flag and sets the flags.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.addSetFlags(f.z, o.r(f.z, f.n), o.r(f.z, f.m), o.carry())),
})

const SBC = insn({
  name: 'SBC',
  bits: 'z1011010000 mmmmm 000000 nnnnn ddddd',
  asm: 'sbc {r:z,d}, {r:z,n}, {r:z,m}',
  aliases: [{ asm: 'ngc {r:z,d}, {r:z,m}', set: { n: 31 }, when: (f) => f.n === 31 }],
  doc: 'Subtracts with the inverted carry flag as borrow.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.add(o.add(o.r(f.z, f.n), o.not(o.r(f.z, f.m))), o.carry())),
})

const SBCS = insn({
  name: 'SBCS',
  bits: 'z1111010000 mmmmm 000000 nnnnn ddddd',
  asm: 'sbcs {r:z,d}, {r:z,n}, {r:z,m}',
  aliases: [{ asm: 'ngcs {r:z,d}, {r:z,m}', set: { n: 31 }, when: (f) => f.n === 31 }],
  doc: 'Subtracts with borrow and sets the flags.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.addSetFlags(f.z, o.r(f.z, f.n), o.not(o.r(f.z, f.m)), o.carry())),
})

export const addsubImmediate: readonly Insn[] = [ADD_imm, ADDS_imm, SUB_imm, SUBS_imm]
export const addsubRegister: readonly Insn[] = [
  ADD_shift,
  ADDS_shift,
  SUB_shift,
  SUBS_shift,
  ADD_ext,
  ADDS_ext,
  SUB_ext,
  SUBS_ext,
  ADC,
  ADCS,
  SBC,
  SBCS,
]
