import type { CostComparison } from '../lab/cost-interval.ts'
import type { ImportedPolicy } from '../lab/import/import-policy.ts'
import type { PolicyDescription, PolicyLine } from '../lab/policy/describe.ts'
import type { PolicyDiff, RoutineDiff } from '../lab/policy/diff.ts'
import type { MeasuredComparison } from '../lab/policy/measured.ts'
import type { TripCounts } from '../lab/policy/path.ts'
import { table } from './text.ts'

const modeName = (mode: 'nvhe' | 'vhe'): string => (mode === 'nvhe' ? 'nVHE' : 'VHE')
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value))

export function policyLinesText(lines: readonly PolicyLine[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length))
  return lines
    .map(
      ({ name, modes, line }) =>
        `${name.padEnd(width)}  ${modes.map(modeName).join(' ').padEnd(8)}  ${line}\n`,
    )
    .join('')
}

export function policyDescriptionText(policy: PolicyDescription): string {
  const { name, prose, modes, mode, switches, routines, barriers } = policy
  const listing = routines.map(({ name: routine, file, parts, code }) =>
    [
      `${routine}  [${parts.join(', ')}]  ${file}`,
      ...code.flatMap(({ address, text, marks }) => [
        ...marks.map((mark) => `          -- ${mark}`),
        `  ${address}  ${text}`,
      ]),
      '',
    ].join('\n'),
  )
  return [
    prose.trimEnd() || name,
    '',
    `${modes.map(modeName).join(' and ')}; what follows is ${modeName(mode)}`,
    '',
    'switches',
    ...switches.map(
      ({ name: key, value, mainline }) =>
        `  ${key.padEnd(24)} ${value}${mainline === null ? '' : `  (mainline ${mainline})`}`,
    ),
    '',
    'the switch path: routines of the hypervisor that a switch executes',
    '',
    ...listing,
    'barriers of the switch path',
    ...barriers.map(({ place, text, parts }) => `  ${text.padEnd(10)} ${place}  [${parts.join(', ')}]`),
    '',
    countsText(policy.counts),
    'model cycles of a round trip of a VM with MTE',
    ...policy.costs.map(
      ({ profile, cycles }) => `  ${profile}: ${cycles.nominal} nominal, ${cycles.low} to ${cycles.high}`,
    ),
    '',
    ...deadOffsetLines(name, policy.deadOffsets),
    ...policy.measured.map(measuredText),
  ].join('\n')
}

const columns = [
  ['mte', 'VM with MTE'],
  ['plain', 'VM without'],
  ['put', 'vcpu_put'],
  ['load', 'vcpu_load'],
] as const

function countsText(counts: PolicyDescription['counts']): string {
  const all = columns.map(([key]) => counts[key])
  const classes = [...new Set(all.flatMap((one) => Object.keys(one?.classes ?? {})))]
  const cell = (one: TripCounts | null, key: string): string =>
    one === null ? '-' : String(one.classes[key as keyof TripCounts['classes']] ?? 0)
  return table([
    ['executed instructions: exit and entry of an HVC', ...columns.map(([, title]) => title)],
    ...classes.map((key) => [`  ${key}`, ...all.map((one) => cell(one, key))]),
    ['  all', ...all.map((one) => (one === null ? '-' : String(one.total)))],
  ])
}

function deadOffsetLines(name: string, offsets: PolicyDescription['deadOffsets']): string[] {
  return offsets.map(
    ({ symbol, value, slot, slotUses }) =>
      `dead offset in ${name}: ${symbol} = ${value} is used by no instruction; its slot ${slot} by ${slotUses}\n`,
  )
}

function measuredText({ kernel, mode, rows, totals, source, leftOut }: MeasuredComparison): string {
  const shown = rows.filter(({ ours, kvm }) => ours !== 0 || kvm !== 0)
  const halves = [
    ['guest to guest', totals.total],
    ['exit half', totals.exitHalf],
    ['entry half', totals.entryHalf],
  ] as const
  const figures = table([
    [`beside Linux ${kernel}, ${modeName(mode)}`, 'ours', 'KVM', 'MTE: ours', 'KVM'],
    ...shown.map((row) => [
      `  ${row.class}`,
      ...[row.ours, row.kvm, row.oursForMte, row.kvmForMte].map(String),
    ]),
    ...halves.map(([title, { ours, kvm }]) => [`  ${title}`, String(ours), String(kvm), '', '']),
  ])
  const reasons = shown
    .filter(({ ours, kvm }) => ours !== kvm)
    .map(({ class: key, explanation }) => `  ${key}: ${explanation}`)
  return [figures, 'why they differ', ...reasons, `  ${leftOut}`, `  ${source}`, ''].join('\n')
}

export const policyDiffsText = (diffs: readonly PolicyDiff[]): string => diffs.map(policyDiffText).join('\n')

function policyDiffText(diff: PolicyDiff): string {
  const { a, b, mode, equal, routines, barriers, deadOffsets, counts, costs } = diff
  const head = `${a} -> ${b}, ${modeName(mode)}`
  const dead = [
    ...deadOffsets.a.map(({ symbol }) => `- dead offset ${symbol}, used by no instruction`),
    ...deadOffsets.b.map(({ symbol }) => `+ dead offset ${symbol}, used by no instruction`),
  ]
  if (equal) {
    return `${[`${head}: no instruction differs`, ...dead.map((line) => `  ${line}`)].join('\n')}\n`
  }
  const changed = columns.flatMap(([key, title]) => {
    const entries = Object.entries(counts[key] ?? {})
    return entries.length === 0
      ? []
      : [`  ${title}: ${entries.map(([name, count]) => `${signed(count)} ${name}`).join(', ')}`]
  })
  return [
    head,
    '',
    ...routines.map(routineDiffText),
    'barriers',
    ...barriers.added.map((text) => `  + ${text}`),
    ...barriers.removed.map((text) => `  - ${text}`),
    ...(barriers.added.length + barriers.removed.length === 0 ? ['  none added, none removed'] : []),
    ...(dead.length === 0 ? [] : ['', 'offsets', ...dead.map((line) => `  ${line}`)]),
    '',
    'executed instructions, more or fewer',
    ...(changed.length === 0 ? ['  none in the round trips of the reference machine'] : changed),
    ...(costs.length === 0 ? [] : ['', `model cycles of ${b} less those of ${a}, VM with MTE`]),
    ...costs.flatMap(costLines),
    '',
  ].join('\n')
}

const CONTEXT = 3

function routineDiffText({ routine, parts, rows }: RoutineDiff): string {
  const shown = rows.map((_, at) =>
    rows.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same'),
  )
  const lines = rows.flatMap(({ kind, a, b }, at) => {
    if (!shown[at]) return shown[at - 1] ? ['    ...'] : []
    if (kind === 'same') return [`    ${b}`]
    if (kind === 'retargeted') return [`  - ${a}`, `  + ${b}`]
    return [kind === 'added' ? `  + ${b}` : `  - ${a}`]
  })
  return `${[`${routine}${parts.length === 0 ? '' : `  [${parts.join(', ')}]`}`, ...lines].join('\n')}\n`
}

export function costLines({ profile, cycles, certain, sensitivity }: CostComparison): string[] {
  const verdict =
    certain === null ? 'its ranges do not decide which is cheaper' : `${certain} within its ranges`
  const flips = sensitivity.filter((one) => one.flips)
  return [
    `  ${profile}: ${signed(cycles.nominal)} nominal, ${signed(cycles.low)} to ${signed(cycles.high)}; ${verdict}`,
    ...sensitivity.map(
      (one) =>
        `    ${signed(one.count)} ${one.class}: ${signed(one.low)} to ${signed(one.high)} by its range alone${one.flips ? ', which flips the sign' : ''}`,
    ),
    ...(flips.length === 0 && certain === null
      ? ['    no class flips the sign alone; several together do']
      : []),
  ]
}

/** What an import made of each line that is not mere context, and of the whole. */
export function importText(
  { lines, counts, fromBase, base, text }: ImportedPolicy,
  equals: readonly string[],
): string {
  const shown = lines.filter(({ status }) => status !== 'ignored')
  const width = String(lines.length).length
  const reasons = new Map<string, number>()
  for (const { status, reason } of lines)
    if (status === 'ignored') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const verdict =
    text === null
      ? `rejected: ${counts.rejected} of ${lines.length} lines; there is no policy`
      : `imported on ${base}; ${equals.length > 0 ? `no instruction differs from ${equals.join(', ')}` : 'its code is that of no bundled policy'}`
  return [
    ...shown.map(
      ({ line, status, reason, text: of }) =>
        `${String(line).padStart(width)} ${status}: ${reason}: ${of.trim()}`,
    ),
    '',
    ...[...reasons].map(([reason, n]) => `${String(n).padStart(width)} ignored: ${reason}`),
    '',
    ...(text === null ? [] : fromBase.map((one) => `not in it: ${one}`)),
    `${counts.accepted} accepted, ${counts.ignored} ignored, ${counts.rejected} rejected, of ${lines.length} lines`,
    verdict,
    '',
  ].join('\n')
}
