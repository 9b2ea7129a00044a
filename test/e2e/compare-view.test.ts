/** The Compare view on the real lab, in Chromium: two clicks from a run, inputs first, numbers as SQL has them. */
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { noChromium } from '../support/chromium.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

describe.skipIf(noChromium)(
  `the Compare view${noChromium ? ` (${noChromium})` : ''}`,
  { timeout: 60_000 },
  () => {
    let workspace: Workspace
    let page: Page
    let home = ''
    let db: Database.Database

    beforeAll(async () => {
      workspace = await openWorkspace(
        ['v12', 'v13', 'v12', 'v13'].map(
          (policy) =>
            [
              'contract',
              'hypervisor.mode=vhe',
              `hypervisor.policy=${policy}`,
              'machine.sync=latest',
            ] as const,
        ),
      )
      ;({ page, home } = workspace)
      db = new Database(workspace.session, { readonly: true })
    }, 120_000)
    afterAll(async () => {
      db?.close()
      await workspace?.close()
    })
    const row = async (name: string): Promise<string[]> =>
      (
        await page
          .locator('tr', { has: page.getByRole('cell', { name, exact: true }) })
          .locator('td')
          .allTextContents()
      ).map((text) => text.replace(/\s/g, ''))

    it('is two clicks from a run, and says first what was set otherwise', async () => {
      await page.goto(`${home}#/run/2`)
      await page.getByRole('button', { name: 'Compare' }).click()
      await page.getByRole('menuitem', { name: /^with #1 contract/ }).click()
      await page.waitForFunction(() => location.hash === '#/compare/1/2')
      await page.getByRole('heading', { name: 'guest_exit' }).waitFor()
      expect(await row('hypervisor.policy')).toEqual(['hypervisor.policy', '"v12"', '"v13"'])
      expect(await page.locator('.added').allTextContents()).toEqual([expect.stringContaining('isb')])
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('compare-light', { fullPage: true })
    })

    it('has the numbers of the session', async () => {
      const of = (sql: string) => [1, 2].map((run) => String(db.prepare(sql).pluck().get(run)))
      expect((await row('switches')).slice(1, 3)).toEqual(
        of('SELECT count(*) FROM world_switch WHERE run = ?'),
      )
      expect((await row('instructions')).slice(1, 3)).toEqual(of('SELECT instructions FROM run WHERE id = ?'))
    })

    it('swaps, and takes repeats for a sample that proves nothing', async () => {
      await page.getByRole('button', { name: 'Swap' }).click()
      await page.waitForFunction(() => location.hash === '#/compare/2/1')
      await page.getByRole('button', { name: 'Take all repeats (2 and 2)' }).click()
      await page.waitForFunction(() => location.hash === '#/compare/2,4/1,3')
      await page.getByText('Fewer than 5 runs a side').first().waitFor()
      expect(await page.getByRole('heading', { name: /^host time: inconclusive/ }).count()).toBe(1)
      await page.setViewportSize({ width: 1024, height: 640 })
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('compare-1024', { fullPage: true })
      expect(workspace.complaints).toEqual([])
    })

    it('says what is not there', async () => {
      await page.goto(`${home}#/compare/1/99`)
      await page.getByRole('alert').first().waitFor()
      expect(await page.getByRole('alert').first().textContent()).toMatch(/99/)
    })
  },
)
