/** From two runs to a notebook that is read, replayed and found out elsewhere: in a fresh data folder, without the session. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { noChromium } from '../support/chromium.ts'
import { projectRoot, runCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-notebook-test-'))
const session = join(folder, 'lab.switchyard')
const file = join(folder, 'v12-v13.md')
const command = (data: string, ...args: string[]) =>
  runCommand(args, { cwd: folder, env: { SWITCHYARD_DATA: join(folder, data) } })
afterAll(() => rmSync(folder, { recursive: true }))

let hashes: unknown[]
beforeAll(async () => {
  for (const policy of ['v12', 'v13']) {
    const set = ['--set', 'hypervisor.mode=vhe', '--set', `hypervisor.policy=${policy}`]
    const contract = join(projectRoot, 'resources/experiments/contract.json')
    expect((await command('first', 'run', contract, '--db', session, '--quiet', ...set)).status).toBe(0)
  }
  expect((await command('first', 'notebook', 'new', file, `${session}#1`, `${session}#2`)).status).toBe(0)
  const db = new Database(session, { readonly: true })
  hashes = db.prepare('SELECT state_hash FROM run ORDER BY id').pluck().all()
  db.close()
  rmSync(session)
}, 120_000)

it('is replayed on another machine to the states that the session had', { timeout: 60_000 }, async () => {
  const { status, out } = await command('second', 'verify-notebook', file, '--replay', '--json')
  expect(status).toBe(0)
  const { broken, replay } = JSON.parse(out)
  expect(broken).toEqual([])
  expect(replay).toMatchObject(hashes.map((hash) => ({ outcome: 'same', text: `ends in state ${hash}` })))
  expect(hashes).toHaveLength(2)
})

it('says which cell one byte was changed in, and does not replay it', { timeout: 60_000 }, async () => {
  const text = readFileSync(file, 'utf8')
  expect(text).toContain('kind: unsynchronised-host-state\nregister: GCR_EL1\nowner: host\n')
  const changed = join(folder, 'changed.md')
  writeFileSync(changed, text.replace('kind: unsynchronised-host-state', 'kind: unsynchronised-host-statf'))
  const { status, out } = await command('second', 'verify-notebook', changed, '--replay')
  expect(status).toBe(1)
  expect(out).toMatch(/changed\.md:\d+: cell 4 \(finding\) was changed/)
  expect((await command('second', 'notebook', 'seal', changed)).status).toBe(0)
  expect((await command('second', 'verify-notebook', changed)).status).toBe(0)
})

it('is exported without the session as a page with its figures', { timeout: 60_000 }, async () => {
  const page = join(folder, 'page.html')
  expect((await command('second', 'notebook', 'export', file, page)).status).toBe(0)
  const html = readFileSync(page, 'utf8')
  for (const hash of hashes) expect(html).toContain(`<dt>state-hash</dt><dd>${hash}</dd>`)
  expect(html).toContain('Its seal is whole.')
  expect((await command('second', 'notebook', 'export', file)).status).toBe(64)
})

it.skipIf(noChromium !== null)('is exported as a PDF by Chromium', { timeout: 90_000 }, async () => {
  const pdf = join(folder, 'page.pdf')
  expect((await command('second', 'notebook', 'export', file, pdf)).status).toBe(0)
  const bytes = readFileSync(pdf)
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
  expect(bytes.length).toBeGreaterThan(5000)
})
