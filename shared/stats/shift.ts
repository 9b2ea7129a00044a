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
  const middle = kthDifference(a, b, Math.ceil(half))
  const next = pairs % 2 === 1 || atMost(a, b, middle) > half ? middle : nextAbove(a, b, middle)
  const value = (middle + next) / 2
  const { ties, all } = tiesOf(a, b)
  const spread = Math.sqrt(Math.max(0, (pairs / 12) * (all + 1 - (all > 1 ? ties / (all * (all - 1)) : 0))))
  const rank = Math.max(1, Math.floor(half + normalQuantile((1 - confidence) / 2) * spread - 0.5))
  return { value, low: kthDifference(a, b, rank), high: kthDifference(a, b, pairs - rank + 1) }
}

/** So many differences, for each value of both samples, are sorted rather than parted further. */
const FEW = 0.1
/** Steps that part nothing before the next difference is looked up: so many pairs share one that halving would go on for long. */
const STALLED = 4

/** The k-th smallest (from 1) difference b - a; a and b sorted. */
export function kthDifference(a: Float64Array, b: Float64Array, k: number): number {
  let low = b[0]! - a[a.length - 1]!
  let high = b[b.length - 1]! - a[0]!
  let below = atMost(a, b, low)
  if (below >= k) return low
  let upTo = a.length * b.length
  const few = Math.max(64, FEW * (a.length + b.length))
  let stalled = 0
  // Always below < k <= upTo. Now in the middle, now where the rank would lie if they were spread evenly.
  for (let step = 0; upTo - below > few; step++) {
    const share = step % 2 === 0 ? 0.5 : Math.min(0.98, Math.max(0.02, (k - below) / (upTo - below)))
    const guess = low + (high - low) * share
    const middle = guess > low && guess < high ? guess : low + (high - low) / 2
    if (middle <= low || middle >= high) return high // no double lies between, and k differences are at most this one
    const left = upTo - below
    const count = atMost(a, b, middle)
    if (count >= k) [high, upTo] = [middle, count]
    else [low, below] = [middle, count]
    stalled = upTo - below < left ? 0 : stalled + 1
    if (stalled < STALLED) continue
    stalled = 0
    low = nextAbove(a, b, low)
    below = atMost(a, b, low)
    if (below >= k) return low
  }
  return between(a, b, low, high).sort()[k - below - 1]!
}

/** Differences above low and at most high. */
function between(a: Float64Array, b: Float64Array, low: number, high: number): Float64Array {
  const found: number[] = []
  let from = 0
  for (let i = 0; i < a.length; i++) {
    while (from < b.length && b[from]! - a[i]! <= low) from++
    for (let j = from; j < b.length && b[j]! - a[i]! <= high; j++) found.push(b[j]! - a[i]!)
  }
  return Float64Array.from(found)
}

/** The smallest difference above x. */
function nextAbove(a: Float64Array, b: Float64Array, x: number): number {
  let [least, j] = [Number.POSITIVE_INFINITY, 0]
  for (let i = 0; i < a.length; i++) {
    while (j < b.length && b[j]! - a[i]! <= x) j++
    if (j < b.length) least = Math.min(least, b[j]! - a[i]!)
  }
  return least
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

/** The sum of t^3 - t over groups of t equal values of both samples, which are sorted. */
function tiesOf(a: Float64Array, b: Float64Array): { ties: number; all: number } {
  let [ties, i, j] = [0, 0, 0]
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY)
    const before = i + j
    while (a[i] === value) i++
    while (b[j] === value) j++
    const t = i + j - before
    ties += t ** 3 - t
  }
  return { ties, all: a.length + b.length }
}
