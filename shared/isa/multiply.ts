import { type Insn, insn } from './insn.ts'

/** Data-processing (3 source). */

const MADD = insn({
  name: 'MADD',
  bits: 'z0011011000 mmmmm 0 aaaaa nnnnn ddddd',
  asm: 'madd {r:z,d}, {r:z,n}, {r:z,m}, {r:z,a}',
  aliases: [{ asm: 'mul {r:z,d}, {r:z,n}, {r:z,m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies and adds.',
  cost: 'multiply',
  sem: (o, f) => o.setR(f.z, f.d, o.add(o.r(f.z, f.a), o.mul(o.r(f.z, f.n), o.r(f.z, f.m)))),
})

const MSUB = insn({
  name: 'MSUB',
  bits: 'z0011011000 mmmmm 1 aaaaa nnnnn ddddd',
  asm: 'msub {r:z,d}, {r:z,n}, {r:z,m}, {r:z,a}',
  aliases: [{ asm: 'mneg {r:z,d}, {r:z,n}, {r:z,m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies and subtracts from a register.',
  cost: 'multiply',
  sem: (o, f) => o.setR(f.z, f.d, o.sub(o.r(f.z, f.a), o.mul(o.r(f.z, f.n), o.r(f.z, f.m)))),
})

const SMADDL = insn({
  name: 'SMADDL',
  bits: '10011011001 mmmmm 0 aaaaa nnnnn ddddd',
  asm: 'smaddl {x:d}, {w:n}, {w:m}, {x:a}',
  aliases: [{ asm: 'smull {x:d}, {w:n}, {w:m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies signed words and adds a doubleword.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.add(o.x(f.a), o.mul(o.sext(o.x(f.n), 32), o.sext(o.x(f.m), 32)))),
})

const SMSUBL = insn({
  name: 'SMSUBL',
  bits: '10011011001 mmmmm 1 aaaaa nnnnn ddddd',
  asm: 'smsubl {x:d}, {w:n}, {w:m}, {x:a}',
  aliases: [{ asm: 'smnegl {x:d}, {w:n}, {w:m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies signed words and subtracts from a doubleword.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.sub(o.x(f.a), o.mul(o.sext(o.x(f.n), 32), o.sext(o.x(f.m), 32)))),
})

const SMULH = insn({
  name: 'SMULH',
  bits: '10011011010 mmmmm 011111 nnnnn ddddd',
  asm: 'smulh {x:d}, {x:n}, {x:m}',
  doc: 'High half of a signed product.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.smulh(o.x(f.n), o.x(f.m))),
})

const UMADDL = insn({
  name: 'UMADDL',
  bits: '10011011101 mmmmm 0 aaaaa nnnnn ddddd',
  asm: 'umaddl {x:d}, {w:n}, {w:m}, {x:a}',
  aliases: [{ asm: 'umull {x:d}, {w:n}, {w:m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies unsigned words and adds a doubleword.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.add(o.x(f.a), o.mul(o.r(0, f.n), o.r(0, f.m)))),
})

const UMSUBL = insn({
  name: 'UMSUBL',
  bits: '10011011101 mmmmm 1 aaaaa nnnnn ddddd',
  asm: 'umsubl {x:d}, {w:n}, {w:m}, {x:a}',
  aliases: [{ asm: 'umnegl {x:d}, {w:n}, {w:m}', set: { a: 31 }, when: (f) => f.a === 31 }],
  doc: 'Multiplies unsigned words and subtracts from a doubleword.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.sub(o.x(f.a), o.mul(o.r(0, f.n), o.r(0, f.m)))),
})

const UMULH = insn({
  name: 'UMULH',
  bits: '10011011110 mmmmm 011111 nnnnn ddddd',
  asm: 'umulh {x:d}, {x:n}, {x:m}',
  doc: 'High half of an unsigned product.',
  cost: 'multiply',
  sem: (o, f) => o.setX(f.d, o.umulh(o.x(f.n), o.x(f.m))),
})

export const multiply: readonly Insn[] = [MADD, MSUB, SMADDL, SMSUBL, SMULH, UMADDL, UMSUBL, UMULH]
