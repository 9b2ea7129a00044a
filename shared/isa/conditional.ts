import { type Insn, insn } from './insn.ts'

/** Conditional compare and conditional select. */

const CCMN_reg = insn({
  name: 'CCMN (register)',
  bits: 'z0111010010 mmmmm cccc 00 nnnnn 0 vvvv',
  asm: 'ccmn {r:z,n}, {r:z,m}, #{hex:v}, {cond:c}',
  doc: 'Sets the flags from an addition, or to an immediate when the condition fails.',
  cost: 'alu',
  sem: (o, f) =>
    o.when(
      o.condition(f.c),
      () => void o.addSetFlags(f.z, o.r(f.z, f.n), o.r(f.z, f.m), o.imm(0)),
      () => o.setNzcv(o.imm(f.v)),
    ),
})

const CCMP_reg = insn({
  name: 'CCMP (register)',
  bits: 'z1111010010 mmmmm cccc 00 nnnnn 0 vvvv',
  asm: 'ccmp {r:z,n}, {r:z,m}, #{hex:v}, {cond:c}',
  doc: 'Sets the flags from a comparison, or to an immediate when the condition fails.',
  cost: 'alu',
  sem: (o, f) =>
    o.when(
      o.condition(f.c),
      () => void o.addSetFlags(f.z, o.r(f.z, f.n), o.not(o.r(f.z, f.m)), o.imm(1)),
      () => o.setNzcv(o.imm(f.v)),
    ),
})

const CCMN_imm = insn({
  name: 'CCMN (immediate)',
  bits: 'z0111010010 iiiii cccc 10 nnnnn 0 vvvv',
  asm: 'ccmn {r:z,n}, #{hex:i}, #{hex:v}, {cond:c}',
  doc: 'Sets the flags from an addition, or to an immediate when the condition fails.',
  cost: 'alu',
  sem: (o, f) =>
    o.when(
      o.condition(f.c),
      () => void o.addSetFlags(f.z, o.r(f.z, f.n), o.imm(f.i), o.imm(0)),
      () => o.setNzcv(o.imm(f.v)),
    ),
})

const CCMP_imm = insn({
  name: 'CCMP (immediate)',
  bits: 'z1111010010 iiiii cccc 10 nnnnn 0 vvvv',
  asm: 'ccmp {r:z,n}, #{hex:i}, #{hex:v}, {cond:c}',
  doc: 'Sets the flags from a comparison, or to an immediate when the condition fails.',
  cost: 'alu',
  sem: (o, f) =>
    o.when(
      o.condition(f.c),
      () => void o.addSetFlags(f.z, o.r(f.z, f.n), o.not(o.imm(f.i)), o.imm(1)),
      () => o.setNzcv(o.imm(f.v)),
    ),
})

const CSEL = insn({
  name: 'CSEL',
  bits: 'z0011010100 mmmmm cccc 00 nnnnn ddddd',
  asm: 'csel {r:z,d}, {r:z,n}, {r:z,m}, {cond:c}',
  doc: 'Selects one of two registers.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.select(o.condition(f.c), o.r(f.z, f.n), o.r(f.z, f.m))),
})

/** AL and NV have no inverse: the aliases with an inverted condition exist for the other fourteen. */
const invertible = (c: number): boolean => c < 14

const CSINC = insn({
  name: 'CSINC',
  bits: 'z0011010100 mmmmm cccc 01 nnnnn ddddd',
  asm: 'csinc {r:z,d}, {r:z,n}, {r:z,m}, {cond:c}',
  aliases: [
    {
      asm: 'cset {r:z,d}, {invcond:c}',
      set: { n: 31, m: 31 },
      when: (f) => f.n === 31 && f.m === 31 && invertible(f.c),
    },
    {
      asm: 'cinc {r:z,d}, {r2:z,n,m}, {invcond:c}',
      when: (f) => f.n === f.m && f.n !== 31 && invertible(f.c),
    },
  ],
  doc: 'Selects a register, or another one plus 1.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.select(o.condition(f.c), o.r(f.z, f.n), o.add(o.r(f.z, f.m), o.imm(1)))),
})

const CSINV = insn({
  name: 'CSINV',
  bits: 'z1011010100 mmmmm cccc 00 nnnnn ddddd',
  asm: 'csinv {r:z,d}, {r:z,n}, {r:z,m}, {cond:c}',
  aliases: [
    {
      asm: 'csetm {r:z,d}, {invcond:c}',
      set: { n: 31, m: 31 },
      when: (f) => f.n === 31 && f.m === 31 && invertible(f.c),
    },
    {
      asm: 'cinv {r:z,d}, {r2:z,n,m}, {invcond:c}',
      when: (f) => f.n === f.m && f.n !== 31 && invertible(f.c),
    },
  ],
  doc: 'Selects a register, or the complement of another.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.select(o.condition(f.c), o.r(f.z, f.n), o.not(o.r(f.z, f.m)))),
})

const CSNEG = insn({
  name: 'CSNEG',
  bits: 'z1011010100 mmmmm cccc 01 nnnnn ddddd',
  asm: 'csneg {r:z,d}, {r:z,n}, {r:z,m}, {cond:c}',
  aliases: [{ asm: 'cneg {r:z,d}, {r2:z,n,m}, {invcond:c}', when: (f) => f.n === f.m && invertible(f.c) }],
  doc: 'Selects a register, or the negation of another.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.select(o.condition(f.c), o.r(f.z, f.n), o.sub(o.imm(0), o.r(f.z, f.m)))),
})

export const conditional: readonly Insn[] = [
  CCMN_reg,
  CCMP_reg,
  CCMN_imm,
  CCMP_imm,
  CSEL,
  CSINC,
  CSINV,
  CSNEG,
]
