import { ProblemError } from '../../shared/base/result.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { openOneThread } from '../workers/one-thread.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'
import { savedVm } from './saved-vm.ts'

/** Instructions between two turns of the event loop. */
const SLICE = 200_000

/** What a run that saves its VM ended with. */
export interface VmSaved {
  bytes: Uint8Array
  console: string
  instructions: number
}

/**
 * Runs an experiment with host.saveAt in one thread until it ends, and gives what its host has saved.
 * @throws ProblemError when the experiment cannot run, does not save, or ends before it has
 */
export async function saveVm(
  text: string,
  name: string,
  set: readonly string[],
  resources: string,
): Promise<VmSaved> {
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  if (experiment === null) {
    const { line, column, path, cause, remedy } = problems[0]!
    throw new ProblemError(`${name}:${line}:${column}: ${path}`, cause, remedy)
  }
  if (experiment.host.saveAt === 0) {
    throw new ProblemError(
      `${name}: host.saveAt`,
      'this experiment saves no VM',
      'Set host.saveAt=1 or more.',
    )
  }
  if (experiment.stop.instructions === undefined && experiment.stop.switches === undefined) {
    throw new ProblemError(
      `${name}: stop`,
      'nothing bounds this run, should its VM never be saved',
      'Set stop.instructions or stop.switches.',
    )
  }
  const { plan } = planRun(experiment, resources)
  let console = ''
  const board = openOneThread(plan, {
    console: (bytes) => {
      console += Buffer.from(bytes).toString('latin1')
    },
  })
  let since = 0
  while (board.next !== null) {
    since += board.advance()
    if (since < SLICE) continue
    since = 0
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { ram8, ramBase } = board.views
  const bytes = savedVm(plan.image.bytes, ram8, ramBase)
  if (bytes === null) {
    throw new ProblemError(
      `${name}: host.saveAt`,
      `vCPU 0 was not put a ${experiment.host.saveAt}th time before the run ended`,
      'Set a smaller host.saveAt, or give the guest more rounds.',
    )
  }
  return { bytes, console, instructions: board.moment }
}
