import type { CostComparison } from '../cost-interval.ts'
import type { PolicyMode } from '../policy/image.ts'
import { ownerText } from '../run-report.ts'
import type { Placement } from './placement.ts'
import type { Review, ScenarioResult, Synchronised } from './review.ts'

/** Columns of a card: what a mail client leaves alone. */
export const CARD_COLUMNS = 72

const modeName = (mode: PolicyMode): string => (mode === 'nvhe' ? 'nVHE' : 'VHE')
const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value))

/** Breaks a text at spaces; what comes behind the first line is indented further by two. A word that is too long stays whole. */
export function wrapped(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ' '.repeat(indent)
  let empty = true
  for (const word of text.split(' ').filter((one) => one !== '')) {
    if (!empty && line.length + 1 + word.length > CARD_COLUMNS) {
      lines.push(line)
      line = ' '.repeat(indent + 2)
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

/** The review card: plain text to paste into a mail. */
export function reviewCard(review: Review, version: string): string {
  const { subject, release, scope, window, scenarios } = review
  const broken = scenarios.filter(({ findings }) => findings.length > 0)
  const own = broken.filter(({ findings }) => findings.some(({ alsoInMainline }) => !alsoInMainline))
  const none = scenarios.filter(({ word }) => word === 'none')
  const modes = [...new Set(scenarios.map(({ mode }) => modeName(mode)))].join(', ')
  const lines = [
    `Switchyard ${version}, review of ${subject.kind} ${subject.name}`,
    `sha256 ${subject.sha256.slice(0, 16)}; synchronisation as in ${release}`,
    ...wrapped(`late writes in scope: ${scope.join(' ')}; window ${window}`, 0),
    ...wrapped(
      `${count(scenarios.length, 'scenario')} tried (${modes}), each in every choice it leaves open`,
      0,
    ),
    '',
    ...wrapped(verdictLine(scenarios, own, broken), 0),
    ...broken.flatMap((result) => findingLines(result)),
    ...(none.length > 0
      ? wrapped(
          `- no violation in the other ${none.length}; each has a control (a barrier or a save taken out) that is violated`,
          2,
        )
      : []),
    ...scenarios
      .filter(({ word }) => word === 'vacuous' || word === 'unknown owner')
      .flatMap(({ scenario, mode, word }) => wrapped(`- ${modeName(mode)} ${scenario}: ${word}`, 2)),
    '',
    '1. Which event synchronises each write?',
    ...synchronisedLines(review.synchronised),
    '',
    '2. Is each saved slot used?',
    ...slotLines(review.slots),
    '',
    '3. May a save and restore move to vcpu_load and vcpu_put?',
    ...placementLines(review.placements),
    ...(review.needless.length > 0 ? ['', 'Advice: barriers that nothing was found without'] : []),
    ...review.needless.flatMap(({ mode, place, scenarios: n, otherwise }) =>
      wrapped(`- ${modeName(mode)}: ISB at ${place}, in ${count(n, 'scenario')}; else ${otherwise}`, 2),
    ),
    ...costLines(review.costs),
    ...witnessLines(own),
    '',
    'No verdict says "safe": it holds for this scope, these scenarios',
    'and this release. Advice never changes a verdict.',
  ]
  return `${lines.map(plain).join('\n')}\n`
}

/** As a mail carries it everywhere: typographic marks as they were typed before there were any. */
const plain = (line: string): string =>
  line
    .replace(/[’‘]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—]/g, '-')
    .replace(/…/g, '...')
    .replace(/[^\x20-\x7e]/g, '?')
    .trimEnd()

function verdictLine(
  all: readonly ScenarioResult[],
  own: readonly ScenarioResult[],
  broken: readonly ScenarioResult[],
): string {
  const shared = broken.length - own.length
  const too = shared > 0 ? `; ${count(shared, 'more is', 'more are')} as in mainline` : ''
  if (own.length > 0) return `VIOLATED in ${own.length} of ${all.length}${too}`
  return `No violation in ${all.length - broken.length} of ${all.length}${shared > 0 ? `; ${shared} as in mainline` : ''}`
}

/** Each kind and register once, whoever it concerns. */
function findingLines({ scenario, mode, findings }: ScenarioResult): string[] {
  const texts = findings.map(
    ({ finding, alsoInMainline }) =>
      `${finding.kind} ${finding.register}, ${ownerText(finding.owner)}${alsoInMainline ? ' (mainline too)' : ''}`,
  )
  return [...new Set(texts)].flatMap((text) => wrapped(`- ${modeName(mode)} ${scenario}: ${text}`, 2))
}

const routine = (place: string): string => place.replace(/\+0x[0-9a-f]+$/, '')

function synchronisedLines(all: readonly Synchronised[]): string[] {
  const grouped = new Map<string, { head: string; events: Map<string, number> }>()
  for (const { mode, register, write, events } of all) {
    const head = `${modeName(mode).padEnd(5)}${register} written in ${routine(write)}`
    const own = grouped.get(head) ?? { head, events: new Map<string, number>() }
    for (const { event, place, times } of events) {
      const text = `${event} in ${routine(place)}`
      own.events.set(text, (own.events.get(text) ?? 0) + times)
    }
    grouped.set(head, own)
  }
  const texts = [...grouped.values()].flatMap(({ head, events }) => {
    const closing = [...events].map(([text, times]) => `${text} (${times}x)`).join(', ')
    return wrapped(`${head}: ${closing}`, 2)
  })
  return texts.length > 0 ? texts : ['  no write that may be late was made by the switch']
}

function slotLines({ used, advice }: Review['slots']): string[] {
  return [
    ...advice.flatMap(({ kind, place, text }) => wrapped(`- ${kind} ${place}: ${text}`, 2)),
    ...wrapped(
      advice.length > 0
        ? `every other save is loaded again (${used} seen)`
        : `yes: every save is loaded again (${used} seen)`,
      2,
    ),
  ]
}

function placementLines(all: readonly Placement[]): string[] {
  if (all.length === 0) return ['  asked of policies; this was one scenario']
  return all.flatMap(({ register, mode, answer, tried, violations }) => {
    const head = `${modeName(mode).padEnd(5)}${register}`
    if (answer === 'there') return wrapped(`${head}: it is there already`, 2)
    if (answer === 'none') return wrapped(`${head}: nothing new is found in ${count(tried, 'scenario')}`, 2)
    const kinds = new Map<string, string[]>()
    for (const { scenario, kind, register: broken } of violations) {
      const key = `${kind} ${broken}`
      kinds.set(key, [...(kinds.get(key) ?? []), scenario])
    }
    const found = [...kinds].map(([kind, names]) => `${kind} (${names.join(', ')})`).join('; ')
    return wrapped(`${head}: no: ${found}`, 2)
  })
}

function costLines(costs: Review['costs']): string[] {
  if (costs.length === 0) return []
  const lines = costs.flatMap(({ mode, counts, profiles }) => {
    const changed = Object.entries(counts).map(([name, n]) => `${signed(n)} ${name}`)
    if (changed.length === 0) return [`  ${modeName(mode).padEnd(5)}no instruction more or less`]
    return [
      ...wrapped(`${modeName(mode).padEnd(5)}${changed.join(', ')}`, 2),
      ...profiles.flatMap((profile) => wrapped(`- ${cycles(profile)}`, 4)),
    ]
  })
  return [
    '',
    'Cost of an HVC round trip of a VM with MTE, against mainline (exact',
    'counts; model cycles, never times)',
    ...lines,
  ]
}

function cycles({ profile, cycles: { nominal, low, high }, certain, sensitivity }: CostComparison): string {
  const flips = sensitivity.filter((one) => one.flips).map((one) => one.class)
  const sure =
    certain === null
      ? `undecided${flips.length > 0 ? `, ${flips.join(' or ')} alone turns it` : ''}`
      : `${certain} throughout`
  return `${profile}: ${signed(nominal)} (${signed(low)} to ${signed(high)}), ${sure}`
}

/** The shortest witness of each kind and register that mainline does not have. */
function witnessLines(own: readonly ScenarioResult[]): string[] {
  const shown = new Map<
    string,
    { result: ScenarioResult; finding: ScenarioResult['findings'][number]['finding'] }
  >()
  for (const result of own) {
    for (const { finding, alsoInMainline } of result.findings) {
      const key = `${finding.kind} ${finding.register}`
      const known = shown.get(key)
      if (alsoInMainline || (known !== undefined && known.finding.steps.length <= finding.steps.length))
        continue
      shown.set(key, { result, finding })
    }
  }
  return [...shown].flatMap(([key, { result, finding }]) => [
    '',
    ...wrapped(`Witness: ${key}, ${modeName(result.mode)} ${result.scenario}`, 0),
    ...finding.steps.flatMap((step, i) => [
      ...wrapped(`${i + 1}. EL${step.el} ${step.pc.toString(16)} ${step.instruction}`, 2),
      ...wrapped(step.text, 5),
    ]),
    ...finding.explanation
      .slice(0, 3)
      .filter(({ text }) => !finding.steps.some((step) => step.text === text))
      .flatMap(({ text }) => wrapped(`Why: ${text}`, 2)),
  ])
}
