import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'

/** Branches. ERET is with them in the manual: unconditional branch (register). */

const B_cond = insn({
  name: 'B.cond',
  bits: '01010100 iiiiiiiiiiiiiiiiiii 0 cccc',
  asm: ['b.{cond:c} {label:i}', 'b{cond:c} {label:i}'],
  doc: 'Branches when a condition holds.',
  cost: 'branch',
  sem: (o, f) => o.when(o.condition(f.c), () => o.branch(o.add(o.pc(), o.imm(signed(f.i, 19) * 4)))),
})

const B = insn({
  name: 'B',
  bits: '000101 iiiiiiiiiiiiiiiiiiiiiiiiii',
  asm: 'b {label:i}',
  doc: 'Branches.',
  cost: 'branch',
  sem: (o, f) => o.branch(o.add(o.pc(), o.imm(signed(f.i, 26) * 4))),
})

const BL = insn({
  name: 'BL',
  bits: '100101 iiiiiiiiiiiiiiiiiiiiiiiiii',
  asm: 'bl {label:i}',
  doc: 'Branches and puts the return address in X30.',
  cost: 'branch',
  sem(o, f) {
    o.setX(30, o.add(o.pc(), o.imm(4)))
    o.branch(o.add(o.pc(), o.imm(signed(f.i, 26) * 4)))
  },
})

const CBZ = insn({
  name: 'CBZ',
  bits: 'z0110100 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'cbz {r:z,t}, {label:i}',
  doc: 'Branches when a register is zero.',
  cost: 'branch',
  sem: (o, f) =>
    o.when(o.eq(o.r(f.z, f.t), o.imm(0)), () => o.branch(o.add(o.pc(), o.imm(signed(f.i, 19) * 4)))),
})

const CBNZ = insn({
  name: 'CBNZ',
  bits: 'z0110101 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'cbnz {r:z,t}, {label:i}',
  doc: 'Branches when a register is not zero.',
  cost: 'branch',
  sem: (o, f) =>
    o.when(
      o.eq(o.r(f.z, f.t), o.imm(0)),
      () => {},
      () => o.branch(o.add(o.pc(), o.imm(signed(f.i, 19) * 4))),
    ),
})

const TBZ = insn({
  name: 'TBZ',
  bits: 'b0110110 ccccc iiiiiiiiiiiiii ttttt',
  asm: 'tbz {tbr:b,t}, #{tbit:b,c}, {label:i}',
  doc: 'Branches when a bit is 0.',
  cost: 'branch',
  sem: (o, f) =>
    o.when(
      o.zext(o.lsr(1, o.x(f.t), o.imm(f.b * 32 + f.c)), 1),
      () => {},
      () => o.branch(o.add(o.pc(), o.imm(signed(f.i, 14) * 4))),
    ),
})

const TBNZ = insn({
  name: 'TBNZ',
  bits: 'b0110111 ccccc iiiiiiiiiiiiii ttttt',
  asm: 'tbnz {tbr:b,t}, #{tbit:b,c}, {label:i}',
  doc: 'Branches when a bit is 1.',
  cost: 'branch',
  sem: (o, f) =>
    o.when(o.zext(o.lsr(1, o.x(f.t), o.imm(f.b * 32 + f.c)), 1), () =>
      o.branch(o.add(o.pc(), o.imm(signed(f.i, 14) * 4))),
    ),
})

const BR = insn({
  name: 'BR',
  bits: '1101011000011111000000 nnnnn 00000',
  asm: 'br {x:n}',
  doc: 'Branches to a register.',
  cost: 'branch',
  sem: (o, f) => o.branchIndirect(o.x(f.n), false, f.n),
})

const BLR = insn({
  name: 'BLR',
  bits: '1101011000111111000000 nnnnn 00000',
  asm: 'blr {x:n}',
  doc: 'Branches to a register and puts the return address in X30.',
  cost: 'branch',
  sem(o, f) {
    const target = o.x(f.n)
    o.setX(30, o.add(o.pc(), o.imm(4)))
    o.branchIndirect(target, true, f.n)
  },
})

const RET = insn({
  name: 'RET',
  bits: '1101011001011111000000 nnnnn 00000',
  asm: 'ret {x:n}',
  aliases: [{ asm: 'ret', set: { n: 30 }, when: (f) => f.n === 30 }],
  doc: 'Returns to the address in a register.',
  cost: 'branch',
  sem: (o, f) => o.branch(o.x(f.n)),
})

const ERET = insn({
  name: 'ERET',
  bits: '11010110100111110000001111100000',
  asm: 'eret',
  doc: 'Returns from an exception to ELR_ELx with SPSR_ELx.',
  cost: 'exception-return',
  sem: (o) => o.exceptionReturn(),
})

export const conditionalBranch: readonly Insn[] = [B_cond]
export const branch: readonly Insn[] = [BR, BLR, RET, ERET, B, BL, CBZ, CBNZ, TBZ, TBNZ]
