import type { CaseMachine } from './case-machine.ts'
import { compare } from './compare.ts'
import { decisions } from './decided.ts'
import { type Departure, departure, stateBefore } from './deviations.ts'
import type { OracleRecord, Status } from './record.ts'

export type Verdict =
  /** `decided`: the result is not the recorded one but this machine's, for the clause given. */
  | { kind: 'passed'; decided: { why: Exclude<Status, 'must'>; clause: string } | null }
  | { kind: 'failed'; lines: string[] }
  | { kind: 'skipped'; reason: string }

/** Why a case is left out. The texts are what a report counts by. */
export const skipReasons = {
  deviation: 'the recorded result is a deviation from the architecture that no clause is listed for',
  choice:
    'the recorded result is one of several that the architecture allows, and this machine chose another',
  random: 'the recorded result is not reproducible',
} as const

/**
 * Replays one record. A case that must give the recorded result does, or is compared up to the point where the recorder
 * deviates and for the instruction there by the architecture's clause. Of the other cases, those that `decisions` lists must
 * give the result given there; what is not listed and differs is skipped.
 */
export function replayCase(machine: CaseMachine, record: OracleRecord): Verdict {
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
