/** Glossary and Settings on the real lab, in Chromium. */
import { existsSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { noChromium } from '../support/chromium.ts'
import { openWorkspace, type Workspace } from '../support/workspace.ts'

describe.skipIf(noChromium)(`pages${noChromium ? ` (${noChromium})` : ''}`, { timeout: 60_000 }, () => {
  let workspace: Workspace
  let page: Page
  let home = ''

  beforeAll(async () => {
    workspace = await openWorkspace()
    ;({ page, home } = workspace)
    await page.goto(`${home}#/`)
  }, 120_000)
  afterAll(async () => {
    await workspace?.close()
  })

  it('the glossary opens by its key, is searched, and has an address for each register', async () => {
    await page.getByRole('button', { name: 'Show the missing ISB' }).waitFor()
    await page.keyboard.press('g')
    await page.getByRole('searchbox').fill('gcr')
    await page.getByText('1 register', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'GCR_EL1', exact: true }).click()
    await page.getByRole('heading', { name: 'GCR_EL1' }).waitFor()
    await page.waitForFunction(() => location.hash === '#/glossary/GCR_EL1')
    expect(await page.getByRole('cell', { name: '15:0' }).count()).toBe(1)
    expect(await accessibilityProblems(page)).toEqual([])
    await page.goto(`${home}#/glossary/NOBODY_EL9`)
    await page.getByText('The machine has no register NOBODY_EL9.').waitFor()
  })

  it('the settings change the theme, name the file, and back it up', async () => {
    await page.goto(`${home}#/settings`)
    await page.getByRole('radio', { name: 'Dark', exact: true }).check()
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    await page.getByRole('button', { name: 'Back the session up now' }).click()
    const made = page.getByRole('status').locator('code')
    await made.waitFor()
    expect(existsSync((await made.textContent()) ?? '')).toBe(true)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(workspace.complaints).toEqual([])
  })
})
