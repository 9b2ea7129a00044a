import type { Problem } from '../../../shared/base/result.ts'
import type { ChoiceTaken } from '../../../shared/model/findings.ts'
import type {
  CodeLine,
  MachineMemory,
  MachineState,
  MachineTarget,
  MachineWalk,
} from '../../../shared/model/machine-view.ts'
import type { MachinePlan } from '../plan.ts'

/** What the thread is started with: one machine that is looked at. */
export interface InspectStart {
  plan: MachinePlan
  /** The decisions of the execution to follow; null: that of the plan's own mode. */
  choices: readonly ChoiceTaken[] | null
  /** One word: not 0 asks to stop what is under way. */
  stop: SharedArrayBuffer
}

/** Every request names the moment that it is asked of, so that the answer does not depend on who asked before. */
export interface InspectCalls {
  go: { args: { from: number | null; target: MachineTarget; pe: number }; reply: MachineState }
  code: { args: { moment: number; pe: number; address: bigint; count: number }; reply: CodeLine[] }
  memory: { args: { moment: number; pe: number; address: bigint; granules: number }; reply: MachineMemory }
  walk: { args: { moment: number; pe: number; address: bigint }; reply: MachineWalk }
  /** The address of a symbol of the program; null where it has none of that name. */
  symbol: { args: { name: string }; reply: bigint | null }
}

export type ToInspect = { ticket: number; name: keyof InspectCalls; args: unknown }

export type FromInspect =
  | { kind: 'ready' }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'moving'; moment: number }
  | { kind: 'reply'; ticket: number; value: unknown }
  | { kind: 'problem'; ticket: number; problem: Problem }
