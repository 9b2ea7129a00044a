import { twoSided } from './normal.ts'

/** Whether measurements taken one after the other are what a test of independent values may be asked about. */
export interface OrderCheck {
  /** Spearman's correlation of value and order, and its two-sided p (normal approximation): a drift. */
  drift: { rho: number; p: number }
  /** Correlation of each value with the next, and the bound that independent values exceed once in twenty times. */
  autocorrelation: { lag1: number; bound: number }
}

/** @param sample in the order of measurement. Fewer than eight values say nothing: null */
export function checkOrder(sample: Float64Array): OrderCheck | null {
  const n = sample.length
  if (n < 8) return null
  const rho = correlation(
    ranks(sample),
    Float64Array.from({ length: n }, (_, i) => i + 1),
  )
  const lag1 = correlation(sample.subarray(0, n - 1), sample.subarray(1))
  return {
    drift: { rho, p: twoSided(rho * Math.sqrt(n - 1)) },
    autocorrelation: { lag1, bound: 1.96 / Math.sqrt(n) },
  }
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranks(sample: Float64Array): Float64Array {
  const order = Array.from(sample, (value, i) => ({ value, i })).sort((x, y) => x.value - y.value)
  const rank = new Float64Array(sample.length)
  for (let i = 0; i < order.length; ) {
    let t = 1
    while (i + t < order.length && order[i + t]!.value === order[i]!.value) t++
    for (let k = i; k < i + t; k++) rank[order[k]!.i] = i + (t + 1) / 2
    i += t
  }
  return rank
}

/** Pearson's; 0 where one side does not vary. */
function correlation(x: Float64Array, y: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(x), mean(y)]
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy)
}
