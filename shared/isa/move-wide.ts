import { ones } from './fields.ts'
import { type Insn, insn } from './insn.ts'

/** Move wide (immediate). */

const halfAllowed = (f: { z: number; h: number }): boolean => f.z === 1 || f.h < 2

/** The immediate in its place. */
const placed = (f: { h: number; i: number }): bigint => BigInt(f.i) << BigInt(16 * f.h)

const MOVN = insn({
  name: 'MOVN',
  bits: 'z00100101 hh iiiiiiiiiiiiiiii ddddd',
  asm: 'movn {r:z,d}, #{hex:i}<, {lsl16:h}>',
  aliases: [
    {
      asm: 'mov {r:z,d}, #{wideinv:z,h,i}',
      when: (f) => !(f.i === 0 && f.h !== 0) && !(f.z === 0 && f.i === 0xffff),
    },
  ],
  doc: 'Moves the complement of a shifted 16-bit immediate.',
  cost: 'alu',
  where: halfAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.imm(placed(f) ^ ones(64))),
})

const MOVZ = insn({
  name: 'MOVZ',
  bits: 'z10100101 hh iiiiiiiiiiiiiiii ddddd',
  asm: 'movz {r:z,d}, #{hex:i}<, {lsl16:h}>',
  aliases: [{ asm: 'mov {r:z,d}, #{wide:z,h,i}', when: (f) => !(f.i === 0 && f.h !== 0) }],
  doc: 'Moves a shifted 16-bit immediate.',
  cost: 'alu',
  where: halfAllowed,
  sem: (o, f) => o.setR(f.z, f.d, o.imm(placed(f))),
})

const MOVK = insn({
  name: 'MOVK',
  bits: 'z11100101 hh iiiiiiiiiiiiiiii ddddd',
  asm: 'movk {r:z,d}, #{hex:i}<, {lsl16:h}>',
  doc: 'Replaces 16 bits of a register by an immediate.',
  cost: 'alu',
  where: halfAllowed,
  sem(o, f) {
    const kept = o.imm((0xffffn << BigInt(16 * f.h)) ^ ones(64))
    o.setR(f.z, f.d, o.or(o.and(o.r(f.z, f.d), kept), o.imm(placed(f))))
  },
})

/** MOVZ first: where both MOVZ and MOVN could make a value, `mov` means MOVZ. */
export const moveWide: readonly Insn[] = [MOVZ, MOVN, MOVK]
