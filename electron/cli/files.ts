import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ProblemError } from '../../shared/base/result.ts'

const causes: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user may not open it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENOSPC: 'the disk is full',
  EFBIG: 'the file would be larger than the system allows',
  EROFS: 'the disk is read-only',
}

/** @throws ProblemError */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw fileProblem(file, error, 'Check the name; paths are relative to the current folder.')
  }
}

/** Writes a file whole or not at all: beside it first, then renamed over it. @throws ProblemError */
export function writeOutput(file: string, bytes: Uint8Array): void {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.part`)
  try {
    const handle = openSync(temporary, 'w', 0o666)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw fileProblem(file, error, 'Nothing was written. Choose another place with -o, or make room.')
  }
}

function fileProblem(file: string, error: unknown, remedy: string): ProblemError {
  const { code, message } = error as NodeJS.ErrnoException
  return new ProblemError(file, causes[code ?? ''] ?? message, remedy)
}
