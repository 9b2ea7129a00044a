import type { Database } from 'better-sqlite3'
import { rebuildPyramids } from '../pyramid-writer.ts'

/** 0005: latencies, register values and tag faults over time, made from the rows. */
export function lanes(db: Database): void {
  db.exec('DELETE FROM lane_block; DELETE FROM lane')
  rebuildPyramids(db)
}
