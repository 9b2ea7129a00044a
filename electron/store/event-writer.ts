import type { Database } from 'better-sqlite3'
import type { RunId } from '../../shared/model/run.ts'
import type { EventColumns } from '../../shared/model/trace.ts'
import { CHUNK_EVENTS, packEvents } from './event-columns.ts'
import { densityWriter } from './event-density.ts'

export interface EventWriter {
  /** Stores events of one PE; the caller's transaction is theirs. */
  write(run: RunId, events: EventColumns): void
  /** After a transaction that was given up. */
  forget(): void
}

/** Events as they arrive: chunks of compressed columns, and their density. */
export function eventWriter(db: Database): EventWriter {
  const insert = db.prepare('INSERT INTO event_chunk VALUES (?, ?, ?, ?, ?, ?, ?)')
  const lastSequence = db
    .prepare<[RunId], number>('SELECT ifnull(max(sequence), -1) FROM event_chunk WHERE run = ?')
    .pluck()
  const density = densityWriter(db)
  let next: { run: RunId; sequence: number } | null = null
  return {
    write(run, events) {
      const n = events.cycle.length
      if (next?.run !== run) next = { run, sequence: lastSequence.get(run)! + 1 }
      for (let from = 0; from < n; from += CHUNK_EVENTS) {
        const to = Math.min(n, from + CHUNK_EVENTS)
        const packed = packEvents(events, from, to)
        insert.run(
          run,
          events.pe,
          events.cycle[from]!,
          next.sequence++,
          events.cycle[to - 1]!,
          to - from,
          packed,
        )
      }
      if (n > 0) density.add(run, events)
    },
    forget() {
      next = null
      density.forget()
    },
  }
}

/** Batches of one PE as one. */
export function joinEvents(batches: readonly EventColumns[]): EventColumns {
  const [first] = batches
  if (batches.length === 1) return first!
  const n = batches.reduce((sum, batch) => sum + batch.cycle.length, 0)
  const all: EventColumns = {
    pe: first!.pe,
    cycle: new Float64Array(n),
    kind: new Uint8Array(n),
    el: new Uint8Array(n),
    pc: new BigUint64Array(n),
    detail: new BigUint64Array(n),
  }
  let at = 0
  for (const batch of batches) {
    all.cycle.set(batch.cycle, at)
    all.kind.set(batch.kind, at)
    all.el.set(batch.el, at)
    all.pc.set(batch.pc, at)
    all.detail.set(batch.detail, at)
    at += batch.cycle.length
  }
  return all
}
