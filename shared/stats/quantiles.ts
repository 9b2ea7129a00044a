import { normalQuantile } from './normal.ts'

/** A value with the interval that holds the truth with the confidence asked for. */
export interface Estimate {
  value: number
  low: number
  high: number
}

/** The sample in ascending order, as every function here wants it. */
export const sorted = (sample: Float64Array): Float64Array => sample.slice().sort()

/**
 * Quantile q of a sorted sample, between its order statistics in proportion (type 7 of Hyndman and Fan 1996, what R, NumPy and
 * SciPy do by default).
 * @throws RangeError for an empty sample or q outside [0, 1]
 */
export function quantileOf(sample: Float64Array, q: number): number {
  if (sample.length === 0) throw new RangeError('an empty sample has no quantile')
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile ${q} is not in [0, 1]`)
  const at = q * (sample.length - 1)
  const below = Math.floor(at)
  const low = sample[below]!
  const high = sample[Math.min(sample.length - 1, below + 1)]!
  return low + (at - below) * (high - low)
}

/**
 * Quantile q with an interval between two order statistics: distribution-free, since the number of values below the quantile is
 * binomial whatever they are distributed by (Conover, Practical Nonparametric Statistics, 3.2). Exact to 1000 values, above
 * that by the normal approximation of the binomial. Ends at the extremes where the sample is too small for the confidence.
 */
export function quantileInterval(sample: Float64Array, q: number, confidence = 0.95): Estimate {
  const n = sample.length
  const value = quantileOf(sample, q)
  const [lower, upper] = n <= 1000 ? binomialRanks(n, q, confidence) : normalRanks(n, q, confidence)
  return { value, low: sample[Math.max(0, lower - 1)]!, high: sample[Math.min(n - 1, upper - 1)]! }
}

/** 1-based ranks: P(rank l value <= quantile <= rank u value) >= confidence, each tail at most half of what is left. */
function binomialRanks(n: number, q: number, confidence: number): [number, number] {
  const tail = (1 - confidence) / 2
  let [below, lower, upper] = [0, 0, n + 1]
  for (let k = 0; k <= n; k++) {
    const before = below
    below += binomial(n, k, q)
    if (below <= tail) lower = k + 1
    if (before < 1 - tail && below >= 1 - tail) upper = k + 1
  }
  return [lower, upper]
}

function normalRanks(n: number, q: number, confidence: number): [number, number] {
  const half = -normalQuantile((1 - confidence) / 2) * Math.sqrt(n * q * (1 - q))
  return [Math.floor(n * q - half), Math.ceil(n * q + half) + 1]
}

const logFactorials: number[] = [0]
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i))
  return logFactorials[n]!
}

function binomial(n: number, k: number, p: number): number {
  if (p <= 0 || p >= 1) return (p <= 0 ? k === 0 : k === n) ? 1 : 0
  const ways = logFactorial(n) - logFactorial(k) - logFactorial(n - k)
  return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log(1 - p))
}
