import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import { asProblem } from './failures.ts'
import { migrate, migrations } from './migrations.ts'

/** "SWYD" in the header of our files (PRAGMA application_id). */
export const APPLICATION_ID = 0x53575944

/** The release that mended the WAL reset bug (present since 3.7.0 with two connections to one file). */
const LEAST_SQLITE = '3.51.3'
const BUSY_MS = 5_000
/** Files up to this size are checked whole at open; above, damage shows when the page is read. */
const CHECKED_BYTES = 32 * 2 ** 20

export interface OpenSession {
  db: Database.Database
  path: string
  readOnly: boolean
  sqliteVersion: string
  close(): void
}

/**
 * Opens a session file, creating it (and its folder) where it does not exist and upgrading it where it is older. A file or
 * folder that may not be written to is opened read-only.
 * @param version of Switchyard, for messages
 * @throws ProblemError for a file that is damaged, not ours, newer than this version, or not to be had
 */
export function openSession(file: string, version: string): OpenSession {
  const path = resolve(file)
  try {
    const readOnly = !isWritable(path)
    const header = readHeader(path)
    if (header !== null) checkHeader(path, header)
    else if (readOnly) {
      throw new ProblemError(
        path,
        'there is no session, and none can be made here',
        'Name a file in a folder that you may write to.',
      )
    }
    return readOnly && header !== null
      ? openReadOnly(path, header, version)
      : openWritable(path, version, header === null)
  } catch (error) {
    throw fileProblem(path, asProblem(path, error))
  }
}

function openWritable(path: string, version: string, create: boolean): OpenSession {
  mkdirSync(dirname(path), { recursive: true })
  const db = new Database(path, { timeout: BUSY_MS })
  try {
    const sqliteVersion = checkSqlite(path, db)
    // The mark of ours comes first, before WAL, so that it is in the file itself whenever the process is killed.
    if (create) db.pragma(`application_id = ${APPLICATION_ID}`)
    checkVersion(path, db, version)
    checkContent(path, db)
    db.pragma('journal_mode = WAL')
    db.pragma('foreign_keys = ON')
    migrate(db, backupPath(path, db))
    const about = db.prepare(
      'INSERT INTO about VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    if (create) about.run('created_by', version)
    about.run('written_by', version)
    const close = () => {
      atRest(db)
      db.close()
    }
    return { db, path, readOnly: false, sqliteVersion, close }
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * A session at rest is not in WAL mode (atRest), and is read where it lies. One that a killed process left is, and SQLite
 * reads that only with files of its own beside it: such a file is copied, with its log, to a temporary folder.
 */
function openReadOnly(path: string, header: Buffer, version: string): OpenSession {
  const folder = isWal(header) ? mkdtempSync(join(tmpdir(), 'switchyard-')) : null
  const remove = () => folder !== null && rmSync(folder, { recursive: true, force: true })
  let db: Database.Database | null = null
  try {
    db = folder === null ? new Database(path, { readonly: true }) : new Database(copyWithLog(path, folder))
    const sqliteVersion = checkSqlite(path, db)
    checkVersion(path, db, version)
    checkContent(path, db)
    const schema = db.pragma('user_version', { simple: true }) as number
    if (schema < migrations.length) {
      throw new ProblemError(
        path,
        `the session has schema ${schema} and must be upgraded to ${migrations.length}, but is read-only`,
        'Copy the file to a folder that you may write to, and open the copy.',
      )
    }
    db.pragma('query_only = ON')
    const opened = db
    const close = () => {
      opened.close()
      remove()
    }
    return { db: opened, path, readOnly: true, sqliteVersion, close }
  } catch (error) {
    db?.close()
    remove()
    throw error
  }
}

function copyWithLog(path: string, folder: string): string {
  const copy = join(folder, 'copy.switchyard')
  copyFileSync(path, copy)
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`)
  return copy
}

/** Leaves WAL mode, so that a closed session is one plain file; not possible while another process has it open. */
function atRest(db: Database.Database): void {
  try {
    db.pragma('journal_mode = DELETE')
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
  }
}

/** The file format's read version: 2 for WAL. */
const isWal = (header: Buffer): boolean => header[19] === 2

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

const HEADER_BYTES = 100

/** The first 100 bytes (SQLite file format, 1.3), or null for a file that is absent or empty. */
function readHeader(path: string): Buffer | null {
  if (!existsSync(path)) return null
  if (!statSync(path).isFile()) throw new ProblemError(path, 'this is not a file', 'Name a session file.')
  const header = Buffer.alloc(HEADER_BYTES)
  const handle = openSync(path, 'r')
  try {
    const bytes = readSync(handle, header, 0, HEADER_BYTES, 0)
    return bytes === 0 ? null : header.subarray(0, bytes)
  } finally {
    closeSync(handle)
  }
}

function checkHeader(path: string, header: Buffer): void {
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new ProblemError(
      path,
      'this is not a Switchyard session',
      'Name a session file, or a new file to begin one.',
    )
  }
  if (header.length < HEADER_BYTES) {
    throw new ProblemError(
      path,
      'the session file is damaged: it ends inside its header',
      'Restore it from a copy, or start a new session.',
    )
  }
  const application = header.readUInt32BE(68)
  if (application !== APPLICATION_ID) {
    throw new ProblemError(
      path,
      'this is an SQLite database of another program, not a Switchyard session',
      'Name a session file, or a new file to begin one.',
    )
  }
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const pages = header.readUInt32BE(28)
  if (!existsSync(`${path}-wal`) && statSync(path).size < pages * pageBytes) {
    throw new ProblemError(
      path,
      'the session file is damaged: its end is missing',
      'Restore it from a copy, or start a new session.',
    )
  }
}

function checkSqlite(path: string, db: Database.Database): string {
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

function checkVersion(path: string, db: Database.Database, version: string): void {
  const schema = db.pragma('user_version', { simple: true }) as number
  if (schema <= migrations.length) return
  throw new ProblemError(
    path,
    `the session was written by ${writer(db)} (schema ${schema}); this is Switchyard ${version} (schema ${migrations.length})`,
    'Open it with the newer version. Nothing was changed.',
  )
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

function checkContent(path: string, db: Database.Database): void {
  if (statSync(path).size > CHECKED_BYTES) return
  const [first] = db.pragma('quick_check(1)') as { quick_check: string }[]
  if (first?.quick_check === 'ok') return
  throw new ProblemError(
    path,
    `the session file is damaged (${first?.quick_check})`,
    'Restore it from a copy, or start a new session. Nothing was changed.',
  )
}

function backupPath(path: string, db: Database.Database): string {
  const schema = db.pragma('user_version', { simple: true }) as number
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  return join(dirname(path), `${basename(path)}.schema-${schema}-${stamp}.backup`)
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
