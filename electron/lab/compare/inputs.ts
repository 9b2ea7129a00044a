import { basename } from 'node:path'
import { ProblemError } from '../../../shared/base/result.ts'
import type { InputDifference, PolicyDifference } from '../../../shared/model/comparison.ts'
import type { Experiment } from '../../../shared/model/experiment.ts'
import { canonicalJson } from '../../../shared/model/experiment-defaults.ts'
import { comparePolicies } from '../policy/compare.ts'
import { resolvePolicy } from '../policy/resolve.ts'
import type { ComparedRun } from './gather.ts'

/** What is set otherwise, by path, with defaults filled in; names and titles say nothing about what ran. */
export function inputDifferences(a: Experiment, b: Experiment): InputDifference[] {
  const [left, right] = [leaves(a), leaves(b)]
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => path !== 'name' && path !== 'title' && left.get(path) !== right.get(path))
    .sort()
    .map((path) => ({ path, a: left.get(path) ?? null, b: right.get(path) ?? null }))
}

function leaves(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  const isList = Array.isArray(value) && value.some((one) => typeof one === 'object' && one !== null)
  if (isList || (typeof value === 'object' && value !== null && !Array.isArray(value)))
    for (const [key, member] of Object.entries(value as object))
      leaves(member, path === '' ? key : `${path}.${key}`, found)
  else if (value !== undefined) found.set(path, canonicalJson(value))
  return found
}

/** How the two hypervisors differ, instruction by instruction; empty where they are one, or one of them is a foreign image. */
export function policyDifferences(resources: string, a: ComparedRun, b: ComparedRun): PolicyDifference[] {
  const [left, right] = [sourceOf(a.experiment), sourceOf(b.experiment)]
  if (left === null || right === null || left === right) return []
  const { mode } = b.experiment.hypervisor
  if (a.experiment.hypervisor.mode !== mode) return []
  const [one, other] = [resolvePolicy(resources, left), resolvePolicy(resources, right)]
  return comparePolicies(resources, one, other, mode).map((diff) => ({
    mode: diff.mode,
    equal: diff.equal,
    routines: diff.routines.map(({ routine, rows }) => ({
      routine,
      removed: rows.flatMap((row) => (row.kind === 'removed' && row.a !== null ? [row.a] : [])),
      added: rows.flatMap((row) => (row.kind === 'added' && row.b !== null ? [row.b] : [])),
    })),
    barriers: diff.barriers,
  }))
}

/** What the policy is found by; null for an image or ELF file, which is no policy. */
function sourceOf({ hypervisor: { policy, source } }: Experiment): string | null {
  if (source === undefined) return policy
  return source.endsWith('.inc') ? source : null
}

/** Why two runs are not alike enough for what is compared. */
export function warningsOf(a: ComparedRun, b: ComparedRun): string[] {
  const warnings: string[] = []
  const [x, y] = [a.summary, b.summary]
  if (x.version !== y.version)
    warnings.push(
      `They ran on different versions of Switchyard (${x.version}, ${y.version}): the model itself may differ.`,
    )
  if (x.schedule !== y.schedule)
    warnings.push(
      `One schedule is ${x.schedule}, the other ${y.schedule}: counts of a parallel run vary by themselves.`,
    )
  if (x.costProfile !== y.costProfile)
    warnings.push(
      `Model cycles are counted by different cost profiles (${x.costProfile}, ${y.costProfile}): they are not one unit.`,
    )
  if (canonicalJson(a.experiment.vcpus) !== canonicalJson(b.experiment.vcpus))
    warnings.push('The vCPUs differ: what is compared is not the same work.')
  if (canonicalJson(a.experiment.stop) !== canonicalJson(b.experiment.stop))
    warnings.push('They stop by different rules, so totals are not of the same length.')
  const ends = [x, y].filter(({ stop }) => stop?.kind !== 'exit')
  if (ends.length === 1)
    warnings.push('One of them ended by itself, the other by a limit: totals are not of the same work.')
  if ((x.check === null) !== (y.check === null))
    warnings.push('Only one of them was checked by the switch contract: findings are not compared.')
  if ((a.events === null) !== (b.events === null))
    warnings.push('Only one of them recorded events: barriers and tag draws are not compared.')
  return warnings
}

export const labelOf = (runs: readonly ComparedRun[]): string =>
  `${basename(runs[0]!.file)}#${runs.map(({ summary }) => summary.run).join(',')}`

/** @throws ProblemError where the runs of one side are not repeats of one experiment */
export function checkRepeats(runs: readonly ComparedRun[]): void {
  const [first, ...rest] = runs
  const other = rest.find(({ summary }) => summary.experimentHash !== first!.summary.experimentHash)
  if (other === undefined) return
  throw new ProblemError(
    first!.file,
    `run ${other.summary.run} is no repeat of run ${first!.summary.run}: their experiments differ`,
    'Name repeats of one experiment on each side, such as lab.switchyard#1,4,5.',
  )
}
