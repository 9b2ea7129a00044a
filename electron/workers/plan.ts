import type { Worker } from 'node:worker_threads'
import type { CostClass } from '../../shared/arch/cost.ts'
import type { FeatureChoice } from '../../shared/arch/features.ts'
import type { Release, SyncParameters } from '../../shared/arch/synchronisation.ts'
import type { PeStatus, StopReason, TraceBatch } from '../../shared/model/trace.ts'
import type { Injection } from '../machine/board/inject.ts'
import type { InputEvent } from '../machine/board/input-log.ts'
import type { Program } from '../machine/board/load.ts'
import type { Snapshot } from '../machine/board/snapshot.ts'

/** Everything a machine needs to run; plain data, so that it crosses to the workers as it is. */
export interface MachinePlan {
  /** What the board is given to run. */
  image: Program
  pes: number
  memoryBytes: number
  features: FeatureChoice
  /** What single PEs have otherwise, by number: machines whose PEs differ in features. */
  perPe?: Readonly<Record<number, Partial<FeatureChoice>>>
  /** When indirect writes and asynchronous tag faults take effect. To `explore` is a driver's task, not a machine's. */
  sync: 'eager' | 'latest' | 'seeded'
  /** The document whose synchronisation classes hold. */
  release: Release
  /** What may be late, when, and the seed of `seeded`; default: defaultParameters. */
  syncParameters?: Partial<SyncParameters> | undefined
  schedule: { kind: 'parallel' | 'deterministic'; quantum: number; seed: number }
  /** SErrors that a deterministic run meets. */
  injections?: readonly Injection[] | undefined
  /** Nominal model cycles per operation class. */
  costs: Record<CostClass, number>
  /** What CNTPCT_EL0 follows: host time (boot, parallel) or model cycles (deterministic). */
  clock: 'host' | 'model'
  /** UNKNOWN reset values: a poison from the seed (the default), so that depending on one shows, or 0 as on QEMU. */
  unknown?: 'poison' | 'zero'
  probes: {
    /** Registers whose changes are recorded; empty for none. */
    registers: string[]
    /** Whether switches and tag faults are recorded (they need marks and cost a little). */
    switches: boolean
    faults: boolean
    /** Exceptions, barriers, draws and marks as high-rate events. */
    events: boolean
  }
  stop: { switches?: number; instructions?: number; seconds?: number }
  /** Bytes may come to the UART's receiver until `endInput`: a machine that waits for them is not locked up. Default false. */
  inputOpen?: boolean
  /** Input of an earlier run, to arrive where it did; for the machine of one thread, which follows the run in both directions. */
  inputs?: readonly InputEvent[] | undefined
}

/** Whether PEs of the machine execute at the same time. */
export const isConcurrent = ({ pes, schedule }: Pick<MachinePlan, 'pes' | 'schedule'>): boolean =>
  pes > 1 && schedule.kind === 'parallel'

/** The features of one PE. FEAT_LSE2 is there unless PEs run at the same time: JavaScript has no 16-byte atomic. */
export function featuresOf(
  plan: Pick<MachinePlan, 'features' | 'perPe' | 'pes' | 'schedule'>,
  pe: number,
): FeatureChoice {
  const choice = { ...plan.features, ...plan.perPe?.[pe] }
  return { ...choice, lse2: !isConcurrent(plan) && (choice.lse2 ?? true) }
}

/** The rings of one PE. */
export interface PeRings {
  events?: SharedArrayBuffer
  changes?: SharedArrayBuffer
}

export interface MachineEvents {
  /**
   * Where each PE writes its high-rate events and its register changes (shared/model/ring.ts), which index the plan's
   * probes.registers; a full ring holds the PE back. Without rings, and when the machine ends while one is full, they come with
   * the batches.
   */
  rings?: readonly PeRings[]
  /** A promise holds the machine back once it is some batches ahead: nothing is dropped and nothing piles up. */
  trace(batch: TraceBatch): void | Promise<void>
  /** Bytes that the guest wrote to the UART. */
  console(bytes: Uint8Array): void
  /** A few times a second while the machine runs. */
  status(pes: PeStatus[]): void
}

export interface MachineEnd {
  reason: StopReason
  /** SHA-256 hex of the whole state; null when a worker was lost. */
  stateHash: string | null
  pes: PeStatus[]
  hostNs: number
}

/** A running machine. pause and stop answer within 200 ms whatever the guest does. */
export interface MachineHandle {
  pause(): Promise<PeStatus[]>
  resume(): void
  /** The whole of a paused machine. @throws ProblemError while it runs, or has ended */
  snapshot(): Snapshot
  /**
   * Puts a paused machine back to one of its snapshots; it stays paused. A run with the parallel schedule can go back to
   * snapshots only: what lies between was decided by host time. With the host's clock, time does not go back with it.
   * @throws ProblemError while it runs, or has ended
   */
  goto(snapshot: Snapshot): Promise<PeStatus[]>
  stop(): Promise<MachineEnd>
  /** Bytes for the UART's receiver; with the deterministic schedule they arrive where a turn begins. */
  input(bytes: Uint8Array): void
  /** Input that has arrived, with its place in the deterministic schedule: `inputs` of a plan that shall repeat the run. */
  inputs(): InputEvent[]
  /** No more bytes come. */
  endInput(): void
  /** Settles exactly once; never rejects. */
  readonly ended: Promise<MachineEnd>
}

/**
 * Starts one worker per PE on one shared memory. `electron/workers/machine-client.ts` exports
 * `startMachine: StartMachine`. Rejects with ProblemError when the image or the plan is unusable.
 */
export type StartMachine = (
  plan: MachinePlan,
  events: MachineEvents,
  spawn: SpawnPe,
) => Promise<MachineHandle>

/** Makes the worker thread of one PE; supplied by the composition root, since bundler and plain Node name the file differently. */
export type SpawnPe = (workerData: unknown) => Worker
