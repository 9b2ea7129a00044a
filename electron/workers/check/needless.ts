import type { Advice } from '../../../shared/model/findings.ts'
import { type Base, type Breathe, type CheckedPlan, runBase, tryAll } from './execute.ts'
import { boundedLimits } from './layers.ts'
import { placeNames, withoutInstruction } from './patch.ts'

/** An ISB of the switch, behind the first entry, that made a register of MTE or a key certain, taken out. */
export interface JudgedBarrier {
  pc: bigint
  instruction: string
  /** Nothing is found without it. */
  needless: boolean
  /** Registers of MTE and keys that it closed, and what closes them without it. */
  closed: { register: string; otherwise: string }[]
  /** Executions that were tried without it. */
  choices: number
}

/** What an ISB may serve that this lab can judge. What else it serves (traps, translation) is not known here, so nothing is said of it. */
const JUDGED = /^(GCR|RGSR|TFSR|TFSRE0|AP..Key(Lo|Hi))_EL/

/**
 * The ISBs of a switch in which nothing is found that can be missed for all that the contract sees: each is taken out, and
 * everything tried again.
 */
export async function judgeBarriers(
  checked: CheckedPlan,
  base: Base,
  breathe: Breathe,
): Promise<JudgedBarrier[]> {
  const place = placeNames(checked.plan)
  const judgements: JudgedBarrier[] = []
  for (const { kind, useful, closed, switches, pc, instruction } of base.barriers) {
    const judged = closed.filter((register) => JUDGED.test(register))
    if (kind !== 'isb' || useful === 0 || !switches || judged.length === 0) continue
    const plan = withoutInstruction(checked.plan, pc)
    if (plan === null) continue
    // A switch that misses something may never end.
    const stop = { ...plan.stop, instructions: 2 * base.moment }
    const without = { ...checked, plan: { ...plan, stop } }
    const ran = await runBase(without, breathe)
    // Enough to show that nothing is found in a switch of a few choices; where there are more, no advice is given.
    const tried =
      ran.violations.length > 0 ? null : await tryAll(without, ran, breathe, boundedLimits, () => true)
    const needless = tried?.exhaustive === true && tried.broken.length === 0
    const otherwise = (register: string): string => {
      const events = [...nextEvents(register, pc, base, ran)].map(([event, at]) => `${event} at ${place(at)}`)
      return events.join(', ') || 'nothing, and nobody uses it'
    }
    const named = judged.map((register) => ({ register, otherwise: otherwise(register) }))
    judgements.push({ pc, instruction, needless, closed: named, choices: tried?.choices ?? 1 })
  }
  return judgements
}

/** What closes the writes of a register without the barrier that closed them. */
function nextEvents(register: string, barrier: bigint, base: Base, without: Base): Map<string, bigint> {
  const writes = new Set(
    base.closings.filter((one) => one.register === register && one.by.pc === barrier).map(keyOfWrite),
  )
  return new Map(
    without.closings
      .filter((one) => one.register === register && writes.has(keyOfWrite(one)))
      .map(({ event, by }) => [event, by.pc]),
  )
}

const keyOfWrite = ({ write }: Base['closings'][number]): string => String(write.pc)

/** As a report lists it. @param scenarios for which it holds */
export function needlessAdvice(
  { pc, instruction, closed, choices }: JudgedBarrier,
  checked: CheckedPlan,
  scenarios: string,
): Advice {
  const many = `${choices} ${choices === 1 ? 'choice' : 'choices'}`
  const events = Map.groupBy(closed, ({ otherwise }) => otherwise)
  const instead = [...events].map(([event, which]) => `${namesOf(which)} by ${event}`).join('; ')
  return {
    kind: 'needless-barrier',
    register: closed[0]?.register ?? null,
    place: `${instruction} at ${placeNames(checked.plan)(pc)}`,
    text: `Without it nothing is found either in ${many} of ${scenarios}, ${returnEvent(checked)}; made certain all the same: ${instead}.`,
  }
}

/** The ten halves of keys are written together. */
function namesOf(closed: JudgedBarrier['closed']): string {
  const names = closed.map(({ register }) => register)
  const keys = names.filter((name) => /^AP..Key/.test(name))
  const others = names.filter((name) => !keys.includes(name))
  if (keys.length <= 2) return names.join(', ')
  return [...others, `the keys (${keys[0]} to ${keys.at(-1)})`].join(', ')
}

/** Whether a return from EL2 is an event, which decides most of these. */
const returnEvent = ({ plan }: CheckedPlan): string =>
  plan.features.exs ? 'EOS as SCTLR_EL2 of the image has it' : 'EOS=1'
