import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configText, planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import type { OneThreadBoard } from '../../electron/machine/board/one-thread.ts'
import { SwitchContract, type Violation } from '../../electron/machine/contract/contract.ts'
import { openOneThread } from '../../electron/workers/one-thread.ts'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { HOST, HOST_TASK, type Owner } from '../../shared/model/trace.ts'
import { buildImage } from '../guests/run-guest.ts'

const resources = fileURLToPath(new URL('../../resources/', import.meta.url))

/** A run with the switch contract beside it. */
export interface Checked {
  board: OneThreadBoard
  contract: SwitchContract
  /** Runs to the end, or until the machine is idle. */
  finish(): Violation[]
  console(): string
}

export interface CheckedOptions {
  /** The image as if it had no marks. */
  unmarked?: boolean
  /** Sources in place of those of resources/, by name. */
  include?: Record<string, string>
}

/** A source of resources/. */
export const resource = (path: string): string => readFileSync(join(resources, path), 'utf8')

/** A bundled experiment with overrides, `path=value`. */
export function checked(name: string, set: readonly string[] = [], options: CheckedOptions = {}): Checked {
  const text = resource(`experiments/${name}.json`)
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  if (experiment === null) throw new Error(JSON.stringify(problems))
  const { plan } = planRun(experiment, resources)
  const { include, unmarked } = options
  const image = include
    ? { bytes: buildImage(configText(experiment), include, experiment.hypervisor.mode), file: 'edited.S' }
    : plan.image
  return checkedPlan({ ...plan, image }, experiment.vcpus, unmarked)
}

export function checkedPlan(
  plan: MachinePlan,
  vcpus: readonly { mte: boolean }[] | null,
  unmarked = false,
): Checked {
  let out = ''
  const board = openOneThread(plan, {
    console: (bytes) => {
      out += Buffer.from(bytes).toString('latin1')
    },
  })
  if (unmarked) (board.settings.marks as Map<number, unknown>).clear()
  const contract = new SwitchContract(board, { vcpus, mode: null })
  contract.attach()
  const finish = (): Violation[] => {
    while (board.end() === null && board.advance() > 0);
    return [...contract.violations()]
  }
  return { board, contract, finish, console: () => out }
}

export function ownerText(owner: Owner | null): string {
  if (owner === null) return 'none'
  return owner === HOST ? 'host' : owner === HOST_TASK ? 'host task' : `v${owner}`
}

/** Kind and register of each, without owners, sorted. */
export const kindsOf = (violations: readonly Violation[]): string[] =>
  [...new Set(violations.map(({ kind, register }) => `${kind} ${register}`))].sort()

/** The same with owner and other side. */
export const setOf = (violations: readonly Violation[]): string[] =>
  violations
    .map(
      ({ kind, register, owner, other }) => `${kind} ${register}: ${ownerText(owner)}, ${ownerText(other)}`,
    )
    .sort()
