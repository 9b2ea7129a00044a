import type { Database } from 'better-sqlite3'
import type { RunId } from '../../../shared/model/run.ts'
import { LATENCY } from '../lanes.ts'
import { pyramidWriter } from '../pyramid-writer.ts'

/** 0004: first, last, lowest and highest of latencies and register values over time (pyramid-writer.ts), made from the rows. */
export function pyramids(db: Database): void {
  db.exec(/* sql */ `
-- A series over time: the latencies of one PE with one vCPU, or the changes of one slot of a register on a PE.
CREATE TABLE lane (
  id   INTEGER PRIMARY KEY,
  run  INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  pe   INTEGER NOT NULL,
  name TEXT    NOT NULL, -- latency, or the register
  part TEXT    NOT NULL, -- vCPU, or the slot
  UNIQUE (run, name, pe, part)
) STRICT;

CREATE TABLE lane_block (
  lane        INTEGER NOT NULL REFERENCES lane (id) ON DELETE CASCADE,
  level       INTEGER NOT NULL, -- a block covers 128 * 16^level points
  first_cycle INTEGER NOT NULL,
  number      INTEGER NOT NULL, -- of its level, from 0
  last_cycle  INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  summary     BLOB    NOT NULL, -- points.ts
  points      BLOB,             -- level 0 alone
  UNIQUE (lane, level, first_cycle, number)
) STRICT;`)
  const writer = pyramidWriter(db)
  const runs = db.prepare<[], RunId>('SELECT id FROM run').pluck().all()
  const lanes = db.prepare<[{ run: RunId }], { pe: number; name: string; part: string }>(
    `SELECT DISTINCT pe, '${LATENCY}' AS name, CAST(vcpu AS TEXT) AS part FROM world_switch WHERE run = :run
     UNION ALL SELECT DISTINCT pe, register, slot FROM register_change WHERE run = :run`,
  )
  for (const run of runs) {
    for (const lane of lanes.all({ run })) writer.rebuild(run, lane)
  }
}
