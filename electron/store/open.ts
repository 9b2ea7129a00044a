import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import { backupPath } from './backup.ts'
import { asProblem } from './failures.ts'
import { APPLICATION_ID, checkHeader, copySession, isCutOff, isWal, readHeader } from './header.ts'
import { migrate, migrations } from './migrations.ts'
import { takeWriterLock, type WriterLock } from './writer-lock.ts'

/** The release that mended the WAL reset bug (present since 3.7.0 with two connections to one file). */
const LEAST_SQLITE = '3.51.3'
const BUSY_MS = 5_000
/** Files up to this size are checked whole at open; larger ones by a thread of their own meanwhile. */
const CHECKED_BYTES = 32 * 2 ** 20

export interface OpenSession {
  db: Database.Database
  path: string
  /** Why nothing can be written, for people; null when it can. */
  readOnlyWhy: string | null
  sqliteVersion: string
  /** Whether its structure was looked at; a large file's is not. */
  checked: boolean
  close(): void
}

/**
 * Opens a session file, creating it (and its folder) where it does not exist and upgrading it where it is older. What may not be
 * written to, or is open elsewhere, damaged, or of a newer version is opened read-only, and says why.
 * @param version of Switchyard, for messages
 * @throws ProblemError for a file that is not ours or not to be had
 */
export function openSession(file: string, version: string): OpenSession {
  const path = resolve(file)
  try {
    const writable = isWritable(path)
    const header = readHeader(path)
    if (header !== null) checkHeader(path, header)
    if (writable) return openWritable(path, version, header)
    if (header !== null) return openReadOnly(path, version, header, 'it may not be written to here')
    throw new ProblemError(
      path,
      'there is no session, and none can be made here',
      'Name a file in a folder that you may write to.',
    )
  } catch (error) {
    throw fileProblem(path, asProblem(path, error))
  }
}

function openWritable(path: string, version: string, header: Buffer | null): OpenSession {
  mkdirSync(dirname(path), { recursive: true })
  const lock = takeWriterLock(path)
  if (lock === null) return openShared(path, version)
  try {
    const why = header === null ? null : whyNotWritten(path, version, header)
    if (why === null || header === null) return openForWriting(path, version, lock, header === null)
    lock.release()
    return openReadOnly(path, version, header, why)
  } catch (error) {
    lock.release()
    throw error
  }
}

function openForWriting(path: string, version: string, lock: WriterLock, create: boolean): OpenSession {
  const db = new Database(path, { timeout: BUSY_MS })
  try {
    const sqliteVersion = checkSqlite(path, db)
    // The mark of ours comes first, before WAL, so that it is in the file itself whenever the process is killed.
    if (create) db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma('journal_mode = WAL')
    db.pragma('foreign_keys = ON')
    migrate(db, backupPath(path, `schema-${schemaOf(db)}-`))
    const about = db.prepare(
      'INSERT INTO about VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    if (create) about.run('created_by', version)
    about.run('written_by', version)
    const close = () => {
      giveRoomBack(db)
      atRest(db)
      db.close()
      lock.release()
    }
    return { db, path, readOnlyWhy: null, sqliteVersion, checked: isSmall(path), close }
  } catch (error) {
    db.close()
    throw error
  }
}

/** A newer or damaged file is not touched. @returns what keeps it from being written to, or null */
function whyNotWritten(path: string, version: string, header: Buffer): string | null {
  if (isCutOff(path, header)) return 'it is damaged: its end is missing'
  const db = new Database(path, { timeout: BUSY_MS })
  try {
    return newerThan(db, version) ?? damage(path, db)
  } finally {
    db.close()
  }
}

/** Beside the process that writes: what that one commits is seen, nothing is changed. */
function openShared(path: string, version: string): OpenSession {
  const db = new Database(path, { timeout: BUSY_MS })
  try {
    const sqliteVersion = checkSqlite(path, db)
    const why = newerThan(db, version) ?? 'another process has it open'
    db.pragma('query_only = ON')
    const close = () => {
      db.pragma('query_only = OFF')
      atRest(db)
      db.close()
    }
    return { db, path, readOnlyWhy: why, sqliteVersion, checked: true, close }
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * A session at rest is not in WAL mode (atRest), and is read where it lies. A temporary copy is read instead of one that a
 * killed process left (SQLite reads its log only with files of its own beside it), of one that is cut off, and of an older one,
 * which is upgraded there.
 */
function openReadOnly(path: string, version: string, header: Buffer, why: string): OpenSession {
  const whole = !isWal(header) && !isCutOff(path, header)
  const inPlace = whole && schemaAt(path) >= migrations.length
  const folder = inPlace ? null : mkdtempSync(join(tmpdir(), 'switchyard-'))
  const copy = folder === null ? path : join(folder, basename(path))
  const remove = () => folder !== null && rmSync(folder, { recursive: true, force: true })
  let db: Database.Database | null = null
  try {
    if (folder !== null) copySession(path, copy, header)
    db = new Database(copy, { readonly: folder === null })
    const sqliteVersion = checkSqlite(path, db)
    if (schemaOf(db) < migrations.length) migrate(db, `${copy}.backup`)
    db.pragma('query_only = ON')
    const opened = db
    const close = () => {
      opened.close()
      remove()
    }
    const found = newerThan(db, version) ?? (isCutOff(path, header) ? null : damage(path, db, !inPlace))
    return {
      db: opened,
      path,
      readOnlyWhy: found ?? why,
      sqliteVersion,
      checked: !inPlace || isSmall(path),
      close,
    }
  } catch (error) {
    db?.close()
    remove()
    throw error
  }
}

function schemaAt(path: string): number {
  const db = new Database(path, { readonly: true })
  try {
    return schemaOf(db)
  } finally {
    db.close()
  }
}

const schemaOf = (db: Database.Database): number => db.pragma('user_version', { simple: true }) as number

/** Pages that may lie unused in a closed session whatever its size. */
const FREE_PAGES = 1000

/** A file that is mostly room of deleted runs becomes as small as what it holds. */
function giveRoomBack(db: Database.Database): void {
  const free = db.pragma('freelist_count', { simple: true }) as number
  const pages = db.pragma('page_count', { simple: true }) as number
  if (free < FREE_PAGES || 2 * free < pages) return
  try {
    db.exec('VACUUM')
  } catch (error) {
    // It needs room for a second copy, and nobody else reading: then the file stays as it is.
    if (!(error instanceof Database.SqliteError)) throw error
  }
}

/**
 * Leaves WAL mode, so that a closed session is one plain file. Not possible while another process has it open: then all that
 * the log holds is at least in the file too.
 */
function atRest(db: Database.Database): void {
  try {
    db.pragma('busy_timeout = 0')
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
  }
}

function isWritable(path: string): boolean {
  try {
    let at = path
    while (!existsSync(at)) at = dirname(at)
    accessSync(at, constants.W_OK)
    accessSync(at === path ? dirname(path) : at, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Nothing that is written in the file runs by itself, and pages are looked at before they are used. */
function distrust(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
}

function checkSqlite(path: string, db: Database.Database): string {
  distrust(db)
  const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  if (compareVersions(version, LEAST_SQLITE) < 0) {
    throw new ProblemError(
      path,
      `SQLite ${version} can damage a session`,
      `Install better-sqlite3 with SQLite ${LEAST_SQLITE} or newer.`,
    )
  }
  return version
}

/** Negative, zero or positive as version a is before, equal to or after b. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** What there is to say of a file of a newer schema, or null. */
function newerThan(db: Database.Database, version: string): string | null {
  const schema = schemaOf(db)
  if (schema <= migrations.length) return null
  return `it was written by ${writer(db)} (schema ${schema}); this is Switchyard ${version} (schema ${migrations.length})`
}

function writer(db: Database.Database): string {
  try {
    const row = db.prepare("SELECT value FROM about WHERE key = 'written_by'").get() as
      | { value: string }
      | undefined
    return `Switchyard ${row?.value ?? 'of a newer version'}`
  } catch {
    return 'a newer version of Switchyard'
  }
}

const isSmall = (path: string): boolean => statSync(path).size <= CHECKED_BYTES

/** What there is to say of a file whose structure is not sound, or null. */
function damage(path: string, db: Database.Database, anySize = false): string | null {
  if (!anySize && !isSmall(path)) return null
  try {
    const [first] = db.pragma('quick_check(1)') as { quick_check: string }[]
    return first?.quick_check === 'ok' ? null : `it is damaged (${first?.quick_check})`
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/CORRUPT|NOTADB/.test(error.code)) throw error
    return `it is damaged (${error.message})`
  }
}

/**
 * Looks at the structure of a whole file, table by table.
 * @param stop asked between two tables: whether nobody waits for the answer any more
 * @returns what is wrong, or null
 */
export function checkFile(path: string, stop: () => boolean): string | null {
  const db = new Database(path, { readonly: true, timeout: BUSY_MS })
  try {
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")
      .pluck()
      .all()
    for (const table of tables as string[]) {
      if (stop()) return null
      const quoted = table.replaceAll("'", "''")
      const [first] = db.pragma(`quick_check('${quoted}')`) as { quick_check: string }[]
      if (first?.quick_check !== 'ok') return first?.quick_check ?? 'no answer'
    }
    return null
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !/CORRUPT|NOTADB/.test(error.code)) throw error
    return error.message
  } finally {
    db.close()
  }
}

/** A failure of the file system as a problem. */
function fileProblem(path: string, error: unknown): unknown {
  if (error instanceof ProblemError || !(error instanceof Error)) return error
  const { code } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  if (code === 'ENOSPC')
    return new ProblemError(path, 'the disk is full', 'Free some space, then open the session again.')
  return new ProblemError(
    path,
    `the session file cannot be opened (${error.message})`,
    'Check that the folder exists and that you may read and write it.',
  )
}
