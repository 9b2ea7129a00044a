/** Comparison statistics against values that SciPy computed (fixtures/scipy.json), and against their own promises by simulation. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quantileShift, uniform } from './bootstrap.ts'
import { normalCdf, normalQuantile, twoSided } from './normal.ts'
import { checkOrder } from './order.ts'
import { quantileInterval, quantileOf, sorted } from './quantiles.ts'
import { holm, mannWhitney } from './rank-test.ts'
import { hodgesLehmann, kthDifference } from './shift.ts'
import { comparisonWord } from './verdict.ts'

interface Fixture {
  normal: { z: number; cdf: number; p: number }[]
  quantile: { p: number; z: number }[]
  binomial: { n: number; q: number; low: number; high: number }[]
  cases: {
    name: string
    a: number[]
    b: number[]
    u: number
    p: number
    hl: number
    quantiles: number[]
    spearman: number | null
  }[]
}
const fixture = JSON.parse(readFileSync(new URL('./fixtures/scipy.json', import.meta.url), 'utf8')) as Fixture
const of = (values: readonly number[]): Float64Array => sorted(Float64Array.from(values))

describe('as SciPy has it', () => {
  it.each(fixture.normal)('the normal distribution at $z', ({ z, cdf, p }) => {
    expect(Math.abs(normalCdf(z) - cdf)).toBeLessThan(1e-12 * Math.max(cdf, 1e-3))
    expect(twoSided(z) / p).toBeCloseTo(1, 9)
  })
  it.each(fixture.quantile)('its quantile of $p', ({ p, z }) => expect(normalQuantile(p)).toBeCloseTo(z, 9))
  it.each(fixture.cases)('$name', ({ a, b, u, p, hl, quantiles, spearman }) => {
    const test = mannWhitney(of(a), of(b))
    expect(test.u).toBe(u)
    expect(test.p).toBeCloseTo(p, 9)
    expect(hodgesLehmann(of(a), of(b)).value).toBeCloseTo(hl, 12)
    const qs = [0, 0.1, 0.5, 0.9, 0.99, 1]
    qs.forEach((q, i) => void expect(quantileOf(of(a), q)).toBeCloseTo(quantiles[i]!, 12))
    const order = checkOrder(Float64Array.from(a))
    if (spearman !== null && order !== null) expect(order.drift.rho).toBeCloseTo(spearman, 12)
  })
  it.each(fixture.binomial)('ranks of an interval: n $n, q $q', ({ n, q, low, high }) => {
    const interval = quantileInterval(of(Array.from({ length: n }, (_, i) => i + 1)), q)
    expect([interval.low, interval.high]).toEqual([Math.max(1, low), Math.min(n, high + 1)])
  })
  it('Holm’s correction keeps the order, and grows', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005, 0.5])).toEqual([0.04, 0.09, 0.09, 0.025, 0.5])
    expect(holm([])).toEqual([])
  })
})

describe('by their definitions', () => {
  it('the k-th difference is that of the sorted list, whatever ties there are', () => {
    const random = uniform(7)
    for (let round = 0; round < 40; round++) {
      const draw = () =>
        of(Array.from({ length: 1 + Math.floor(random() * 12) }, () => Math.floor(random() * 8) / 3))
      const [a, b] = [draw(), draw()]
      const all = of([...b].flatMap((y) => [...a].map((x) => y - x)))
      for (let k = 1; k <= all.length; k++) expect(kthDifference(a, b, k)).toBe(all[k - 1])
    }
  })
  it('Cliff’s delta counts pairs', () => {
    const random = uniform(3)
    const draw = (n: number) => of(Array.from({ length: n }, () => Math.floor(random() * 6)))
    const [a, b] = [draw(13), draw(17)]
    let sum = 0
    for (const x of a) for (const y of b) sum += Math.sign(y - x)
    expect(mannWhitney(a, b).delta).toBeCloseTo(sum / (13 * 17), 12)
  })
  it('a verdict is about the interval and the smallest effect of interest, and about nothing else', () => {
    const at = (low: number, high: number) => comparisonWord({ value: 0, low, high }, 5)
    expect([at(-20, -6), at(6, 9), at(-5, 5), at(-6, 2), at(4, 6)]).toEqual([
      'faster',
      'slower',
      'equivalent',
      'inconclusive',
      'inconclusive',
    ])
  })
  it('a drift and a memory are noticed', () => {
    const random = uniform(5)
    const flat = Float64Array.from({ length: 200 }, random)
    expect(Math.abs(checkOrder(flat)!.autocorrelation.lag1)).toBeLessThan(0.2)
    expect(checkOrder(flat)!.drift.p).toBeGreaterThan(0.01)
    const rising = flat.map((value, i) => value + i / 100)
    expect(checkOrder(rising)!.drift.p).toBeLessThan(1e-6)
    let last = 0
    const walk = flat.map((value) => (last = 0.8 * last + value))
    expect(checkOrder(walk)!.autocorrelation.lag1).toBeGreaterThan(checkOrder(walk)!.autocorrelation.bound)
    expect(checkOrder(flat.subarray(0, 7))).toBeNull()
  })
})

// Coverage and error rates by simulation; the full number of rounds is for `npm run test:long`.
const rounds = process.env.SWITCHYARD_LONG === '1' ? 20_000 : 1200
/** Three standard errors of a share of that many rounds. */
const slack = (share: number): number => 3 * Math.sqrt((share * (1 - share)) / rounds)
const random = uniform(20261125)
const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const populations = {
  skewed: () => Math.exp(gauss()),
  bimodal: () => gauss() + (random() < 0.4 ? 8 : 0),
  tied: () => Math.floor(random() * 6),
}
const draw = (next: () => number, n: number): Float64Array => sorted(Float64Array.from({ length: n }, next))

describe(`by simulation, ${rounds} rounds`, { timeout: 600_000 }, () => {
  it.each(Object.entries(populations))(
    'nothing is found where there is nothing, as often as promised: %s',
    (name, next) => {
      let [rejected, covered] = [0, 0]
      for (let round = 0; round < rounds; round++) {
        const [a, b] = [draw(next, 50), draw(next, 60)]
        if (mannWhitney(a, b).p <= 0.05) rejected++
        const { low, high } = hodgesLehmann(a, b)
        if (low <= 0 && high >= 0) covered++
      }
      const [error, coverage] = [rejected / rounds, covered / rounds]
      expect(error).toBeLessThanOrEqual(0.06 + slack(0.05))
      expect(coverage).toBeGreaterThanOrEqual(0.94 - slack(0.95))
      if (name === 'tied') return
      expect(error).toBeGreaterThanOrEqual(0.04 - slack(0.05))
      expect(coverage).toBeLessThanOrEqual(0.96 + slack(0.95))
    },
  )
  it('the interval of a median holds the median', () => {
    let covered = 0
    for (let round = 0; round < rounds; round++) {
      const { low, high } = quantileInterval(draw(populations.skewed, 80), 0.5)
      if (low <= 1 && high >= 1) covered++
    }
    // Distribution-free intervals end at order statistics: they cover what was asked for, and somewhat more.
    expect(covered / rounds).toBeGreaterThanOrEqual(0.95 - slack(0.95))
    expect(covered / rounds).toBeLessThanOrEqual(0.98)
  })
  it('the bootstrap’s band of a quantile’s shift holds the shift', () => {
    const some = Math.min(rounds, 2000)
    let covered = 0
    for (let round = 0; round < some; round++) {
      const [a, b] = [draw(gauss, 100), draw(() => gauss() + 1, 100)]
      const { low, high } = quantileShift(a, b, [0.5], { seed: round, replicates: 300 })[0]!
      if (low <= 1 && high >= 1) covered++
    }
    expect(covered / some).toBeGreaterThan(0.92)
    expect(covered / some).toBeLessThan(0.98)
  })
})
