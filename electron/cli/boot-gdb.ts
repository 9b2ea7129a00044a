import type { StopReason } from '../../shared/model/trace.ts'
import { serveGdb } from '../gdb/server.ts'
import { openTimeline } from '../workers/one-thread.ts'
import type { MachinePlan } from '../workers/plan.ts'
import type { Terminal } from './verb.ts'

/** Instructions of a turn at most: short enough that PEs that work together are seen doing so. */
const QUANTUM = 1000

/**
 * Boots a program under gdb: nothing runs before gdb lets it, and everything can be run backwards, so the schedule is
 * deterministic and the clock the model's.
 * @returns why it is over, or the signal that ended it
 * @throws ProblemError when the port cannot be had, or the program not be loaded
 */
export async function bootUnderGdb(
  plan: MachinePlan,
  port: number,
  terminal: Terminal,
): Promise<StopReason | NodeJS.Signals> {
  const schedule = { kind: 'deterministic', quantum: QUANTUM, seed: plan.schedule.seed } as const
  const timeline = openTimeline({ ...plan, schedule, clock: 'model' }, terminal.out)
  const tell = (text: string) => terminal.err(`switchyard: ${text}\n`)
  const server = await serveGdb(timeline, port, tell)
  tell(
    `waiting for gdb: target remote 127.0.0.1:${server.port} (one thread, deterministic schedule, model clock)`,
  )
  const forward = (bytes: Buffer) => timeline.board.input(bytes)
  terminal.stdin.on('data', forward)
  terminal.stdin.on('error', () => {}) // a closed standard input is a UART that nobody writes to
  let late: NodeJS.Timeout | undefined
  const timeout = new Promise<StopReason>((resolve) => {
    const { seconds } = plan.stop
    if (seconds === undefined) return
    late = setTimeout(() => resolve({ kind: 'limit', which: 'seconds' }), seconds * 1000)
  })
  const ended = server.done.then(() => timeline.board.end() ?? ({ kind: 'stopped' } as const))
  try {
    return await Promise.race([terminal.interrupted, timeout, ended])
  } finally {
    clearTimeout(late)
    terminal.stdin.off('data', forward)
    terminal.stdin.pause()
    await server.close()
  }
}
