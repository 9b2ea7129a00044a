import type { Counts } from './counts.ts'

/** Equal bins; bin i holds values in [start[i], start[i] + width). The counts add up to the sample's size. */
export interface Histogram {
  start: Float64Array
  width: number
  count: Float64Array
}

/** The smallest of 1, 2, 5, 10, 20, 50 ... that is not below `least`. Whole steps, since what is binned is whole cycles. */
export function niceStep(least: number): number {
  if (!(least > 1)) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  for (const factor of [1, 2, 5, 10]) if (factor * power >= least) return factor * power
  return 10 * power
}

/**
 * At most `bins` bins (at least one) of a nice width that cover the sample, the first starting at a multiple of the width.
 * An empty sample has no bins.
 */
export function histogram(counts: Counts, bins: number): Histogram {
  const { value, count } = counts
  if (value.length === 0) return { start: new Float64Array(), width: 1, count: new Float64Array() }
  const low = value[0]!
  const high = value[value.length - 1]!
  const most = Math.max(1, Math.floor(bins))
  let width = niceStep((high - low + 1) / most)
  // Aligning the first bin may need one bin more than the span alone.
  while (binsNeeded(low, high, width) > most && width < high - low + 1) width = niceStep(width + 1)
  // A single bin can straddle a multiple of every nice width; it then starts at the lowest value instead.
  const first = binsNeeded(low, high, width) > most ? low : Math.floor(low / width) * width
  const size = Math.floor((high - first) / width) + 1
  const result: Histogram = {
    start: Float64Array.from({ length: size }, (_, i) => first + i * width),
    width,
    count: new Float64Array(size),
  }
  for (let i = 0; i < value.length; i++) result.count[Math.floor((value[i]! - first) / width)]! += count[i]!
  return result
}

function binsNeeded(low: number, high: number, width: number): number {
  return Math.floor(high / width) - Math.floor(low / width) + 1
}
