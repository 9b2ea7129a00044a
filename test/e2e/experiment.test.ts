/** The Experiment view on the real lab, in Chromium: form and text are one document, with the schema's help and undo. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { noChromium } from '../support/chromium.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

describe.skipIf(noChromium)(
  `the Experiment view${noChromium ? ` (${noChromium})` : ''}`,
  { timeout: 60_000 },
  () => {
    let workspace: Workspace
    let page: Page
    let home = ''

    beforeAll(async () => {
      workspace = await openWorkspace()
      ;({ page, home } = workspace)
      await page.goto(`${home}#/experiment/contract`)
      await text().waitFor()
    }, 120_000)
    afterAll(async () => {
      await workspace?.close()
    })

    const text = () => page.getByRole('textbox', { name: 'Experiment text' })
    const line = (part: string) => page.locator('.cm-line', { hasText: part })

    it('writes what the form is given into the text, comments kept, and takes it back by undo', async () => {
      await page.getByLabel('pes', { exact: true }).fill('2')
      await page.keyboard.press('Tab')
      await line('"pes": 2,').waitFor()
      expect(await line('// ERET and exception entry').count()).toBe(1)
      await text().focus()
      await page.keyboard.press('Control+z')
      await line('"pes": 1,').waitFor()
      expect(await page.getByLabel('pes', { exact: true }).inputValue()).toBe('1')
    })

    it('says at the field, at the line and below what is wrong', async () => {
      await page.getByLabel('pes', { exact: true }).fill('99')
      await page.keyboard.press('Tab')
      const field = page.getByLabel('pes', { exact: true })
      await page.locator('.problems li').first().waitFor()
      expect(await field.getAttribute('aria-invalid')).toBe('true')
      expect(await page.locator('.cm-lint-marker-error').count()).toBe(1)
      expect(await accessibilityProblems(page)).toEqual([])
      await workspace.picture('experiment-problem-real')
      await page.getByRole('button', { name: 'revert' }).click()
      await line('"pes": 1,').waitFor()
      await expect.poll(() => page.locator('.problems li').count()).toBe(0)
      expect(await page.locator('.cm-lint-marker-error').count()).toBe(0)
    })

    it('completes the values that the schema has', async () => {
      await line('"sync": "explore"').click()
      await page.keyboard.press('End')
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft')
      await page.keyboard.press('Control+Space')
      await page.locator('.cm-tooltip-autocomplete li').first().waitFor()
      const offered = await page.locator('.cm-tooltip-autocomplete li').allTextContents()
      expect(offered.join()).toContain('explore')
      await workspace.picture('experiment-completion')
      await page.keyboard.press('Escape')
    })

    it('says what would differ from another experiment, and from before an edit', async () => {
      const choice = page.getByLabel('Compare with')
      const difference = page.getByRole('region', { name: 'Difference', exact: true })
      await choice.selectOption('own')
      await difference.getByText('Both would run the same.').waitFor()
      await page.getByPlaceholder('for example').fill('machine.sync=latest')
      await difference.getByText('1 value would differ').waitFor()
      expect(await difference.locator('tbody tr').allInnerTexts()).toEqual([
        'machine.sync\t"explore"\t"latest"',
      ])
      await workspace.picture('experiment-difference')
      expect(await accessibilityProblems(page)).toEqual([])
      await page.getByPlaceholder('for example').fill('')
      await choice.selectOption('experiment contract-exits')
      await difference.getByRole('button', { name: 'name', exact: true }).waitFor()
      await choice.selectOption('')
    })

    const drop = async (name: string, content: string): Promise<void> => {
      const transfer = await page.evaluateHandle(
        ([fileName, body]) => {
          const data = new DataTransfer()
          data.items.add(new File([body], fileName))
          return data
        },
        [name, content] as const,
      )
      await page.dispatchEvent('.cm-content', 'drop', { dataTransfer: transfer })
    }
    it('opens an experiment that is dropped onto it, and says why another file is not one', async () => {
      const address = page.url()
      await drop('fix.patch', '--- a\n+++ b\n')
      await page.getByText('This is not an experiment').waitFor()
      await workspace.picture('experiment-drop-refused')
      expect(page.url()).toBe(address)
      expect(await page.locator('.cm-line', { hasText: '+++ b' }).count()).toBe(0)
      await drop('mine.json', '{ "name": "mine" }\n')
      await line('"name": "mine"').waitFor()
      await page.locator('.problems li').first().waitFor()
      expect(await page.getByText('This is not an experiment').count()).toBe(0)
      await workspace.picture('experiment-dropped')
      await page.goto(address)
      await line('"name": "contract"').waitFor()
    })

    it('opens a copy with the edits in it, and saves it as a file', async () => {
      const address = page.url()
      await page.getByLabel('pes', { exact: true }).fill('3')
      await page.keyboard.press('Tab')
      await line('"pes": 3,').waitFor()
      await page.getByRole('button', { name: 'Duplicate' }).click()
      await expect.poll(() => page.url()).toContain('contract-copy')
      await line('"pes": 3,').waitFor()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save as file' }).click(),
      ])
      expect(download.suggestedFilename()).toBe('contract-copy.json')
      const saved = join(workspace.folder, 'saved.json')
      await download.saveAs(saved)
      expect(readFileSync(saved, 'utf8')).toContain('"pes": 3,\n')
      expect(readFileSync(saved, 'utf8')).toContain('// ERET and exception entry')
      await workspace.picture('experiment-copy')
      await page.goto(address)
      await page.getByRole('button', { name: 'revert' }).click()
      await line('"pes": 1,').waitFor()
    })

    it('adds a vCPU, and takes one out', async () => {
      const sections = () => page.locator('legend', { hasText: /^\s*vcpus \d/ }).count()
      const before = await sections()
      await page.getByRole('button', { name: 'Add a vCPU' }).click()
      await expect.poll(sections).toBe(before + 1)
      await page.getByRole('button', { name: `Take vcpus ${before} out` }).click()
      await expect.poll(sections).toBe(before)
      await page.setViewportSize({ width: 1024, height: 640 })
      await workspace.picture('experiment-1024')
      expect(workspace.complaints).toEqual([])
    })
  },
)
