import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { exploreFile } from './explore.ts'

const hand = resolve(import.meta.dirname, '../../test/vectors/sync/sync-hand.jsonl.gz')
const lines = gunzipSync(readFileSync(hand)).toString('utf8').trim().split('\n')
const named = (id: string): string => lines.find((line) => line.includes(`"id":"${id}"`))!

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explore-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, contents: string): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

async function problem(path: string): Promise<{ place: string; cause: string; remedy: string }> {
  const error = await exploreFile(path).catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem
  throw new Error(`expected a problem, got ${String(error)}`)
}

describe('exploreFile', () => {
  it('finds equal sets, and says what was late', async () => {
    const steps: number[] = []
    const report = await exploreFile(hand, (done) => steps.push(done))
    expect(report).toMatchObject({ passed: 136, failed: 0, failures: [] })
    const recorded = lines.map((line) => (JSON.parse(line) as { outcomes: unknown[] }).outcomes.length)
    expect(report.outcomes).toBe(recorded.reduce((sum, n) => sum + n, 0))
    expect(report.executions).toBeGreaterThanOrEqual(report.outcomes)
    expect(report).toMatchObject({ scope: expect.arrayContaining(['GCR_EL1', 'TFSR']), window: 'run' })
    expect([steps[0], steps.at(-1)]).toEqual([0, 136])
  })

  it('says which outcome is missing and which is not legal, with the rule of the program', async () => {
    const record = JSON.parse(named('gcr-irg'))
    record.outcomes[0].rgsr = '0x7'
    const report = await exploreFile(file('wrong.jsonl', `${JSON.stringify(record)}\n${named('gcr-gmi')}\n`))
    expect(report).toMatchObject({ passed: 1, failed: 1 })
    const [{ id, lines: said }] = report.failures as [{ id: string; lines: string[] }]
    expect(id).toBe('gcr-irg (ddi0487-m)')
    expect(said[0]).toBe(record.rule)
    expect(said).toHaveLength(4)
    expect(said[1]).toMatch(/^not legal: marker at 0x200000008 X0=0x200100020 .*RGSR_EL1=0xe12300/)
    expect(said[2]).toBe('  by GCR_EL1 write-used 2 of 2')
    expect(said[3]).toMatch(/^not found: marker at 0x200000008 X0=0x200100020 .*RGSR_EL1=0x7 /)
  })

  it('says of an experiment what to do with it', async () => {
    const experiment = resolve(import.meta.dirname, '../../resources/experiments/handover.json')
    expect(await problem(experiment)).toMatchObject({
      place: experiment,
      cause: 'it is an experiment, and this version explores recorded programs only',
      remedy: expect.stringContaining('machine.sync=seeded'),
    })
  })

  it('names the file and line of a damaged record', async () => {
    const broken = { ...JSON.parse(named('gcr-irg')), eager: 9 }
    const path = file('damaged.jsonl', `${named('gcr-irg')}\n${JSON.stringify(broken)}\n`)
    expect(await problem(path)).toMatchObject({
      place: `${path}:2`,
      cause: 'not a recorded case: eager is 9, but there are 2 outcomes',
      remedy: expect.stringContaining('test/vectors/sync/README.md'),
    })
    const other = file('other.jsonl', '{"case": {"id": "x", "code": ["d503201f"]}}\n')
    expect((await problem(other)).cause).toContain('not a recorded case')
  })
})
