import type { RunSummary } from '../../shared/model/run.ts'
import type { CycleRange, SwitchDetail } from '../../shared/model/views.ts'

/** What all charts of a run share: the run, one range of cycles, one selected switch, one reading line. */
export interface Focus {
  readonly run: RunSummary | null
  /** null: the whole run. */
  readonly range: CycleRange | null
  /** The range in cycles, the whole run included. */
  readonly view: CycleRange
  readonly cycles: number
  readonly selected: SwitchDetail | null
  /** A cycle under the pointer. */
  readonly hover: number | null
  /** Grows when a live run has stored more. */
  readonly revision: number
  /** The PE whose registers are shown. */
  readonly pe: number
  setRange(range: CycleRange | null): void
  setHover(cycle: number | null): void
  setPe(pe: number): void
  select(id: number | null): void
  /** Selects the switch that starts nearest to a cycle. */
  selectAt(cycle: number, pe: number | null): Promise<void>
  /** The switch before or after the selected one. */
  step(by: -1 | 1): void
}

/** The selected switch as a stretch of cycles. */
export const selectedStretch = (focus: Focus): CycleRange | null =>
  focus.selected && { from: focus.selected.row.startCycle, to: focus.selected.row.endCycle }
