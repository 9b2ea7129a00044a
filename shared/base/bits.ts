/** Two's complement helpers on bigint. Every value that crosses a boundary is unsigned and below 2^64. */
export const MASK64 = 0xffff_ffff_ffff_ffffn

/** Bits hi..lo (inclusive) of value, right-aligned. */
export const bits = (value: bigint, hi: number, lo: number): bigint =>
  (value >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n)

/** Bit n of value as 0 or 1. */
export const bit = (value: bigint, n: number): 0 | 1 => ((value >> BigInt(n)) & 1n ? 1 : 0)

/** A mask with bits hi..lo (inclusive) set. */
export const maskOf = (hi: number, lo: number): bigint => ((1n << BigInt(hi - lo + 1)) - 1n) << BigInt(lo)

/** The low `width` bits of value, sign-extended and returned as an unsigned 64-bit pattern. */
export const signExtend = (value: bigint, width: number): bigint =>
  BigInt.asUintN(64, BigInt.asIntN(width, value))
