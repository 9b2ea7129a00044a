import { type RingConsumer, type RingKind, ringConsumer, ringKind } from '../../shared/model/ring.ts'
import type { RunId } from '../../shared/model/run.ts'
import {
  type ChangeColumns,
  changeRows,
  type EventColumns,
  type RegisterRow,
} from '../../shared/model/trace.ts'
import { CHUNK_EVENTS } from './event-columns.ts'

/** Milliseconds between looks at the rings, and how long an event waits for a chunk to become full. */
const LOOK_MS = 50
const LONGEST_WAIT_MS = 400

interface Attached {
  run: RunId
  events: RingConsumer[]
  changes: RingConsumer<ChangeColumns>[]
  registers: readonly string[]
  timer: NodeJS.Timeout
  /** When the last event left its ring. */
  emptied: number
}

export interface RingDrain {
  /** From now on what the rings receive is stored as the run's. @param registers what the rings of changes index */
  attach(run: RunId, rings: readonly SharedArrayBuffer[], registers: readonly string[]): void
  /** Stores what is in the rings of a run now. */
  empty(run: RunId): void
  /** @throws what kept the events of the run from being stored: nobody hears it when it happens */
  check(run: RunId): void
  /** Stores what is in the rings of a run, and looks at them no more. */
  finish(run: RunId): void
  /** Looks no more, whatever the rings hold. */
  stop(): void
}

/**
 * Takes events and register changes out of the rings of a run while it is computed.
 * @param store keeps what came of several PEs in one transaction; throws when it cannot, and then nothing is freed
 */
export function ringDrain(
  store: (run: RunId, events: EventColumns[], changes: RegisterRow[]) => void,
): RingDrain {
  let attached: Attached | null = null
  let failure: { run: RunId; error: unknown } | null = null

  /** All events, or only whole chunks of them; all changes. */
  function take(whole: boolean): void {
    if (attached === null) return
    const { run, events, changes, registers } = attached
    const sizes = events.map((ring) => {
      const size = ring.size()
      return whole ? size - (size % CHUNK_EVENTS) : size
    })
    const columns = events.flatMap((ring, i) => (sizes[i]! > 0 ? ring.peek(sizes[i]!) : []))
    const changed = changes.map((ring) => ring.size())
    const rows = changes.flatMap((ring, i) =>
      changed[i]! > 0 ? changeRows(ring.peek(changed[i]!), registers) : [],
    )
    if (columns.length + rows.length === 0) return
    store(run, columns, rows)
    for (const [i, ring] of events.entries()) ring.free(sizes[i]!)
    for (const [i, ring] of changes.entries()) ring.free(changed[i]!)
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

  function empty(run: RunId): void {
    if (attached?.run === run) take(false)
  }

  function stop(): void {
    if (attached !== null) clearInterval(attached.timer)
    attached = null
  }

  return {
    attach(run, rings, registers) {
      stop()
      const ofKind = (kind: RingKind) => rings.filter((ring) => ringKind(ring) === kind)
      attached = {
        run,
        events: ofKind('events').map((ring) => ringConsumer(ring)),
        changes: ofKind('changes').map((ring) => ringConsumer<ChangeColumns>(ring)),
        registers,
        timer: setInterval(look, LOOK_MS),
        emptied: performance.now(),
      }
    },
    check(run) {
      if (failure?.run === run) throw failure.error
    },
    empty,
    finish(run) {
      if (attached?.run !== run) return
      empty(run)
      stop()
    },
    stop,
  }
}
