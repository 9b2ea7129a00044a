import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'

/** Load register (literal). PC-relative accesses are never tag-checked. */

const word = { bytes: 4, checked: false }
const doubleword = { bytes: 8, checked: false }

const LDR_W = insn({
  name: 'LDR (literal, 32-bit)',
  bits: '00011000 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'ldr {w:t}, {label:i}',
  doc: 'Loads a word at a label.',
  cost: 'load',
  sem: (o, f) => o.setX(f.t, o.load(o.add(o.pc(), o.imm(signed(f.i, 19) * 4)), word)),
})

const LDR_X = insn({
  name: 'LDR (literal, 64-bit)',
  bits: '01011000 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'ldr {x:t}, {label:i}',
  doc: 'Loads a doubleword at a label.',
  cost: 'load',
  sem: (o, f) => o.setX(f.t, o.load(o.add(o.pc(), o.imm(signed(f.i, 19) * 4)), doubleword)),
})

const LDRSW = insn({
  name: 'LDRSW (literal)',
  bits: '10011000 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'ldrsw {x:t}, {label:i}',
  doc: 'Loads a signed word at a label.',
  cost: 'load',
  sem: (o, f) => o.setX(f.t, o.sext(o.load(o.add(o.pc(), o.imm(signed(f.i, 19) * 4)), word), 32)),
})

export const loadLiteral: readonly Insn[] = [LDR_W, LDR_X, LDRSW]
