/**
 * Memory types, as MAIR_ELx encodes them: outer cacheability in bits 7:4, inner in 3:0; Device where 7:4 is 0, its type in
 * 3:2. Source: DDI 0487, MAIR_EL1, D8.6 (combining), HCR_EL2.{FWB, CD}.
 */
export const DEVICE_NGNRNE = 0x00
export const NON_CACHEABLE = 0x44
export const WRITE_BACK = 0xff
/** Normal Inner and Outer Write-Back, and the memory's tags count (FEAT_MTE2). */
export const TAGGED = 0xf0

/** PAR_EL1.SH and the SH field of descriptors. */
export const SH = { NONE: 0, OUTER: 2, INNER: 3 } as const

export const isDevice = (attribute: number): boolean => (attribute & 0xf0) === 0

/** One byte of MAIR_ELx. Reserved encodings (UNPREDICTABLE): a Device type without its low bits, else Non-cacheable. */
export function memoryType(attribute: number, mte2: boolean): number {
  if (isDevice(attribute)) return attribute & 0x0c
  if ((attribute & 15) !== 0 || (attribute === TAGGED && mte2)) return attribute
  return NON_CACHEABLE
}

/** All eight memory types of MAIR_ELx. */
export function memoryTypes(mair: bigint, mte2: boolean): number[] {
  return Array.from({ length: 8 }, (_, i) => memoryType(Number((mair >> BigInt(8 * i)) & 0xffn), mte2))
}

/** The weaker of two cacheabilities, with the allocation hints of stage 1. */
function combineNibbles(first: number, second: number): number {
  if (first === 4 || second === 4) return 4
  const writeThrough = (first & 4) === 0
  if (writeThrough) return first
  return second >> 2 === 2 ? 8 | (first & 3) : first
}

/** MemAttr[1:0] or [3:2] of a stage 2 descriptor as a nibble of MAIR; the reserved inner 0b00 is Non-cacheable. */
const stage2Nibble = (attribute: number): number => [4, 4, 0xa, 0xf][attribute]!

/**
 * The memory type of both stages: Device wins, then the weaker cacheability; Tagged stays only where the result is
 * Write-Back, inner and outer (mte-isa 4.4).
 *
 * @param first     memory type of stage 1
 * @param second    MemAttr[3:0] of the stage 2 descriptor
 * @param forced    HCR_EL2.FWB: MemAttr[2:0] says what the result is, not what it is at least
 * @param uncached  HCR_EL2.CD: data accesses to Normal memory are Non-cacheable
 */
export function combineTypes(first: number, second: number, forced: boolean, uncached: boolean): number {
  if ((forced ? second & 4 : second & 12) === 0) {
    const device = (second & 3) << 2
    return isDevice(first) ? Math.min(first, device) : device
  }
  const forcedBack = forced && (second & 3) === 2
  if (isDevice(first) && !forcedBack) return first
  if (uncached) return NON_CACHEABLE
  const plain = first === TAGGED ? WRITE_BACK : first
  const combined = forced ? forceType(plain, second & 3) : combineWeaker(plain, second)
  return first === TAGGED && combined === WRITE_BACK ? TAGGED : combined
}

function combineWeaker(first: number, second: number): number {
  const outer = combineNibbles(first >> 4, stage2Nibble(second >> 2))
  return (outer << 4) | combineNibbles(first & 15, stage2Nibble(second & 3))
}

/** MemAttr[1:0] with FWB, MemAttr[2] = 1: 3 as stage 1 says, 2 Write-Back whatever stage 1 says, 1 Non-cacheable (and 0, which is reserved). */
function forceType(first: number, second: number): number {
  if (second === 3) return first
  if (second !== 2) return NON_CACHEABLE
  if (isDevice(first)) return WRITE_BACK
  // Allocation hints come from stage 1 where that is cacheable; Write-Back then has bit 2 of the nibble set.
  const writeBack = (nibble: number): number => (nibble === 4 ? 0xf : nibble | 4)
  return (writeBack(first >> 4) << 4) | writeBack(first & 15)
}

/** The wider of two shareability domains; the reserved encoding counts as Non-shareable. */
export function combineShareability(first: number, second: number): number {
  if (first === SH.OUTER || second === SH.OUTER) return SH.OUTER
  return first === SH.INNER || second === SH.INNER ? SH.INNER : SH.NONE
}

/** Device and Non-cacheable memory are Outer Shareable whatever the descriptors say. */
export function effectiveShareability(attribute: number, shareability: number): number {
  if (isDevice(attribute) || attribute === NON_CACHEABLE) return SH.OUTER
  return shareability === 1 ? SH.NONE : shareability
}
