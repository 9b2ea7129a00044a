import type { CaseMachine } from './case-machine.ts'
import { compare } from './compare.ts'
import { decisions } from './decided.ts'
import { type Departure, departure, stateBefore } from './deviations.ts'
import type { OracleCase, OracleRecord, Status } from './record.ts'

export type Verdict =
  /** `decided`: the result is not the recorded one but this machine's, for the clause given. */
  | { kind: 'passed'; decided: { why: Exclude<Status, 'must'>; clause: string } | null }
  | { kind: 'failed'; lines: string[] }
  | { kind: 'skipped'; reason: string }

/** Why a case is left out. The texts are what a report counts by. */
export const skipReasons = {
  simd: 'AdvSIMD and floating-point instructions are a later version',
  deviation: 'the recorded result is a deviation from the architecture that no clause is listed for',
  choice:
    'the recorded result is one of several that the architecture allows, and this machine chose another',
  random: 'the recorded result is not reproducible',
} as const

/**
 * Whether a word belongs to AdvSIMD and floating-point: the data-processing group (bits 28:25 x111), or a load or store
 * (x1x0) with V, bit 26, set. Source: DDI 0487, C4.1, top-level encodings.
 */
function isSimd(word: number): boolean {
  const group = (word >>> 25) & 15
  return (group & 7) === 7 || ((group & 5) === 4 && (word & 0x0400_0000) !== 0)
}

const usesSimd = ({ features, code }: OracleCase): boolean => features.includes('simd') || code.some(isSimd)

/**
 * Replays one record. A case that must give the recorded result does, or is compared up to the point where the recorder
 * deviates and for the instruction there by the architecture's clause. Of the other cases, those that `decisions` lists must
 * give the result given there; what is not listed and differs is skipped.
 */
export function replayCase(machine: CaseMachine, record: OracleRecord): Verdict {
  if (usesSimd(record.case)) return { kind: 'skipped', reason: skipReasons.simd }
  const { status } = record
  const way = status === 'must' ? departure(record) : null
  if (way) return verdict(follow(machine, record, way), { why: 'deviation', clause: way.clause })
  const actual = machine.run(record.case)
  const decision = status === 'must' ? undefined : decisions[record.case.id]
  if (decision) return verdict(compare(record, actual, decision.differs), decision)
  const lines = compare(record, actual)
  if (lines.length > 0 && status !== 'must') return { kind: 'skipped', reason: skipReasons[status] }
  return verdict(lines, null)
}

const verdict = (
  lines: string[],
  decided: { why: Exclude<Status, 'must'>; clause: string } | null,
): Verdict => (lines.length > 0 ? { kind: 'failed', lines } : { kind: 'passed', decided })

/** Compares with the recorded state where the recorder deviates, and behind the instruction there with the architecture's. */
function follow(machine: CaseMachine, record: OracleRecord, { at, next }: Departure): string[] {
  const until = next.exc === null ? next.pc : undefined
  return [
    ...compare({ ...record, result: stateBefore(record) }, machine.run(record.case, at)),
    ...compare({ ...record, result: next }, machine.run(record.case, until)),
  ]
}
