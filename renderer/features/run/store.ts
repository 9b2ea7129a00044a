import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { Calls } from '../../../shared/contract/calls.ts'
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

/** Starts runs that need no editing: a museum's case, the first witness, a run again with another setting. */
export const useStarter = defineStore('starter', () => {
  /** What is being started, by the name that its button has; null when nothing is. */
  const busy = ref<string | null>(null)
  const problem = shallowRef<Problem | null>(null)

  /** @returns the new run's number, or null after a problem, which is then in `problem` */
  async function start(button: string, what: Calls['run.start']['args']): Promise<RunId | null> {
    if (busy.value !== null) return null
    busy.value = button
    const result = await lab.call('run.start', what)
    busy.value = null
    problem.value = result.ok ? null : result.error
    return result.ok ? result.value : null
  }

  /** The experiment of a run, as it was run, once more with other settings. */
  async function again(run: RunId, name: string, set: string[]): Promise<RunId | null> {
    const text = await lab.call('run.experiment', { run })
    if (text.ok) return start(set.join(' '), { text: text.value.text, name, set })
    problem.value = text.error
    return null
  }

  const forget = (): void => {
    problem.value = null
  }

  return { busy, problem, start, again, forget }
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
