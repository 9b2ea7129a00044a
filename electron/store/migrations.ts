import type { Database } from 'better-sqlite3'
import { session } from './migrations/0001-session.ts'
import { findings } from './migrations/0002-findings.ts'

/**
 * Every change of the schema, in order: migration n of this list takes a file from schema n to n + 1. A migration that
 * has been released is never edited. They are modules rather than .sql files, so that bundler and plain Node load them alike.
 */
export const migrations: readonly string[] = [session, findings]

/**
 * Brings an open database to the newest schema, each step in its own transaction. A database that has content is
 * copied first, beside the file.
 * @param backup where that copy goes; it must not exist
 * @returns whether a backup was made
 */
export function migrate(db: Database, backup: string, steps: readonly string[] = migrations): boolean {
  const from = db.pragma('user_version', { simple: true }) as number
  const saved = from > 0 && from < steps.length
  if (saved) db.prepare('VACUUM INTO ?').run(backup)
  steps.slice(from).forEach((sql, index) => {
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`user_version = ${from + index + 1}`)
    }).immediate()
  })
  return saved
}
