import { lateRegisters } from '../../../shared/arch/synchronisation.ts'
import type { Pe } from '../board/pe.ts'
import { FaultQueue } from '../sync/fault-queue.ts'
import { ALIAS, PendingWrites } from '../sync/pending-writes.ts'
import { TFSR } from '../sync/tag-faults.ts'

/** Something that was done and has not reached everybody who will see it. */
export type Pending =
  /** A value that a register was given, and that its users need not see yet; or, by another name, one that it had. */
  | { kind: 'write'; register: string; value: bigint; due: number }
  | { kind: 'alias'; value: bigint; due: number }
  /** An asynchronous tag fault: the bit that it will set. */
  | { kind: 'fault'; register: string; bit: 'TF0' | 'TF1'; due: number }

/**
 * What is pending on one PE, oldest first. `due`: the PE's instruction count from which on it has arrived; Infinity where an
 * event decides.
 */
export function pendingOf(pe: Pe): Pending[] {
  const { state } = pe.core
  const writes = new PendingWrites(state)
    .entries()
    .map(
      ({ register, value, due }): Pending =>
        register >= ALIAS
          ? { kind: 'alias', value, due }
          : { kind: 'write', register: lateRegisters[register]!.name, value, due },
    )
  const faults = new FaultQueue(state).entries().map(
    ({ register, bit, due }): Pending => ({
      kind: 'fault',
      register: TFSR[register]!,
      bit: bit ? 'TF1' : 'TF0',
      due,
    }),
  )
  return [...writes, ...faults]
}
