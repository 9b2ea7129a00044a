/** Glossary and Settings on the real lab, in Chromium. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems } from '../support/axe.ts'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { firstLine, startCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-pages-'))

describe.skipIf(noChromium)(`pages${noChromium ? ` (${noChromium})` : ''}`, { timeout: 60_000 }, () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let server: ReturnType<typeof startCommand>
  let page: Page
  let home = ''
  const complaints: string[] = []

  beforeAll(async () => {
    const env = { SWITCHYARD_DATA: join(folder, 'data') }
    server = startCommand(['serve', join(folder, 'lab.switchyard'), '--port', '0'], { cwd: folder, env })
    home = await firstLine(server)
    browser = await openBrowser()
    page = await browser.context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    await page.goto(`${home}#/`)
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    server?.kill('SIGTERM')
    rmSync(folder, { recursive: true })
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
    expect(complaints).toEqual([])
  })
})
