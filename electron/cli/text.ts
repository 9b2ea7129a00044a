import type { Problem } from '../../shared/base/result.ts'
import { describeProblem } from '../../shared/base/result.ts'
import type { RunProgress, RunSummary } from '../../shared/model/run.ts'
import type { Owner, PeStatus } from '../../shared/model/trace.ts'
import { ownerText } from '../lab/run-report.ts'
import { commonFlags } from './arguments.ts'
import type { UsageError, Verb } from './verb.ts'

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const count = (value: number): string => grouped.format(value)
const seconds = (ns: number): string => `${(ns / 1e9).toFixed(2)} s`

/** Columns padded to their widest cell; the first is left-aligned, figures are right-aligned. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return `${rows.map((row) => line(row).trimEnd()).join('\n')}\n`
}

export function helpText(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.name.length))
  return [
    'Switchyard: what happens to MTE state when a hypervisor switches worlds.',
    '',
    'usage: switchyard COMMAND [ARGUMENTS]',
    '',
    ...verbs.map((verb) => `  ${verb.name.padEnd(width)}  ${verb.summary}`),
    '',
    '`switchyard help COMMAND` says more about one of them.',
    '',
  ].join('\n')
}

export function usageLine(verb: Verb): string {
  const operands = verb.operands.map(({ name, optional }) => (optional ? `[${name}]` : name))
  const flags = Object.entries(verb.flags).map(
    ([name, { value, repeats }]) => `[--${name}${value ? ` ${value}` : ''}]${repeats ? '...' : ''}`,
  )
  return ['switchyard', verb.name, ...operands, ...flags].join(' ')
}

export function verbHelp(verb: Verb): string {
  const operands = verb.operands.map(({ name, doc }) => [`  ${name}`, doc])
  const flags = Object.entries({ ...verb.flags, ...commonFlags }).map(([name, flag]) => {
    const short = 'short' in flag && flag.short ? `-${flag.short}, ` : ''
    const value = 'value' in flag && flag.value ? ` ${flag.value}` : ''
    return [`  ${short}--${name}${value}`, flag.doc]
  })
  const entries = [...operands, ...flags] as [string, string][]
  const width = Math.max(...entries.map(([name]) => name.length))
  return [
    `${verb.name}: ${verb.summary}`,
    '',
    `usage: ${usageLine(verb)}`,
    '',
    ...entries.map(([name, doc]) => `${name.padEnd(width)}  ${doc}`),
    '',
    ...(verb.notes ? [...verb.notes, ''] : []),
    `example: npx switchyard ${verb.example}`,
    '',
  ].join('\n')
}

export const usageErrorText = (error: UsageError): string =>
  `switchyard: ${error.message}.\n  ${error.remedy}\n`

export const problemText = (problem: Problem): string => `${describeProblem(problem)}\n`

export const bugText = (message: string, report: string): string =>
  `switchyard: an error of its own: ${message}\n  What is needed to find it is in ${report}; please send it in.\n`

export function progressText(progress: RunProgress): string {
  const limit = progress.switchLimit === null ? '' : ` of ${count(progress.switchLimit)}`
  const { sync, async } = progress.tagFaults
  return [
    `${count(progress.switches)}${limit} switches`,
    `${count(progress.instructions)} instructions`,
    `${count(progress.instructionsPerSecond)} instructions/s`,
    `tag faults ${count(sync)} sync ${count(async)} async`,
  ].join(', ')
}

/** The table that `run` ends with. */
export function runText(summary: RunSummary, reference: string): string {
  const { latency, tagFaults } = summary
  const head = table([
    ['world switches', count(summary.switches)],
    ['instructions', count(summary.instructions)],
    ['model cycles', count(summary.cycles)],
    ['host time', seconds(summary.hostNs)],
    ['tag faults, sync', count(tagFaults.sync)],
    ['tag faults, async', count(tagFaults.async)],
  ])
  const latencyTable = latency
    ? table([
        [`switch latency (${latency.unit}, n ${count(latency.n)})`, 'p50', 'p90', 'p99', 'max'],
        ['', ...[latency.p50, latency.p90, latency.p99, latency.max].map(count)],
      ])
    : 'switch latency: no complete switch\n'
  const hash = summary.stateHash ? `state hash ${summary.stateHash}\n` : ''
  return [`${reference}: ${summary.title}\n`, head, latencyTable, registerTable(summary), hash]
    .filter(Boolean)
    .join('\n')
}

function registerTable(summary: RunSummary): string {
  const { registerChanges } = summary
  if (registerChanges.length === 0) return 'register changes: none recorded\n'
  const owners = [...new Set(registerChanges.map((change) => change.owner))].toSorted((a, b) => a - b)
  const registers = [...new Set(registerChanges.map((change) => change.register))]
  const cell = (register: string, owner: Owner) =>
    registerChanges.find((change) => change.register === register && change.owner === owner)?.count ?? 0
  return table([
    ['register changes', ...owners.map(ownerText)],
    ...registers.map((register) => [register, ...owners.map((owner) => count(cell(register, owner)))]),
  ])
}

/** `boot --stats`. */
export function bootStats(pes: readonly PeStatus[], hostNs: number): string {
  const total = pes.reduce((sum, pe) => sum + pe.instructions, 0)
  const rate = hostNs > 0 ? (total * 1e9) / hostNs : 0
  return table([
    ...pes.map((pe) => [`PE ${pe.pe}`, `${count(pe.instructions)} instructions`]),
    ['all', `${count(total)} instructions`],
    ['time', seconds(hostNs)],
    ['rate', `${count(rate)} instructions/s`],
  ])
}

/** The line that `verify` ends with: `N passed, M failed, K skipped (reason)`. */
export function verifyLine(report: {
  passed: number
  failed: number
  skipped: { count: number; reasons: Record<string, number> }
}): string {
  const reasons = Object.entries(report.skipped.reasons).toSorted(([, a], [, b]) => b - a)
  const why =
    reasons.length === 1 ? reasons[0]![0] : reasons.map(([reason, n]) => `${reason}: ${n}`).join('; ')
  return `${report.passed} passed, ${report.failed} failed, ${report.skipped.count} skipped${why ? ` (${why})` : ''}\n`
}

/** What `verify` says about passed cases whose result a clause decides and not the record; empty when there are none. */
export function verifyDecided(decided: Record<string, number>): string {
  const clauses = Object.entries(decided).toSorted(([, a], [, b]) => b - a)
  if (clauses.length === 0) return ''
  const total = clauses.reduce((sum, [, count]) => sum + count, 0)
  const lines = clauses.map(([clause, count]) => `  ${count} by ${clause}`)
  return [`decided by a clause instead of the record: ${total}`, ...lines, ''].join('\n')
}
/** What `explore` went through, before its line of figures. */
export const exploreLine = (report: {
  executions: number
  outcomes: number
  scope: readonly string[]
  window: string
}): string =>
  `${count(report.executions)} executions, ${count(report.outcomes)} outcomes; late: ${report.scope.join(', ')}; window: ${report.window}\n`

export const verifyFailure = (failure: { id: string; lines: string[] }): string =>
  [`failed: ${failure.id}`, ...failure.lines.map((line) => `  ${line}`), ''].join('\n')
