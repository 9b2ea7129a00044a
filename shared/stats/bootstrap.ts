import type { Estimate } from './quantiles.ts'
import { quantileOf, sorted } from './quantiles.ts'

/** Numbers in [0, 1) from a seed: splitmix32, so that a band is the same on every machine. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e37_79b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}

function normal(random: () => number): number {
  // Marsaglia's polar method.
  for (;;) {
    const [x, y] = [2 * random() - 1, 2 * random() - 1]
    const r = x * x + y * y
    if (r > 0 && r < 1) return x * Math.sqrt((-2 * Math.log(r)) / r)
  }
}

/** Marsaglia and Tsang (2000); shape >= 1. */
function gamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

function beta(a: number, b: number, random: () => number): number {
  const x = gamma(a, random)
  return x / (x + gamma(b, random))
}

export interface QuantileShift extends Estimate {
  q: number
}

/**
 * How quantiles of B differ from those of A, each with a percentile bootstrap interval (pointwise). No resample is drawn: the
 * r-th of n values drawn with replacement from a sorted sample is the one at floor(n U), where U is the r-th of n uniform
 * numbers, which is Beta(r, n - r + 1). A replicate so costs the same for ten values and for a million.
 *
 * Percentile intervals, not BCa: the acceleration of a quantile is not estimable from a sample with ties.
 * @param a and b sorted
 */
export function quantileShift(
  a: Float64Array,
  b: Float64Array,
  qs: readonly number[],
  { seed = 1, replicates = 2000, confidence = 0.95 } = {},
): QuantileShift[] {
  const random = uniform(seed)
  const draw = (sample: Float64Array, q: number): number => {
    const n = sample.length
    const rank = Math.min(n, Math.max(1, Math.round(q * (n - 1)) + 1))
    return sample[Math.min(n - 1, Math.floor(n * beta(rank, n - rank + 1, random)))]!
  }
  return qs.map((q) => {
    const shifts = sorted(Float64Array.from({ length: replicates }, () => draw(b, q) - draw(a, q)))
    const tail = (1 - confidence) / 2
    return {
      q,
      value: quantileOf(b, q) - quantileOf(a, q),
      low: quantileOf(shifts, tail),
      high: quantileOf(shifts, 1 - tail),
    }
  })
}
