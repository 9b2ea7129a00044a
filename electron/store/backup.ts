import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import { asProblem } from './failures.ts'

/** Where a copy goes, beside the file: named by what it is and by the time. */
export function backupPath(path: string, name = ''): string {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  return join(dirname(path), `${basename(path)}.${name}${stamp}.backup`)
}

/** Copies the database as it is now, as one plain file; what writes to it meanwhile goes on. The file has its name when it is whole. */
export function copyTo(db: Database.Database, to: string): void {
  const part = `${to}.part`
  rmSync(part, { force: true })
  const queryOnly = db.pragma('query_only', { simple: true })
  try {
    db.pragma('query_only = OFF')
    db.prepare('VACUUM INTO ?').run(part)
    renameSync(part, to)
  } finally {
    rmSync(part, { force: true })
    db.pragma(`query_only = ${queryOnly}`)
  }
}

/** The same on demand: overwrites nothing. @throws ProblemError */
export function backUp(db: Database.Database, to: string): void {
  if (existsSync(to))
    throw new ProblemError(to, 'there is a file of that name', 'Choose another name, or remove that file.')
  try {
    mkdirSync(dirname(to), { recursive: true })
    copyTo(db, to)
  } catch (error) {
    throw asFileProblem(to, asProblem(to, error))
  }
}

function asFileProblem(to: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error instanceof ProblemError) return error
  return new ProblemError(
    to,
    `it cannot be written (${error.message})`,
    'Choose a folder that you may write to.',
  )
}
