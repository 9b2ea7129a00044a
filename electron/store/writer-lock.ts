import { existsSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'

export interface WriterLock {
  /** Safe to call again. */
  release(): void
}

/**
 * Makes this connection the one that may write to a session: an exclusive lock of SQLite on an empty file beside it
 * (`FILE.lock`). The operating system gives it back whenever the process ends, however that comes about.
 * @returns null while another process, or another session of this one, holds it
 */
export function takeWriterLock(path: string): WriterLock | null {
  const file = `${path}.lock`
  for (;;) {
    const db = new Database(file, { timeout: 0 })
    const opened = statSync(file, { throwIfNoEntry: false })?.ino
    try {
      db.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      db.close()
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null
      throw error
    }
    // Whoever held it removed the file after it was opened here: a lock on what nobody else can find is none.
    if (opened !== undefined && statSync(file, { throwIfNoEntry: false })?.ino === opened) {
      let held = true
      return {
        release() {
          if (!held) return
          held = false
          // First the name, then the lock: nobody can take a lock that is about to go.
          removeIfPossible(file)
          db.close()
          if (existsSync(file)) removeIfPossible(file)
        },
      }
    }
    db.close()
  }
}

/** Windows does not remove what is open. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // It stays, empty, for the next one.
  }
}
