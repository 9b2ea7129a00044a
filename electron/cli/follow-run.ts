import type { LabApi } from '../../shared/contract/calls.ts'
import type { RunId, RunProgress, RunSummary } from '../../shared/model/run.ts'
import { progressText } from './text.ts'
import type { Terminal } from './verb.ts'

/** Follows the runs of a lab. Made before a run is started, since a short one may end before the call's answer comes. */
export interface RunFollower {
  ended(run: RunId): Promise<RunSummary>
  close(): void
}

export function followRuns(lab: LabApi, show: (progress: RunProgress) => void): RunFollower {
  const summaries = new Map<RunId, RunSummary>()
  const waiting = new Map<RunId, (summary: RunSummary) => void>()
  const stops = [
    lab.on('run.progress', show),
    lab.on('run.ended', ({ run, summary }) => {
      summaries.set(run, summary)
      waiting.get(run)?.(summary)
    }),
  ]
  return {
    ended: (run) =>
      new Promise((resolve) => {
        const summary = summaries.get(run)
        if (summary) resolve(summary)
        else waiting.set(run, resolve)
      }),
    close() {
      for (const stop of stops) stop()
    },
  }
}

const PLAIN_INTERVAL_MS = 1000

/** Progress on one rewritten line of a screen; elsewhere a line a second. */
export function progressPrinter(terminal: Terminal): { show(progress: RunProgress): void; end(): void } {
  let lastMs = 0
  let open = false
  return {
    show(progress) {
      if (terminal.live) {
        terminal.err(`\r\x1b[K${progressText(progress)}`)
        open = true
        return
      }
      if (Date.now() - lastMs < PLAIN_INTERVAL_MS) return
      lastMs = Date.now()
      terminal.err(`${progressText(progress)}\n`)
    },
    end() {
      if (open) terminal.err('\r\x1b[K')
      open = false
    },
  }
}
