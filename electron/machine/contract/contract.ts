import type { PendingBoundary } from '../../../shared/model/findings.ts'
import type { OneThreadBoard } from '../board/one-thread.ts'
import type { ContractStatistics, SavedSlot, SwitchBarrier, Violation } from './violation.ts'

export type { Violation } from './violation.ts'

export interface ContractSettings {
  /** The VMs' vCPUs by index, and whether their VM has MTE; null where nobody has said (a foreign image). */
  vcpus: readonly { mte: boolean }[] | null
  /** null: as HCR_EL2.E2H says. */
  mode: 'nvhe' | 'vhe' | null
}

/** The checker's part of a snapshot: plain data, never changed once made. */
export interface ContractState {
  readonly violations: readonly Violation[]
}

/**
 * The switch contract, checked beside a machine: by who wrote a value, not by what it is. It changes nothing in the machine,
 * whose states are the same with it and without. Where the machine is put to a snapshot, the checker is to be put to what
 * `save` gave at the same moment.
 */
export class SwitchContract {
  readonly statistics: ContractStatistics = { pendingSeen: 0, uses: 0, unknownOwner: false }
  private readonly found: Violation[] = []

  private readonly board: OneThreadBoard
  private readonly settings: ContractSettings

  constructor(board: OneThreadBoard, settings: ContractSettings) {
    this.board = board
    this.settings = settings
  }

  /** From here on every instruction of the board is seen. */
  attach(): void {
    this.statistics.unknownOwner ||= this.settings.vcpus === null && this.board.settings.marks.size === 0
  }

  detach(): void {}

  /** In the order in which they were seen; each kind, register and pair of owners once. */
  violations(): readonly Violation[] {
    return this.found
  }

  boundaries(): PendingBoundary[] {
    return []
  }

  /** What was saved, by which store, and whether it was ever loaded. */
  slots(): SavedSlot[] {
    return []
  }

  barriers(): SwitchBarrier[] {
    return []
  }

  /** Faults and the like that nobody has been able to judge yet. */
  outstanding(): number {
    return 0
  }

  save(): ContractState {
    return { violations: [...this.found] }
  }

  restore(state: ContractState): void {
    this.found.splice(0, this.found.length, ...state.violations)
  }

  /** Equal digests and equal machine states have the same future. */
  digest(): string {
    return ''
  }
}
