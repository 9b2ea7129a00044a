import { normalQuantile } from './normal.ts'
import type { Estimate } from './quantiles.ts'

/**
 * Hodges-Lehmann: the median of all differences b - a, and the interval that inverts the Mann-Whitney test (Moses; Hollander,
 * Wolfe and Chicken, Nonparametric Statistical Methods, 4.2). Of n m differences none is stored: the k-th smallest is found by
 * bisection, counting in n + m steps how many are at most x.
 * @param a and b sorted
 * @throws RangeError for an empty sample
 */
export function hodgesLehmann(a: Float64Array, b: Float64Array, confidence = 0.95): Estimate {
  const [n, m] = [a.length, b.length]
  if (n === 0 || m === 0) throw new RangeError('an empty sample has no shift')
  const pairs = n * m
  const half = pairs / 2
  const value =
    pairs % 2 === 1
      ? kthDifference(a, b, Math.ceil(half))
      : (kthDifference(a, b, half) + kthDifference(a, b, half + 1)) / 2
  const { ties, all } = tiesOf(a, b)
  const spread = Math.sqrt(Math.max(0, (pairs / 12) * (all + 1 - (all > 1 ? ties / (all * (all - 1)) : 0))))
  const rank = Math.max(1, Math.floor(half + normalQuantile((1 - confidence) / 2) * spread - 0.5))
  return { value, low: kthDifference(a, b, rank), high: kthDifference(a, b, pairs - rank + 1) }
}

/** The k-th smallest (from 1) difference b - a; a and b sorted. */
export function kthDifference(a: Float64Array, b: Float64Array, k: number): number {
  let low = b[0]! - a[a.length - 1]!
  let high = b[b.length - 1]! - a[0]!
  if (atMost(a, b, low) >= k) return low
  // Ends where no double lies between: high is then the smallest x that k differences do not exceed, so one of them.
  for (;;) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) return high
    if (atMost(a, b, middle) >= k) high = middle
    else low = middle
  }
}

/** How many differences b - a are at most x: for a growing a, ever more of b are. */
function atMost(a: Float64Array, b: Float64Array, x: number): number {
  let [count, j] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    while (j < b.length && b[j]! - a[i]! <= x) j++
    count += j
  }
  return count
}

function tiesOf(a: Float64Array, b: Float64Array): { ties: number; all: number } {
  const both = new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  both.sort()
  let ties = 0
  for (let i = 0; i < both.length; ) {
    let t = 1
    while (i + t < both.length && both[i + t] === both[i]) t++
    ties += t ** 3 - t
    i += t
  }
  return { ties, all: both.length }
}
