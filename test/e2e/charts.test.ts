/** The charts of a run that was computed here, in Chromium, against plain SQL over the session file. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { firstLine, projectRoot, runCommand, startCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-charts-'))
const session = join(folder, 'lab.switchyard')
const env = { SWITCHYARD_DATA: join(folder, 'data') }
const handover = join(projectRoot, 'resources/experiments/handover.json')

describe.skipIf(noChromium)(`the charts of a real run${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let server: ReturnType<typeof startCommand>
  let page: Page
  let db: Database.Database
  const complaints: string[] = []

  beforeAll(async () => {
    const { status, err } = await runCommand(['run', handover, '--db', session, '--quiet'], {
      cwd: folder,
      env,
    })
    expect({ status, err }).toEqual({ status: 0, err: '' })
    server = startCommand(['serve', session, '--port', '0'], { cwd: folder, env })
    const url = await firstLine(server)
    db = new Database(session, { readonly: true })
    browser = await openBrowser()
    page = await browser.context.newPage()
    // Tall enough that every figure of the run is laid out at once.
    await page.setViewportSize({ width: 1440, height: 2400 })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(`${url}#/run/1`)
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    db?.close()
    server?.kill('SIGTERM')
    rmSync(folder, { recursive: true })
  })

  /** What the figure at this position draws: its own data as CSV, cells by row, comment and head left out. */
  async function drawn(position: number): Promise<string[][]> {
    const figure = page.locator('section.figure').nth(position)
    await figure.getByRole('button', { name: /^Save/ }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /CSV/ }).click(),
    ])
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split(/\r?\n/)
    return lines.slice(2).map((line) => line.split(','))
  }

  it('draws every switch with its latency, PE and vCPU', async () => {
    const rows = db
      .prepare(
        'SELECT start_cycle, latency, pe, vcpu FROM world_switch WHERE run = 1 ORDER BY start_cycle, id',
      )
      .raw()
      .all() as number[][]
    expect(rows.length).toBeGreaterThanOrEqual(100)
    const inOrder = (cells: (string | number)[][]) => cells.map((row) => row.join()).toSorted()
    expect(inOrder(await drawn(0))).toEqual(inOrder(rows))
  })

  it('prints the quantiles that SQL gives', async () => {
    const latencies = db
      .prepare(
        'SELECT end_cycle - exit_cycle + guest_cycle - start_cycle FROM world_switch WHERE run = 1 ORDER BY 1',
      )
      .pluck()
      .all() as number[]
    const rank = (share: number) => latencies[Math.ceil(share * latencies.length) - 1]
    const table = (await page.locator('table').first().innerText()).replace(/[\s\u2009\u202f]/g, '')
    expect(table).toContain(
      `p50${rank(0.5)}p90${rank(0.9)}p99${rank(0.99)}p99.9${rank(0.999)}maximum${latencies.at(-1)}switches${latencies.length}`,
    )
  })

  it('breaks one switch down into phases that add up to its latency', () => {
    const wrong = db
      .prepare(
        'SELECT count(*) FROM world_switch WHERE phase0 + phase1 + phase2 + phase3 + phase4 + phase5 <> latency',
      )
      .pluck()
      .get()
    expect(wrong).toBe(0)
  })

  it('counts every tag fault once, by owner and kind', async () => {
    const totals = new Map<string, [number, number]>()
    for (const [, owner, sync, async] of await drawn(1)) {
      const sum = totals.get(owner!) ?? [0, 0]
      totals.set(owner!, [sum[0] + Number(sync), sum[1] + Number(async)])
    }
    const label = (owner: number) => (owner === -1 ? 'H' : owner === -2 ? 'T' : `v${owner}`)
    const rows = db
      .prepare(
        "SELECT owner, sum(kind = 'sync'), sum(kind = 'async') FROM tag_fault WHERE run = 1 GROUP BY owner",
      )
      .raw()
      .all() as number[][]
    expect(rows.length).toBeGreaterThan(1)
    expect(totals).toEqual(new Map(rows.map(([owner, sync, async]) => [label(owner!), [sync, async]])))
  })

  it('draws every register change of the PE, in both slots, with owner and cause', async () => {
    const rows = db
      .prepare(
        `SELECT register, slot, cycle, value, owner, cause FROM register_change
         WHERE run = 1 AND pe = 0 AND register IN ('RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1')`,
      )
      .safeIntegers()
      .raw()
      .all() as [string, string, bigint, bigint, bigint, string][]
    const label = (owner: bigint) => (owner === -1n ? 'H' : owner === -2n ? 'T' : `v${owner}`)
    const expected = rows.map(([register, slot, cycle, value, owner, cause]) =>
      [register, slot, cycle, BigInt.asUintN(64, value), label(owner), cause].join(),
    )
    const shown = (await drawn(2))
      .filter(([register]) => /^(RGSR|GCR|TFSR|TFSRE0)_EL1$/.test(register!))
      .map(([register, slot, cycle, value, owner, cause]) =>
        [register, slot, cycle, BigInt(value!), owner, cause].join(),
      )
    expect(rows.length).toBeGreaterThan(500)
    expect(shown.toSorted()).toEqual(expected.toSorted())
  })

  it('shows the registers of a selected switch as they are in the file', async () => {
    const [id, ordinal, pe, exit, esr] = db
      .prepare(
        `SELECT id, (SELECT count(*) FROM world_switch b WHERE b.run = 1 AND (b.start_cycle, b.id) <= (a.start_cycle, a.id)),
                pe, exit_cycle, esr FROM world_switch a WHERE run = 1 AND vcpu = 0 ORDER BY start_cycle LIMIT 1 OFFSET 20`,
      )
      .raw()
      .get() as number[]
    const value = db
      .prepare(
        `SELECT value FROM register_change WHERE run = 1 AND pe = ? AND register = 'GCR_EL1' AND slot = 'architectural'
         AND cycle <= ? ORDER BY cycle DESC, sequence DESC LIMIT 1`,
      )
      .pluck()
      .get(pe, exit) as number
    const url = new URL(page.url())
    url.hash = `#/run/1/switch/${id}`
    await page.goto(url.href)
    await page.getByRole('heading', { name: `Switch ${ordinal}` }).waitFor()
    const inspector = (await page.locator('aside').last().innerText()).replace(/[\u2009\u202f\s]/g, '')
    expect(inspector).toContain(esr!.toString(16))
    expect(inspector).toContain(value.toString(16).padStart(8, '0'))
    expect(complaints).toEqual([])
  })
})
