import { CaseMachine } from '../workers/verify/case-machine.ts'
import { parseRecord } from '../workers/verify/record.ts'
import { replayCase } from '../workers/verify/replay.ts'
import { type CaseReport, eachCase, readCaseFile } from './case-file.ts'

/** How a file of recorded cases compared with this machine. */
export interface VerifyReport extends CaseReport {
  /** Of the passed ones, those whose result is not the recorded one but decided by a clause: how many by `why: clause`. */
  decided: Record<string, number>
}

/** Cases between two turns of the event loop. */
const SLICE = 50

/**
 * Replays every case of a file and compares the results.
 * @param onProgress called with cases done and their number
 * @throws ProblemError when the file cannot be read, or names the line that is not a recorded case
 */
export async function verifyFile(
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<VerifyReport> {
  const lines = await readCaseFile(path)
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
  await eachCase(
    lines,
    SLICE,
    ({ line, place }) => {
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
    },
    onProgress,
  )
  return report
}
