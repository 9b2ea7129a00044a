import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { exploreFile } from '../../../electron/lab/explore.ts'

/** Programs that no file of test/vectors has: the enumerator beside this file, in another language, against `explore`. */

const long = process.env.SWITCHYARD_LONG === '1'
const folder = mkdtempSync(join(tmpdir(), 'sync-sets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const noPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).error !== undefined

it.for([
  { kind: 'random', cases: long ? 5000 : 150, seed: 4242 },
  { kind: 'switch', cases: long ? 2000 : 100, seed: 4242 },
])(
  '$cases $kind programs of seed $seed have the sets that the enumerator gives',
  { timeout: 600_000 },
  async ({ kind, cases, seed }, { skip }) => {
    skip(noPython, 'python3 is not installed')
    const file = join(folder, `${kind}.jsonl.gz`)
    execFileSync('python3', [join(import.meta.dirname, 'syncgen.py'), kind, `${cases}`, `${seed}`, file], {
      stdio: 'ignore',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    })
    const report = await exploreFile(file)
    expect(report.failures).toEqual([])
    expect(report.passed).toBe(cases)
    expect(report.outcomes).toBeGreaterThan(cases)
  },
)
