import { defaultParameters } from '../../../shared/arch/synchronisation.ts'
import type { CheckReport, Verdict } from '../../../shared/model/findings.ts'
import { deadSaves, findControl } from './controls.ts'
import { type Base, type Breathe, type CheckedPlan, runBase, type Tried, tryAll } from './execute.ts'
import { choicesOf, explain } from './explain.ts'
import { bothLimits, boundedLimits, defaultLimits, type Limits } from './layers.ts'
import { minimise } from './minimise.ts'
import { type JudgedBarrier, judgeBarriers, needlessAdvice } from './needless.ts'
import { placeNames } from './patch.ts'

/** A report with what else a review asks for. */
export interface Examined {
  report: CheckReport
  base: Base
  barriers: JudgedBarrier[]
}

/**
 * What is known of a plan's switches: every execution of its mode judged by the switch contract, and for a "none" the paired
 * control. Runs in this thread and lets others work in between.
 * @param scenario what the result holds for, for sentences
 * @throws CheckStopped when `breathe` says so
 */
export const check = async (checked: CheckedPlan, scenario: string, breathe: Breathe): Promise<CheckReport> =>
  (await examine(checked, scenario, breathe)).report

/** The same, with what the report was made of. */
export async function examine(
  checked: CheckedPlan,
  scenario: string,
  breathe: Breathe,
  limits: Limits = defaultLimits,
): Promise<Examined> {
  const base = await runBase(checked, breathe)
  const tried = await tryAll(checked, base, breathe, limits)
  const { pendingSeen, uses, unknownOwner } = base.statistics
  const minimal = await minimise(checked, base, tried.broken, breathe, bothLimits(limits, boundedLimits))
  const findings = minimal.map((broken) => {
    const { kind, register, owner, other, trail } = broken.violation
    return {
      kind,
      register,
      owner,
      other,
      steps: trail,
      spare: broken.spare,
      choices: choicesOf(broken),
      explanation: explain(broken),
    }
  })
  const place = placeNames(checked.plan)
  const wanted = findings.length === 0 && !unknownOwner
  const removals = wanted ? await findControl(checked, base, breathe) : []
  const shown = removals.find(({ violated }) => violated) ?? removals.at(-1)
  const control = shown ? { removed: `${shown.text} at ${place(shown.pc)}`, violated: shown.violated } : null
  const barriers = wanted ? await judgeBarriers(checked, base, breathe) : []
  const { scope, window } = { ...defaultParameters, ...checked.plan.syncParameters }
  const word = wordOf(findings.length, unknownOwner, control?.violated ?? false)
  const report: CheckReport = {
    findings,
    advice: [
      ...deadSaves(base, checked, scenario),
      ...barriers
        .filter(({ needless }) => needless)
        .map((barrier) => needlessAdvice(barrier, checked, scenario)),
      ...checked.advice,
    ],
    pending: base.pending,
    verdict: {
      word,
      text: textOf(word, checked.mode, tried),
      mode: checked.mode,
      release: checked.plan.release,
      scope,
      window,
      pendingSeen,
      uses,
      choices: tried.choices,
      exhaustive: tried.exhaustive,
      control,
    },
  }
  return { report, base, barriers }
}

function wordOf(findings: number, unknownOwner: boolean, controlled: boolean): Verdict['word'] {
  if (findings > 0) return 'violated'
  if (unknownOwner) return 'unknown owner'
  return controlled ? 'none' : 'vacuous'
}

function textOf(
  word: Verdict['word'],
  mode: Verdict['mode'],
  { choices, exhaustive, incomplete }: Tried,
): string {
  if (word === 'violated') return 'violated (witness)'
  if (word !== 'none') return word
  const many = (one: string): string => `${choices} ${one}${choices === 1 ? '' : 's'}`
  if (mode === 'seeded') return `no violation in ${many('sample')}`
  if (mode !== 'explore') return `no violation in ${many('execution')} (${mode})`
  const how = exhaustive ? 'exhaustive for this window and scope' : `not exhaustive: ${incomplete}`
  return `no violation in ${many('choice')} (${how})`
}
