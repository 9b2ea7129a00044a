import type { Step } from '../../../shared/model/findings.ts'
import type { Violation } from '../../machine/contract/violation.ts'
import type { Base, Breathe, Broken, CheckedPlan } from './execute.ts'
import { runBase, tryAll } from './execute.ts'
import { boundedLimits, type Limits } from './layers.ts'
import { withoutStep } from './patch.ts'

/** The same broken invariant, wherever it is found. */
export const sameViolation = (
  a: Pick<Violation, 'kind' | 'register' | 'owner' | 'other'>,
  b: typeof a,
): boolean => a.kind === b.kind && a.register === b.register && a.owner === b.owner && a.other === b.other

/** A violation with the steps that it needs, and those that it does not. */
export interface Minimal extends Broken {
  spare: Violation['trail']
}

/**
 * Each violation with the steps that it needs: one whose instruction can be taken out of the image with the violation still
 * there is spare. Asked of one execution with the latest arrivals first, then of all that `limits` has room for. The last step,
 * where the violation shows, is kept, and so is what is no instruction of the image. Steps are taken out one at a time: several
 * together make another switch, with violations of its own.
 */
export async function minimise(
  checked: CheckedPlan,
  base: Base,
  all: readonly Broken[],
  breathe: Breathe,
  limits: Limits = boundedLimits,
): Promise<Minimal[]> {
  const removals = new Map<bigint, Promise<Removed | null>>()
  const without = (step: Step): Promise<Removed | null> => {
    const removed = removals.get(step.pc) ?? remove(checked, base, step, breathe)
    removals.set(step.pc, removed)
    return removed
  }
  const minimal: Minimal[] = []
  for (const broken of all) {
    const { violation } = broken
    const trail: Violation['trail'] = []
    const spare: Violation['trail'] = []
    for (const [i, step] of violation.trail.entries()) {
      const removed = i === violation.trail.length - 1 ? null : await without(step)
      const stays = removed !== null && (await shows(removed, violation, breathe, limits))
      ;(stays ? spare : trail).push(step)
    }
    minimal.push({ ...broken, violation: { ...violation, trail }, spare })
  }
  return minimal
}

/** The machine without one step, and what it is known to break all the same. */
interface Removed {
  plan: CheckedPlan
  base: Base
  violations: readonly Violation[]
}

async function remove(
  checked: CheckedPlan,
  { moment }: Base,
  step: Step,
  breathe: Breathe,
): Promise<Removed | null> {
  const image = withoutStep(checked.plan, step)
  if (image === null) return null
  // A machine that misses something may never end.
  const plan = { ...checked, plan: { ...image, stop: { ...image.stop, instructions: 2 * moment } } }
  const base = await runBase(plan, breathe)
  return { plan, base, violations: base.violations }
}

async function shows(
  removed: Removed,
  wanted: Violation,
  breathe: Breathe,
  limits: Limits,
): Promise<boolean> {
  const isWanted = (one: Violation): boolean => sameViolation(one, wanted)
  if (removed.violations.some(isWanted)) return true
  const { broken } = await tryAll(removed.plan, removed.base, breathe, limits, isWanted)
  removed.violations = [...removed.violations, ...broken.map(({ violation }) => violation)]
  return removed.violations.some(isWanted)
}
