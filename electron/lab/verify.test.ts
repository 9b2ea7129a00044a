import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { verifyFile } from './verify.ts'

const hand = resolve(import.meta.dirname, '../../test/vectors/oracle/cases-hand.jsonl.gz')
const lines = gunzipSync(readFileSync(hand)).toString('utf8').trim().split('\n')
const named = (id: string): string => lines.find((line) => line.includes(`"id":"${id}"`))!

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, contents)
  return path
}

async function problem(path: string): Promise<{ place: string; cause: string }> {
  const error = await verifyFile(path).catch((caught: unknown) => caught)
  if (error instanceof ProblemError) return error.problem
  throw new Error(`expected a problem, got ${String(error)}`)
}

describe('verifyFile', () => {
  it('replays a compressed file and says how far it is', async () => {
    const steps: number[] = []
    const report = await verifyFile(hand, (done, total) => {
      expect(total).toBe(147)
      steps.push(done)
    })
    expect(report).toMatchObject({ passed: 147, failed: 0, skipped: { count: 0 }, failures: [] })
    expect(Object.values(report.decided).reduce((sum, count) => sum + count)).toBe(20)
    expect(steps).toEqual([0, 50, 100, 147])
  })

  it('takes plain lines, and reports what differs', async () => {
    const wrong = named('sync_match').replace(/"rgsr":"0x0"(?=.*"status")/, '"rgsr":"0x105"')
    const report = await verifyFile(file('two.jsonl', `${named('irg_seed0')}\n\n${wrong}\n`))
    expect(report).toMatchObject({ passed: 1, failed: 1 })
    expect(report.failures).toEqual([{ id: 'sync_match', lines: ['RGSR_EL1: expected 0x105, got 0x0'] }])
  })

  it('names the file and line of a damaged case', async () => {
    const path = file('damaged.jsonl', `${named('gmi')}\n{"case": 1}\n`)
    expect(await problem(path)).toMatchObject({
      place: `${path}:2`,
      cause: expect.stringContaining('case is not an object'),
    })
  })

  it('names a file that is missing, empty or damaged', async () => {
    expect((await problem(join(folder, 'none'))).cause).toContain('ENOENT')
    expect((await problem(file('empty.jsonl', '\n'))).cause).toContain('no case')
    expect((await problem(file('cut.gz', gzipSync('x'.repeat(5000)).subarray(0, 20)))).cause).toContain(
      'damaged',
    )
  })
})
