import type { ExactMetric, SampledMetric, SampleSummary } from '../../../shared/model/comparison.ts'
import { quantileShift } from '../../../shared/stats/bootstrap.ts'
import { checkOrder } from '../../../shared/stats/order.ts'
import { quantileInterval, quantileOf, sorted } from '../../../shared/stats/quantiles.ts'
import { holm, mannWhitney } from '../../../shared/stats/rank-test.ts'
import { hodgesLehmann } from '../../../shared/stats/shift.ts'
import { comparisonWord } from '../../../shared/stats/verdict.ts'
import type { ComparedRun } from './gather.ts'

interface Count {
  name: string
  unit: string
  of(run: ComparedRun): number | null
}

/** Totals of a run that the model decides alone. */
const counts: readonly Count[] = [
  { name: 'instructions', unit: 'instructions', of: ({ summary }) => summary.instructions },
  { name: 'switches', unit: 'switches', of: ({ summary }) => summary.switches },
  { name: 'model time', unit: 'model cycles', of: ({ summary }) => summary.cycles },
  { name: 'switch latency, p50', unit: 'model cycles', of: ({ summary }) => summary.latency?.p50 ?? null },
  { name: 'switch latency, p99', unit: 'model cycles', of: ({ summary }) => summary.latency?.p99 ?? null },
  { name: 'register changes', unit: 'writes', of: ({ registerWrites }) => registerWrites },
  { name: 'ISB', unit: 'barriers', of: ({ events }) => events && (events.isb ?? 0) },
  { name: 'DSB', unit: 'barriers', of: ({ events }) => events && (events.dsb ?? 0) },
  { name: 'tag draws', unit: 'draws', of: ({ events }) => events && (events['tag-draw'] ?? 0) },
  { name: 'tag faults, synchronous', unit: 'faults', of: ({ summary }) => summary.tagFaults.sync },
  { name: 'tag faults, asynchronous', unit: 'faults', of: ({ summary }) => summary.tagFaults.async },
  { name: 'findings', unit: 'findings', of: ({ summary }) => summary.check?.findings ?? null },
]

/** What both sides have. Of repeats the first stands for all; that they agree is checked. */
export function exactMetrics(a: readonly ComparedRun[], b: readonly ComparedRun[]): ExactMetric[] {
  return counts.flatMap(({ name, unit, of }) => {
    const [x, y] = [of(a[0]!), of(b[0]!)]
    // What one side did not record, or was not asked, is no 0.
    if (x === null || y === null) return []
    const differ = [a, b].filter((runs) => new Set(runs.map(of)).size > 1)
    const parallel = differ.every((runs) => runs[0]!.summary.schedule === 'parallel')
    const varies = differ.length === 0 ? 'no' : parallel ? 'sampled' : 'defect'
    return [
      {
        name,
        unit,
        a: x,
        b: y,
        difference: y - x,
        share: x === 0 ? null : (y - x) / x,
        varies,
      },
    ]
  })
}

/** Deterministic runs of one experiment end in one state. */
export function defectsOf(
  sides: readonly (readonly ComparedRun[])[],
  exact: readonly ExactMetric[],
): string[] {
  const states = sides.flatMap((runs) => {
    const hashes = new Set(runs.map(({ summary }) => summary.stateHash))
    const first = runs[0]!.summary
    return hashes.size > 1 && first.schedule === 'deterministic'
      ? [
          `Repeats of run ${first.run} end in ${hashes.size} different states, though their schedule is deterministic.`,
        ]
      : []
  })
  const varying = exact
    .filter(({ varies }) => varies === 'defect')
    .map(({ name }) => `${name} varies between deterministic runs of one experiment.`)
  return [...states, ...varying]
}

/** Fewer values than this say nothing that a verdict could rest on. */
const LEAST_RUNS = 5
const shown = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99]

/** Host time and what is made of it; empty where a side has one run. @param least share of a's median */
export function sampledMetrics(
  a: readonly ComparedRun[],
  b: readonly ComparedRun[],
  least: number,
): SampledMetric[] {
  if (a.length < 2 || b.length < 2) return []
  const sampled = [
    { name: 'host time', unit: 'ms', of: ({ summary }: ComparedRun) => summary.hostNs / 1e6 },
    {
      name: 'host time an instruction',
      unit: 'ns',
      of: ({ summary }: ComparedRun) => summary.hostNs / summary.instructions,
    },
  ]
  const made = sampled.map(({ name, unit, of }) =>
    sampledMetric(name, unit, Float64Array.from(a, of), Float64Array.from(b, of), least),
  )
  const adjusted = holm(made.map(({ p }) => p))
  return made.map((metric, i) => ({ ...metric, adjusted: adjusted[i]! }))
}

function sampledMetric(
  name: string,
  unit: string,
  first: Float64Array,
  second: Float64Array,
  least: number,
): Omit<SampledMetric, 'adjusted'> {
  const [x, y] = [sorted(first), sorted(second)]
  const shift = hodgesLehmann(x, y)
  const middle = quantileOf(x, 0.5)
  const { delta, p, method } = mannWhitney(x, y)
  const [a, b] = [summaryOf(first), summaryOf(second)]
  const few = Math.min(a.n, b.n) < LEAST_RUNS
  return {
    name,
    unit,
    a,
    b,
    shift,
    share: { value: shift.value / middle, low: shift.low / middle, high: shift.high / middle },
    quantiles: quantileShift(x, y, shown),
    delta,
    p,
    method,
    verdict: few ? 'inconclusive' : comparisonWord(shift, least * middle),
    cautions: cautionsOf(a, b, few),
  }
}

function summaryOf(values: Float64Array): SampleSummary {
  const sample = sorted(values)
  const at = (q: number): number => quantileOf(sample, q)
  return {
    n: values.length,
    values,
    median: quantileInterval(sample, 0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    least: sample[0]!,
    most: sample[sample.length - 1]!,
    order: checkOrder(values),
  }
}

function cautionsOf(a: SampleSummary, b: SampleSummary, few: boolean): string[] {
  const cautions = few ? [`Fewer than ${LEAST_RUNS} runs a side: no verdict rests on them.`] : []
  for (const [name, { order }] of [
    ['A', a],
    ['B', b],
  ] as const) {
    if (order === null) continue
    if (order.drift.p < 0.01)
      cautions.push(
        `${name} drifts with the order of measurement (Spearman ${order.drift.rho.toFixed(2)}): interleave the runs, or look at what else the machine does.`,
      )
    if (Math.abs(order.autocorrelation.lag1) > order.autocorrelation.bound)
      cautions.push(
        `${name}: one run is like the one before it (lag 1 correlation ${order.autocorrelation.lag1.toFixed(2)}), so intervals are too narrow.`,
      )
  }
  return cautions
}
