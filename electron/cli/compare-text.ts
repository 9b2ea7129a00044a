import type { Comparison, ExactMetric, SampledMetric } from '../../shared/model/comparison.ts'
import { table } from './text.ts'

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const signed = (value: number): string => `${value > 0 ? '+' : ''}${grouped.format(value)}`
const percent = (share: number, digits = 2): string =>
  `${share > 0 ? '+' : ''}${(share * 100).toFixed(digits)} %`
const fixed = (value: number): string => value.toFixed(3)

/** A comparison for a terminal: inputs first, then what is exact, then what was sampled. */
export function comparisonText(comparison: Comparison): string {
  const { a, b, warnings, defects } = comparison
  return [
    `A  ${a.label}  ${a.title} (${a.mode} ${a.policy}, ${a.schedule})`,
    `B  ${b.label}  ${b.title} (${b.mode} ${b.policy}, ${b.schedule})`,
    '',
    ...warnings.map((text) => `warning: ${text}`),
    ...defects.map((text) => `DEFECT: ${text}`),
    ...(warnings.length + defects.length > 0 ? [''] : []),
    inputsText(comparison),
    exactText(comparison.exact),
    sampledText(comparison),
  ].join('\n')
}

function inputsText({ inputs, policies }: Comparison): string {
  if (inputs.length === 0) return 'inputs: the same experiment\n'
  const rows = inputs.map(({ path, a, b }) => [path, a ?? '(not set)', b ?? '(not set)'])
  const lines = [
    `inputs that differ\n${table([['  path', 'A', 'B'], ...rows.map(([path, ...rest]) => [`  ${path}`, ...rest])])}`,
  ]
  for (const { mode, equal, routines, barriers } of policies) {
    if (equal) lines.push(`  policies: no instruction differs under ${mode}`)
    else lines.push(`  policies, instruction by instruction (${mode}):`)
    for (const { routine, removed, added } of routines) {
      lines.push(`    ${routine}`)
      lines.push(...removed.map((text) => `    - ${text}`), ...added.map((text) => `    + ${text}`))
    }
    const count = barriers.added.length + barriers.removed.length
    if (!equal && count === 0) lines.push('    no barrier differs')
  }
  return `${lines.join('\n')}\n`
}

function exactText(exact: readonly ExactMetric[]): string {
  const rows = exact.map(({ name, unit, a, b, difference, share, varies }) => [
    `  ${name}${varies === 'no' ? '' : varies === 'sampled' ? ' (sampled: the schedule is parallel)' : ' (DEFECT: varies)'}`,
    grouped.format(a),
    grouped.format(b),
    difference === 0 ? '0' : signed(difference),
    difference === 0 || share === null ? '' : percent(share),
    unit,
  ])
  return `exact: plain differences\n${table([['  metric', 'A', 'B', 'B - A', '', 'unit'], ...rows])}`
}

function sampledText({ sampled, least, a, b }: Comparison): string {
  if (sampled.length === 0) {
    const runs = Math.min(a.runs.length, b.runs.length)
    return `sampled: host time is not compared, since ${runs === 1 ? 'one run' : `${runs} runs`} a side is no sample (see \`switchyard measure\`)\n`
  }
  return [
    `sampled: repeats in the order of measurement; smallest effect of interest ${percent(least).replace('+', '')} of A's median`,
    ...sampled.map(metricText),
  ].join('\n')
}

function metricText(metric: SampledMetric): string {
  const { name, unit, shift, share, delta, p, adjusted, method, verdict, cautions } = metric
  const row = (side: string, { n, median, p90, p99, p999, most }: SampledMetric['a']): string[] => [
    `  ${side}`,
    String(n),
    fixed(median.value),
    `${fixed(median.low)} to ${fixed(median.high)}`,
    fixed(p90),
    fixed(p99),
    fixed(p999),
    fixed(most),
  ]
  return [
    `${name} (${unit})`,
    table([
      ['  ', 'n', 'median', '95 % of it', 'p90', 'p99', 'p99.9', 'largest'],
      row('A', metric.a),
      row('B', metric.b),
    ]).trimEnd(),
    `  shift of B ${fixed(shift.value)} (95 %: ${fixed(shift.low)} to ${fixed(shift.high)}), ${percent(share.value)} (${percent(share.low)} to ${percent(share.high)})`,
    `  Cliff's delta ${delta.toFixed(2)}; Mann-Whitney p ${p.toPrecision(2)} (${method}), by Holm ${adjusted.toPrecision(2)}`,
    `  B is ${verdict === 'equivalent' ? 'equivalent to A' : verdict === 'inconclusive' ? 'neither shown to differ nor to be equivalent: inconclusive' : `${verdict} than A`}`,
    ...cautions.map((text) => `  caution: ${text}`),
    '',
  ].join('\n')
}
