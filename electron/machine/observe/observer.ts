import type { ChangeCause } from '../../../shared/model/trace.ts'
import type { Mark } from './marks.ts'

/** A PE as its observer sees it: read, never changed. */
export interface Watched {
  readonly state: BigUint64Array
  readonly el: number
  readonly pc: bigint
  readonly instructions: number
  readonly cycles: number
}

/** A mismatching access as the memory system found it. */
export interface TagMismatch {
  synchronous: boolean
  tcf: number
  privileged: number
  address: bigint
  granule: number
  pointerTag: number
  memoryTag: number
  write: boolean
  bytes: number
}

/** What a PE tells while it runs. It knows this interface alone, so that the emulation does not depend on who listens. */
export interface Observer {
  /** A register's architectural or effective word may have changed. */
  touch(name: string, cause: ChangeCause): void
  /** Marks before the instruction that is about to run. */
  mark(pe: Watched, marks: readonly Mark[]): void
  /** Called before the entry changes the state. An interrupt has no syndrome. */
  exceptionEntry(
    pe: Watched,
    target: number,
    esr: bigint,
    from: number,
    interrupt: 'IRQ' | 'FIQ' | null,
  ): void
  /** Called after the return. */
  exceptionReturn(pe: Watched, from: number): void
  barrier(pe: Watched, kind: 'isb' | 'dsb', cost: number): void
  /** Model cycles of an exception entry or return. */
  trapCost(cost: number): void
  draw(pe: Watched, tag: number): void
  tagFault(pe: Watched, mismatch: TagMismatch): void
}
