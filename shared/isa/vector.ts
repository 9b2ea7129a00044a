import { ones } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** What the rows of the SIMD and floating-point registers share. */

/** A row that uses vector registers: its meaning begins with the check of CPACR_EL1 and CPTR_EL2. */
export function vectorInsn<const B extends string>(row: Insn<B>): Insn {
  return insn<B>({
    ...row,
    sem(o, f) {
      o.vectorAccess()
      row.sem(o, f)
    },
  })
}

/** Element sizes in bytes by their two-bit field, and their letter. */
export const elementBytes = [1, 2, 4, 8] as const
export const elementLetters = ['b', 'h', 's', 'd'] as const

/** imm5 of the copy instructions: the lowest 1 tells the size, what is above it is the index. */
export const copyIndex = ['iiii1', 'iii10', 'ii100', 'i1000'] as const

/** A value of `bits` bits in every element of 64 bits. */
export const everyElement = (bits: number): bigint => {
  let all = 0n
  for (let at = 0; at < 64; at += bits) all |= 1n << BigInt(at)
  return all
}

/** The low `bits` bits of a value, in every element of 64 bits. */
export function replicate<V>(o: Operations<V>, value: V, bits: number): V {
  return bits === 64 ? value : o.mul(o.zext(value, bits), o.imm(everyElement(bits)))
}

/** Element `index` of Vn, zero-extended. */
export function element<V>(o: Operations<V>, n: number, index: number, bits: number): V {
  const at = index * bits
  return o.zext(o.lsr(1, o.half(n, at < 64 ? 0 : 1), o.imm(at & 63)), bits)
}

/** Replaces element `index` of Vd; the other elements stay. */
export function setElement<V>(o: Operations<V>, d: number, index: number, bits: number, value: V): void {
  const at = (index * bits) & 63
  const which = index * bits < 64 ? 0 : 1
  const kept = o.and(o.half(d, which), o.imm((ones(bits) << BigInt(at)) ^ ones(64)))
  o.setHalf(d, which, o.or(kept, o.lsl(1, o.zext(value, bits), o.imm(at))))
}

/** A 64-bit (q = 0) or 128-bit (q = 1) result from its halves; the high half of the former is zero. */
export function setSized<V>(o: Operations<V>, q: number, d: number, low: V, high: () => V): void {
  o.setVector(d, low, q ? high() : o.imm(0))
}
