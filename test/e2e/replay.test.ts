/** Findings on the command line: run, replay, and replay without a step. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot, runCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-replay-'))
const env = { SWITCHYARD_DATA: join(folder, 'data') }
const contract = join(projectRoot, 'resources/experiments/contract.json')
const switchyard = (...args: string[]) => runCommand(args, { cwd: folder, env })
afterAll(() => rmSync(folder, { recursive: true }))

describe('replay', () => {
  let steps: { instruction: string }[] = []
  beforeAll(async () => {
    const set = ['--set', 'hypervisor.mode=vhe', '--set', 'hypervisor.policy=v12']
    const { status, out } = await switchyard(
      'run',
      contract,
      '--db',
      'a.switchyard',
      '--json',
      '--quiet',
      ...set,
    )
    expect(status).toBe(0)
    const report = JSON.parse(out)
    expect(report.verdict).toMatchObject({ word: 'violated', mode: 'explore', exhaustive: true })
    steps = report.findings[0].steps
  }, 60_000)

  it('finds the finding anew, step by step', async () => {
    const { status, out } = await switchyard('replay', 'a.switchyard#1', '--finding', '1', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      found: true,
      without: null,
      finding: { register: 'GCR_EL1', steps },
    })
  }, 60_000)

  it('loses it without the use, and says so by its exit status', async () => {
    const last = String(steps.length)
    const { status, out } = await switchyard('replay', 'a.switchyard#1', '--without', last)
    expect(status).toBe(1)
    expect(out).toBe(`finding 1 (unsynchronised-host-state GCR_EL1) is not found without step ${last}\n`)
  }, 60_000)

  it.each([
    ['a.switchyard', 64, 'names no run'],
    ['a.switchyard#7', 1, 'no run 7'],
  ])('refuses %s', async (reference, status, words) => {
    const outcome = await switchyard('replay', reference)
    expect(outcome.status).toBe(status)
    expect(outcome.err).toContain(words)
  })

  it('makes no file of a name that is mistyped', async () => {
    const { status, err } = await switchyard('replay', 'b.switchyard#1')
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('there is no such file') })
    expect(existsSync(join(folder, 'b.switchyard'))).toBe(false)
  })

  it('names the findings that there are', async () => {
    const outcome = await switchyard('replay', 'a.switchyard#1', '--finding', '99')
    expect(outcome.err).toContain('2 findings, and no number 99')
  })
})
