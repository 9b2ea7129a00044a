import type { Step } from '../../../shared/model/findings.ts'
import type { Violation } from '../../machine/contract/violation.ts'
import type { Base, Breathe, Broken, CheckedPlan } from './execute.ts'
import { runBase } from './execute.ts'
import { withoutStep } from './patch.ts'

/** The same broken invariant, wherever it is found. */
export const sameViolation = (
  a: Pick<Violation, 'kind' | 'register' | 'owner' | 'other'>,
  b: typeof a,
): boolean => a.kind === b.kind && a.register === b.register && a.owner === b.owner && a.other === b.other

/**
 * Each violation with the steps that it needs: one whose instruction can be taken out of the image with the violation still
 * there is no part of the witness. Asked of one execution with the latest arrivals; a violation that this one does not show, and
 * an instruction that is not found in the image, keep their steps.
 */
export async function minimise(
  checked: CheckedPlan,
  base: Base,
  all: readonly Broken[],
  breathe: Breathe,
): Promise<Broken[]> {
  const ran = new Map<bigint, Base | null>()
  async function without(step: Step): Promise<Base | null> {
    const { pc } = step
    const known = ran.get(pc)
    if (known !== undefined) return known
    const plan = withoutStep(checked.plan, step)
    // A machine that misses something may never end.
    const stop = { ...plan?.stop, instructions: 2 * base.moment }
    const result = plan === null ? null : await runBase({ ...checked, plan: { ...plan, stop } }, breathe)
    ran.set(pc, result)
    return result
  }

  const minimal: Broken[] = []
  for (const broken of all) {
    const { violation } = broken
    const shows = ({ violations }: Base): boolean => violations.some((one) => sameViolation(one, violation))
    const trail: Violation['trail'] = []
    for (const [i, step] of violation.trail.entries()) {
      const rest = shows(base) && i < violation.trail.length - 1 ? await without(step) : null
      if (rest === null || !shows(rest)) trail.push(step)
    }
    minimal.push({ ...broken, violation: { ...violation, trail } })
  }
  return minimal
}
