/** The low `width` bits of a field as a two's complement number. */
export const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width)

/** A run of `count` ones (0..64) from bit 0. */
export const ones = (count: number): bigint => (1n << BigInt(count)) - 1n

/**
 * The bitmask immediate of the logical instructions (DecodeBitMasks, immediate form): an element of 2..64 bits, holding
 * s+1 ones rotated right by r, replicated to the register width.
 *
 * @returns the mask, or null where the encoding is reserved.
 */
export function decodeBitMask(sf: number, n: number, immr: number, imms: number): bigint | null {
  const key = (sf << 13) | (n << 12) | (immr << 6) | imms
  let mask = bitMasks.get(key)
  if (mask === undefined) {
    mask = computeBitMask(sf, n, immr, imms)
    bitMasks.set(key, mask)
  }
  return mask
}

const bitMasks = new Map<number, bigint | null>()

function computeBitMask(sf: number, n: number, immr: number, imms: number): bigint | null {
  const length = 31 - Math.clz32((n << 6) | (~imms & 0x3f))
  if (length < 1 || (sf === 0 && n === 1)) return null
  const size = 1 << length
  const count = (imms & (size - 1)) + 1
  const rotation = immr & (size - 1)
  if (count === size) return null
  const run = ones(count)
  const element = ((run >> BigInt(rotation)) | (run << BigInt(size - rotation))) & ones(size)
  let mask = 0n
  for (let at = 0; at < (sf ? 64 : 32); at += size) mask |= element << BigInt(at)
  return mask
}

/**
 * The reverse of decodeBitMask.
 *
 * @returns [N, immr, imms], the canonical encoding, or null when the value is no bitmask immediate.
 */
export function encodeBitMask(sf: number, value: bigint): readonly [number, number, number] | null {
  const width = sf ? 64 : 32
  if (value === 0n || value === ones(width)) return null
  let size = width
  while (size > 2) {
    const half = size / 2
    if ((value & ones(half)) !== ((value >> BigInt(half)) & ones(half))) break
    size = half
  }
  const n = size === 64 ? 1 : 0
  for (let count = 1; count < size; count++) {
    const imms = (~(size * 2 - 1) & 0x3f) | (count - 1)
    for (let immr = 0; immr < size; immr++) {
      if (decodeBitMask(sf, n, immr, imms) === value) return [n, immr, imms]
    }
  }
  return null
}

/** Whether MOVZ or MOVN can make a bitmask immediate, so that `mov` does not mean the ORR form. */
export function moveWidePreferred(sf: number, n: number, immr: number, imms: number): boolean {
  const mask = decodeBitMask(sf, n, immr, imms)
  return mask !== null && (isWide(mask) || isWide(mask ^ ones(sf ? 64 : 32)))
}

/** Whether all ones of the value lie in one aligned halfword. */
const isWide = (value: bigint): boolean => [0n, 16n, 32n, 48n].some((at) => (value & ~(0xffffn << at)) === 0n)
