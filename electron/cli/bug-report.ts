import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dataFolder } from '../base/data-folder.ts'
import { packageVersion } from '../base/package-root.ts'

/** Writes what is needed to find an error of our own. @returns the file's path */
export function writeBugReport(error: unknown, args: readonly string[]): string {
  const text = [
    `switchyard ${packageVersion()}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    new Date().toISOString(),
    `arguments: ${JSON.stringify(args)}`,
    '',
    error instanceof Error ? (error.stack ?? String(error)) : String(error),
    '',
  ].join('\n')
  const name = `bug-${new Date().toISOString().replace(/[^0-9T]/g, '')}-${process.pid}.txt`
  try {
    return write(join(dataFolder(), 'reports'), name, text)
  } catch {
    return write(tmpdir(), name, text) // the data folder may be the very thing that is broken
  }
}

function write(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
