/** The Timeline on the real lab, in Chromium: its numbers are the session's, and its range is every other view's. */
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { noChromium } from '../support/chromium.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

describe.skipIf(noChromium)(
  `the Timeline${noChromium ? ` (${noChromium})` : ''}`,
  { timeout: 60_000 },
  () => {
    let workspace: Workspace
    let page: Page
    let home = ''
    let db: Database.Database

    beforeAll(async () => {
      workspace = await openWorkspace([
        ['handover', 'probes.events=true'],
        ['handover', 'probes.events=false'],
      ])
      ;({ page, home } = workspace)
      db = new Database(workspace.session, { readonly: true })
    }, 120_000)
    afterAll(async () => {
      db?.close()
      await workspace?.close()
    })

    const plot = () => page.getByRole('application', { name: /^What each PE ran/ })
    const at = async (hash: string): Promise<void> => {
      await page.goto(`${home}${hash}`)
      await plot().waitFor()
    }
    /** The address follows when the hand rests. */
    const settled = async (): Promise<void> => {
      for (let before = ''; before !== page.url(); ) {
        before = page.url()
        await page.waitForTimeout(800)
      }
    }
    const scene = () => plot().locator('text').allTextContents()

    it('has a lane for every PE with the switches that SQL counts', async () => {
      await at('#/run/1/timeline')
      const rows = db
        .prepare('SELECT pe, count(*) AS n FROM world_switch WHERE run = 1 GROUP BY pe ORDER BY pe')
        .all() as { pe: number; n: number }[]
      const texts = (await scene()).map((text) => text.trim())
      for (const { pe, n } of rows)
        expect(texts).toEqual(expect.arrayContaining([`PE${pe}`, `${n} switches`]))
      expect(texts).toContain('barriers')
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('timeline-light')
    })

    it('zooms by keys to single events, and its range is that of the other views', async () => {
      await plot().focus()
      for (let i = 0; i < 9; i++) await page.keyboard.press('+')
      await page.waitForFunction(() => /cycles=\d+-\d+/.test(location.hash))
      await page.getByText(/drawn one by one/).waitFor()
      await settled()
      await workspace.picture('timeline-zoomed')
      const range = await page.evaluate(() => /cycles=(\d+)-(\d+)/.exec(location.hash)?.slice(1).map(Number))
      const [from, to] = range as [number, number]
      const n = db
        .prepare('SELECT count(*) FROM world_switch WHERE run = 1 AND start_cycle BETWEEN ? AND ?')
        .pluck()
        .get(from, to)
      await page.getByText(new RegExp(`All ${n} switch(es)? drawn`)).waitFor()
      await page.getByRole('tab', { name: 'Latency' }).click()
      await page.waitForFunction((cycles) => location.hash.includes(cycles), `cycles=${from}-${to}`)
    })

    it('has a table of what is drawn', async () => {
      await at('#/run/1/timeline')
      await page.getByRole('button', { name: 'Table' }).click()
      await page.getByRole('columnheader', { name: 'why' }).waitFor()
      await workspace.picture('timeline-table')
      await page.getByRole('button', { name: 'Table' }).click()
    })

    it('shares its range with the percentiles of latency, which are those that SQL finds', async () => {
      await page.goto(`${home}#/run/1/latency?cycles=20000-400000`)
      const band = page.getByRole('application', { name: /^Percentiles of the switch latency/ })
      await band.waitFor()
      await band.scrollIntoViewIfNeeded()
      await workspace.picture('latency-band')
      const figure = page.locator('section.figure').filter({ has: band })
      await figure.getByRole('button', { name: 'Table' }).click()
      const row = page
        .getByRole('table', { name: /highest p99/ })
        .locator('tr.line')
        .first()
      const cells = (await row.locator('td.num').allTextContents()).map((text) =>
        Number(text.replace(/\D/g, '')),
      )
      const all = db
        .prepare<[number, number], number>(
          'SELECT latency FROM world_switch WHERE run = 1 AND start_cycle BETWEEN ? AND ? ORDER BY latency',
        )
        .pluck()
        .all(cells[0]!, cells[1]!)
      const rank = (percent: number): number | undefined => all[Math.ceil((all.length * percent) / 100) - 1]
      expect(cells.slice(2)).toEqual([all.length, rank(50), rank(90), rank(99)])
      expect(await accessibilityProblems(page)).toEqual([])
    })

    it('shares its range with the registers that differ between its ends, as SQL finds them', async () => {
      const [from, to] = [60_000, 400_000]
      await page.goto(`${home}#/run/1/registers?cycles=${from}-${to}`)
      const table = page.locator('.difference table')
      await table.waitFor()
      await table.scrollIntoViewIfNeeded()
      await workspace.picture('registers-difference')
      const shown = await table.locator('tbody tr td:first-child').allTextContents()
      const held = db
        .prepare<[string, number], bigint>(
          `SELECT value FROM register_change WHERE run = 1 AND pe = 0 AND register = ? AND slot = 'architectural'
           AND cycle <= ? ORDER BY cycle DESC, sequence DESC LIMIT 1`,
        )
        .pluck()
        .safeIntegers()
      const names = db
        .prepare<[], string>('SELECT DISTINCT register FROM register_change WHERE run = 1 AND pe = 0')
        .pluck()
        .all()
      const differ = names.filter((name) => {
        const [before, after] = [held.get(name, from), held.get(name, to)]
        return before !== undefined && after !== undefined && before !== after
      })
      expect(shown.sort()).toEqual(differ.sort())
      expect(await accessibilityProblems(page)).toEqual([])
    })

    it('says what was not recorded, and offers it', async () => {
      await at('#/run/2/timeline')
      await page.getByRole('button', { name: 'Run it again with events' }).waitFor()
      expect((await scene()).map((text) => text.trim())).not.toContain('barriers')
      await page.setViewportSize({ width: 1024, height: 640 })
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('timeline-1024')
      expect(workspace.complaints).toEqual([])
    })
  },
)
