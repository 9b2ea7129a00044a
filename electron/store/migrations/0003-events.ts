import { inflateRawSync } from 'node:zlib'
import type { Database } from 'better-sqlite3'
import type { RunId } from '../../../shared/model/run.ts'
import type { EventColumns } from '../../../shared/model/trace.ts'
import { eventWriter } from '../event-writer.ts'

/** 0003: events in a shorter form (event-columns.ts), and how many there are in each stretch of time (event-density.ts). */
export function events(db: Database): void {
  db.exec(/* sql */ `
CREATE TABLE event_density (
  run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe     INTEGER NOT NULL,
  level  INTEGER NOT NULL, -- cells are 256 * 4^level cycles wide
  block  INTEGER NOT NULL, -- of 256 cells
  counts BLOB    NOT NULL,
  PRIMARY KEY (run, pe, level, block)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE old_chunk AS SELECT * FROM event_chunk;
DELETE FROM event_chunk;`)
  const write = eventWriter(db)
  const old = db.prepare<[number], { run: RunId; pe: number; count: number; columns: Uint8Array }>(
    'SELECT run, pe, count, columns FROM old_chunk WHERE rowid = ?',
  )
  const rowids = db.prepare<[], number>('SELECT rowid FROM old_chunk ORDER BY run, sequence').pluck().all()
  for (const rowid of rowids) {
    const { run, pe, count, columns } = old.get(rowid)!
    write.write(run, unpackSchema1(pe, count, columns))
  }
  db.exec('DROP TABLE old_chunk')
}

/** Schema 1: n cycles (float64, differences), n program counters and details (uint64), n kinds, n exception levels; deflate. */
function unpackSchema1(pe: number, count: number, block: Uint8Array): EventColumns {
  const bytes = new Uint8Array(inflateRawSync(block))
  const cycle = new Float64Array(bytes.buffer, 0, count)
  for (let i = 1; i < count; i++) cycle[i] = cycle[i]! + cycle[i - 1]!
  return {
    pe,
    cycle,
    pc: new BigUint64Array(bytes.buffer, count * 8, count),
    detail: new BigUint64Array(bytes.buffer, count * 16, count),
    kind: bytes.subarray(count * 24, count * 25),
    el: bytes.subarray(count * 25, count * 26),
  }
}
