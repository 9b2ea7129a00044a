import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'

/** PC-relative addressing. */

const ADR = insn({
  name: 'ADR',
  bits: '0ll10000 hhhhhhhhhhhhhhhhhhh ddddd',
  asm: 'adr {x:d}, {adr:h,l}',
  doc: 'Address of a label within 1 MiB.',
  cost: 'alu',
  sem: (o, f) => o.setX(f.d, o.add(o.pc(), o.imm(signed((f.h << 2) | f.l, 21)))),
})

const ADRP = insn({
  name: 'ADRP',
  bits: '1ll10000 hhhhhhhhhhhhhhhhhhh ddddd',
  asm: 'adrp {x:d}, {adrp:h,l}',
  doc: 'Address of the 4 KiB page of a label within 4 GiB.',
  cost: 'alu',
  sem(o, f) {
    const page = o.and(o.pc(), o.imm(0xffff_ffff_ffff_f000n))
    o.setX(f.d, o.add(page, o.imm(signed((f.h << 2) | f.l, 21) * 4096)))
  },
})

export const pcRelative: readonly Insn[] = [ADR, ADRP]
