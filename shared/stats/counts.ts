/**
 * A sample as its distinct values in ascending order with how often each occurs. World-switch latencies take few distinct
 * values, so this is the exact sample in little space; every statistic here is exact on it.
 */
export interface Counts {
  value: Float64Array
  count: Float64Array
  n: number
}

/** Counts from value and count pairs in any order; equal values are added up. Counts must be positive. */
export function countsOf(pairs: Iterable<readonly [value: number, count: number]>): Counts {
  const total = new Map<number, number>()
  let n = 0
  for (const [value, count] of pairs) {
    total.set(value, (total.get(value) ?? 0) + count)
    n += count
  }
  const value = Float64Array.from(total.keys()).sort()
  return { value, count: value.map((v) => total.get(v)!), n }
}

/** Counts of a plain sample. */
export function countsOfSample(sample: Float64Array): Counts {
  return countsOf(Array.from(sample, (value) => [value, 1] as const))
}

/**
 * The nearest-rank quantile: the smallest value that at least a share q of the sample does not exceed. Always a value of
 * the sample, never interpolated. q = 1 is the maximum.
 * @throws RangeError for an empty sample or q outside (0, 1]
 */
export function quantile(counts: Counts, q: number): number {
  if (counts.n === 0) throw new RangeError('an empty sample has no quantile')
  if (!(q > 0 && q <= 1)) throw new RangeError(`quantile ${q} is not in (0, 1]`)
  const rank = nearestRank(counts.n, q)
  let below = 0
  for (let i = 0; i < counts.value.length; i++) {
    below += counts.count[i]!
    if (below >= rank) return counts.value[i]!
  }
  return counts.value[counts.value.length - 1]!
}

/** The 1-based rank of quantile q among n values: ceil(q n), without the error of a product such as 0.07 * 100. */
export function nearestRank(n: number, q: number): number {
  const product = q * n
  const near = Math.round(product)
  const rank = Math.abs(product - near) < 1e-9 * Math.max(1, n) ? near : Math.ceil(product)
  return Math.min(n, Math.max(1, rank))
}
