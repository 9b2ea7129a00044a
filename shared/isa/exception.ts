import { type Insn, insn } from './insn.ts'

/** Exception generation, and UDF of the reserved group. */

const UDF = insn({
  name: 'UDF',
  bits: '0000000000000000 iiiiiiiiiiiiiiii',
  asm: 'udf #{dec:i}',
  doc: 'Permanently undefined.',
  cost: 'branch',
  sem: (o) => o.undefined(),
})

const SVC = insn({
  name: 'SVC',
  bits: '11010100000 iiiiiiiiiiiiiiii 00001',
  asm: 'svc #{hex:i}',
  doc: 'Supervisor call to EL1.',
  cost: 'branch',
  sem: (o, f) => o.svc(f.i),
})

const HVC = insn({
  name: 'HVC',
  bits: '11010100000 iiiiiiiiiiiiiiii 00010',
  asm: 'hvc #{hex:i}',
  doc: 'Hypervisor call to EL2.',
  cost: 'branch',
  sem: (o, f) => o.hvc(f.i),
})

const SMC = insn({
  name: 'SMC',
  bits: '11010100000 iiiiiiiiiiiiiiii 00011',
  asm: 'smc #{hex:i}',
  doc: 'Secure monitor call.',
  cost: 'branch',
  sem: (o, f) => o.smc(f.i),
})

const BRK = insn({
  name: 'BRK',
  bits: '11010100001 iiiiiiiiiiiiiiii 00000',
  asm: 'brk #{hex:i}',
  doc: 'Breakpoint instruction exception.',
  cost: 'branch',
  sem: (o, f) => o.breakpoint(f.i),
})

const HLT = insn({
  name: 'HLT',
  bits: '11010100010 iiiiiiiiiiiiiiii 00000',
  asm: 'hlt #{hex:i}',
  doc: 'Halting breakpoint; semihosting call for 0xf000.',
  cost: 'branch',
  sem: (o, f) => o.halt(f.i),
})

export const reserved: readonly Insn[] = [UDF]
export const exceptionGeneration: readonly Insn[] = [SVC, HVC, SMC, BRK, HLT]
