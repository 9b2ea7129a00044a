import type { Problem } from '../../shared/base/result.ts'
import type { Calls } from '../../shared/contract/calls.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { RunId, RunState, RunSummary, VcpuLabel } from '../../shared/model/run.ts'
import type { PeStatus, StopReason, TraceBatch } from '../../shared/model/trace.ts'

/** What the store's worker is started with. */
export interface StoreStart {
  path: string
  /** Of Switchyard; written into the session and its runs. */
  version: string
  /** Only looks at the structure of the file, table by table, until it is told to stop. */
  check?: boolean
  /** False: a file that is not there is a problem rather than a new session. */
  create?: boolean
  /** A damaged session that is to be read into `path`, a new file. */
  salvage?: string
}

export interface StoreInfo {
  path: string
  readOnly: boolean
  /** For people, after 'read-only: '; null when the session can be written to. */
  readOnlyWhy: string | null
  schemaVersion: number
  sqliteVersion: string
  /** False: the file is large, and its structure is still to be looked at (client.ts does, on a thread of its own). */
  checked: boolean
  /** What was read of the damaged session. */
  salvaged: SalvagedTable[] | null
}

export interface SalvagedTable {
  table: string
  rows: number
  /** Reading ended at damage: there may have been more. */
  damaged: boolean
}

/** What is known of a run before it begins. */
export interface NewRun {
  title: string
  experiment: string
  text: string
  experimentHash: string
  imageHash: string
  startedMs: number
  pes: number
  vcpus: VcpuLabel[]
  schedule: RunSummary['schedule']
  seed: number
  sync: string
  mode: string
  policy: string
  costProfile: string
}

/** What came from the machine since the last chunk; stored in one transaction. */
export interface RunChunk {
  traces: TraceBatch[]
  console: Uint8Array[]
  /** Empty when there was no report since. */
  pes: PeStatus[]
  hostNs: number
}

export interface RunEnd {
  state: Exclude<RunState, 'running' | 'paused'>
  stop: StopReason
  stateHash: string | null
  /** Zero when it is not known: then the last report stands. */
  hostNs: number
  /** Empty when they are not known. */
  pes: PeStatus[]
}

type Query =
  | 'run.list'
  | 'run.get'
  | 'run.delete'
  | 'run.experiment'
  | 'run.findings'
  | 'run.console'
  | 'run.latency'
  | 'run.latency-band'
  | 'run.distribution'
  | 'run.faults'
  | 'run.fault-map'
  | 'run.fault-list'
  | 'run.events'
  | 'run.registers'
  | 'run.slices'
  | 'run.switch'
  | 'run.switch-at'

/** The store's calls: the contract's queries as they are, and what the lab writes. */
export type StoreCalls = Pick<Calls, Query> & {
  'run.count': { args: Record<string, never>; reply: number }
  'run.create': { args: NewRun; reply: RunId }
  'run.append': { args: { run: RunId; chunk: RunChunk }; reply: null }
  /** The rings (shared/model/ring.ts) through which the PEs of a run send events and register changes until it is finished. */
  'run.rings': {
    args: { run: RunId; rings: SharedArrayBuffer[]; registers?: readonly string[] }
    reply: null
  }
  'run.mark': { args: { run: RunId; state: 'running' | 'paused' }; reply: null }
  'run.finish': { args: { run: RunId; end: RunEnd }; reply: RunSummary }
  /** What the switch contract found in a run that has ended; replaces an earlier report. */
  'run.check': { args: { run: RunId; report: CheckReport }; reply: RunSummary }
  /** Damage was found: nothing is written from now on. */
  'session.distrust': { args: { why: string }; reply: null }
  /** What is wrong with the structure of the whole file, at most twenty lines; empty when it is sound. */
  'session.check': { args: Record<string, never>; reply: string[] }
  /** Copies the session as it is now to a new file; null: beside it, named by the time. */
  'session.backup': { args: { to: string | null }; reply: { path: string; bytes: number } }
  /** Checkpoints and closes the file; the worker ends. */
  close: { args: Record<string, never>; reply: null }
}

export type StoreCallName = keyof StoreCalls

export type ToStore = { ticket: number; name: StoreCallName; args: unknown }

export type FromStore =
  | { kind: 'ready'; info: StoreInfo }
  | { kind: 'refused'; problem: Problem }
  /** What the check found; null: the file is sound as far as it was looked at. */
  | { kind: 'checked'; damage: string | null }
  | { kind: 'reply'; ticket: number; value: unknown }
  | { kind: 'problem'; ticket: number; problem: Problem }
  /** A bug of ours. */
  | { kind: 'crashed'; ticket: number; message: string; stack: string }
