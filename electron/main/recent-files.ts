import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Sessions that were opened lately, newest first. */
const MOST = 10

/** @returns those that are still there; none where the list is missing or damaged */
export function readRecent(file: string): string[] {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!Array.isArray(stored)) return []
    return stored
      .filter((path): path is string => typeof path === 'string' && existsSync(path))
      .slice(0, MOST)
  } catch {
    return []
  }
}

/** Puts a session in front. A list that cannot be written is no reason to stop. */
export function rememberRecent(file: string, path: string): void {
  write(file, [path, ...readRecent(file).filter((one) => one !== path)].slice(0, MOST))
}

export function forgetRecent(file: string): void {
  write(file, [])
}

function write(file: string, list: readonly string[]): void {
  try {
    writeFileSync(file, `${JSON.stringify(list, null, 1)}\n`)
  } catch {
    // A read-only folder: the list stays as it was.
  }
}
