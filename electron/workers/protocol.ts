import type { PeStatus, TraceBatch } from '../../shared/model/trace.ts'
import type { InputEvent } from '../machine/board/input-log.ts'
import type { PeState } from '../machine/board/pe.ts'
import type { SemihostingHost } from '../machine/devices/semihosting.ts'
import type { Mark } from '../machine/observe/marks.ts'
import type { MachinePlan, PeRings } from './plan.ts'

/** Bump with any change below; a worker refuses a client of another version. */
export const WORKER_PROTOCOL = 7

/** What the worker of one PE is given when it starts. Control during the run goes through the shared memory's control words. */
export interface PeWorkerData {
  protocol: number
  pe: number
  memory: WebAssembly.Memory
  ramBytes: number
  plan: Omit<MachinePlan, 'image'>
  marks: [number, Mark[]][]
  entry: bigint
  x0: bigint
  host: SemihostingHost
  /** For what does not go with the batches. */
  rings: PeRings
  /** process.hrtime at the run's start, nanoseconds. */
  startedNs: bigint
}

/** To a paused PE: how it goes on from the snapshot that the shared memory was put back to. */
export interface ToPe {
  state: PeState
}

export type FromPe =
  | { kind: 'trace'; batch: TraceBatch }
  | { kind: 'status'; status: PeStatus }
  /** `pause` is the number of the pause that this answers. */
  | { kind: 'paused'; status: PeStatus; pause: number; state: PeState }
  /** Input bytes have arrived: deterministic schedule only. */
  | { kind: 'input'; event: InputEvent }
  /** `message`: what this PE says about an end that it caused, a lockup or a model error. */
  | { kind: 'ended'; status: PeStatus; message: string | null }
  /** A bug in the emulator, never a guest's doing. */
  | { kind: 'crashed'; message: string; stack: string }
