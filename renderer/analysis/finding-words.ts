import { releases } from '../../shared/arch/synchronisation.ts'
import type {
  AdviceKind,
  ChoiceTaken,
  Finding,
  PendingBoundary,
  Verdict,
  VerdictWord,
} from '../../shared/model/findings.ts'
import type { RunCheck } from '../../shared/model/run.ts'
import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../shared/model/trace.ts'
import { count, counted, listed } from './format.ts'

/** The owner in a sentence: `the host`, `vCPU 1`. */
export function ownerWords(owner: Owner): string {
  if (owner === HOST) return 'the host'
  if (owner === HOST_TASK) return 'a host task'
  if (owner === UNKNOWN_OWNER) return 'an unknown owner'
  return `vCPU ${owner}`
}

/** `the host → vCPU 1`, for lists. */
export const ownersText = ({ owner, other }: Pick<Finding, 'owner' | 'other'>): string =>
  other === null ? ownerWords(owner) : `${ownerWords(owner)} → ${ownerWords(other)}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const whose = (other: Owner | null): string => (other === null ? "somebody else's" : `${ownerWords(other)}'s`)

/** What a finding says, as a title. */
export function findingTitle({ kind, register, owner, other }: Finding): string {
  const who = ownerWords(owner)
  switch (kind) {
    case 'unsynchronised-host-state':
    case 'unsynchronised-guest-state':
      return capital(
        `${who} can act under ${whose(other)} ${register}: nothing makes its own certain in time`,
      )
    case 'host-state-lost':
    case 'guest-state-lost':
      return capital(`${who} does not get its own ${register} back`)
    case 'foreign-tag-source':
      return capital(`${who} draws a tag from ${whose(other)} ${register}`)
    case 'tag-fault-lost':
      return `A tag fault of ${who} never reaches it in ${register}`
    case 'tag-fault-misattributed':
      return `A tag fault of ${who} is seen in ${whose(other)} ${register}`
    case 'tag-fault-duplicated':
      return `One tag fault of ${who} is seen twice in ${register}`
    case 'injected-state-wrong':
      return `An exception injected into ${who} begins with a ${register} that hardware would not give it`
    case 'mte-visible-without-mte':
      return capital(`${who} has no MTE and still sees ${register}`)
    case 'stale-tags-visible':
      return capital(`${who} reads ${other === null ? "a previous owner's" : whose(other)} tags`)
  }
}

export const adviceTitles: Readonly<Record<AdviceKind, string>> = {
  'dead-save': 'saved and never loaded',
  'dead-offset': 'offset that no instruction uses',
  'needless-barrier': 'barrier that changes nothing',
}

/** The word of a verdict for people. A verdict never says "safe". */
export const verdictTitles: Readonly<Record<VerdictWord, string>> = {
  violated: 'Violated',
  none: 'No violation',
  vacuous: 'Vacuous',
  'unknown owner': 'Unknown owner',
}

/** What a verdict means and what it does not, in one or two sentences. */
export function verdictMeaning(verdict: Verdict, findings: number): string {
  switch (verdict.word) {
    case 'violated':
      return findings === 1
        ? 'One broken invariant, with a witness that can be replayed.'
        : `${count(findings)} broken invariants, each with a witness that can be replayed.`
    case 'none':
      return verdict.exhaustive
        ? 'Every choice that the architecture leaves open here was tried. This holds for the scope and window below, not for more.'
        : 'This is a sample: choices that were not drawn were not tried.'
    case 'vacuous':
      return 'Nothing was violated, but the control was not violated either: this scenario cannot tell the difference, so it says nothing about the policy.'
    case 'unknown owner':
      return 'The image does not say whose state is loaded, and VMID, VTTBR_EL2 and EL do not decide it. Nothing is guessed: add marks to the image (resources/hyp/README.md).'
  }
}

/** How many executions were tried, and whether that is all of them. */
export function triedText({ mode, choices, exhaustive }: Verdict): string {
  if (mode === 'seeded') return `${counted(choices, 'sample')} (sampled)`
  if (mode === 'explore')
    return `${counted(choices, 'choice')} (${exhaustive ? 'exact: all there are' : 'not all there are'})`
  return `${counted(choices, 'execution')} (exact, ${mode})`
}

export interface VerdictFact {
  name: string
  text: string
  /** What the name means. */
  hint: string
}

/** What belongs to every verdict, so that it can be weighed. */
export function verdictFacts(verdict: Verdict): VerdictFact[] {
  const { control } = verdict
  return [
    { name: 'Tried', text: triedText(verdict), hint: 'Executions that differ in at least one choice' },
    {
      name: 'Pending seen',
      text: `${count(verdict.pendingSeen)} writes and faults (exact)`,
      hint: 'Register writes and asynchronous tag faults that had not taken effect at some moment',
    },
    {
      name: 'Uses while pending',
      text: `${counted(verdict.uses, 'use')} (exact)`,
      hint: 'Uses of a register in scope while a write of it was pending',
    },
    { name: 'Scope', text: verdict.scope.join(', ') || 'empty', hint: 'What may take effect late' },
    {
      name: 'Window',
      text:
        verdict.window === 'run'
          ? 'the whole run'
          : 'exception entry to EL2 until the first synchronisation behind the return',
      hint: 'When it may be late',
    },
    {
      name: 'Release',
      text: verdict.release,
      hint: `${releases[verdict.release]}: whose synchronisation rules hold`,
    },
    {
      name: 'Control',
      text: control
        ? `without ${control.removed}: ${control.violated ? 'violated, so this scenario can tell' : 'not violated either'}`
        : verdict.word === 'violated'
          ? 'not needed: the witness shows it'
          : 'none',
      hint: 'The same scenario with one thing taken out of the switch',
    },
  ]
}

/** The badge of a run in a list. */
export function checkBadge(check: RunCheck): string {
  if (check.word === 'violated') return counted(check.findings, 'finding')
  const tried = /\d[\d\s]*(?=choices?|samples?)/.exec(check.text)?.[0]
  if (check.word === 'none' && tried) return `none/${count(Number(tried))}`
  return check.word === 'unknown owner' ? 'unknown' : check.word
}

const choiceWords: Readonly<Record<string, string>> = {
  'write-used': 'which written value the instruction uses; the oldest legal one is first',
  'alias-read': 'which written value a read by the other name sees; the oldest is first',
  'fault-seen': 'whether the read already sees the fault in flight; "not yet" is first',
  'completed-seen': 'whether a read without a synchronisation event sees the completed fault',
  'fault-before-write': 'how many faults in flight land before this write and are overwritten; none is first',
  'fault-vanishes': 'how many faults in flight have no effect, because a control of theirs was written',
}

/** What was chosen at a place, for people. */
export const choiceText = ({ kind, register, taken, alternatives }: ChoiceTaken): string =>
  `${register}: ${taken + 1} of ${alternatives} (${choiceWords[kind] ?? kind})`

/** The line above what was pending at one kind of boundary. */
export function pendingTitle(boundaries: readonly PendingBoundary[]): string {
  const names = [...new Set(boundaries.flatMap((one) => one.registers.map(({ register }) => register)))]
  if (names.length === 0) return 'Nothing was pending where one world was left for another'
  const open = boundaries.some((one) => one.registers.some(({ closedBy }) => closedBy === null))
  const verb = names.length === 1 ? 'was' : 'were'
  return `${listed(names)} ${verb} not yet certain at a boundary${open ? '; not all of it was closed before the run ended' : ''}`
}
