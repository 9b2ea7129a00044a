import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { projectRoot, runCommand } from '../support/command-line.ts'

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

  it('imports the mail of a reviewer, accounts for every line, and writes the policy', async () => {
    const mail = join(projectRoot, 'electron/lab/import/fixtures/review-mail.txt')
    const out = join(folder, 'imported.inc')
    const imported = await policy('import', mail, '--out', out)
    expect(imported.status).toBe(0)
    expect(imported.out).toMatch(/\n\d+ accepted, \d+ ignored, 0 rejected, of \d+ lines\n/)
    expect(imported.out).toContain('imported on mainline; no instruction differs from v12\n')
    expect((await policy('diff', 'v12', out)).out).toContain(
      'v12 -> imported.inc, VHE: no instruction differs',
    )
    const json = JSON.parse((await policy('import', mail, '--json')).out)
    expect(json).toMatchObject({ equals: ['v12'], base: 'mainline', counts: { rejected: 0 } })
    expect(json.text).toBe(readFileSync(out, 'utf8'))
  })

  it('imports nothing from a damaged patch, and says which line it is', async () => {
    const mail = readFileSync(join(projectRoot, 'electron/lab/import/fixtures/review-mail.txt'), 'utf8')
    const damaged = join(folder, 'damaged.txt')
    writeFileSync(damaged, mail.replace('>> + mrs_s \\scratch, SYS_GCR_EL1\n', ''))
    const out = join(folder, 'never.inc')
    const outcome = await policy('import', damaged, '--out', out)
    expect(outcome.status).toBe(1)
    expect(outcome.out).toMatch(/44 rejected: the hunk is damaged/)
    expect(outcome.out).toContain('there is no policy')
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    [['lst'], 64, "policy has no action 'lst'"],
    [['show'], 64, 'policy show takes NAME'],
    [['diff', 'v12'], 64, 'policy diff takes A and B'],
    [['show', 'v12', '--mode', 'hvhe'], 64, 'there is no mode hvhe'],
    [['show', 'v14'], 1, 'Did you mean v1'],
    [['import', 'nowhere.mbox'], 1, 'nowhere.mbox'],
    [['import', 'x', '--base', 'v99'], 64, '--base v99 is no bundled policy'],
    [['diff', 'loadput-tfsr', 'tco-restore'], 1, 'the two are for different modes'],
  ])('says what is wrong with %j', async (args, status, message) => {
    const outcome = await policy(...args)
    expect(outcome).toMatchObject({ status, out: '' })
    expect(outcome.err).toContain(message)
  })
})
