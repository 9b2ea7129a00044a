/** The Machine view on the real lab, in Chromium: what it shows is what the machine says, and its address leads back to it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { readGeneral } from '../../electron/machine/debug/registers.ts'
import { openTimeline } from '../../electron/workers/one-thread.ts'
import { groupedHex } from '../../shared/base/hex.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { accessibilityProblems } from '../support/axe.ts'
import { noChromium } from '../support/chromium.ts'
import { projectRoot } from '../support/command-line.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

const experiments = join(projectRoot, 'resources/experiments')
const v12 = ['hypervisor.mode=vhe', 'hypervisor.policy=v12']

describe.skipIf(noChromium)(
  `the Machine view${noChromium ? ` (${noChromium})` : ''}`,
  { timeout: 60_000 },
  () => {
    let workspace: Workspace
    let page: Page
    let home = ''

    beforeAll(async () => {
      workspace = await openWorkspace([
        ['contract', ...v12],
        ['first-fault', 'schedule.kind=parallel'],
      ])
      ;({ page, home } = workspace)
    }, 120_000)
    afterAll(async () => {
      await workspace?.close()
    })

    const at = async (hash: string): Promise<void> => {
      await page.goto(`${home}${hash}`)
      await page.getByRole('toolbar', { name: 'Where the machine is' }).waitFor()
    }
    const moment = (n: string) => page.getByText(`moment ${n}`, { exact: true }).waitFor()
    const shown = async (name: string): Promise<string> =>
      (await page
        .locator('.registers li', { has: page.getByRole('button', { name, exact: true }) })
        .locator('code')
        .first()
        .textContent()) ?? ''

    /** The machine itself, in this process. */
    function machineAt(where: number) {
      const text = readFileSync(join(experiments, 'contract.json'), 'utf8')
      const resources = join(projectRoot, 'resources')
      const { experiment } = readExperiment(text, v12, knownNames(resources))
      const timeline = openTimeline(planRun(experiment!, resources).plan, () => {})
      expect(timeline.gotoMoment(where)).toBe(true)
      return timeline.board.pes[0]!
    }

    it('shows the registers and the instruction that the machine has', async () => {
      await at('#/run/1/machine/pe/0/moment/29200')
      await moment('29 200')
      const pe = machineAt(29_200)
      for (const name of ['x0', 'x1', 'x20', 'sp'])
        expect(await shown(name)).toBe(groupedHex(readGeneral(pe, name)))
      expect(await shown('GCR_EL1')).toBe(groupedHex(pe.sysregs.inspect('GCR_EL1')!))
      const line = page.locator('.code tr[aria-current]')
      expect(await line.locator('button').textContent()).toContain(pe.core.pc.toString(16))
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('machine-light')
    })

    it('opens at the first switch, however often', async () => {
      const first = async (): Promise<string> => {
        await page.goto('about:blank')
        await page.goto(`${home}#/run/1/machine`)
        await page.waitForFunction(() => /moment\/\d+$/.test(location.hash))
        return page.evaluate(() => location.hash)
      }
      expect(await first()).toBe(await first())
    })
    it('steps by keys, marks what changed, and writes the place into the address', async () => {
      await at('#/run/1/machine/pe/0/moment/29200')
      await moment('29 200')
      await page.keyboard.press('.')
      await moment('29 201')
      const changed = await page.locator('.registers li.changed').count()
      expect(changed).toBeGreaterThan(0)
      await page.keyboard.press(',')
      await moment('29 200')
      await page.waitForFunction(() => location.hash === '#/run/1/machine/pe/0/moment/29200')
      await page.getByRole('button', { name: 'On to the next switch' }).click()
      await page.waitForFunction(() => /moment\/(?!29200$)\d+$/.test(location.hash))
      const link = await page.evaluate(() => location.hash)
      const pc = await shown('pc')
      await page.goto('about:blank')
      await at(link)
      await page.locator('.registers li').first().waitFor()
      expect(await shown('pc')).toBe(pc)
    })

    it('opens a witness’s step with what is pending there', async () => {
      await page.goto(`${home}#/run/1/findings/finding/1`)
      await page.getByRole('button', { name: 'open in Machine' }).last().click()
      await page.getByText('in the execution that showed finding 1').waitFor()
      await page.getByRole('tab', { name: 'pending (1)' }).click()
      expect(await page.locator('.pending li').textContent()).toMatch(/GCR_EL1.*may see.*until the next ISB/)
      expect(await page.locator('.code tr[aria-current] .text').textContent()).toMatch(/^irg/)
      await workspace.picture('machine-pending')
    })

    it('shows memory with tags, and a page walk, of a label', async () => {
      await page.getByRole('tab', { name: 'memory' }).click()
      await page.getByLabel('address', { exact: true }).fill('guest_image')
      await page.getByRole('button', { name: 'Show', exact: true }).click()
      await page.locator('.dump tbody tr').first().waitFor()
      expect(await page.locator('.dump .tag').first().textContent()).toMatch(/^[0-9a-f]$/)
      await workspace.picture('machine-memory')
      await page.getByRole('tab', { name: 'page walk' }).click()
      expect(await page.locator('.walk tbody tr').count()).toBeGreaterThan(0)
      await page.getByLabel('address', { exact: true }).fill('nobody_knows')
      await page.getByRole('button', { name: 'Show', exact: true }).click()
      await page.getByText('The program has no symbol of this name').waitFor()
      expect(await accessibilityProblems(page)).toEqual([])
    })

    it('says what cannot be shown: a place that is none, one behind the end, a parallel run', async () => {
      await at('#/run/1/machine/pe/0/moment/29200')
      await moment('29 200')
      await page.getByLabel('go to').fill('yesterday')
      await page.getByRole('button', { name: 'Go', exact: true }).click()
      await page.getByText('Not a place.').waitFor()
      await page.getByLabel('go to').fill('999999999')
      await page.getByRole('button', { name: 'Go', exact: true }).click()
      await page.getByText('The place was not reached').waitFor()
      await page.goto(`${home}#/run/2/machine`)
      await page.getByText('This run cannot be followed instruction by instruction.').waitFor()
      await workspace.picture('machine-parallel')
      expect(workspace.complaints).toEqual([])
    })

    it('reads well narrow and dark', async () => {
      await page.setViewportSize({ width: 1024, height: 640 })
      await page.addInitScript(() => localStorage.setItem('switchyard.theme', 'dark'))
      await page.goto('about:blank')
      await at('#/run/1/machine/pe/0/moment/29200')
      await moment('29 200')
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('machine-1024-dark')
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(wide).toBeLessThanOrEqual(0)
    })
  },
)
