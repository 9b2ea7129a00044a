import type { Database } from 'better-sqlite3'
import { copyTo } from './backup.ts'
import { session } from './migrations/0001-session.ts'
import { findings } from './migrations/0002-findings.ts'
import { events } from './migrations/0003-events.ts'
import { pyramids } from './migrations/0004-pyramids.ts'
import { lanes } from './migrations/0005-lanes.ts'

/** SQL, or what SQL cannot do alone; the transaction around it is the caller's. */
export type Migration = string | ((db: Database) => void)

/**
 * Every change of the schema, in order: migration n of this list takes a file from schema n to n + 1. A migration that
 * has been released is never edited. They are modules rather than .sql files, so that bundler and plain Node load them alike.
 */
export const migrations: readonly Migration[] = [session, findings, events, pyramids, lanes]

/**
 * Brings an open database to the newest schema, each step in its own transaction. A database that has content is
 * copied first, beside the file.
 * @param backup where that copy goes; it must not exist
 * @returns whether a backup was made
 */
export function migrate(db: Database, backup: string, steps: readonly Migration[] = migrations): boolean {
  const from = db.pragma('user_version', { simple: true }) as number
  const saved = from > 0 && from < steps.length
  if (saved) copyTo(db, backup)
  steps.slice(from).forEach((step, index) => {
    db.transaction(() => {
      if (typeof step === 'string') db.exec(step)
      else step(db)
      db.pragma(`user_version = ${from + index + 1}`)
    }).immediate()
  })
  return saved
}
