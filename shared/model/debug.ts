import type { CostClass } from '../arch/cost.ts'
import type { FaultKind, Phase } from './trace.ts'

/**
 * A place in a deterministic run: right after a PE has retired so many instructions. `moment` is the same place in the order of
 * the schedule: instructions that all PEs have executed, faulting ones counted.
 */
export interface Position {
  pe: number
  instructions: number
  moment: number
}

export type OldestReason =
  | 'beginning of the run'
  | 'the snapshot that it was opened from'
  | 'budget of snapshots'

/** The earliest place that can be gone back to, and why not an earlier one. */
export interface Oldest {
  position: Position
  reason: OldestReason
}

/** What ends a run that looks for it. `pe` narrows it to one PE. Numbers of registers, rows and classes are their names. */
export type BreakCondition = { pe?: number } & (
  | { kind: 'position'; pe: number; instructions: number }
  /** The PE is about to execute the instruction at a virtual address. */
  | { kind: 'address'; address: bigint }
  /** The PE is about to execute an instruction of a row of shared/isa, or of a cost class. */
  | { kind: 'instruction'; row: string }
  | { kind: 'instruction'; cost: CostClass }
  /** A general register (x0 to x30, sp) got another value, or a system register was written. */
  | { kind: 'register-write'; register: string }
  /** A data access that touches the bytes; logical tags do not count. */
  | { kind: 'memory'; access: 'read' | 'write' | 'access'; address: bigint; bytes: number }
  | { kind: 'tag-fault'; fault?: FaultKind }
  | { kind: 'el-change'; to?: number }
  /** A mark of the image: by kind (markKinds), or a phase of the switch that begins. */
  | { kind: 'mark'; mark: number }
  | { kind: 'phase'; phase: Phase }
)

/** Why a run stands still. */
export type Halt =
  /**
   * `index` into the conditions; `address` of the instruction or access, where there is one. An address and a kind of instruction
   * hold before it is executed, a position at it, everything else after the instruction that did it; going back, before it.
   */
  | { kind: 'condition'; index: number; pe: number; address?: bigint }
  /** The step that was asked for is done. */
  | { kind: 'stepped' }
  /** As many instructions as were allowed. */
  | { kind: 'limit' }
  /** Every PE waits, for bytes that may come to the UART. */
  | { kind: 'idle' }
  /** The machine has ended; its reason is told elsewhere. */
  | { kind: 'ended' }
  /** Going back came to the oldest place. */
  | { kind: 'oldest' }
