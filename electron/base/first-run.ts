import { ProblemError, type Result } from '../../shared/base/result.ts'
import type { LabApi } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'

const FIRST_EXPERIMENT = 'handover'

/** Starts the bundled experiment in a session that has no runs yet. @returns its run, or null when there was something to see */
export async function startFirstRun(lab: LabApi): Promise<RunId | null> {
  const session = unwrap(await lab.call('session.info', {}))
  if (session.runs > 0 || session.readOnly) return null
  const experiments = unwrap(await lab.call('experiment.list', {}))
  const first = experiments.find((entry) => entry.name.startsWith(FIRST_EXPERIMENT)) ?? experiments[0]
  if (!first)
    throw new ProblemError('resources/experiments', 'no experiment is bundled', 'Install Switchyard again.')
  return unwrap(await lab.call('run.start', { text: first.text, name: first.path, set: [] }))
}

/** The value, or the problem thrown. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  const { place, cause, remedy } = result.error
  throw new ProblemError(place, cause, remedy)
}
