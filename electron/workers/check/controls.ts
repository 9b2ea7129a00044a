import type { Advice } from '../../../shared/model/findings.ts'
import { type Base, type Breathe, type CheckedPlan, runBase, tryAll } from './execute.ts'
import { boundedLimits } from './layers.ts'
import { placeNames, withoutInstruction } from './patch.ts'

/** One thing that a switch does for the state in question, to be taken out. */
interface Candidate {
  kind: 'barrier' | 'save'
  pc: bigint
  text: string
  register: string
}

/** What was tried without it. */
export interface Removal extends Candidate {
  violated: boolean
}

/** Registers whose only late reader is a tag instruction: what closes nothing else serves nothing else that is modelled. */
const TAG_REGISTERS = ['GCR_EL1', 'RGSR_EL1']
/** Removals tried for one verdict. */
const MOST = 24
/** Of those, how many every execution of is tried. */
const EXPLORED = 2

function candidates({ barriers, slots }: Base): Candidate[] {
  const isbs = barriers.filter(({ kind, useful }) => kind === 'isb' && useful > 0)
  const rank = (closed: readonly string[]): number =>
    closed.some((name) => TAG_REGISTERS.includes(name)) ? 0 : 1
  return [
    ...isbs
      .toSorted((a, b) => rank(a.closed) - rank(b.closed))
      .map(({ pc, instruction, closed }) => ({
        kind: 'barrier' as const,
        pc,
        text: instruction,
        register: closed.find((name) => TAG_REGISTERS.includes(name)) ?? closed[0] ?? '',
      })),
    ...slots
      .filter(({ loads, register }) => loads > 0 && /^(GCR|RGSR|TFSR)/.test(register))
      .map(({ pc, instruction, register }) => ({ kind: 'save' as const, pc, text: instruction, register })),
  ]
}

/**
 * The paired control of a "none": the switch with one thing taken out, until one of them is violated. Barriers first, since a
 * missing barrier is what hides longest. One execution each, as late as may be: a violation in it is one; only where no removal
 * shows in that, the first few are explored.
 */
export async function findControl(checked: CheckedPlan, base: Base, breathe: Breathe): Promise<Removal[]> {
  const tried: Removal[] = []
  const without = candidates(base)
    .slice(0, MOST)
    .flatMap((candidate) => {
      const plan = withoutInstruction(checked.plan, candidate.pc)
      // A switch that misses something may never end.
      const stop = { ...plan?.stop, instructions: 2 * base.moment }
      return plan === null ? [] : [{ candidate, broken: { ...checked, plan: { ...plan, stop } } }]
    })
  const bases: Base[] = []
  for (const { candidate, broken } of without) {
    const ran = await runBase(broken, breathe)
    bases.push(ran)
    tried.push({ ...candidate, violated: ran.violations.length > 0 })
    if (ran.violations.length > 0) return tried
  }
  for (const [i, { broken }] of without.slice(0, EXPLORED).entries()) {
    const all = await tryAll(broken, bases[i] as Base, breathe, boundedLimits, () => true)
    if (all.broken.length === 0) continue
    tried[i] = { ...(tried[i] as Removal), violated: true }
    break
  }
  return tried
}

/** What an exit reports to the host, which looks at it where it needs it. */
const REPORTS = /^(ESR|FAR|HPFAR|ELR|SPSR)_EL2$|^DISR_EL1$/

/**
 * State that was saved and never loaded, where the routine has saved something else that was: else its vCPU just never came
 * back before the run's end.
 */
export function deadSaves({ slots }: Base, checked: CheckedPlan, scenario: string): Advice[] {
  const place = placeNames(checked.plan)
  const routine = (pc: bigint): string => place(pc).replace(/\+0x[0-9a-f]+$/, '')
  const live = new Set(slots.filter(({ loads }) => loads > 0).map(({ pc }) => routine(pc)))
  return slots
    .filter(({ register, saves, loads }) => saves > 0 && loads === 0 && !REPORTS.test(register))
    .filter(({ pc }) => live.has(routine(pc)))
    .map(({ register, pc, instruction, saves }) => ({
      kind: 'dead-save',
      register,
      place: `${instruction} at ${place(pc)}`,
      text: `What is saved of ${register} here (${saves} times) is never loaded in ${scenario}.`,
    }))
}
