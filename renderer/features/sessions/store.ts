import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { RunId, RunProgress, RunSummary } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

/** The open session: its file, its runs, and the experiments and policies that can be run in it. */
export const useSession = defineStore('session', () => {
  const info = question((_: Record<string, never>) => lab.call('session.info', {}))
  const runs = question((_: Record<string, never>) => lab.call('run.list', {}))
  const experiments = question((_: Record<string, never>) => lab.call('experiment.list', {}))

  const policies = question((_: Record<string, never>) => lab.call('policy.list', {}))

  const list = computed(() => runs.answer.value ?? [])
  const live = computed(
    () => list.value.find((run) => run.state === 'running' || run.state === 'paused') ?? null,
  )

  async function load(): Promise<void> {
    await Promise.all([info.ask({}), runs.ask({}), experiments.ask({}), policies.ask({})])
  }

  const get = (run: RunId): RunSummary | null => list.value.find((entry) => entry.run === run) ?? null

  /** Puts what the lab announced about a live run into the list; no new question is needed for that. */
  function report(progress: RunProgress): void {
    runs.answer.value = list.value.map((run) =>
      run.run === progress.run
        ? {
            ...run,
            state: progress.state,
            switches: progress.switches,
            instructions: progress.instructions,
            cycles: progress.cycles,
            hostNs: progress.hostNs,
            tagFaults: progress.tagFaults,
          }
        : run,
    )
  }

  function replace(summary: RunSummary): void {
    const others = list.value.filter((run) => run.run !== summary.run)
    runs.answer.value = [...others, summary].sort((a, b) => a.run - b.run)
  }

  /** Deletes a run and all that was recorded of it. @returns what stood against it */
  async function remove(run: RunId): Promise<Problem | null> {
    const result = await lab.call('run.delete', { run })
    if (result.ok) runs.answer.value = list.value.filter((entry) => entry.run !== run)
    return result.ok ? null : result.error
  }

  return { info, runs, experiments, policies, list, live, load, get, report, replace, remove }
})
