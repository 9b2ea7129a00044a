const smallValues: readonly bigint[] = Array.from({ length: 4096 }, (_, i) => BigInt(i))

/** A non-negative number as a bigint; the small ones are not made anew. */
export const small = (value: number): bigint => smallValues[value] ?? BigInt(value)

/** Integer operations on bigint, as the operations interface defines them. sf is 1 for 64-bit, 0 for 32-bit operands. */
const widthOf = (sf: number): 32 | 64 => (sf ? 64 : 32)

export const lsl = (sf: number, a: bigint, amount: bigint): bigint => {
  const width = widthOf(sf)
  return BigInt.asUintN(width, a << BigInt.asUintN(sf ? 6 : 5, amount))
}

export const lsr = (sf: number, a: bigint, amount: bigint): bigint =>
  BigInt.asUintN(widthOf(sf), a) >> BigInt.asUintN(sf ? 6 : 5, amount)

export const asr = (sf: number, a: bigint, amount: bigint): bigint => {
  const width = widthOf(sf)
  return BigInt.asUintN(width, BigInt.asIntN(width, a) >> BigInt.asUintN(sf ? 6 : 5, amount))
}

export const ror = (sf: number, a: bigint, amount: bigint): bigint => {
  const width = widthOf(sf)
  const by = BigInt.asUintN(sf ? 6 : 5, amount)
  const value = BigInt.asUintN(width, a)
  return BigInt.asUintN(width, (value >> by) | (value << (BigInt(width) - by)))
}

export const udiv = (sf: number, a: bigint, b: bigint): bigint => {
  const width = widthOf(sf)
  const divisor = BigInt.asUintN(width, b)
  return divisor === 0n ? 0n : BigInt.asUintN(width, a) / divisor
}

export const sdiv = (sf: number, a: bigint, b: bigint): bigint => {
  const width = widthOf(sf)
  const divisor = BigInt.asIntN(width, b)
  return divisor === 0n ? 0n : BigInt.asUintN(width, BigInt.asIntN(width, a) / divisor)
}

export const umulh = (a: bigint, b: bigint): bigint => (a * b) >> 64n
export const smulh = (a: bigint, b: bigint): bigint =>
  BigInt.asUintN(64, (BigInt.asIntN(64, a) * BigInt.asIntN(64, b)) >> 64n)

export function clz(sf: number, a: bigint): bigint {
  const high = sf ? Math.clz32(Number((a >> 32n) & 0xffff_ffffn)) : 32
  const low = Math.clz32(Number(a & 0xffff_ffffn))
  if (!sf) return BigInt(low)
  return BigInt(high < 32 ? high : 32 + low)
}

/** Leading bits that equal the sign bit, not counting it. */
export function cls(sf: number, a: bigint): bigint {
  const width = widthOf(sf)
  const value = BigInt.asUintN(width, a)
  const shifted = BigInt.asUintN(width, value ^ BigInt.asUintN(width, BigInt.asIntN(width, value) >> 1n))
  return clz(sf, shifted) - 1n
}

function reverse32(word: number): number {
  let v = word
  v = ((v >>> 1) & 0x5555_5555) | ((v & 0x5555_5555) << 1)
  v = ((v >>> 2) & 0x3333_3333) | ((v & 0x3333_3333) << 2)
  v = ((v >>> 4) & 0x0f0f_0f0f) | ((v & 0x0f0f_0f0f) << 4)
  v = ((v >>> 8) & 0x00ff_00ff) | ((v & 0x00ff_00ff) << 8)
  return ((v >>> 16) | (v << 16)) >>> 0
}

export function rbit(sf: number, a: bigint): bigint {
  const low = BigInt(reverse32(Number(a & 0xffff_ffffn)))
  if (!sf) return low
  return (low << 32n) | BigInt(reverse32(Number((a >> 32n) & 0xffff_ffffn)))
}

/** Reverses the bytes inside each container of `bytes`. */
export function rev(sf: number, a: bigint, bytes: number): bigint {
  const total = sf ? 8 : 4
  let result = 0n
  for (let i = 0; i < total; i++) {
    const container = i - (i % bytes)
    const from = container + (bytes - 1 - (i % bytes))
    result |= ((a >> BigInt(from * 8)) & 0xffn) << BigInt(i * 8)
  }
  return result
}

/** CRC-32 and CRC-32C, least significant bit first; no inversion before or after, as the instructions define it. */
export function crc32(castagnoli: boolean, bytes: number, accumulator: bigint, value: bigint): bigint {
  const polynomial = castagnoli ? 0x82f6_3b78 : 0xedb8_8320
  let crc = Number(accumulator & 0xffff_ffffn) | 0
  for (let i = 0; i < bytes; i++) {
    crc ^= Number((value >> BigInt(i * 8)) & 0xffn)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  }
  return BigInt(crc >>> 0)
}

/**
 * ChooseNonExcludedTag (DDI 0487). With offset 0 the first allowed tag at or after start; else `offset` times the next
 * allowed tag behind it: an excluded start tag is not stepped over first.
 */
export function chooseNonExcludedTag(start: number, offset: number, exclude: number): number {
  if (exclude === 0xffff) return 0
  let tag = start
  if (offset === 0) while (exclude & (1 << tag)) tag = (tag + 1) & 15
  for (let left = offset; left > 0; left--) {
    tag = (tag + 1) & 15
    while (exclude & (1 << tag)) tag = (tag + 1) & 15
  }
  return tag
}

/** Four steps of the 16-bit LFSR of RGSR_EL1.SEED, taps 5, 3, 2, 0; the first bit drawn is the tag's least significant. */
export function drawTagOffset(seed: number): { offset: number; seed: number } {
  let state = seed
  let offset = 0
  for (let bit = 0; bit < 4; bit++) {
    const top = ((state >> 5) ^ (state >> 3) ^ (state >> 2) ^ state) & 1
    state = (top << 15) | (state >> 1)
    offset |= top << bit
  }
  return { offset, seed: state }
}
