import { lab } from '../api/lab.ts'
import { useConsole, useLiveRun } from '../features/run/store.ts'
import { useSession } from '../features/sessions/store.ts'
import { useFocus } from './focus.ts'

/** Charts of a live run are asked again at most this often. */
const REFRESH_MS = 500

/** Takes what the lab announces to the stores that show it. @returns a function that stops listening. */
export function listenToLab(): () => void {
  const session = useSession()
  const focus = useFocus()
  const live = useLiveRun()
  const console = useConsole()
  let refreshed = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function refresh(): void {
    if (timer !== undefined) return
    const wait = Math.max(0, refreshed + REFRESH_MS - Date.now())
    timer = setTimeout(() => {
      timer = undefined
      refreshed = Date.now()
      focus.grown()
    }, wait)
  }

  const stops = [
    lab.on('run.started', () => void session.runs.again()),
    lab.on('run.progress', (progress) => {
      session.report(progress)
      if (progress.run === focus.runId || session.live?.run === progress.run) live.report(progress)
      if (progress.run === focus.runId) refresh()
    }),
    lab.on('run.console', ({ run, text }) => console.append(run, text)),
    lab.on('run.ended', ({ summary }) => {
      session.replace(summary)
      if (summary.run === focus.runId) refresh()
    }),
    lab.on('run.checked', ({ summary }) => session.replace(summary)),
    lab.on('run.deleted', () => void session.runs.again()),
    lab.on('session.damaged', () => void session.info.again()),
  ]
  return () => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}
