import { defineStore } from 'pinia'
import type { RunId } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

/** What the switch contract found in the run on screen. */
export const useFindings = defineStore('findings', () => {
  const report = question((run: RunId) => lab.call('run.findings', { run }))

  /** Another run: nothing of the one before stays on screen. */
  async function load(run: RunId): Promise<void> {
    if (report.args.value !== run) report.forget()
    await report.ask(run)
  }

  const card = question((run: RunId) => lab.call('run.card', { run }))

  return { report, card, load }
})
