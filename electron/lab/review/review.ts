import type { Advice, Finding } from '../../../shared/model/findings.ts'
import { type Examined, examine } from '../../workers/check/check.ts'
import type { Breathe } from '../../workers/check/execute.ts'
import { scenarioLimits } from '../../workers/check/layers.ts'
import { sameViolation } from '../../workers/check/minimise.ts'
import { placeNames } from '../../workers/check/patch.ts'
import type { CostComparison } from '../cost-interval.ts'
import { sha256 } from '../hash.ts'
import { comparePolicies } from '../policy/compare.ts'
import type { PolicyMode, PolicySource } from '../policy/image.ts'
import {
  battery,
  modesOfSubject,
  ownScenario,
  type Scenario,
  scenarioOf,
  settingOf,
  violationsOf,
} from './battery.ts'
import { type Placement, placements } from './placement.ts'
import type { ReviewSubject } from './subject.ts'

/** What one scenario said in one mode. */
export interface ScenarioResult {
  scenario: string
  mode: PolicyMode
  word: Examined['report']['verdict']['word']
  text: string
  choices: number
  findings: { finding: Finding; alsoInMainline: boolean }[]
}

/** A write of a register that is seen late, and the events that made it certain, over all scenarios of a mode. */
export interface Synchronised {
  mode: PolicyMode
  register: string
  write: string
  events: { event: string; place: string; times: number }[]
}

/** An ISB that nothing was found without, in any scenario of the mode in which it had something to do. */
export interface Needless {
  mode: PolicyMode
  place: string
  scenarios: number
  otherwise: string
}

export interface Review {
  subject: { kind: ReviewSubject['kind']; name: string; sha256: string }
  release: string
  scope: readonly string[]
  window: string
  scenarios: ScenarioResult[]
  /** Question 1: which event synchronises each write? */
  synchronised: Synchronised[]
  /** Question 2: is each saved slot used? Saves that are, and what is not. */
  slots: { used: number; advice: Advice[] }
  /** Question 3: may this save and restore move to vcpu_load and vcpu_put? */
  placements: Placement[]
  needless: Needless[]
  /** Executed instructions and model cycles of a round trip, against mainline; empty for what is no policy. */
  costs: { mode: PolicyMode; counts: Record<string, number>; profiles: CostComparison[] }[]
}

/**
 * The review of a policy over the scenarios of the switch contract in each of its modes, or of one experiment: every run by
 * exploration, what is found beside what mainline shows, and the three questions.
 * @param only names of the scenarios to take; null for all
 * @param progress told before each run: what is under way, and how much of all is done
 * @throws ProblemError when something cannot be read or assembled
 */
export async function review(
  resources: string,
  subject: ReviewSubject,
  only: readonly string[] | null,
  breathe: Breathe,
  progress: (text: string) => void,
): Promise<Review> {
  const scenarios =
    subject.kind === 'experiment'
      ? [ownScenario(resources, subject)]
      : battery(resources, settingOf(subject), modesOfSubject(resources, subject), only)
  const ran: { scenario: Scenario; examined: Examined }[] = []
  for (const [i, scenario] of scenarios.entries()) {
    progress(`${scenario.name} ${scenario.mode} (${i + 1} of ${scenarios.length})`)
    ran.push({ scenario, examined: await examine(scenario.checked, scenario.name, breathe, scenarioLimits) })
  }
  const results: ScenarioResult[] = []
  for (const { scenario, examined } of ran) {
    const { findings, verdict } = examined.report
    const known =
      findings.length === 0 ? [] : await inMainline(resources, subject, scenario, breathe, progress)
    results.push({
      scenario: scenario.name,
      mode: scenario.mode,
      word: verdict.word,
      text: verdict.text,
      choices: verdict.choices,
      findings: findings.map((finding) => ({
        finding,
        alsoInMainline: known.some((one) => sameViolation(one, finding)),
      })),
    })
  }
  const { verdict } = ran[0]!.examined.report
  return {
    subject: { kind: subject.kind, name: subject.name, sha256: sha256(subject.text) },
    release: verdict.release,
    scope: [...new Set(ran.flatMap(({ examined }) => examined.report.verdict.scope))],
    window: verdict.window,
    scenarios: results,
    synchronised: synchronised(ran),
    slots: slots(ran),
    placements: await placements(resources, subject, only, results, breathe, progress),
    needless: needless(ran),
    costs: subject.kind === 'policy' ? costs(resources, subject) : [],
  }
}

/** What mainline shows in the same scenario; nothing for mainline itself and for an experiment, which names its policy. */
async function inMainline(
  resources: string,
  subject: ReviewSubject,
  scenario: Scenario,
  breathe: Breathe,
  progress: (text: string) => void,
): Promise<Pick<Finding, 'kind' | 'register' | 'owner' | 'other'>[]> {
  if (subject.kind === 'experiment' || (subject.path === null && subject.name === 'mainline')) return []
  progress(`${scenario.name} ${scenario.mode} with mainline`)
  const [own] = scenarioOf(resources, scenario, 'hypervisor.policy=mainline')
  return own === undefined ? [] : (await violationsOf(own, breathe)).map(({ violation }) => violation)
}

type Ran = readonly { scenario: Scenario; examined: Examined }[]

function synchronised(ran: Ran): Synchronised[] {
  const found = new Map<string, Synchronised>()
  for (const { scenario, examined } of ran) {
    const place = placeNames(scenario.checked.plan)
    for (const { register, write, event, by, times } of examined.base.closings) {
      const key = [scenario.mode, register, place(write.pc)].join()
      const own = found.get(key) ?? { mode: scenario.mode, register, write: place(write.pc), events: [] }
      const at = place(by.pc)
      const known = own.events.find((one) => one.event === event && one.place === at)
      if (known) known.times += times
      else own.events.push({ event, place: at, times })
      found.set(key, own)
    }
  }
  return [...found.values()]
    .filter(({ write }) => !isNotOfSwitch(write))
    .map((one) => ({ ...one, events: one.events.toSorted((a, b) => b.times - a.times) }))
}

/** Code of the bundled hosts by its names, and guests, which the image does not hold where they run: their writes are their own affair. */
const isNotOfSwitch = (place: string): boolean => /^(host_|0x)/.test(place)

/** A save is dead where no scenario of its mode ever loads what it stored. */
function slots(ran: Ran): Review['slots'] {
  const used = new Set<string>()
  const dead = new Map<string, Advice>()
  const declared = new Map<string, Advice>()
  for (const { scenario, examined } of ran) {
    const place = placeNames(scenario.checked.plan)
    for (const { pc, loads } of examined.base.slots) if (loads > 0) used.add(`${scenario.mode} ${place(pc)}`)
    for (const advice of examined.report.advice) {
      if (advice.kind === 'dead-offset') declared.set(advice.place, advice)
      if (advice.kind === 'dead-save')
        dead.set(`${scenario.mode} ${advice.place.split(' at ').at(-1)}`, advice)
    }
  }
  const saves = [...dead].filter(([key]) => !used.has(key)).map(([, advice]) => advice)
  return {
    used: used.size,
    advice: [...declared.values(), ...new Map(saves.map((one) => [one.place, one])).values()],
  }
}

function needless(ran: Ran): Needless[] {
  const found = new Map<string, Needless & { needed: boolean }>()
  for (const { scenario, examined } of ran) {
    const place = placeNames(scenario.checked.plan)
    for (const { pc, needless: missed, closed } of examined.barriers) {
      const key = `${scenario.mode} ${place(pc)}`
      const known = found.get(key)
      found.set(key, {
        mode: scenario.mode,
        place: place(pc),
        scenarios: (known?.scenarios ?? 0) + 1,
        otherwise: known?.otherwise ?? closed.map((one) => `${one.register} by ${one.otherwise}`).join('; '),
        needed: (known?.needed ?? false) || !missed,
      })
    }
  }
  return [...found.values()].filter(({ needed }) => !needed).map(({ needed: _, ...rest }) => rest)
}

function costs(resources: string, subject: ReviewSubject): Review['costs'] {
  const own: PolicySource = { name: subject.name, text: subject.path === null ? null : subject.text }
  const mainline: PolicySource = { name: 'mainline', text: null }
  return modesOfSubject(resources, subject).flatMap((mode) =>
    comparePolicies(resources, mainline, own, mode).map((diff) => ({
      mode,
      counts: diff.counts.mte ?? {},
      profiles: diff.costs,
    })),
  )
}
