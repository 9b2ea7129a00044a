import type { Release, ScopeItem, SyncWindow } from '../arch/synchronisation.ts'
import type { Owner } from './trace.ts'

/** What the switch contract looks for: a broken invariant of one owner's state. The definitions are in electron/machine/contract/README.md. */
export const violationKinds = [
  'unsynchronised-host-state',
  'unsynchronised-guest-state',
  'host-state-lost',
  'guest-state-lost',
  'foreign-tag-source',
  'tag-fault-lost',
  'tag-fault-misattributed',
  'tag-fault-duplicated',
  'injected-state-wrong',
  'mte-visible-without-mte',
  'stale-tags-visible',
] as const
export type ViolationKind = (typeof violationKinds)[number]

/** What costs something and serves nothing. Never part of the findings, and never of a verdict. */
export const adviceKinds = ['dead-save', 'dead-offset', 'needless-barrier'] as const
export type AdviceKind = (typeof adviceKinds)[number]

/** One place of a run that a finding is made of. */
export interface Step {
  pe: number
  /** Instructions that the PE had retired before this one: where `replay` and the Machine view go to. */
  position: number
  /** Instructions that all PEs had executed before this one. */
  moment: number
  pc: bigint
  el: number
  /** Disassembly of the instruction. */
  instruction: string
  /** What happens here, in one sentence; an asynchronous fault says what software could not have known. */
  text: string
}

/** What somebody decided where the architecture allows several outcomes: index of a decision of the execution, and what it took. */
export interface ChoiceTaken {
  pe: number
  position: number
  kind: string
  register: string
  taken: number
  alternatives: number
}

export interface Finding {
  kind: ViolationKind
  /** GCR_EL1, TFSR_EL1 ..., `PSTATE.TCO`, or what was visible: `ID_AA64PFR1_EL1`, `tags`, `checks`. */
  register: string
  /** Whose state was broken, whose fault it was, who drew the tag, who saw what it must not see. */
  owner: Owner
  /** The other side: whose value it was, who was blamed or robbed; null where there is none. */
  other: Owner | null
  /** What it takes: without the instruction of any one of them but the last, where it shows, it is gone. In the order of the run. */
  steps: Step[]
  /** What else took part: without the instruction of one of them it is still found. Left out by versions before 0.4. */
  spare?: Step[]
  /** What the execution decided; the rest takes its first alternative. */
  choices: ChoiceTaken[]
  /** Sentences, the likeliest cause first; `step` indexes steps. */
  explanation: { text: string; step: number | null }[]
}

export interface Advice {
  kind: AdviceKind
  register: string | null
  /** Where: a symbol, or an address of the image with its instruction. */
  place: string
  /** One sentence, with the scenarios for which it holds. */
  text: string
}

/** What was not yet certain for its next user where one world was left for another. */
export interface PendingBoundary {
  boundary: 'return to the host' | 'entry to the guest'
  pe: number
  position: number
  pc: bigint
  registers: {
    register: string
    /** The event that closed it in this run, with its place; null when the run ended before. */
    closedBy: { event: string; pc: bigint; position: number } | null
  }[]
}

export type VerdictWord = 'violated' | 'none' | 'vacuous' | 'unknown owner'

/** What was tried, so that a "none" can be weighed. */
export interface Verdict {
  word: VerdictWord
  /** `violated (witness)`, `no violation in N choices (exhaustive for this window and scope)`, `no violation in N samples`, `vacuous`. */
  text: string
  mode: 'eager' | 'latest' | 'seeded' | 'explore'
  release: Release
  scope: readonly ScopeItem[]
  window: SyncWindow
  /** Register writes and faults that were pending at some moment. */
  pendingSeen: number
  /** Uses of a register in scope while it was pending. */
  uses: number
  /** Executions that were tried and differ in at least one choice; samples for `seeded`. */
  choices: number
  exhaustive: boolean
  /** The paired control of a "none": what was taken out of the switch, and whether that was violated; null where none was needed. */
  control: { removed: string; violated: boolean } | null
}

/** What is known of a run's switches. */
export interface CheckReport {
  findings: Finding[]
  advice: Advice[]
  pending: PendingBoundary[]
  verdict: Verdict
}
