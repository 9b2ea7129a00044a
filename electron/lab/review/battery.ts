import { ProblemError } from '../../../shared/base/result.ts'
import { readExperiment } from '../../../shared/model/experiment-text.ts'
import { type Breathe, type Broken, type CheckedPlan, runBase, tryAll } from '../../workers/check/execute.ts'
import { scenarioLimits } from '../../workers/check/layers.ts'
import { planRun } from '../plan-run.ts'
import { modesOf } from '../policy/describe.ts'
import { modesIn, type PolicyMode } from '../policy/image.ts'
import { policyProse } from '../policy/prose.ts'
import { experimentsIn, knownNames } from '../resources.ts'
import type { ReviewSubject } from './subject.ts'

/** One scenario in one mode, ready to be checked. */
export interface Scenario {
  name: string
  mode: PolicyMode
  /** The experiment, without what the review sets. */
  text: string
  checked: CheckedPlan
}

/** How a policy is named in an experiment: bundled, or by its file. */
export type PolicySetting = `hypervisor.policy=${string}` | `hypervisor.source=${string}`

export const settingOf = (subject: Pick<ReviewSubject, 'name' | 'path'>): PolicySetting =>
  subject.path === null
    ? `hypervisor.policy=${subject.name}`
    : `hypervisor.source=${JSON.stringify(subject.path)}`

/** The scenarios of the switch contract: the bundled experiments whose names begin so. */
const isOfContract = (name: string): boolean => name === 'contract' || name.startsWith('contract-')

/**
 * The bundled scenarios of the switch contract with a policy, in each mode; those that a mode cannot have are left out.
 * @param only names of those to take; null for all
 * @throws ProblemError for a policy that cannot be assembled, and for a name that is none of theirs
 */
export function battery(
  resources: string,
  policy: PolicySetting,
  modes: readonly PolicyMode[],
  only: readonly string[] | null = null,
): Scenario[] {
  const bundled = experimentsIn(`${resources}/experiments`).filter(({ name }) => isOfContract(name))
  for (const name of only ?? []) {
    if (bundled.some((one) => one.name === name)) continue
    const all = bundled.map((one) => one.name).join(', ')
    throw new ProblemError(name, 'this is no scenario of the switch contract', `They are ${all}.`)
  }
  const scenarios = bundled.filter(({ name }) => only === null || only.includes(name))
  return modes.flatMap((mode) =>
    scenarios.flatMap(({ name, text }) => scenarioOf(resources, { name, text, mode }, policy)),
  )
}

/** A scenario with a policy, by exploration; none where its parts do not fit together (a probe that the mode does not have). */
export function scenarioOf(
  resources: string,
  { name, text, mode }: Pick<Scenario, 'name' | 'text' | 'mode'>,
  policy: PolicySetting,
): Scenario[] {
  const set = [`hypervisor.mode=${mode}`, policy, 'machine.sync=explore', 'schedule.kind=deterministic']
  const { experiment } = readExperiment(text, set, knownNames(resources))
  const checked = experiment === null ? null : planRun(experiment, resources).checked
  return checked === null ? [] : [{ name, text, mode, checked }]
}

/** What is found in a scenario, without control, advice and minimising. */
export async function violationsOf({ checked }: Scenario, breathe: Breathe): Promise<Broken[]> {
  return (await tryAll(checked, await runBase(checked, breathe), breathe, scenarioLimits)).broken
}

/** One's own experiment. @throws ProblemError that names the place of what is wrong with it */
export function ownScenario(resources: string, { name, path, text }: ReviewSubject): Scenario {
  const { experiment, problems } = readExperiment(text, ['machine.sync=explore'], knownNames(resources))
  const [first] = problems
  if (experiment === null)
    throw new ProblemError(
      `${path}:${first!.line}:${first!.column}: ${first!.path}`,
      first!.cause,
      first!.remedy,
    )
  const { checked } = planRun(experiment, resources)
  if (checked === null)
    throw new ProblemError(
      `${path}: schedule.kind`,
      'a parallel run cannot be explored',
      'Set schedule.kind to deterministic.',
    )
  return { name: name.replace(/\.jsonc?$/, ''), mode: experiment.hypervisor.mode, text, checked }
}

/** The modes that a subject is reviewed in: those of its page, or all that there are. */
export const modesOfSubject = (resources: string, { path, name }: ReviewSubject): PolicyMode[] =>
  modesOf(path === null ? policyProse(resources, name) : '', modesIn(resources))
