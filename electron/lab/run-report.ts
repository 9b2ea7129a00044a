import type { RunSummary } from '../../shared/model/run.ts'
import { HOST, HOST_TASK, type Owner } from '../../shared/model/trace.ts'

/** What `switchyard run --json` prints. All but hostNs and run is the same for the same deterministic experiment. */
export interface RunReport {
  run: number
  experiment: string
  experimentHash: string
  stateHash: string | null
  switches: number
  instructions: number
  cycles: number
  hostNs: number
  latency: {
    unit: 'model cycles'
    n: number
    p50: number | null
    p90: number | null
    p99: number | null
    max: number | null
  }
  tagFaults: { sync: number; async: number }
  registerChanges: { register: string; owner: string; count: number }[]
  /** Broken invariants; this version looks for none. */
  findings: never[]
  version: string
}

export function runReport(summary: RunSummary): RunReport {
  const none = { unit: 'model cycles', n: 0, p50: null, p90: null, p99: null, max: null } as const
  return {
    run: summary.run,
    experiment: summary.experiment,
    experimentHash: summary.experimentHash,
    stateHash: summary.stateHash,
    switches: summary.switches,
    instructions: summary.instructions,
    cycles: summary.cycles,
    hostNs: summary.hostNs,
    latency: summary.latency ?? none,
    tagFaults: summary.tagFaults,
    registerChanges: summary.registerChanges.map(({ register, owner, count }) => ({
      register,
      owner: ownerText(owner),
      count,
    })),
    findings: [],
    version: summary.version,
  }
}

export function ownerText(owner: Owner): string {
  if (owner === HOST) return 'host'
  if (owner === HOST_TASK) return 'host task'
  return owner >= 0 ? `vcpu ${owner}` : 'unknown owner'
}
