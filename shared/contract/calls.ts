import type { Problem, Result } from '../base/result.ts'
import type { Comparison } from '../model/comparison.ts'
import type { CheckReport } from '../model/findings.ts'
import type {
  CodeLine,
  MachineMemory,
  MachineState,
  MachineTarget,
  MachineWalk,
} from '../model/machine-view.ts'
import type { MuseumCase } from '../model/museum.ts'
import type { RunId, RunProgress, RunSummary } from '../model/run.ts'
import type { ExperimentEntry, ExperimentProblem, PolicyEntry, SessionInfo } from '../model/session.ts'
import type {
  AddressRange,
  CycleRange,
  EventSeries,
  FaultMap,
  FaultPage,
  FaultSeries,
  LatencyBand,
  LatencyDistribution,
  LatencySeries,
  RegisterLane,
  SliceSeries,
  SwitchDetail,
} from '../model/views.ts'

/** Every request a client may make. Adding a line here breaks the build until the lab handles it. */
export interface Calls {
  'session.info': { args: Record<string, never>; reply: SessionInfo }
  /** Copies the session as it is now to a new file beside it. */
  'session.backup': { args: Record<string, never>; reply: { path: string; bytes: number } }
  'experiment.list': { args: Record<string, never>; reply: ExperimentEntry[] }
  /** Checks an experiment's text as a run would; an empty list means that it can run. */
  'experiment.check': { args: { text: string }; reply: ExperimentProblem[] }
  'policy.list': { args: Record<string, never>; reply: PolicyEntry[] }
  /** The bug museum: known hazards, each with a broken and a fixed experiment. */
  'museum.list': { args: Record<string, never>; reply: MuseumCase[] }
  'run.list': { args: Record<string, never>; reply: RunSummary[] }
  'run.get': { args: { run: RunId }; reply: RunSummary }
  'run.progress': { args: { run: RunId }; reply: RunProgress | null }
  /** Starts a run of an experiment's text; `set` holds path=value overrides as on the command line. */
  'run.start': { args: { text: string; name: string; set: string[] }; reply: RunId }
  'run.pause': { args: { run: RunId }; reply: null }
  'run.resume': { args: { run: RunId }; reply: null }
  'run.stop': { args: { run: RunId }; reply: null }
  'run.delete': { args: { run: RunId }; reply: null }
  /** The experiment's text of a run as it was run (overrides applied). */
  /** The experiment as it was run, and the SHA-256 (hex) of the image that it made. */
  'run.experiment': { args: { run: RunId }; reply: { text: string; imageHash: string } }
  /** What the switch contract found in a run; null when the run was not checked, or not yet. */
  'run.findings': { args: { run: RunId }; reply: CheckReport | null }
  /** The review card of a checked run: 72 columns of plain text. Its experiment is tried anew for it. */
  'run.card': { args: { run: RunId }; reply: { text: string } }
  'run.console': { args: { run: RunId }; reply: { text: string; truncated: boolean } }
  /** Latency over time; `columns` is the width in pixels that will be drawn; pe and vcpu null for all. */
  'run.latency': {
    args: { run: RunId; range: CycleRange | null; columns: number; pe: number | null; vcpu: number | null }
    reply: LatencySeries
  }
  /** Percentiles of the latency by column of time, of a range with few enough switches to read them all. */
  'run.latency-band': {
    args: { run: RunId; range: CycleRange | null; columns: number }
    reply: LatencyBand
  }
  'run.distribution': {
    args: { run: RunId; range: CycleRange | null; bins: number; pe: number | null; vcpu: number | null }
    reply: LatencyDistribution | null
  }
  'run.faults': { args: { run: RunId; range: CycleRange | null; columns: number }; reply: FaultSeries }
  /** Faults by granule and time: at most so many rows and columns. */
  'run.fault-map': {
    args: { run: RunId; range: CycleRange | null; columns: number; rows: number }
    reply: FaultMap
  }
  /** Every fault, by cycle; `granules`: of these physical addresses only. */
  'run.fault-list': {
    args: {
      run: RunId
      range: CycleRange | null
      offset: number
      limit: number
      granules?: AddressRange | null
    }
    reply: FaultPage
  }
  /** What the PEs did at the highest rate: counts per column, and the events themselves where there is room. */
  'run.events': {
    args: { run: RunId; range: CycleRange | null; columns: number; pe: number | null }
    reply: EventSeries
  }
  /** Which vCPU each PE ran, and when. */
  'run.slices': { args: { run: RunId; range: CycleRange | null; columns: number }; reply: SliceSeries }
  'run.registers': {
    args: { run: RunId; range: CycleRange | null; columns: number; pe: number; registers: string[] }
    reply: RegisterLane[]
  }
  'run.switch': { args: { run: RunId; id: number }; reply: SwitchDetail }
  /** The switch that starts nearest to a cycle. */
  'run.switch-at': { args: { run: RunId; cycle: number; pe: number | null }; reply: { id: number } | null }
  /** Two sides, each a run or repeats of one; `least`: the smallest effect of interest, as a share of A's median. */
  'run.compare': { args: { a: RunId[]; b: RunId[]; least: number }; reply: Comparison }
  /**
   * The machine of a deterministic run, computed anew, taken to a place; `from` is where a relative target starts, null for where
   * it is. `finding` (from 1) chooses the execution that showed it, null the run's own.
   */
  'machine.go': {
    args: { run: RunId; finding: number | null; from: number | null; pe: number; target: MachineTarget }
    reply: MachineState
  }
  /** Instructions from an address on, at a moment. */
  'machine.code': { args: MachinePlace & { address: bigint; count: number }; reply: CodeLine[] }
  /** Granules of 16 bytes from an address on, with their tags. */
  'machine.memory': { args: MachinePlace & { address: bigint; granules: number }; reply: MachineMemory }
  'machine.walk': { args: MachinePlace & { address: bigint }; reply: MachineWalk }
  /** The address of a symbol of the program. */
  'machine.symbol': {
    args: { run: RunId; finding: number | null; name: string }
    reply: { address: bigint } | null
  }
  /** Ends what is under way; the machine stays where it is then. */
  'machine.stop': { args: { run: RunId }; reply: null }
}

/** A moment of one execution of a run, as one PE sees it. */
export interface MachinePlace {
  run: RunId
  finding: number | null
  moment: number
  pe: number
}

/** Everything the lab may announce. An event says what became true; it never asks for work. */
export interface Events {
  'run.started': { run: RunId }
  'run.progress': RunProgress
  'run.console': { run: RunId; text: string }
  'run.ended': { run: RunId; summary: RunSummary }
  /** The switch contract has judged a run; its report can be asked for. */
  'run.checked': { run: RunId; summary: RunSummary }
  'run.deleted': { run: RunId }
  /** The machine of a Machine view is on its way; it has come so far. */
  'machine.moving': { run: RunId; moment: number }
  /** The file turned out to be damaged: `session.info` says so from now on, and nothing is written. */
  'session.damaged': { why: string }
}

export type CallName = keyof Calls
export type EventName = keyof Events

/** Run-time list of the calls: what a transport lets through. Checked for completeness by the type. */
export const callNames = Object.keys({
  'session.info': 0,
  'session.backup': 0,
  'experiment.list': 0,
  'experiment.check': 0,
  'policy.list': 0,
  'museum.list': 0,
  'run.list': 0,
  'run.get': 0,
  'run.progress': 0,
  'run.start': 0,
  'run.pause': 0,
  'run.resume': 0,
  'run.stop': 0,
  'run.delete': 0,
  'run.experiment': 0,
  'run.findings': 0,
  'run.card': 0,
  'run.console': 0,
  'run.latency': 0,
  'run.latency-band': 0,
  'run.distribution': 0,
  'run.faults': 0,
  'run.fault-map': 0,
  'run.fault-list': 0,
  'run.events': 0,
  'run.slices': 0,
  'run.registers': 0,
  'run.switch': 0,
  'run.switch-at': 0,
  'run.compare': 0,
  'machine.go': 0,
  'machine.code': 0,
  'machine.memory': 0,
  'machine.walk': 0,
  'machine.symbol': 0,
  'machine.stop': 0,
} satisfies Record<CallName, 0>) as CallName[]

export interface LabApi {
  call<C extends CallName>(name: C, args: Calls[C]['args']): Promise<Result<Calls[C]['reply']>>
  /** @returns a function that stops listening. */
  on<E extends EventName>(name: E, listener: (payload: Events[E]) => void): () => void
}

/** What the lab must supply, checked for completeness. A handler throws ProblemError for what a person can mend. */
export type Handlers = { [C in CallName]: (args: Calls[C]['args']) => Promise<Calls[C]['reply']> }

export type { Problem }
