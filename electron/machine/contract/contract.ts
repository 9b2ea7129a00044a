import type { PendingBoundary } from '../../../shared/model/findings.ts'
import type { OneThreadBoard } from '../board/one-thread.ts'
import { digestOf } from './digest.ts'
import { PeChecker, type PeCheckerState } from './pe-checker.ts'
import { Shared, type SharedState } from './shared.ts'
import type { ContractStatistics, SavedSlot, SwitchBarrier, Violation, WriteClosing } from './violation.ts'

export type { Violation } from './violation.ts'

export interface ContractSettings {
  /** The VMs' vCPUs by index, and whether their VM has MTE; null where nobody has said (a foreign image). */
  vcpus: readonly { mte: boolean }[] | null
  /** null: as HCR_EL2.E2H says. */
  mode: 'nvhe' | 'vhe' | null
}

/** The checker's part of a snapshot: plain data, never changed once made. */
export interface ContractState {
  readonly shared: SharedState
  readonly pes: readonly PeCheckerState[]
  readonly pendingSeen: number
  readonly uses: number
}

/**
 * The switch contract, checked beside a machine: by who wrote a value, not by what it is. It changes nothing in the machine,
 * whose states are the same with it and without. Where the machine is put to a snapshot, the checker is to be put to what
 * `save` gave at the same moment.
 */
export class SwitchContract {
  private readonly board: OneThreadBoard
  private readonly shared: Shared
  private readonly checkers: readonly PeChecker[]
  /** Counts of earlier executions that this state goes on from. */
  private counted = { pendingSeen: 0, uses: 0 }

  constructor(board: OneThreadBoard, settings: ContractSettings) {
    this.board = board
    this.shared = new Shared(settings.vcpus)
    const { marks, syncParameters } = board.settings
    const judgesTco = (syncParameters?.scope ?? []).includes('TCO')
    this.checkers = board.pes.map((pe) => new PeChecker(pe, this.shared, marks.size > 0, judgesTco))
  }

  /** From here on every instruction of the board is seen. */
  attach(): void {
    for (const [i, pe] of this.board.pes.entries()) pe.watch(this.checkers[i]!)
  }

  detach(): void {
    for (const pe of this.board.pes) pe.watch(null)
  }

  /** In the order in which they were seen; each kind, register and pair of owners once. */
  violations(): readonly Violation[] {
    return this.shared.findings.list()
  }

  boundaries(): PendingBoundary[] {
    return this.shared.boundaries.list()
  }

  /** What was saved, by which store, and whether it was ever loaded. */
  slots(): SavedSlot[] {
    return this.shared.slots.list()
  }

  /** Which event made each write certain: the first question of a review, asked of every write and not of a boundary alone. */
  closings(): WriteClosing[] {
    return this.shared.closings.list()
  }

  barriers(): SwitchBarrier[] {
    return this.shared.barriers.list()
  }

  /** Faults that their owners have neither found nor missed, and reads of which it is not known who made them. */
  outstanding(): number {
    return this.shared.ledger.outstanding()
  }

  get statistics(): ContractStatistics {
    let { pendingSeen, uses } = this.counted
    for (const checker of this.checkers) {
      pendingSeen += checker.switched.late + checker.raised
      uses += checker.switched.uses
    }
    return { pendingSeen, uses, unknownOwner: this.shared.findings.unknownOwner }
  }

  save(): ContractState {
    const { pendingSeen, uses } = this.statistics
    return {
      shared: this.shared.save(),
      pes: this.checkers.map((checker) => checker.save()),
      pendingSeen,
      uses,
    }
  }

  restore({ shared, pes, pendingSeen, uses }: ContractState): void {
    this.shared.restore(shared)
    for (const [i, checker] of this.checkers.entries()) {
      checker.restore(pes[i]!)
      checker.switched.late = checker.switched.uses = checker.raised = 0
    }
    this.counted = { pendingSeen, uses }
  }

  /** Equal digests and equal machine states have the same future. */
  digest(): string {
    return digestOf(
      this.shared,
      this.checkers.map((checker) => checker.save()),
    )
  }
}
