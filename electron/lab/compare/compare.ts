import type { ComparedSide, Comparison } from '../../../shared/model/comparison.ts'
import type { ComparedRun } from './gather.ts'
import { checkRepeats, inputDifferences, labelOf, policyDifferences, warningsOf } from './inputs.ts'
import { defectsOf, exactMetrics, sampledMetrics } from './metrics.ts'

/** The smallest effect that is of interest where nobody says otherwise: two in a hundred. */
export const LEAST_EFFECT = 0.02

/**
 * B beside A: what differs in the inputs first, then exact metrics by plain difference, then host time as two samples.
 * @param a and b repeats of one experiment each, in the order of measurement
 * @param least the smallest effect of interest, as a share of a's median
 * @throws ProblemError where a side is no set of repeats
 */
export function compareRuns(
  resources: string,
  a: readonly ComparedRun[],
  b: readonly ComparedRun[],
  least = LEAST_EFFECT,
): Comparison {
  checkRepeats(a)
  checkRepeats(b)
  const exact = exactMetrics(a, b)
  return {
    a: sideOf(a),
    b: sideOf(b),
    inputs: inputDifferences(a[0]!.experiment, b[0]!.experiment),
    policies: policyDifferences(resources, a[0]!, b[0]!),
    warnings: warningsOf(a[0]!, b[0]!),
    defects: defectsOf([a, b], exact),
    exact,
    sampled: sampledMetrics(a, b, least),
    least,
  }
}

function sideOf(runs: readonly ComparedRun[]): ComparedSide {
  const { title, experiment, policy, mode, schedule, version } = runs[0]!.summary
  return {
    label: labelOf(runs),
    title,
    experiment,
    policy,
    mode,
    schedule,
    version,
    runs: runs.map(({ summary }) => summary.run),
  }
}
