import { ProblemError } from '../../../shared/base/result.ts'
import type { LabApi } from '../../../shared/contract/calls.ts'
import type { Experiment } from '../../../shared/model/experiment.ts'
import { readExperiment } from '../../../shared/model/experiment-text.ts'
import type { RunId, RunSummary } from '../../../shared/model/run.ts'
import { unwrap } from '../../base/first-run.ts'
import { knownNames } from '../resources.ts'

/** A run with what a comparison asks of it. */
export interface ComparedRun {
  /** The session's file. */
  file: string
  summary: RunSummary
  experiment: Experiment
  /** Events by kind; null where none were recorded. */
  events: Record<string, number> | null
  registerWrites: number
}

/** @throws ProblemError where the run is not there, has not ended, or its experiment cannot be read any more */
export async function gatherRun(
  lab: LabApi,
  resources: string,
  file: string,
  run: RunId,
): Promise<ComparedRun> {
  const summary = unwrap(await lab.call('run.get', { run }))
  if (summary.stateHash === null) {
    const cause =
      summary.state === 'running' || summary.state === 'paused'
        ? 'it has not ended yet'
        : 'it ended before it was done'
    throw new ProblemError(`${file}#${run}`, cause, 'Compare runs that ended by themselves.')
  }
  const { text } = unwrap(await lab.call('run.experiment', { run }))
  const { experiment, problems } = readExperiment(text, [], knownNames(resources))
  if (experiment === null)
    throw new ProblemError(
      `${file}#${run}`,
      `its experiment cannot be read: ${problems[0]!.cause}`,
      problems[0]!.remedy,
    )
  const { lanes, total } = unwrap(await lab.call('run.events', { run, range: null, columns: 1, pe: null }))
  const events: Record<string, number> = {}
  for (const lane of lanes) events[lane.kind] = (events[lane.kind] ?? 0) + lane.total
  return {
    file,
    summary,
    experiment,
    events: total > 0 ? events : null,
    registerWrites: summary.registerChanges.reduce((sum, { count }) => sum + count, 0),
  }
}
