import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-policy-'))
afterAll(() => rmSync(folder, { recursive: true }))
const policy = (...args: string[]) =>
  runCommand(['policy', ...args], { cwd: folder, env: { SWITCHYARD_DATA: join(folder, 'data') } })

describe('policy', () => {
  it('lists every bundled policy in a line, mainline first', async () => {
    const { status, out } = await policy('list')
    expect(status).toBe(0)
    expect(out).toMatch(/^mainline {2,}nVHE VHE {2}Follows Linux 6\.12/)
    const { policies } = JSON.parse((await policy('list', '--json')).out)
    expect(out.trimEnd().split('\n')).toHaveLength(policies.length)
  })

  it('shows a policy: page, switches, code, barriers, counts, and the real KVM beside it', async () => {
    const { status, out } = await policy('show', 'v12', '--mode', 'vhe')
    expect(status).toBe(0)
    for (const part of [
      '# v12',
      /POLICY_EXIT_ISB +0 {2}\(mainline 1\)/,
      /guest_exit {2}\[exit\]/,
      /msr gcr_el1, x3/,
      'dead offset in v12: CPU_TFSRE0_EL1',
      'beside Linux 6.12, VHE',
    ])
      expect(out).toMatch(part)
  })

  it('compares two, one of them a file', async () => {
    const file = join(folder, 'mine.inc')
    writeFileSync(file, '\t.include "hyp/policies/mainline.inc"\n.set POLICY_EXIT_ISB, 0\n')
    const { status, out } = await policy('diff', 'mainline', file, '--mode', 'vhe')
    expect(status).toBe(0)
    expect(out).toContain('mainline -> mine.inc, VHE')
    expect(out).toContain('  - isb\n')
    expect(out).toContain('  - isb in guest_exit')
    const json = JSON.parse((await policy('diff', 'mainline', file, '--json')).out)
    expect(json).toMatchObject({ a: 'mainline', equal: false })
    expect(json.modes.map(({ mode }: { mode: string }) => mode)).toEqual(['nvhe', 'vhe'])
  })

  it.each([
    [['lst'], 64, "policy has no action 'lst'"],
    [['show'], 64, 'policy show takes NAME'],
    [['diff', 'v12'], 64, 'policy diff takes A and B'],
    [['show', 'v12', '--mode', 'hvhe'], 64, 'there is no mode hvhe'],
    [['show', 'v14'], 1, 'Did you mean v1'],
    [['diff', 'loadput-tfsr', 'tco-restore'], 1, 'the two are for different modes'],
  ])('says what is wrong with %j', async (args, status, message) => {
    const outcome = await policy(...args)
    expect(outcome).toMatchObject({ status, out: '' })
    expect(outcome.err).toContain(message)
  })
})
