import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { ProblemError } from '../../shared/base/result.ts'
import { CaseMachine } from '../workers/verify/case-machine.ts'
import { parseRecord } from '../workers/verify/record.ts'
import { replayCase } from '../workers/verify/replay.ts'

/** How a file of recorded cases compared with this machine. */
export interface VerifyReport {
  passed: number
  failed: number
  skipped: { count: number; reasons: Record<string, number> }
  /** Of the passed ones, those whose result is not the recorded one but decided by a clause: how many by `why: clause`. */
  decided: Record<string, number>
  failures: { id: string; lines: string[] }[]
}

/** Cases between two turns of the event loop: some tens of milliseconds. */
const SLICE = 50

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
 * Replays every case of a file and compares the results. Works in slices, so that the caller stays responsive.
 * @param onProgress called with cases done and their number
 * @throws ProblemError when the file cannot be read, or names the line that is not a recorded case
 */
export async function verifyFile(
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<VerifyReport> {
  const lines = (await readLines(path))
    .map((line, i) => ({ line, place: `${path}:${i + 1}` }))
    .filter(({ line }) => line.trim())
  if (lines.length === 0)
    throw new ProblemError(path, 'the file holds no case', 'Give a file of recorded cases.')
  const machine = new CaseMachine()
  const report: VerifyReport = {
    passed: 0,
    failed: 0,
    skipped: { count: 0, reasons: {} },
    decided: {},
    failures: [],
  }
  const count = (counts: Record<string, number>, key: string): void => {
    counts[key] = (counts[key] ?? 0) + 1
  }
  for (const [done, { line, place }] of lines.entries()) {
    if (done % SLICE === 0) {
      onProgress?.(done, lines.length)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const record = parseRecord(line, place)
    const verdict = replayCase(machine, record)
    if (verdict.kind === 'passed') {
      report.passed++
      if (verdict.decided) count(report.decided, `${verdict.decided.why}: ${verdict.decided.clause}`)
    } else if (verdict.kind === 'failed') {
      report.failed++
      report.failures.push({ id: record.case.id, lines: verdict.lines })
    } else {
      report.skipped.count++
      count(report.skipped.reasons, verdict.reason)
    }
  }
  onProgress?.(lines.length, lines.length)
  return report
}
