import type { Step, ViolationKind } from '../../../shared/model/findings.ts'
import type { Owner } from '../../../shared/model/trace.ts'

/** A broken invariant as the checker saw it in one execution: the causal chain in the order of the run, not minimised. */
export interface Violation {
  kind: ViolationKind
  /** GCR_EL1, TFSR_EL1 ..., `PSTATE.TCO`, or what was visible: `ID_AA64PFR1_EL1`, `tags`, `checks`. */
  register: string
  /** Whose state was broken, whose fault it was, who drew, who saw what it must not see. */
  owner: Owner
  /** The other side; null where there is none. */
  other: Owner | null
  trail: Step[]
}

/** One instruction of the image that saves a system register into memory. */
export interface SavedSlot {
  register: string
  /** The store, its instruction, and the last word that it stored to (physical). */
  pc: bigint
  instruction: string
  address: number
  saves: number
  /** Loads of a word that it had stored to. 0: nobody has ever looked at what it saves. */
  loads: number
}

/** One write of RGSR_EL1, GCR_EL1 or SCTLR_EL1 that was late, and an event that made it certain. */
export interface WriteClosing {
  register: string
  write: { pc: bigint; instruction: string }
  event: string
  /** The instruction under way at the event: the ISB, the ERET, the HVC ... */
  by: { pc: bigint; instruction: string }
  times: number
}

/** One barrier of EL2 or the host, and what it had to do. */
export interface SwitchBarrier {
  kind: 'isb' | 'dsb'
  pc: bigint
  instruction: string
  /** How often it was executed, and how often something was pending that it closed. */
  executed: number
  useful: number
  /** Registers that were pending at one of them. */
  closed: readonly string[]
  /** It was executed for a switch, behind the first entry: it is no part of the initialisation, and not the host's own. */
  switches: boolean
}

/** What has been seen of what may be late: a verdict says it. */
export interface ContractStatistics {
  /** Register writes and faults that were pending at some moment. */
  pendingSeen: number
  /** Uses of a register while a newer write of it was pending. */
  uses: number
  /** Whether something was left unjudged because it could not be told who executes. */
  unknownOwner: boolean
}
