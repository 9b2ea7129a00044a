import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { ProblemError } from '../../shared/base/result.ts'

/** One line of a file of cases, and where it stands: `FILE:LINE`. */
export interface CaseLine {
  line: string
  place: string
}

/** How the cases of a file did. */
export interface CaseReport {
  passed: number
  failed: number
  skipped: { count: number; reasons: Record<string, number> }
  failures: { id: string; lines: string[] }[]
}

/**
 * The lines of a file of cases, .jsonl or .jsonl.gz, without the empty ones.
 * @throws ProblemError when the file cannot be read or holds none
 */
export async function readCaseFile(path: string): Promise<CaseLine[]> {
  const lines = (await readLines(path))
    .map((line, i) => ({ line, place: `${path}:${i + 1}` }))
    .filter(({ line }) => line.trim())
  if (lines.length === 0)
    throw new ProblemError(path, 'the file holds no case', 'Give a file of recorded cases.')
  return lines
}

async function readLines(path: string): Promise<string[]> {
  const remedy = 'Give a file of recorded cases, .jsonl or .jsonl.gz.'
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new ProblemError(path, `the file cannot be read (${(error as NodeJS.ErrnoException).code})`, remedy)
  }
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  if (!isGzip) return bytes.toString('utf8').split('\n')
  try {
    return gunzipSync(bytes).toString('utf8').split('\n')
  } catch {
    throw new ProblemError(path, 'the compressed data is damaged', 'Fetch the file again.')
  }
}

/**
 * Gives each line to `work`, in slices, so that the caller stays responsive.
 * @param slice lines between two turns of the event loop: some tens of milliseconds
 * @param onProgress called with lines done, and their number
 */
export async function eachCase(
  lines: readonly CaseLine[],
  slice: number,
  work: (line: CaseLine) => void,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  for (const [done, line] of lines.entries()) {
    if (done % slice === 0) {
      onProgress?.(done, lines.length)
      await new Promise((resolve) => setImmediate(resolve))
    }
    work(line)
  }
  onProgress?.(lines.length, lines.length)
}
