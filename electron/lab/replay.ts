import { ProblemError } from '../../shared/base/result.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import type { CheckReport, Finding } from '../../shared/model/findings.ts'
import type { RunId } from '../../shared/model/run.ts'
import { unwrap } from '../base/first-run.ts'
import { runBase, tryAll } from '../workers/check/execute.ts'
import { choicesOf, explain } from '../workers/check/explain.ts'
import { boundedLimits, defaultLimits } from '../workers/check/layers.ts'
import { minimise, sameViolation } from '../workers/check/minimise.ts'
import { withoutStep as planWithoutStep } from '../workers/check/patch.ts'
import type { MachinePlan } from '../workers/plan.ts'
import type { Lab } from './lab.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'

/** What a finding was, and what comes out when its experiment is tried again. */
export interface Replay {
  stored: Finding
  /** The same finding as it was found now; null when it was not. */
  again: Finding | null
  /** The step (from 1) whose instruction was taken out of the image; null for the image as it was. */
  without: number | null
}

/**
 * Finds finding `number` (from 1) of a stored run anew: its experiment as it was run, tried again from nothing.
 * @param without a step (from 1) whose instruction is replaced by a NOP: is the finding still there?
 * @throws ProblemError when the run, its findings or the step do not exist
 */
export async function replayFinding(
  lab: Lab,
  resources: string,
  run: RunId,
  number: number,
  without: number | null,
): Promise<Replay> {
  const report = unwrap(await lab.call('run.findings', { run }))
  const stored = findingOf(report, run, number)
  const { text } = unwrap(await lab.call('run.experiment', { run }))
  const { experiment, problems } = readExperiment(text, [], knownNames(resources))
  if (experiment === null) throw new ProblemError(`run ${run}`, problems[0]!.cause, problems[0]!.remedy)
  const { checked } = planRun(experiment, resources)
  if (checked === null)
    throw new ProblemError(
      `run ${run}`,
      'its experiment is not checked by this version',
      'Run it with explore.',
    )
  const plan = without === null ? checked.plan : withoutStep(checked.plan, stored, without)
  const tried = { ...checked, plan }
  const idle = async (): Promise<void> => {}
  const base = await runBase(tried, idle)
  const { broken } = await tryAll(tried, base, idle, without === null ? defaultLimits : boundedLimits)
  const [found] = await minimise(
    tried,
    base,
    broken.filter(({ violation }) => sameViolation(violation, stored)),
    idle,
  )
  if (found === undefined) return { stored, again: null, without }
  const { kind, register, owner, other, trail } = found.violation
  const again = {
    kind,
    register,
    owner,
    other,
    steps: trail,
    spare: found.spare,
    choices: choicesOf(found),
    explanation: explain(found),
  }
  return { stored, again, without }
}

function findingOf(report: CheckReport | null, run: RunId, number: number): Finding {
  const count = report?.findings.length ?? 0
  const finding = report?.findings[number - 1]
  if (finding) return finding
  throw new ProblemError(
    `run ${run}`,
    report === null
      ? 'it was not checked'
      : `it has ${count === 1 ? 'one finding' : `${count} findings`}, and no number ${number}`,
    report === null ? 'Run it with --set machine.sync=explore.' : 'Findings are counted from 1.',
  )
}

function withoutStep(plan: MachinePlan, { steps }: Finding, number: number): MachinePlan {
  const step = steps[number - 1]
  if (step === undefined)
    throw new ProblemError(
      `step ${number}`,
      `the finding has ${steps.length} steps`,
      'Steps are counted from 1.',
    )
  const patched = planWithoutStep(plan, step)
  if (patched !== null)
    return { ...patched, stop: { ...plan.stop, instructions: plan.stop.instructions ?? 10_000_000 } }
  throw new ProblemError(
    `step ${number}`,
    `its instruction at 0x${step.pc.toString(16)} is not found in the image, or at more than one place`,
    'Choose another step.',
  )
}
