import { quantileShift, uniform } from '../../shared/stats/bootstrap.ts'
import { quantileInterval, sorted } from '../../shared/stats/quantiles.ts'
import { mannWhitney } from '../../shared/stats/rank-test.ts'
import { hodgesLehmann } from '../../shared/stats/shift.ts'

/** Milliseconds to compare two samples of so many values, from unsorted to shift, test, quantiles and their bands. */
export function compareMs(n: number): number {
  const random = uniform(n)
  const draw = (scale: number): Float64Array => Float64Array.from({ length: n }, () => scale * random() ** 3)
  const [first, second] = [draw(1000), draw(1010)]
  const start = performance.now()
  const [a, b] = [sorted(first), sorted(second)]
  const shift = hodgesLehmann(a, b)
  const { p } = mannWhitney(a, b)
  const bands = quantileShift(a, b, [0.1, 0.5, 0.9, 0.99])
  const medians = [a, b].map((sample) => quantileInterval(sample, 0.5))
  const ms = performance.now() - start
  if (![shift.value, p, bands.length, medians.length].every(Number.isFinite))
    throw new Error('nothing was compared')
  return ms
}
