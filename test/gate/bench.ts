import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { table } from '../../electron/cli/text.ts'
import { type Workload, workloads } from '../bench/workloads.ts'

const REPEATS = 7
const figures = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** `npm run bench [-- NAME]`: each workload several times in turn; a table here, the figures in out/bench.json. */
export async function main([wanted = '']: string[]): Promise<number> {
  const chosen = workloads.filter(({ name }) => name.includes(wanted))
  const values = new Map<Workload, number[]>(chosen.map((workload) => [workload, []]))
  // In turn rather than one after the other, so that a disturbance of the machine does not fall on one workload alone.
  for (let round = 0; round < REPEATS; round++) {
    for (const workload of chosen) values.get(workload)!.push(await workload.once())
  }
  const results = chosen.map((workload) => {
    const sorted = values.get(workload)!.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
    const { name, unit } = workload
    return { name, unit, n: sorted.length, min: sorted[0]!, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)! }
  })
  const rows = results.map((r) => [
    r.name,
    r.unit,
    String(r.n),
    ...[r.min, r.p50, r.p95, r.max].map((v) => figures.format(v)),
  ])
  process.stdout.write(table([['workload', 'unit', 'n', 'min', 'p50', 'p95', 'max'], ...rows]))
  mkdirSync('out', { recursive: true })
  writeFileSync(
    'out/bench.json',
    `${JSON.stringify({ cpu: cpus()[0]?.model, node: process.version, results }, null, 2)}\n`,
  )
  return 0
}
