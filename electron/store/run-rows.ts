import type { Database } from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { LatencySummary, RunId, RunState, RunSummary } from '../../shared/model/run.ts'
import type { CheckMode, StopReason } from '../../shared/model/trace.ts'
import { type Counts, countsOf, quantile } from '../../shared/stats/counts.ts'
import { findingRows } from './findings.ts'
import { isAlive } from './ownership.ts'
import { fromJson } from './values.ts'

interface StoredRun {
  id: number
  title: string
  experiment: string
  experiment_hash: string
  state: RunState
  stop: string | null
  state_hash: string | null
  started_ms: number
  owner: string
  heartbeat_ms: number
  switches: number
  instructions: number
  cycles: number
  host_ns: number
  sync_faults: number
  async_faults: number
  pes: number
  schedule: RunSummary['schedule']
  seed: number
  sync: string
  mode: string
  policy: string
  cost_profile: string
  version: string
}

const columns = `id, title, experiment, experiment_hash, state, stop, state_hash, started_ms, owner, heartbeat_ms, switches,
  instructions, cycles, host_ns, sync_faults, async_faults, pes, schedule, seed, sync, mode, policy, cost_profile, version`

/** How much of a console's end a reply holds, bytes. */
const CONSOLE_BYTES = 2 ** 20

/** Runs as a whole: their summaries, texts and consoles. */
export function runRows(db: Database, path: string) {
  const findings = findingRows(db)
  const selectAll = db.prepare<[], StoredRun>(`SELECT ${columns} FROM run ORDER BY id`)
  const selectOne = db.prepare<[RunId], StoredRun>(`SELECT ${columns} FROM run WHERE id = ?`)
  const selectVcpus = db.prepare<[RunId], { vcpu: number; guest: string; mte: number; checks: CheckMode }>(
    'SELECT vcpu, guest, mte, checks FROM vcpu WHERE run = ? ORDER BY vcpu',
  )
  const selectTotals = db.prepare<[RunId], { register: string; owner: number; count: number }>(
    'SELECT register, owner, count FROM register_total WHERE run = ? ORDER BY register, owner',
  )
  const selectLatencies = db
    .prepare<[RunId], [number, number]>('SELECT latency, count FROM latency_count WHERE run = ?')
    .raw()
  const selectText = db.prepare<[RunId], { text: string; imageHash: string }>(
    'SELECT text, image_hash AS imageHash FROM run WHERE id = ?',
  )
  const selectConsole = db.prepare<[RunId], { bytes: Buffer }>(
    'SELECT bytes FROM console WHERE run = ? ORDER BY sequence DESC',
  )
  const remove = db.prepare<[RunId]>('DELETE FROM run WHERE id = ?')
  const interrupt = db.prepare<[RunId]>(
    "UPDATE run SET state = 'interrupted' WHERE id = ? AND state IN ('running', 'paused')",
  )

  function missing(run: RunId): ProblemError {
    return new ProblemError(
      `${path}#${run}`,
      `the session has no run ${run}`,
      'List the runs to see their numbers.',
    )
  }

  function stored(run: RunId): StoredRun {
    const row = selectOne.get(run)
    if (row === undefined) throw missing(run)
    return row
  }

  function isAbandoned(row: StoredRun): boolean {
    return (row.state === 'running' || row.state === 'paused') && !isAlive(row.owner, row.heartbeat_ms)
  }

  function summary(row: StoredRun): RunSummary {
    return {
      run: row.id,
      title: row.title,
      experiment: row.experiment,
      experimentHash: row.experiment_hash,
      stateHash: row.state_hash,
      state: isAbandoned(row) ? 'interrupted' : row.state,
      stop: row.stop === null ? null : fromJson<StopReason>(row.stop),
      startedMs: row.started_ms,
      switches: row.switches,
      instructions: row.instructions,
      cycles: row.cycles,
      hostNs: row.host_ns,
      pes: row.pes,
      vcpus: selectVcpus.all(row.id).map((vcpu) => ({ ...vcpu, mte: vcpu.mte === 1 })),
      latency: latencySummary(countsOf(selectLatencies.iterate(row.id))),
      tagFaults: { sync: row.sync_faults, async: row.async_faults },
      registerChanges: selectTotals.all(row.id),
      schedule: row.schedule,
      seed: row.seed,
      sync: row.sync,
      mode: row.mode,
      policy: row.policy,
      costProfile: row.cost_profile,
      version: row.version,
      check: findings.check(row.id),
    }
  }

  return {
    list: (): RunSummary[] => selectAll.all().map(summary),
    get: (run: RunId): RunSummary => summary(stored(run)),
    text(run: RunId): { text: string; imageHash: string } {
      const row = selectText.get(run)
      if (row === undefined) throw missing(run)
      return row
    },
    report(run: RunId): CheckReport | null {
      stored(run)
      return findings.report(run)
    },
    keepReport(run: RunId, report: CheckReport): void {
      stored(run)
      findings.keep(run, report)
    },
    /** The end of the console; `truncated` when its beginning is left out. */
    console(run: RunId): { text: string; truncated: boolean } {
      stored(run)
      const chunks: Buffer[] = []
      let bytes = 0
      for (const row of selectConsole.iterate(run)) {
        if (bytes + row.bytes.length > CONSOLE_BYTES) return { text: text(chunks), truncated: true }
        bytes += row.bytes.length
        chunks.unshift(row.bytes)
      }
      return { text: text(chunks), truncated: false }
    },
    remove(run: RunId): void {
      const row = stored(run)
      if ((row.state === 'running' || row.state === 'paused') && !isAbandoned(row)) {
        throw new ProblemError(`${path}#${run}`, `run ${run} is ${row.state}`, 'Stop it first.')
      }
      remove.run(run)
    },
    /** Marks runs whose process is gone; what they stored stays readable. @returns their numbers */
    interruptAbandoned(): RunId[] {
      const abandoned = selectAll
        .all()
        .filter(isAbandoned)
        .map((row) => row.id)
      for (const run of abandoned) interrupt.run(run)
      return abandoned
    },
    stored,
  }
}

const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8')

export function latencySummary(counts: Counts): LatencySummary | null {
  if (counts.n === 0) return null
  return {
    unit: 'model cycles',
    n: counts.n,
    p50: quantile(counts, 0.5),
    p90: quantile(counts, 0.9),
    p99: quantile(counts, 0.99),
    max: quantile(counts, 1),
  }
}
