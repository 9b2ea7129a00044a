import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { RunId, RunProgress } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

type RunCommand = 'run.pause' | 'run.resume' | 'run.stop'

/** A live run: how far it is, and its pause, resume and stop. */
export const useLiveRun = defineStore('live-run', () => {
  const progress = shallowRef<RunProgress | null>(null)
  const problem = shallowRef<Problem | null>(null)

  /** The command that has been sent and not answered yet. */
  const asked = ref<RunCommand | null>(null)
  const activity = shallowRef<number[]>([])

  /** Takes a report, and from it and the one before each PE's share of the busiest one's instructions. */
  function report(next: RunProgress): void {
    const before = progress.value
    const done = next.pes.map((pe, i) =>
      before?.run === next.run ? Math.max(0, pe.instructions - (before.pes[i]?.instructions ?? 0)) : 0,
    )
    const most = Math.max(1, ...done)
    activity.value = done.map((instructions) => instructions / most)
    progress.value = next
  }

  /** Asks once; from then on the lab announces. */
  async function follow(run: RunId): Promise<void> {
    if (progress.value?.run !== run) progress.value = null
    const result = await lab.call('run.progress', { run })
    if (result.ok && result.value) progress.value = result.value
    problem.value = result.ok ? null : result.error
  }

  async function command(name: RunCommand, run: RunId): Promise<void> {
    asked.value = name
    const result = await lab.call(name, { run })
    asked.value = null
    problem.value = result.ok ? null : result.error
  }

  return { progress, asked, activity, problem, report, follow, command }
})

/** What the guests and the host wrote to their UARTs. */
export const useConsole = defineStore('console', () => {
  const console = question((run: RunId) => lab.call('run.console', { run }))
  const tail = ref('')

  async function load(run: RunId): Promise<void> {
    if (console.args.value !== run) console.forget()
    await console.ask(run)
    tail.value = ''
  }

  /** Text that came after the last full answer. */
  function append(run: RunId, text: string): void {
    if (console.args.value === run) tail.value = (tail.value + text).slice(-200_000)
  }

  return { console, tail, load, append }
})
