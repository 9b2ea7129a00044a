/** From an empty session to a red witness on the real lab, in Chromium: the way in clicks, and the same steps as `run --json`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { firstLine, projectRoot, runCommand, startCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-witness-'))
const env = { SWITCHYARD_DATA: join(folder, 'data') }
const contract = join(projectRoot, 'resources/experiments/contract.json')
const first = ['hypervisor.mode=vhe', 'hypervisor.policy=v12', 'machine.sync=explore']

describe.skipIf(noChromium)(`the first witness${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let server: ReturnType<typeof startCommand>
  let page: Page
  let home = ''
  const complaints: string[] = []

  beforeAll(async () => {
    server = startCommand(['serve', join(folder, 'lab.switchyard'), '--port', '0'], { cwd: folder, env })
    home = await firstLine(server)
    browser = await openBrowser()
    page = await browser.context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    await page.addInitScript(() => {
      const counting = window as unknown as { clicks: number }
      counting.clicks = 0
      addEventListener('click', () => counting.clicks++, true)
    })
    await page.goto(`${home}#/`)
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    server?.kill('SIGTERM')
    rmSync(folder, { recursive: true })
  })

  const clicks = () => page.evaluate(() => (window as unknown as { clicks: number }).clicks)
  const shown = () =>
    page.locator('.finding tbody tr').evaluateAll((rows) =>
      rows.map((row) => {
        const cells = [...row.querySelectorAll('td')].map((cell) => cell.textContent?.trim() ?? '')
        const instruction = row.querySelector('code')?.textContent ?? ''
        return { position: Number(cells[1]?.replace(/\D/g, '')), el: cells[2], pc: cells[3], instruction }
      }),
    )

  it('is one click away, and shows the steps that run --json prints', async () => {
    const set = first.flatMap((each) => ['--set', each])
    const cli = runCommand(
      ['run', contract, '--db', join(folder, 'cli.switchyard'), '--json', '--quiet', ...set],
      {
        cwd: folder,
        env,
      },
    )
    await page.getByRole('button', { name: 'Show the missing ISB' }).click()
    await page.getByRole('heading', { name: /^Witness: \d+ steps/ }).waitFor({ timeout: 60_000 })
    expect(await clicks()).toBe(1)
    const { status, out } = await cli
    expect(status).toBe(0)
    const [finding] = JSON.parse(out).findings as {
      kind: string
      register: string
      steps: { position: number; el: number; pc: string; instruction: string }[]
    }[]
    expect(finding).toMatchObject({ kind: 'unsynchronised-host-state', register: 'GCR_EL1' })
    expect(await shown()).toEqual(
      finding?.steps.map(({ position, el, pc, instruction }) => ({
        position,
        el: `EL${el}`,
        pc: pc.replace(/^0x/, ''),
        instruction,
      })),
    )
    expect(await page.locator('rect.band').count()).toBe(1)
    expect(await page.getByRole('heading', { name: 'Violated' }).isVisible()).toBe(true)
  }, 120_000)

  it('comes from the museum in two clicks, and goes when the bug is fixed', async () => {
    await page.goto(`${home}#/`)
    await page.reload()
    await page.getByRole('button', { name: /^The fault that came too late/ }).click()
    await page.getByRole('button', { name: 'Run broken' }).click()
    await page.getByRole('heading', { name: /^Witness: \d+ steps/ }).waitFor({ timeout: 60_000 })
    expect(await clicks()).toBe(2)
    await page.goBack()
    await page.getByRole('button', { name: 'Run fixed' }).click()
    await page.getByRole('heading', { name: 'No violation' }).waitFor({ timeout: 60_000 })
    await page.getByText(/: violated, so this scenario can tell/).waitFor()
  }, 120_000)

  it('leaves each verdict in the list of runs', async () => {
    const tree = page.getByRole('navigation', { name: 'Runs and experiments' })
    expect(await tree.locator('.verdict').allTextContents()).toEqual([
      expect.stringMatching(/^none\/\d+$/),
      '2 findings',
      '2 findings',
    ])
  })

  it('never broke its content security policy, nor threw', () => expect(complaints).toEqual([]))
})
