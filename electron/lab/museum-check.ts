import { ProblemError } from '../../shared/base/result.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { MuseumVariant } from '../../shared/model/museum.ts'
import { check } from '../workers/check/check.ts'
import type { Breathe } from '../workers/check/execute.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'

/** What the switch contract says of one variant of a case, without a session. @throws ProblemError when it cannot be checked */
export async function checkVariant(
  resources: string,
  { name, text, set }: MuseumVariant,
  breathe: Breathe,
): Promise<CheckReport> {
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  const [first] = problems
  if (experiment === null) throw new ProblemError(`${name}: ${first!.path}`, first!.cause, first!.remedy)
  const { checked } = planRun(experiment, resources)
  if (checked === null)
    throw new ProblemError(name, 'the variant is not explored', 'Install Switchyard again.')
  return check(checked, name, breathe)
}
