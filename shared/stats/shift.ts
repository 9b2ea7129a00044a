import { normalQuantile } from './normal.ts'
import type { Estimate } from './quantiles.ts'

/**
 * Hodges-Lehmann: the median of all differences b - a, and the interval that inverts the Mann-Whitney test (Moses; Hollander,
 * Wolfe and Chicken, Nonparametric Statistical Methods, 4.2). Of n m differences none is stored: the k-th smallest is found by
 * narrowing an interval, counting in n + m steps how many are at most x, until few enough are left to sort.
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
  let [under, upTo] = [atMost(a, b, low).count, a.length * b.length]
  if (under >= k) return low
  // Always under < k <= upTo. Every third step halves; the others aim a little below and a little above where k should lie.
  for (let step = 0; upTo - under > a.length + b.length; step++) {
    const share = (k - under) / (upTo - under) + (step % 3 === 0 ? -0.02 : 0.02)
    const middle = low + (high - low) * (step % 3 === 2 ? 0.5 : Math.min(0.99, Math.max(0.01, share)))
    if (middle <= low || middle >= high) {
      if (step % 3 === 2) return high // no double lies between
      continue
    }
    const { count, last, next } = atMost(a, b, middle)
    // Over gaps between differences at once: towards a 0 that many share, halving alone takes a thousand steps.
    if (count >= k) [high, upTo] = [last, count]
    else if (next >= high) return high
    else [low, under] = [middle, count]
  }
  return between(a, b, low, high, upTo - under)[k - under - 1]!
}

/** The differences above low and at most high, sorted. */
function between(a: Float64Array, b: Float64Array, low: number, high: number, size: number): Float64Array {
  const found = new Float64Array(size)
  let [at, from] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    while (from < b.length && b[from]! - a[i]! <= low) from++
    for (let j = from; j < b.length && b[j]! - a[i]! <= high; j++) found[at++] = b[j]! - a[i]!
  }
  return found.sort()
}

/** How many differences b - a are at most x, the largest of them and the smallest above: for a growing a, ever more of b are at most x. */
function atMost(a: Float64Array, b: Float64Array, x: number): { count: number; last: number; next: number } {
  let [count, j, last, next] = [0, 0, -Infinity, Infinity]
  for (let i = 0; i < a.length; i++) {
    while (j < b.length && b[j]! - a[i]! <= x) j++
    count += j
    if (j > 0) last = Math.max(last, b[j - 1]! - a[i]!)
    if (j < b.length) next = Math.min(next, b[j]! - a[i]!)
  }
  return { count, last, next }
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
