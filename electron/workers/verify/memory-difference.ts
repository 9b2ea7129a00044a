import type { MemoryDifference } from './record.ts'

/** Bytes compared at once: most are equal. The memories are a multiple of it long. */
const BLOCK = 256

/** The 8-byte units in which two memories of one size differ, neighbours merged, with the bytes of `now`. */
export function differenceOf(before: Uint8Array, now: Uint8Array): MemoryDifference {
  const [old, current] = [Buffer.from(before), Buffer.from(now)]
  if (current.equals(old)) return []
  const found: [number, string][] = []
  const differs = (unit: number): boolean => current.compare(old, unit, unit + 8, unit, unit + 8) !== 0
  for (let unit = 0; unit < old.length; unit += 8) {
    if (unit % BLOCK === 0 && current.compare(old, unit, unit + BLOCK, unit, unit + BLOCK) === 0) {
      unit += BLOCK - 8
      continue
    }
    if (!differs(unit)) continue
    let end = unit + 8
    while (end < old.length && differs(end)) end += 8
    found.push([unit, current.toString('hex', unit, end)])
    unit = end
  }
  return found
}

/** The memory that `differenceOf` saw as `now`. */
export function withDifference(before: Uint8Array, difference: MemoryDifference): Uint8Array {
  const now = Buffer.from(before)
  for (const [offset, bytes] of difference) now.write(bytes, offset, 'hex')
  return now
}
