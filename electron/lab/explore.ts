import { defaultScope, type ScopeItem, type SyncWindow } from '../../shared/arch/synchronisation.ts'
import { ProblemError } from '../../shared/base/result.ts'
import { ProgramExplorer } from '../workers/verify/explore-case.ts'
import { parseSyncRecord } from '../workers/verify/sync-record.ts'
import { type CaseLine, type CaseReport, eachCase, readCaseFile } from './case-file.ts'

/** How the sets of outcomes of a file compare with the exhaustive exploration of their programs. */
export interface ExploreReport extends CaseReport {
  /** Runs of all programs together. */
  executions: number
  /** Different outcomes found, over all programs. */
  outcomes: number
  /** What was allowed to be late, and when: the sets hold for these parameters. */
  scope: readonly ScopeItem[]
  window: SyncWindow
}

/** Cases between two turns of the event loop. */
const SLICE = 10

/** An experiment is a likely thing to explore, so it gets an answer of its own. */
function refuseExperiment(path: string, lines: readonly CaseLine[]): void {
  const text = lines.map(({ line }) => line).join('\n')
  if (!/^\s*(\/[/*]|\{\s*$)/.test(lines[0]!.line) || !/"vcpus"\s*:/.test(text)) return
  throw new ProblemError(
    path,
    'it is an experiment, and this version explores recorded programs only',
    'Run it with --set machine.sync=seeded and several values of --set machine.syncSeed.',
  )
}

/**
 * Enumerates every execution of every program of a file and compares the set of outcomes with the recorded one.
 * @param onProgress called with programs done and their number
 * @throws ProblemError when the file cannot be read, or names the line that is not such a record
 */
export async function exploreFile(
  path: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ExploreReport> {
  const lines = await readCaseFile(path)
  refuseExperiment(path, lines)
  const explorer = new ProgramExplorer()
  const report: ExploreReport = {
    passed: 0,
    failed: 0,
    skipped: { count: 0, reasons: {} },
    failures: [],
    executions: 0,
    outcomes: 0,
    scope: defaultScope,
    window: 'run',
  }
  await eachCase(
    lines,
    SLICE,
    ({ line, place }) => {
      const record = parseSyncRecord(line, place)
      const { differences, executions, outcomes } = explorer.explore(record)
      report.executions += executions
      report.outcomes += outcomes.size
      if (differences.length === 0) {
        report.passed++
        return
      }
      report.failed++
      const id = `${record.case.id} (${record.release})`
      report.failures.push({ id, lines: [...(record.rule ? [record.rule] : []), ...differences] })
    },
    onProgress,
  )
  return report
}
