import type { Insn } from '../../../shared/isa/insn.ts'
import type { FaultKind } from '../sync/fault-queue.ts'
import type { Mark } from './marks.ts'
import type { TagMismatch } from './observer.ts'

/** What an instruction does, its fields given. */
export type Semantics<O> = (o: O, fields: Record<string, number>) => void

/**
 * Where asynchronous faults of the queue went: into the architectural word of their register (landed), into the one that later
 * MRSs see behind the next context synchronisation event (completed), under an MSR that overwrote them, or nowhere because a
 * control of theirs was written (vanished).
 */
export type FaultEnd = 'landed' | 'completed' | 'overwritten' | 'vanished'

/** Where a fault that was just found is: in the queue, in its register, or one with an equal one because the queue is full. */
export type FaultBegin = 'pending' | 'landed' | 'merged'

/**
 * Sees every instruction of a PE and what happens between them: more than an observer hears, for a checker beside the machine.
 * It changes nothing. A PE without one is not slowed down: instructions are wrapped when they are decoded, the rest is rare.
 */
export interface Watcher {
  /** Asked once when an instruction is decoded; what it returns is executed in its place, and has to execute it. */
  decoded<O>(word: number, row: Insn, fields: Record<string, number>, sem: Semantics<O>): Semantics<O>
  /** Marks before the instruction that is about to run. */
  marked(marks: readonly Mark[]): void
  /**
   * Called before an exception entry changes the state.
   * @param returnTo preferred return address
   * @param asynchronous not caused by an instruction: IRQ, FIQ, SError
   */
  exceptionEntry(target: number, esr: bigint, returnTo: bigint, asynchronous: boolean): void
  /** Called after an exception return. */
  exceptionReturn(from: number): void
  contextEvent(): void
  /** IRG is about to draw: the words of RGSR_EL1 and GCR_EL1 are those that it uses. */
  drawing(): void
  /** A key of pointer authentication is used, by the prefix of its two registers' names (APIA): their words are those that count. */
  signing(key: string): void
  /** A checked access mismatched; an asynchronous one is raised next. */
  tagMismatch(mismatch: TagMismatch): void
  faultRaised(kind: FaultKind, begin: FaultBegin): void
  /** @param positions in the queue as it was before any of these left it, ascending */
  faultsLeft(positions: readonly number[], end: FaultEnd): void
  /** Completed faults of a register are in its architectural word from here on. @param bits of the register */
  faultsRevealed(register: number, bits: bigint): void
}
