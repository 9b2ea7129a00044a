import type { VerdictWord } from './findings.ts'
import type { CheckMode, Owner, PeStatus, StopReason } from './trace.ts'

/** A run's number inside its session file: a run is written FILE#RUN. */
export type RunId = number

/** `interrupted`: the process that computed it ended first; what was stored up to then is readable. */
export type RunState = 'running' | 'paused' | 'finished' | 'stopped' | 'failed' | 'interrupted'

export interface LatencySummary {
  unit: 'model cycles'
  n: number
  p50: number
  p90: number
  p99: number
  max: number
}

/** What a table or a list shows of a run; every figure is exact. */
export interface RunSummary {
  run: RunId
  title: string
  experiment: string
  /** SHA-256 over the canonical experiment (defaults filled in, overrides applied), hex. */
  experimentHash: string
  /** SHA-256 over the machine's state at the end, hex; null before the end and after a failure. */
  stateHash: string | null
  state: RunState
  stop: StopReason | null
  startedMs: number
  switches: number
  instructions: number
  /** The largest model-cycle count of any PE. */
  cycles: number
  hostNs: number
  pes: number
  vcpus: VcpuLabel[]
  latency: LatencySummary | null
  tagFaults: { sync: number; async: number }
  /** Count by register and owner. */
  registerChanges: { register: string; owner: Owner; count: number }[]
  schedule: 'deterministic' | 'parallel'
  seed: number
  sync: string
  mode: string
  policy: string
  costProfile: string
  version: string
  /** What the switch contract said of it; null for a run that was not checked. The whole report is `run.findings`. */
  check: RunCheck | null
}

/** A verdict as a list shows it. */
export interface RunCheck {
  word: VerdictWord
  text: string
  findings: number
}

export interface VcpuLabel {
  vcpu: number
  guest: string
  mte: boolean
  checks: CheckMode
}

/** How far a live run is. Rates are over the last report, sampled. */
export interface RunProgress {
  run: RunId
  state: RunState
  switches: number
  switchLimit: number | null
  instructions: number
  cycles: number
  hostNs: number
  switchesPerSecond: number
  instructionsPerSecond: number
  tagFaults: { sync: number; async: number }
  pes: PeStatus[]
}
