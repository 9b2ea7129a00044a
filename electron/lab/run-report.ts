import { hex } from '../../shared/base/hex.ts'
import type {
  Advice,
  CheckReport,
  Finding,
  PendingBoundary,
  Step,
  Verdict,
} from '../../shared/model/findings.ts'
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
  /** Broken invariants, addresses as hex strings, owners as words; empty too where nobody looked: then there is no verdict. */
  findings: FindingReport[]
  advice: Advice[]
  pending: PendingReport[]
  verdict: Verdict | null
  version: string
}

type StepReport = Omit<Step, 'pc'> & { pc: string }
export type FindingReport = Omit<Finding, 'owner' | 'other' | 'steps' | 'spare'> & {
  owner: string
  other: string | null
  steps: StepReport[]
  spare: StepReport[]
}
type PendingReport = Omit<PendingBoundary, 'pc' | 'registers'> & {
  pc: string
  registers: { register: string; closedBy: { event: string; pc: string; position: number } | null }[]
}

/** @param check what the switch contract found; null for a run that was not checked */
export function runReport(summary: RunSummary, check: CheckReport | null = null): RunReport {
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
    findings: (check?.findings ?? []).map(findingReport),
    advice: check?.advice ?? [],
    pending: (check?.pending ?? []).map((boundary) => ({
      ...boundary,
      pc: hex(boundary.pc),
      registers: boundary.registers.map(({ register, closedBy }) => ({
        register,
        closedBy: closedBy && { ...closedBy, pc: hex(closedBy.pc) },
      })),
    })),
    verdict: check?.verdict ?? null,
    version: summary.version,
  }
}

export const findingReport = (finding: Finding): FindingReport => ({
  ...finding,
  owner: ownerText(finding.owner),
  other: finding.other === null ? null : ownerText(finding.other),
  steps: finding.steps.map(stepReport),
  spare: (finding.spare ?? []).map(stepReport),
})

const stepReport = (step: Step): StepReport => ({ ...step, pc: hex(step.pc) })

export function ownerText(owner: Owner): string {
  if (owner === HOST) return 'host'
  if (owner === HOST_TASK) return 'host task'
  return owner >= 0 ? `vcpu ${owner}` : 'unknown owner'
}
