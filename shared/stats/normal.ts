/**
 * The standard normal distribution. Our own: the libraries that have it bring whole frameworks, and two convergent series give
 * it to the last digits of a double. Sources: Abramowitz and Stegun 7.1.6 (series) and 7.1.14 (continued fraction).
 */

/** erfc(x) for x >= 0; relative error below 1e-13. */
function erfcOf(x: number): number {
  if (x < 2.5) {
    // erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)): every term positive, so nothing cancels.
    let term = x
    let sum = x
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
  }
  let fraction = 0
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction)
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction))
}

/** P(Z <= z). */
export function normalCdf(z: number): number {
  const half = erfcOf(Math.abs(z) / Math.SQRT2) / 2
  return z < 0 ? half : 1 - half
}

/** P(|Z| >= |z|): accurate far out, where 1 - cdf is nothing. */
export const twoSided = (z: number): number => Math.min(1, erfcOf(Math.abs(z) / Math.SQRT2))

/** z with P(Z <= z) = p, by bisection. @throws RangeError for p outside (0, 1) */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`probability ${p} is not in (0, 1)`)
  if (p > 0.5) return -normalQuantile(1 - p)
  let [low, high] = [-40, 0]
  for (let i = 0; i < 200 && high - low > 1e-15 * Math.max(1, -low); i++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
