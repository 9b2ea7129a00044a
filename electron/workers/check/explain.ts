import type { Finding, Step } from '../../../shared/model/findings.ts'
import type { Broken } from './execute.ts'

const writes = (step: Step, register: string): boolean =>
  step.instruction.startsWith('msr') && step.instruction.toLowerCase().includes(stem(register))

const stem = (register: string): string => register.toLowerCase().replace(/_el\d+$/, '')

/** Why, the likeliest cause first: what came of it, what should have stood between, what it goes back to. */
export function explain({ violation }: Broken): Finding['explanation'] {
  const { kind, register, trail } = violation
  const last = trail.length - 1
  const at = (step: number): Finding['explanation'][number] => ({ text: trail[step]?.text ?? '', step })
  const reasons = last < 0 ? [] : [at(last)]
  if (kind === 'unsynchronised-host-state' || kind === 'unsynchronised-guest-state') {
    const write = trail.findLastIndex((step, i) => i < last && writes(step, register))
    const [from, to] = [trail[write], trail[last]]
    if (from && to)
      reasons.push({
        text: `An ISB, an exception entry or an exception return between 0x${from.pc.toString(16)} and 0x${to.pc.toString(16)} would make this write certain; in the ${to.moment - from.moment} instructions from it to the use there is none.`,
        step: write,
      })
  }
  for (let step = last - 1; step >= 0; step--) reasons.push(at(step))
  return reasons
}

/** The decisions that are not the first alternative, and the one that the use itself made: it stands at the last step. */
export function choicesOf({ violation, decisions }: Broken): Finding['choices'] {
  const { kind, register, trail } = violation
  const use = trail.at(-1)
  const own = kind.startsWith('unsynchronised')
    ? decisions.findLastIndex((one) => one.register === register)
    : -1
  return decisions.flatMap((decision, i) => {
    if (decision.taken === 0 && i !== own) return []
    const position = i === own && use ? use.position : decision.position
    return [{ pe: use?.pe ?? 0, ...decision, position }]
  })
}
