import { extendedRegister } from './addsub.ts'
import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'

/** Prefetches never fault: an SP base is not checked for alignment, so the address comes from xsp, not from base. */

const PRFM_lit = insn({
  name: 'PRFM (literal)',
  bits: '11011000 iiiiiiiiiiiiiiiiiii ttttt',
  asm: 'prfm {prfop:t}, {label:i}',
  doc: 'Prefetches a literal.',
  cost: 'hint',
  sem: (o, f) => o.prefetch(o.add(o.pc(), o.imm(signed(f.i, 19) * 4))),
})

const PRFUM = insn({
  name: 'PRFUM',
  bits: '11111000100 iiiiiiiii 00 nnnnn ttttt',
  asm: 'prfum {prfop:t}, [{xsp:n}<, #{sdec:i}>]',
  aliases: [{ asm: 'prfm {prfop:t}, [{xsp:n}, #{sdec:i}]' }],
  doc: 'Prefetches with an unscaled offset.',
  cost: 'hint',
  sem: (o, f) => o.prefetch(o.add(o.xsp(f.n), o.imm(signed(f.i, 9)))),
})

const PRFM_reg = insn({
  name: 'PRFM (register)',
  bits: '11111000101 mmmmm ooo s 10 nnnnn ttttt',
  asm: 'prfm {prfop:t}, [{xsp:n}, {offset*8:o,m,s}]',
  doc: 'Prefetches at a register offset.',
  cost: 'hint',
  where: (f) => (f.o & 2) !== 0,
  sem: (o, f) => o.prefetch(o.add(o.xsp(f.n), extendedRegister(o, f.m, f.o, f.s ? 3 : 0))),
})

const PRFM_imm = insn({
  name: 'PRFM (immediate)',
  bits: '1111100110 iiiiiiiiiiii nnnnn ttttt',
  asm: 'prfm {prfop:t}, [{xsp:n}<, #{dec*8:i}>]',
  doc: 'Prefetches.',
  cost: 'hint',
  sem: (o, f) => o.prefetch(o.add(o.xsp(f.n), o.imm(f.i * 8))),
})

export const prefetch: readonly Insn[] = [PRFM_lit, PRFUM, PRFM_reg, PRFM_imm]
