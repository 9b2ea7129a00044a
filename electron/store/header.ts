import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { ProblemError } from '../../shared/base/result.ts'
import { SALVAGE } from './failures.ts'

/** "SWYD" in the header of our files (PRAGMA application_id). */
export const APPLICATION_ID = 0x53575944

/** The file format's read version: 2 for WAL. */
export const isWal = (header: Buffer): boolean => header[19] === 2

const HEADER_BYTES = 100

/** The first 100 bytes (SQLite file format, 1.3), or null for a file that is absent or empty. */
export function readHeader(path: string): Buffer | null {
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

export function checkHeader(path: string, header: Buffer): void {
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new ProblemError(
      path,
      'this is not a Switchyard session',
      'Name a session file, or a new file to begin one.',
    )
  }
  if (header.length < HEADER_BYTES) {
    throw new ProblemError(path, 'the session file is damaged: it ends inside its header', SALVAGE)
  }
  const application = header.readUInt32BE(68)
  if (application !== APPLICATION_ID) {
    throw new ProblemError(
      path,
      'this is an SQLite database of another program, not a Switchyard session',
      'Name a session file, or a new file to begin one.',
    )
  }
}

/** Whether the file is shorter than its header says. With a log beside it, the log may hold the rest. */
export function isCutOff(path: string, header: Buffer): boolean {
  return !existsSync(`${path}-wal`) && statSync(path).size < header.readUInt32BE(28) * pageBytes(header)
}

/** At offset 16; 1 stands for 65536. */
function pageBytes(header: Buffer): number {
  const stored = header.readUInt16BE(16)
  return stored === 1 ? 65_536 : Math.max(512, stored)
}

/**
 * Copies a session with its log. Of one that is cut off, the copy's header says how many whole pages there are: SQLite refuses
 * what is shorter than its header says, though it could read what is there.
 */
export function copySession(path: string, copy: string, header: Buffer): void {
  copyFileSync(path, copy)
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`)
  if (!isCutOff(path, header)) return
  const pages = Buffer.alloc(4)
  pages.writeUInt32BE(Math.floor(statSync(path).size / pageBytes(header)))
  const handle = openSync(copy, 'r+')
  try {
    writeSync(handle, pages, 0, 4, 28)
  } finally {
    closeSync(handle)
  }
}
