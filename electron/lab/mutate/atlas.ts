import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StopReason } from '../../../shared/model/trace.ts'
import { type Breathe, type CheckedPlan, runBase, tryAll } from '../../workers/check/execute.ts'
import { defaultLimits, type Limits } from '../../workers/check/layers.ts'
import { sameViolation } from '../../workers/check/minimise.ts'
import { withWords } from '../../workers/check/patch.ts'
import type { PolicyMode, PolicySource } from '../policy/image.ts'
import { isHypervisors } from '../policy/path.ts'
import { viewPolicy } from '../policy/view.ts'
import { battery, type Scenario } from '../review/battery.ts'
import {
  branchWord,
  type Mutant,
  mutantsOf,
  type Operator,
  operators,
  type StaticReason,
} from './operators.ts'
import { type Code, codeOf, padText, type Site, sitesOf } from './sites.ts'

/** Why a mutant cannot be told from the switch, each checked by the machine. */
export type Reason = StaticReason | 'no reader' | 'ordered by a named event'

export type Fate =
  | { kind: 'caught'; scenario: string; by: string }
  | { kind: 'equivalent'; reason: Reason; detail: string }
  | { kind: 'survived' }

export interface MutantResult {
  operator: Operator
  mode: PolicyMode
  place: string
  text: string
  fate: Fate
}

export interface Atlas {
  policy: string
  results: MutantResult[]
}

/** The figures of an atlas: of those that are not equivalent, how many were caught. */
export function tallyOf(results: readonly MutantResult[]): {
  mutants: number
  caught: number
  equivalent: number
  survived: number
  /** Caught of all that are not equivalent, 0 to 1; null where all are. */
  score: number | null
} {
  const count = (kind: Fate['kind']): number => results.filter(({ fate }) => fate.kind === kind).length
  const [caught, equivalent, survived] = [count('caught'), count('equivalent'), count('survived')]
  const different = caught + survived
  return {
    mutants: results.length,
    caught,
    equivalent,
    survived,
    score: different === 0 ? null : caught / different,
  }
}

/** What a scenario does with the switch as it is. */
interface Known {
  scenario: Scenario
  code: Code
  sites: Map<string, Site>
  base: Awaited<ReturnType<typeof runBase>>
  violations: readonly Parameters<typeof sameViolation>[0][]
}

/** A hypervisor under nVHE that draws tags itself, as KVM's does not: left out unless it is asked for. */
const DRAWS_AT_EL2 = 'contract-hyp-draws'

export interface AtlasOptions {
  modes: readonly PolicyMode[]
  operators: readonly Operator[]
  /** Every n-th mutant, from the first; 1 for all. */
  every: number
  /** Scenarios by name; null for all but the one whose hypervisor draws at EL2. */
  scenarios: readonly string[] | null
}

export const allMutants: AtlasOptions = { modes: ['nvhe', 'vhe'], operators, every: 1, scenarios: null }

/** As many executions as tell a mutant from the switch; what needs more is not called equivalent by it. */
const limits: Limits = { ...defaultLimits, segment: 256, states: 16, executions: 512 }

/**
 * Changes the switch of a policy in one place at a time, and says of each change which scenario catches it, or why no scenario
 * can. Caught is what the contract finds and did not before, a run that ends otherwise, or a console that says something else.
 * @param told each result as it comes
 */
export async function mutationAtlas(
  resources: string,
  policy: PolicySource & { include: string },
  options: AtlasOptions,
  breathe: Breathe,
  told: (result: MutantResult, done: number, of: number) => void,
): Promise<Atlas> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-mutate-'))
  try {
    const file = join(folder, 'padded.inc')
    writeFileSync(file, `\t.include "${policy.include}"\n${policy.text ?? ''}${padText}`)
    const results: MutantResult[] = []
    const work: { mode: PolicyMode; known: Known[]; mutants: Mutant[] }[] = []
    for (const mode of options.modes)
      work.push({ mode, ...(await prepare(resources, policy, file, mode, options, breathe)) })
    const total = work.reduce((sum, { mutants }) => sum + mutants.length, 0)
    for (const { mode, known, mutants } of work) {
      for (const mutant of mutants) {
        const fate = await fateOf(mutant, known, breathe)
        const result = {
          operator: mutant.operator,
          mode,
          place: mutant.sites[0]!.routine,
          text: mutant.text,
          fate,
        }
        results.push(result)
        told(result, results.length, total)
      }
    }
    return { policy: policy.name, results }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function prepare(
  resources: string,
  policy: PolicySource,
  file: string,
  mode: PolicyMode,
  { operators: wanted, every, scenarios }: AtlasOptions,
  breathe: Breathe,
): Promise<{ known: Known[]; mutants: Mutant[] }> {
  const { routines, path } = viewPolicy(
    resources,
    { name: policy.name, text: readFileSync(file, 'utf8') },
    mode,
  )
  const onPath = new Set(['exit', 'put', 'load', 'enter'].flatMap((part) => path.routines[part as 'exit']))
  const names = routines.filter((one) => isHypervisors(one) && onPath.has(one.name)).map(({ name }) => name)
  const known: Known[] = []
  const sites = new Map<string, Site>()
  const all = battery(resources, `hypervisor.source=${JSON.stringify(file)}`, [mode], scenarios)
  for (const scenario of all.filter(({ name }) => scenarios !== null || name !== DRAWS_AT_EL2)) {
    const code = codeOf(scenario.checked.plan)
    const own = new Map(sitesOf(code, names).map((site) => [site.key, site]))
    for (const [key, site] of own) if (!sites.has(key)) sites.set(key, site)
    const base = await runBase(scenario.checked, breathe)
    const { broken } = await tryAll(scenario.checked, base, breathe)
    known.push({ scenario, code, sites: own, base, violations: broken.map(({ violation }) => violation) })
  }
  const mutants = mutantsOf([...sites.values()])
    .filter(({ operator }) => wanted.includes(operator))
    .filter((_mutant, i) => i % every === 0)
  return { known: known.toSorted((a, b) => a.base.moment - b.base.moment), mutants }
}

async function fateOf(mutant: Mutant, known: Known[], breathe: Breathe): Promise<Fate> {
  if (mutant.equivalent !== null) return { kind: 'equivalent', reason: mutant.equivalent, detail: '' }
  const ran: { one: Known; events: string[] }[] = []
  let open = 0
  for (const one of [...known]) {
    const checked = changed(mutant, one)
    if (checked === null) continue
    const base = await runBase(checked, breathe)
    const by = difference(base, one)
    if (by !== null) {
      // What catches one mutant is likely to catch the next.
      known.splice(known.indexOf(one), 1)
      known.unshift(one)
      return { kind: 'caught', scenario: one.scenario.name, by }
    }
    // A mutant that leaves too much open to be called equivalent is only looked for in one execution each from here on.
    if (open > 1) continue
    const tried = await tryAll(checked, base, breathe, limits, () => true)
    const fresh = tried.broken.find(({ violation }) => isNew(violation, one))
    if (fresh)
      return {
        kind: 'caught',
        scenario: one.scenario.name,
        by: `${fresh.violation.kind} ${fresh.violation.register}`,
      }
    if (!tried.exhaustive) open++
    ran.push({ one, events: closedBy(mutant, one, base) })
  }
  return equivalence(mutant, ran, open === 0)
}

const isNew = (violation: Known['violations'][number], { violations }: Known): boolean =>
  !violations.some((known) => sameViolation(known, violation))

/** How an execution differs from that of the switch as it is; null where it does not. */
function difference(base: Known['base'], known: Known): string | null {
  const violation = base.violations.find((one) => isNew(one, known))
  if (violation) return `${violation.kind} ${violation.register}`
  if (endText(base.end) !== endText(known.base.end)) return `the run ends otherwise: ${endText(base.end)}`
  return base.console === known.base.console ? null : 'the console says something else'
}

const endText = (end: StopReason | null): string => (end === null ? 'not at all' : JSON.stringify(end))

/** The plan with the mutant in its image; null where the scenario's image has no such place. */
function changed({ words, longer }: Mutant, { scenario, sites, code, base }: Known): CheckedPlan | null {
  const { plan } = scenario.checked
  const patches: { pc: bigint; word: number }[] = []
  for (const { key, word } of words) {
    const site = sites.get(key)
    if (site === undefined) return null
    patches.push({ pc: site.pc, word })
  }
  if (longer !== null) {
    const site = sites.get(longer.key)
    const { pad } = code
    if (site === undefined || pad === null) return null
    const back = pad + BigInt(longer.words.length * 4)
    patches.push({ pc: site.pc, word: branchWord(site.pc, pad) })
    patches.push(...longer.words.map((word, i) => ({ pc: pad + BigInt(i * 4), word })))
    patches.push({ pc: back, word: branchWord(back, site.pc + 4n) })
  }
  const patched = withWords(plan, patches)
  if (patched === null) return null
  // A switch that misses something may never end.
  const stop = { ...plan.stop, instructions: 2 * base.moment + 100_000 }
  return { ...scenario.checked, plan: { ...patched, stop } }
}

/** For a barrier: the events that made certain what it had closed. */
function closedBy(
  { operator, sites }: Mutant,
  { base, sites: own }: Known,
  without: Known['base'],
): string[] {
  if (operator !== 'drop-barrier' && operator !== 'weaker-barrier') return []
  const pc = own.get(sites[0]!.key)?.pc
  const writes = base.closings
    .filter(({ by }) => by.pc === pc)
    .map(({ register, write }) => `${register} ${write.pc}`)
  return without.closings
    .filter(({ register, write }) => writes.includes(`${register} ${write.pc}`))
    .map(({ register, event }) => `${register}: ${event}`)
}

/** Why a mutant that nothing caught is no other switch; `survived` where the machine has no reason to give. */
function equivalence(
  mutant: Mutant,
  ran: readonly { one: Known; events: string[] }[],
  exhaustive: boolean,
): Fate {
  if (ran.length === 0)
    return { kind: 'equivalent', reason: 'no reader', detail: 'no scenario has this place' }
  const [site] = mutant.sites
  const at = ran.map(({ one }) => ({ known: one, pc: one.sites.get(site!.key)?.pc }))
  if (site!.kind === 'barrier') {
    const barriers = at.flatMap(({ known, pc }) => known.base.barriers.filter((barrier) => barrier.pc === pc))
    if (barriers.every(({ useful }) => useful === 0))
      return {
        kind: 'equivalent',
        reason: 'no reader',
        detail: 'nothing that may be late was pending at it, in any scenario',
      }
    const events = [...new Set(ran.flatMap((one) => one.events))]
    if (exhaustive && events.length > 0)
      return { kind: 'equivalent', reason: 'ordered by a named event', detail: events.join('; ') }
  }
  if (mutant.operator === 'drop' && site!.kind === 'save') {
    const slots = at.flatMap(({ known, pc }) => known.base.slots.filter((slot) => slot.pc === pc))
    if (slots.length > 0 && slots.every(({ loads }) => loads === 0))
      return { kind: 'equivalent', reason: 'no reader', detail: 'what it saves is loaded in no scenario' }
  }
  return { kind: 'survived' }
}
