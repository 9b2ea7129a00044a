import type { Comparison, SampledMetric } from '../../shared/model/comparison.ts'
import { comparisonText } from './compare-text.ts'

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!)

const WIDTH = 720
const HEIGHT = 260
const PAD = 48

/** Both empirical distribution functions over one axis: every value is a step, outliers included. */
function ecdfSvg({ name, unit, a, b }: SampledMetric): string {
  const low = Math.min(a.least, b.least)
  const high = Math.max(a.most, b.most, low + 1e-9)
  const x = (value: number): number => PAD + ((value - low) / (high - low)) * (WIDTH - 2 * PAD)
  const y = (share: number): number => HEIGHT - PAD - share * (HEIGHT - 2 * PAD)
  const steps = (values: Float64Array): string => {
    const order = values.slice().sort()
    let d = `M${x(order[0]!).toFixed(1)} ${y(0)}`
    for (const [i, value] of order.entries())
      d += `H${x(value).toFixed(1)}V${y((i + 1) / order.length).toFixed(1)}`
    return `${d}H${x(high).toFixed(1)}`
  }
  const label = (value: number, anchor: string): string =>
    `<text x="${x(value).toFixed(1)}" y="${HEIGHT - PAD + 18}" text-anchor="${anchor}">${value.toFixed(3)}</text>`
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`Distribution of ${name}, A and B`)}">
<path d="M${PAD} ${y(0)}H${WIDTH - PAD}M${PAD} ${y(1)}V${y(0)}" stroke="#8a94a0" fill="none"/>
<text x="${PAD - 8}" y="${y(1) + 4}" text-anchor="end">1</text><text x="${PAD - 8}" y="${y(0) + 4}" text-anchor="end">0</text>
${label(low, 'start')}${label(high, 'end')}<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(unit)}</text>
<path d="${steps(a.values)}" stroke="#0072b2" stroke-width="2" fill="none"/>
<path d="${steps(b.values)}" stroke="#d55e00" stroke-width="2" stroke-dasharray="6 3" fill="none"/>
<text x="${PAD + 8}" y="${PAD - 12}" fill="#0072b2">A, solid</text><text x="${PAD + 90}" y="${PAD - 12}" fill="#b04a00">B, dashed</text>
</svg><figcaption>${escaped(name)}: share of runs that took at most so long (sampled, ${a.n} and ${b.n} runs, none left out)</figcaption></figure>`
}

/** One page that needs nothing else: no script, no font, no network. The data are in it as JSON. */
export function comparisonHtml(comparison: Comparison, made: { version: string; at: Date }): string {
  const data = JSON.stringify(comparison, (_, value) => (value instanceof Float64Array ? [...value] : value))
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(`${comparison.a.label} and ${comparison.b.label}`)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;max-width:860px;margin:2rem auto;padding:0 1rem;color:#1b1f24}pre{font:12px/1.5 ui-monospace,monospace;white-space:pre-wrap}svg text{font:12px system-ui,sans-serif}figure{margin:1rem 0}figcaption,footer{color:#57606a}</style></head>
<body><h1>${escaped(comparison.a.label)} beside ${escaped(comparison.b.label)}</h1>
<pre>${escaped(comparisonText(comparison))}</pre>
${comparison.sampled.map(ecdfSvg).join('\n')}
<details><summary>The data, as JSON</summary><pre>${escaped(data)}</pre></details>
<footer>Made by Switchyard ${escaped(made.version)} on ${made.at.toISOString()}. Nothing was run again for it.</footer>
</body></html>
`
}
