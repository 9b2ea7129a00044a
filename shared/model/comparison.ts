import type { RunId } from './run.ts'

/** One side of a comparison: a run, or repeats of one. */
export interface ComparedSide {
  /** How it is called: `lab.switchyard#3`, or `lab.switchyard#3,5,8`. */
  label: string
  title: string
  experiment: string
  policy: string
  mode: string
  schedule: 'deterministic' | 'parallel'
  version: string
  runs: RunId[]
}

/** Something that was set otherwise: a path of the experiment with both values as JSON; null where one side does not say. */
export interface InputDifference {
  path: string
  a: string | null
  b: string | null
}

/** What two policies execute otherwise in one mode. */
export interface PolicyDifference {
  mode: string
  equal: boolean
  /** Instructions of the image that only one side has, by routine. */
  routines: { routine: string; removed: string[]; added: string[] }[]
  barriers: { added: string[]; removed: string[] }
}

/** A count: the difference is what it is, and no test is asked. */
export interface ExactMetric {
  name: string
  unit: string
  a: number
  b: number
  /** b - a, and as a share of a (null where a is 0). */
  difference: number
  share: number | null
  /** Runs of one side differ in it: `sampled` for parallel runs, `defect` for deterministic ones, which must not. */
  varies: 'no' | 'sampled' | 'defect'
}

export interface SampleSummary {
  n: number
  /** In the order of measurement. */
  values: Float64Array
  median: { value: number; low: number; high: number }
  p90: number
  p99: number
  p999: number
  least: number
  most: number
  /** null: too few to say. */
  order: { drift: { rho: number; p: number }; autocorrelation: { lag1: number; bound: number } } | null
}

/** What host time, which no two runs share, says. */
export interface SampledMetric {
  name: string
  unit: string
  a: SampleSummary
  b: SampleSummary
  /** Hodges-Lehmann shift of b against a with its 95 % interval, in the unit and as shares of a's median. */
  shift: { value: number; low: number; high: number }
  share: { value: number; low: number; high: number }
  /** Differences of quantiles with a pointwise 95 % bootstrap band. */
  quantiles: { q: number; value: number; low: number; high: number }[]
  delta: number
  p: number
  /** Corrected by Holm over all sampled metrics of this comparison. */
  adjusted: number
  method: 'exact' | 'normal approximation'
  verdict: 'faster' | 'slower' | 'equivalent' | 'inconclusive'
  /** Why the verdict is to be taken with care. */
  cautions: string[]
}

export interface Comparison {
  a: ComparedSide
  b: ComparedSide
  inputs: InputDifference[]
  policies: PolicyDifference[]
  /** Why the two are not alike enough for some of what follows. */
  warnings: string[]
  /** What must not happen: deterministic runs of one experiment that differ. */
  defects: string[]
  exact: ExactMetric[]
  /** Empty where a side has fewer than two runs. */
  sampled: SampledMetric[]
  /** The smallest effect of interest, as a share of a's median. */
  least: number
}
