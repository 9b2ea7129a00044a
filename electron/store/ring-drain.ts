import { type RingConsumer, ringConsumer } from '../../shared/model/event-ring.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { EventColumns } from '../../shared/model/trace.ts'
import { CHUNK_EVENTS } from './event-columns.ts'

/** Milliseconds between looks at the rings, and how long an event waits for a chunk to become full. */
const LOOK_MS = 50
const LONGEST_WAIT_MS = 400

export interface RingDrain {
  /** From now on what the rings receive is stored as the run's events. */
  attach(run: RunId, rings: readonly SharedArrayBuffer[]): void
  /** @throws what kept the events of the run from being stored: nobody hears it when it happens */
  check(run: RunId): void
  /** Stores what is in the rings of a run, and looks at them no more. */
  finish(run: RunId): void
  /** Looks no more, whatever the rings hold. */
  stop(): void
}

/**
 * Takes events out of the rings of a run while it is computed.
 * @param store keeps events of several PEs in one transaction; throws when it cannot, and then nothing is freed
 */
export function ringDrain(store: (run: RunId, events: EventColumns[]) => void): RingDrain {
  let attached: { run: RunId; rings: RingConsumer[]; timer: NodeJS.Timeout; emptied: number } | null = null

  let failure: { run: RunId; error: unknown } | null = null

  /** All, or only whole chunks. */
  function take(whole: boolean): void {
    if (attached === null) return
    const { run, rings } = attached
    const counts = rings.map((ring) => {
      const size = ring.size()
      return whole ? size - (size % CHUNK_EVENTS) : size
    })
    const events = rings.flatMap((ring, i) => (counts[i]! > 0 ? ring.peek(counts[i]!) : []))
    if (events.length === 0) return
    store(run, events)
    for (const [i, ring] of rings.entries()) ring.free(counts[i]!)
  }

  function look(): void {
    if (attached === null) return
    const { run } = attached
    const now = performance.now()
    const late = now - attached.emptied >= LONGEST_WAIT_MS
    if (late) attached.emptied = now
    try {
      take(!late)
    } catch (error) {
      failure = { run, error }
      stop()
    }
  }

  function stop(): void {
    if (attached !== null) clearInterval(attached.timer)
    attached = null
  }

  return {
    attach(run, rings) {
      stop()
      attached = {
        run,
        rings: rings.map(ringConsumer),
        timer: setInterval(look, LOOK_MS),
        emptied: performance.now(),
      }
    },
    check(run) {
      if (failure?.run === run) throw failure.error
    },
    finish(run) {
      if (attached?.run !== run) return
      take(false)
      stop()
    },
    stop,
  }
}
