import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { table } from '../../electron/cli/text.ts'
import { bench, type Workload } from './workloads.ts'

const ROUNDS = 7
const SMOKE = { rounds: 2, scale: 0.02 }
const figures = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 })

interface Figure {
  name: string
  unit: string
  n: number
  min: number
  p50: number
  p95: number
  max: number
}

function figure(name: string, unit: string, values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!
  return { name, unit, n: sorted.length, min: sorted[0]!, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! }
}

/**
 * `npm run bench [-- NAME] [--json] [--smoke]`: each workload several times in turn, and the ratios of pairs measured in the
 * same turn. A table, or with --json one object on one line; both in out/bench.json. --smoke: tiny and twice, to see that
 * everything runs.
 */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, smoke: { type: 'boolean' } },
  })
  const { workloads, ratios } = bench(values.smoke ? SMOKE.scale : 1)
  const chosen = workloads.filter(({ name }) => name.includes(positionals[0] ?? ''))
  if (chosen.length === 0) {
    console.error(`bench: no workload has \`${positionals[0]}\` in its name`)
    return 64
  }
  const measured = new Map<Workload['name'], number[]>(chosen.map(({ name }) => [name, []]))
  // In turn rather than one after the other, so that a disturbance of the machine does not fall on one workload alone.
  for (let round = 0; round < (values.smoke ? SMOKE.rounds : ROUNDS); round++) {
    for (const { name, once } of chosen) measured.get(name)!.push(await once())
  }
  const results = chosen.map(({ name, unit }) => figure(name, unit, measured.get(name)!))
  for (const { name, of, to } of ratios) {
    const [one, other] = [measured.get(of), measured.get(to)]
    if (one && other)
      results.push(
        figure(
          name,
          'ratio',
          one.map((value, i) => value / other[i]!),
        ),
      )
  }
  const report = { cpu: cpus()[0]?.model, node: process.version, smoke: values.smoke ?? false, results }
  mkdirSync('out', { recursive: true })
  writeFileSync('out/bench.json', `${JSON.stringify(report, null, 2)}\n`)
  if (values.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return 0
  }
  const rows = results.map((r) => [
    r.name,
    r.unit,
    String(r.n),
    ...[r.min, r.p50, r.p95, r.max].map((v) => figures.format(v)),
  ])
  process.stdout.write(table([['workload', 'unit', 'n', 'min', 'p50', 'p95', 'max'], ...rows]))
  return 0
}
