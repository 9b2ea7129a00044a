import Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'

/** What helps with a damaged file. */
export const SALVAGE =
  'Restore it from a copy (backups lie beside it, named *.backup), or let `switchyard session salvage FILE` write what can be read to a new one.'

/** What SQLite's result codes mean to a person. `place` is the session's path. */
const meanings: { codes: RegExp; cause: string; remedy: string }[] = [
  {
    codes: /^SQLITE_FULL$/,
    cause: 'the disk is full',
    remedy: 'Free some space. What was stored before is intact.',
  },
  {
    codes: /^SQLITE_(BUSY|LOCKED)/,
    cause: 'another process is writing to the session and does not let go',
    remedy: 'Wait for its run to end, or close the other program, then try again.',
  },
  {
    codes: /^SQLITE_(CORRUPT|NOTADB)/,
    cause: 'the session file is damaged',
    remedy: SALVAGE,
  },
  {
    codes: /^SQLITE_READONLY/,
    cause: 'the session is read-only',
    remedy: 'Copy the file to a folder that you may write to, and open the copy.',
  },
  {
    codes: /^SQLITE_(CANTOPEN|PERM|AUTH)/,
    cause: 'the session file cannot be opened',
    remedy: 'Check that the folder exists and that you may write to it.',
  },
  {
    codes: /^SQLITE_IOERR/,
    cause: 'the disk reports an error',
    remedy: 'Check the disk and its free space. What was stored before is intact.',
  },
]

/** What a session holds in columns of its own is not what we write: the file is damaged, or made by somebody else. */
export class Damaged extends Error {}

/** The problem that a person can act on, for an error of SQLite; any other error is a bug of ours and comes back as it is. */
export function asProblem(path: string, error: unknown): unknown {
  if (error instanceof Damaged)
    return new ProblemError(path, `the session file is damaged (${error.message})`, SALVAGE)
  if (!(error instanceof Database.SqliteError)) return error
  const meaning = meanings.find(({ codes }) => codes.test(error.code))
  return meaning === undefined ? error : new ProblemError(path, meaning.cause, meaning.remedy)
}

/** Whether a write failed for want of space, or because the disk refuses it; what was committed is intact. */
export function isWriteRefused(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(FULL|IOERR)/.test(error.code)
}
