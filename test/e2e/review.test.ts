import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-review-'))
afterAll(() => rmSync(folder, { recursive: true }))
const review = (...args: string[]) =>
  runCommand(['review', ...args], { cwd: folder, env: { SWITCHYARD_DATA: join(folder, 'data') } })

describe('museum', () => {
  const museum = (...args: string[]) =>
    runCommand(['museum', ...args], { cwd: folder, env: { SWITCHYARD_DATA: join(folder, 'data') } })

  it('lists its cases, tells one, and tries it both ways', async () => {
    expect((await museum()).out).toMatch(/^missing-isb +H1 {2}Host code draws/)
    expect((await museum('gmid')).out).toMatch(/^# .*## Sources.*\nbroken: /s)
    const { status, out } = await museum('missing-isb', '--run')
    expect(status).toBe(0)
    expect(out).toMatch(/\nbroken \(v12.*\): violated \(witness\)\n/)
    expect(out).toMatch(/\nfixed \(v13.*\): no violation in 1 choice/)
    const json = JSON.parse((await museum('missing-isb', '--run', '--json')).out)
    expect(json.broken.findings[0]).toMatchObject({ kind: 'unsynchronised-host-state', owner: 'host' })
  })

  it.each([
    [['missing-isp'], 1, 'Did you mean missing-isb?'],
    [['--run'], 64, 'museum --run needs a case'],
  ])('says what is wrong with %j', async (args, status, message) => {
    const outcome = await museum(...args)
    expect(outcome).toMatchObject({ status, out: '' })
    expect(outcome.err).toContain(message)
  })
})

describe('review', () => {
  it('prints a card, and ends with 1 where something is found', async () => {
    const { status, out, err } = await review('v12', '--scenario', 'contract')
    expect({ status, err }).toEqual({ status: 1, err: '' })
    expect(out).toContain('VIOLATED in 1 of 2\n  - VHE contract: unsynchronised-host-state GCR_EL1, host\n')
  })

  it('gives the same as JSON', async () => {
    const { status, out } = await review('v13', '--scenario', 'contract', '--json')
    expect(status).toBe(0)
    const { scenarios, subject, placements } = JSON.parse(out)
    expect(subject).toMatchObject({ kind: 'policy', name: 'v13' })
    expect(scenarios.map(({ word }: { word: string }) => word)).toEqual(['none', 'none'])
    expect(placements).toHaveLength(4)
  })

  it.each([
    [['v12', '--scenario', 'contrakt'], 'this is no scenario of the switch contract'],
    [['no-such-policy'], 'there is no such file, and no bundled policy of this name'],
  ])('says what is wrong with %j', async (args, message) => {
    const outcome = await review(...args)
    expect(outcome).toMatchObject({ status: 1, out: '' })
    expect(outcome.err).toContain(message)
  })
})
