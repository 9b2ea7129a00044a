import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tally } from './reporter.ts'
import { checkSteps, runStep, type Step } from './steps.ts'

const LIMIT_MS = 10 * 60_000
const LONG_LIMIT_MS = 6 * 3_600_000
/** Every test that starts a machine starts a worker thread, and loads the machine's modules into it anew: Node keeps them compiled. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/compiled')

const suites = [
  { name: 'unit and recorded cases', projects: ['node', 'ui', 'electron'] },
  { name: 'end to end', projects: ['e2e'] },
]

/**
 * `npm test` and, with --long, `npm run test:long` (the full counts instead of a fixed-seed share): the gate, then every
 * suite. Goes on after a failure, so that one run shows all of them. The last line is plain: N passed, N failed.
 */
export async function main(args: string[]): Promise<number> {
  const long = args.includes('--long')
  const started = Date.now()
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), long ? LONG_LIMIT_MS : LIMIT_MS)
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-test-'))
  const total: Tally = { passed: 0, failed: 0, skipped: [], reports: [] }

  for (const step of checkSteps) {
    console.log(`== ${step.name}`)
    if (await runStep(step, {}, limit.signal)) total.passed++
    else {
      total.failed++
      console.log(`== ${step.name} failed`)
    }
  }
  for (const suite of suites) {
    if (limit.signal.aborted) break
    console.log(`== ${suite.name}`)
    add(total, await runSuite(suite.projects, join(folder, `${suite.projects[0]}.json`), long, limit.signal))
  }
  clearTimeout(timer)
  rmSync(folder, { recursive: true })

  if (limit.signal.aborted) {
    total.failed++
    console.log(`stopped after ${Math.round((Date.now() - started) / 1000)} s: the time limit`)
  }
  for (const report of total.reports) console.log(report)
  for (const { name, reason } of total.skipped) console.log(`skipped: ${name}: ${reason}`)
  console.log(`in ${Math.round((Date.now() - started) / 1000)} s`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`)
  return total.failed === 0 ? 0 : 1
}

async function runSuite(
  projects: string[],
  tallyFile: string,
  long: boolean,
  signal: AbortSignal,
): Promise<Tally> {
  const step: Step = {
    name: 'vitest',
    script: 'node_modules/vitest/vitest.mjs',
    args: [
      'run',
      ...projects.map((project) => `--project=${project}`),
      '--reporter=default',
      '--reporter=./test/gate/reporter.ts',
    ],
  }
  const env = {
    TALLY_FILE: tallyFile,
    NODE_COMPILE_CACHE: COMPILED,
    ...(long ? { SWITCHYARD_LONG: '1' } : {}),
  }
  const ok = await runStep(step, env, signal)
  if (!existsSync(tallyFile)) return { passed: 0, failed: 1, skipped: [], reports: [] } // vitest itself did not get to its end
  const tally = JSON.parse(readFileSync(tallyFile, 'utf8')) as Tally
  return ok || tally.failed > 0 ? tally : { ...tally, failed: 1 }
}

function add(total: Tally, part: Tally): void {
  total.passed += part.passed
  total.failed += part.failed
  total.skipped.push(...part.skipped)
  total.reports.push(...part.reports)
}
