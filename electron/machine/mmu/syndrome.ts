/**
 * ISS bits 24:14 of a stage 2 data abort: ISV, SAS, SSE, SRT, SF, AR describe a load or store of one general register
 * without write-back; for everything else (pairs, exclusives, atomics, tag instructions) ISV is 0.
 * Source: DDI 0487, ISS encoding for an exception from a Data Abort; AArch64.LSInstructionSyndrome.
 */
export function instructionSyndrome(word: number): number {
  const ordered = (word & 0x3f80_0000) >>> 0 === 0x0880_0000 // LDAR, STLR, LDLAR, STLLR
  const single = (word & 0x3a00_0000) >>> 0 === 0x3800_0000 && (word & 0x0400_0000) === 0
  if (!ordered && !single) return 0
  const size = (word >>> 30) & 3
  const target = word & 31
  if (ordered) return syndrome(size, 0, target, size === 3 ? 1 : 0, (word >>> 15) & 1)
  const unsignedOffset = (word & 0x0100_0000) !== 0
  const registerOffset = (word & 0x0120_0c00) === 0x0020_0800
  const unscaledOrUnprivileged = (word & 0x0120_0400) === 0
  if (!unsignedOffset && !registerOffset && !unscaledOrUnprivileged) return 0
  const opc = (word >>> 22) & 3
  if (size === 3 && opc === 2) return 0 // PRFM
  const signExtend = opc >= 2 ? 1 : 0
  const wide = opc < 2 ? (size === 3 ? 1 : 0) : opc === 2 ? 1 : 0
  return syndrome(size, signExtend, target, wide, 0)
}

const syndrome = (size: number, signExtend: number, target: number, wide: number, ordered: number): number =>
  (1 << 24) | (size << 22) | (signExtend << 21) | (target << 16) | (wide << 15) | (ordered << 14)
