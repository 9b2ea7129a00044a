import { ProblemError } from '../../shared/base/result.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import type { ChoiceTaken } from '../../shared/model/findings.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { StoreClient } from '../store/client.ts'
import { type InspectClient, openInspector, type SpawnInspector } from '../workers/inspect/client.ts'
import type { InspectCalls } from '../workers/inspect/protocol.ts'
import type { MachinePlan } from '../workers/plan.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'

/** A machine that nobody looks at is closed after so long: its snapshots take memory. */
const IDLE_MS = 5 * 60_000

/** Which execution of a run: that of its own mode, or the one that showed a finding (from 1). */
export interface Execution {
  run: RunId
  finding: number | null
}

/** The machines that a Machine view looks at: one at a time, computed anew from the run's experiment. */
export class Inspections {
  private readonly spawn: SpawnInspector
  private readonly store: StoreClient
  private readonly resources: string
  private readonly moving: (run: RunId, moment: number) => void
  private open: { key: string; run: RunId; client: Promise<InspectClient> } | null = null
  private idle: NodeJS.Timeout | undefined

  constructor(
    spawn: SpawnInspector,
    store: StoreClient,
    resources: string,
    moving: (run: RunId, moment: number) => void,
  ) {
    this.spawn = spawn
    this.store = store
    this.resources = resources
    this.moving = moving
  }

  /** @throws ProblemError where the run, its finding or the place does not exist, or the run cannot be followed */
  async call<C extends keyof InspectCalls>(
    execution: Execution,
    name: C,
    args: InspectCalls[C]['args'],
  ): Promise<InspectCalls[C]['reply']> {
    clearTimeout(this.idle)
    const client = await this.clientOf(execution)
    try {
      return await client.call(name, args)
    } finally {
      clearTimeout(this.idle)
      this.idle = setTimeout(() => void this.close(), IDLE_MS).unref()
    }
  }

  /** Ends what is under way where it is. */
  async stop(run: RunId): Promise<void> {
    if (this.open?.run === run) (await this.open.client).stop()
  }

  async close(): Promise<void> {
    clearTimeout(this.idle)
    const { open } = this
    this.open = null
    await (await open?.client.catch(() => null))?.close()
  }

  private async clientOf({ run, finding }: Execution): Promise<InspectClient> {
    const key = `${run} ${finding}`
    if (this.open?.key === key) return this.open.client
    const [plan, choices] = [await this.planOf(run), await this.choicesOf(run, finding)]
    if (this.open?.key === key) return this.open.client
    await this.close()
    const client = openInspector(this.spawn, { plan, choices }, (moment) => this.moving(run, moment))
    const mine = { key, run, client }
    this.open = mine
    client.catch(() => {
      if (this.open === mine) this.open = null
    })
    return client
  }

  /** The run's machine; what is recorded of it is not recorded again. */
  private async planOf(run: RunId): Promise<MachinePlan> {
    const { experimentHash } = await this.store.call('run.get', { run })
    const { text, imageHash } = await this.store.call('run.experiment', { run })
    const { experiment, problems } = readExperiment(text, [], knownNames(this.resources))
    if (experiment === null) throw new ProblemError(`run ${run}`, problems[0]!.cause, problems[0]!.remedy)
    const planned = planRun(experiment, this.resources)
    if (planned.experimentHash !== experimentHash) {
      throw new ProblemError(
        `run ${run}`,
        'its experiment means something else to this version than when it ran',
        'Run it again, and look at the new run.',
      )
    }
    if (planned.imageHash !== imageHash) {
      throw new ProblemError(
        `run ${run}`,
        'its hypervisor assembles to another image now: a source was edited, or this version brings another one',
        'Put the source back, or run the experiment again and look at the new run.',
      )
    }
    return { ...planned.plan, probes: { registers: [], switches: true, faults: false, events: false } }
  }

  private async choicesOf(run: RunId, finding: number | null): Promise<readonly ChoiceTaken[] | null> {
    if (finding === null) return null
    const report = await this.store.call('run.findings', { run })
    const found = report?.findings[finding - 1]
    if (found !== undefined) return report?.verdict.mode === 'explore' ? found.choices : null
    throw new ProblemError(
      `run ${run}`,
      `it has no finding ${finding}`,
      'Choose one that the Findings view lists.',
    )
  }
}
