import { setImmediate as turn } from 'node:timers/promises'
import { type Problem, ProblemError } from '../../shared/base/result.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { RunId, RunSummary } from '../../shared/model/run.ts'
import type { StoreClient } from '../store/client.ts'
import { check } from '../workers/check/check.ts'
import { type CheckedPlan, CheckStopped } from '../workers/check/execute.ts'

interface Pending {
  stopped: boolean
  /** Settles when the report is stored, or the check has ended without one; never rejects. */
  done: Promise<void>
}

/** Checks of runs that have ended: in this thread, a little at a time, so that the lab goes on answering. */
export class Checks {
  private readonly store: StoreClient
  private readonly announce: (run: RunId, summary: RunSummary) => void
  private readonly pending = new Map<RunId, Pending>()
  /** Why a check of this session ended without a report. */
  private readonly failed = new Map<RunId, Problem>()

  constructor(store: StoreClient, announce: (run: RunId, summary: RunSummary) => void) {
    this.store = store
    this.announce = announce
  }

  start(run: RunId, checked: CheckedPlan, scenario: string): void {
    const mine: Pending = { stopped: false, done: Promise.resolve() }
    this.pending.set(run, mine)
    mine.done = this.work(run, checked, scenario, mine)
      .catch((error: unknown) => void this.failed.set(run, problemOf(run, error)))
      .finally(() => this.pending.delete(run))
  }

  private async work(run: RunId, checked: CheckedPlan, scenario: string, mine: Pending): Promise<void> {
    const report = await check(checked, scenario, async () => {
      await turn()
      if (mine.stopped) throw new CheckStopped()
    })
    this.announce(run, await this.store.call('run.check', { run, report }))
  }

  /** The report of a run, waited for while its check is under way. @throws ProblemError when that ended without one */
  async report(run: RunId): Promise<CheckReport | null> {
    await this.pending.get(run)?.done
    const problem = this.failed.get(run)
    if (problem !== undefined) throw new ProblemError(problem.place, problem.cause, problem.remedy)
    return this.store.call('run.findings', { run })
  }

  /** @returns whether a check of this run was under way */
  async stop(run: RunId): Promise<boolean> {
    const mine = this.pending.get(run)
    if (mine === undefined) return false
    mine.stopped = true
    await mine.done
    return true
  }

  async close(): Promise<void> {
    await Promise.all([...this.pending.keys()].map((run) => this.stop(run)))
  }
}

function problemOf(run: RunId, error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof CheckStopped) {
    return {
      place: `run ${run}`,
      cause: 'its check was stopped before every choice was tried',
      remedy: 'Run the experiment again to check it.',
    }
  }
  const cause = error instanceof Error ? error.message : String(error)
  return { place: `run ${run}`, cause: `its check failed: ${cause}`, remedy: 'This is a bug of Switchyard.' }
}
