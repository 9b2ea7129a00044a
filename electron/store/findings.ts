import type { Database } from 'better-sqlite3'
import type { CheckReport, Finding, VerdictWord } from '../../shared/model/findings.ts'
import type { RunCheck, RunId } from '../../shared/model/run.ts'
import { fromJson } from './values.ts'

/** JSON with addresses, the only 64-bit values of a report, as hex strings. */
const toText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part))

const fromText = <T>(text: string): T =>
  fromJson(text, (key, part: unknown) =>
    key === 'pc' && typeof part === 'string' ? BigInt(part) : part,
  ) as T

/** Verdicts and findings of runs. A run has at most one report; a later one replaces it. */
export function findingRows(db: Database) {
  const removeVerdict = db.prepare<[RunId]>('DELETE FROM verdict WHERE run = ?')
  const insertVerdict = db.prepare('INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?)')
  const insertFinding = db.prepare('INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?)')
  const selectVerdict = db.prepare<[RunId], { detail: string; advice: string; pending: string }>(
    'SELECT detail, advice, pending FROM verdict WHERE run = ?',
  )
  const selectFindings = db
    .prepare<[RunId], string>('SELECT detail FROM finding WHERE run = ? ORDER BY number')
    .pluck()
  const selectCheck = db.prepare<[RunId], { word: VerdictWord; text: string; findings: number }>(
    'SELECT word, text, (SELECT count(*) FROM finding WHERE finding.run = verdict.run) AS findings FROM verdict WHERE run = ?',
  )

  const keep = db.transaction((run: RunId, { findings, advice, pending, verdict }: CheckReport): void => {
    removeVerdict.run(run)
    insertVerdict.run(run, verdict.word, verdict.text, toText(verdict), toText(advice), toText(pending))
    findings.forEach((finding, i) => {
      const { kind, register, owner, other } = finding
      insertFinding.run(run, i + 1, kind, register, owner, other, toText(finding))
    })
  })

  return {
    keep: (run: RunId, report: CheckReport): void => keep.immediate(run, report),
    /** The verdict as lists show it; null for a run that was not checked. */
    check: (run: RunId): RunCheck | null => selectCheck.get(run) ?? null,
    report(run: RunId): CheckReport | null {
      const row = selectVerdict.get(run)
      if (row === undefined) return null
      return {
        findings: selectFindings.all(run).map((text) => fromText<Finding>(text)),
        advice: fromText(row.advice),
        pending: fromText(row.pending),
        verdict: fromText(row.detail),
      }
    },
  }
}
