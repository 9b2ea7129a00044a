import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** Flag manipulation: FEAT_FlagM and FEAT_FlagM2. NZCV is a 4-bit number with N in bit 3. */

const flag = <V>(o: Operations<V>, nzcv: V, bit: number): V => o.zext(o.lsr(1, nzcv, o.imm(bit)), 1)

/** NZCV from four truth values. */
function combine<V>(o: Operations<V>, n: V, z: V, c: V, v: V): V {
  const high = o.or(o.lsl(1, n, o.imm(3)), o.lsl(1, z, o.imm(2)))
  return o.or(high, o.or(o.lsl(1, c, o.imm(1)), v))
}

const RMIF = insn({
  name: 'RMIF',
  bits: '10111010000 iiiiii 00001 nnnnn 0 vvvv',
  asm: 'rmif {x:n}, #{dec:i}, #{dec:v}',
  doc: 'Rotates a register and copies chosen bits of its low four into the flags.',
  needs: 'FEAT_FlagM',
  cost: 'alu',
  sem(o, f) {
    const rotated = o.ror(1, o.x(f.n), o.imm(f.i))
    o.setNzcv(o.or(o.and(o.nzcv(), o.imm(15 & ~f.v)), o.and(rotated, o.imm(f.v))))
  },
})

/** SETF8 and SETF16: N and Z of the low `width` bits, V when bit `width` differs from the sign; C is kept. */
function setFromNarrow<V>(o: Operations<V>, value: V, width: number): void {
  const sign = flag(o, value, width - 1)
  const zero = o.eq(o.zext(value, width), o.imm(0))
  o.setNzcv(combine(o, sign, zero, o.carry(), o.xor(flag(o, value, width), sign)))
}

const SETF8 = insn({
  name: 'SETF8',
  bits: '0011101000000000000010 nnnnn 01101',
  asm: 'setf8 {w:n}',
  doc: 'Sets N, Z and V from an 8-bit value.',
  needs: 'FEAT_FlagM',
  cost: 'alu',
  sem: (o, f) => setFromNarrow(o, o.x(f.n), 8),
})

const SETF16 = insn({
  name: 'SETF16',
  bits: '0011101000000000010010 nnnnn 01101',
  asm: 'setf16 {w:n}',
  doc: 'Sets N, Z and V from a 16-bit value.',
  needs: 'FEAT_FlagM',
  cost: 'alu',
  sem: (o, f) => setFromNarrow(o, o.x(f.n), 16),
})

const CFINV = insn({
  name: 'CFINV',
  bits: '11010101000000000100000000011111',
  asm: 'cfinv',
  doc: 'Inverts the carry flag.',
  needs: 'FEAT_FlagM',
  cost: 'alu',
  sem: (o) => o.setNzcv(o.xor(o.nzcv(), o.imm(2))),
})

const XAFLAG = insn({
  name: 'XAFLAG',
  bits: '11010101000000000100000000111111',
  asm: 'xaflag',
  doc: 'Converts floating-point comparison flags from the external format.',
  needs: 'FEAT_FlagM2',
  cost: 'alu',
  sem(o) {
    const old = o.nzcv()
    const z = flag(o, old, 2)
    const c = flag(o, old, 1)
    const notC = o.xor(c, o.imm(1))
    o.setNzcv(combine(o, o.and(notC, o.xor(z, o.imm(1))), o.and(z, c), o.or(c, z), o.and(notC, z)))
  },
})

const AXFLAG = insn({
  name: 'AXFLAG',
  bits: '11010101000000000100000001011111',
  asm: 'axflag',
  doc: 'Converts floating-point comparison flags to the external format.',
  needs: 'FEAT_FlagM2',
  cost: 'alu',
  sem(o) {
    const old = o.nzcv()
    const v = flag(o, old, 0)
    const zero = o.imm(0)
    const c = o.and(flag(o, old, 1), o.xor(v, o.imm(1)))
    o.setNzcv(combine(o, zero, o.or(flag(o, old, 2), v), c, zero))
  },
})

export const flags: readonly Insn[] = [RMIF, SETF8, SETF16]
export const flagsPstate: readonly Insn[] = [CFINV, XAFLAG, AXFLAG]
