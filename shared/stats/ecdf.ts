import type { Counts } from './counts.ts'

/** Steps of an empirical distribution function: share[i] of the sample is at most value[i]. The last share is 1. */
export interface Ecdf {
  value: Float64Array
  share: Float64Array
}

/**
 * At most `most` steps (at least two). Where the sample has more distinct values, steps are taken at equal distances of
 * share; each that is kept is exact, and the smallest and largest value are always kept.
 */
export function ecdf(counts: Counts, most: number): Ecdf {
  const distinct = counts.value.length
  const cumulative = new Float64Array(distinct)
  let below = 0
  for (let i = 0; i < distinct; i++) {
    below += counts.count[i]!
    cumulative[i] = below / counts.n
  }
  if (distinct <= most) return { value: counts.value.slice(), share: cumulative }
  const kept = [0]
  for (let i = 1; i < distinct - 1 && kept.length < most - 1; i++) {
    if (cumulative[i]! * (most - 1) >= kept.length) kept.push(i)
  }
  kept.push(distinct - 1)
  return {
    value: Float64Array.from(kept, (i) => counts.value[i]!),
    share: Float64Array.from(kept, (i) => cumulative[i]!),
  }
}
