import { setImmediate as turn } from 'node:timers/promises'
import { type Breathe, CheckStopped } from '../workers/check/execute.ts'
import { exitOfSignal, type Terminal } from './verb.ts'

/**
 * Runs what takes a while and looks up in between, until Ctrl+C or SIGTERM ends it.
 * @returns its exit status, or that of the signal
 */
export async function interruptible(
  terminal: Terminal,
  work: (breathe: Breathe) => Promise<number>,
): Promise<number> {
  let signal: NodeJS.Signals | null = null
  void terminal.interrupted.then((name) => {
    signal = name
  })
  try {
    return await work(async () => {
      await turn()
      if (signal !== null) throw new CheckStopped()
    })
  } catch (error) {
    if (signal !== null && error instanceof CheckStopped) return exitOfSignal(signal)
    throw error
  }
}
