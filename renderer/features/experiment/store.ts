import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { RunId } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

export interface Draft {
  text: string
  /** One path=value a line. */
  overrides: string
  /** The text as the lab has it. */
  original: string
}

export const overrideLines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/** Lines that are not path=value, 1-based. */
export const badOverrides = (text: string): number[] =>
  text.split('\n').flatMap((line, i) => (line.trim() && !/^\s*[\w.[\]-]+\s*=/.test(line) ? [i + 1] : []))

/** Experiments being edited, by name, and what is wrong with the one on screen. */
export const useExperiments = defineStore('experiments', () => {
  const drafts = shallowRef<ReadonlyMap<string, Draft>>(new Map())
  const check = question((text: string) => lab.call('experiment.check', { text }))
  /** The experiment of a run, to be compared with. */
  const ofRun = question((run: RunId) => lab.call('run.experiment', { run }))
  const starting = ref(false)
  const problem = shallowRef<Problem | null>(null)

  /** Begins with the lab's text; a draft that exists is kept. */
  function open(name: string, text: string): void {
    if (!drafts.value.has(name))
      drafts.value = new Map(drafts.value).set(name, { text, overrides: '', original: text })
  }

  function edit(name: string, change: Partial<Draft>): void {
    const draft = drafts.value.get(name)
    if (draft) drafts.value = new Map(drafts.value).set(name, { ...draft, ...change })
  }

  /** @returns the new run's number, or null after a problem, which is then in `problem` */
  async function start(name: string): Promise<RunId | null> {
    const draft = drafts.value.get(name)
    if (!draft || starting.value) return null
    starting.value = true
    const result = await lab.call('run.start', {
      text: draft.text,
      name,
      set: overrideLines(draft.overrides),
    })
    starting.value = false
    problem.value = result.ok ? null : result.error
    return result.ok ? result.value : null
  }

  return { drafts, check, ofRun, starting, problem, open, edit, start }
})
