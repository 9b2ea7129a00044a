/** Findings, museum and the way to the first witness, in Chromium against the fake lab: what needs a real browser. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityProblems, contrastProblems } from '../support/axe.ts'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { createFakeLab, type FakeLab, type RunShape } from '../support/fake-lab.ts'
import { serveRenderer } from '../support/renderer-host.ts'

const shape = { title: 'v12 VHE', switches: 60, seed: 42, pes: 1, pending: 12, faults: true }
const runs: RunShape[] = [
  { ...shape, run: 1, check: 'several' },
  { ...shape, run: 2, title: 'v13 VHE', pending: 0, check: 'none' },
  { ...shape, run: 3, check: 'vacuous' },
  { ...shape, run: 4 },
]

describe.skipIf(noChromium)(`findings in a browser${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())

  async function open(
    hash: string,
    work: (page: Page, lab: FakeLab) => Promise<void>,
    { shapes = runs, theme = 'light', size = [1440, 900] as [number, number] } = {},
  ): Promise<void> {
    const lab = createFakeLab(shapes)
    const host = await serveRenderer(lab)
    const page = await browser.context.newPage()
    await page.setViewportSize({ width: size[0], height: size[1] })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    await page.addInitScript((name) => {
      localStorage.setItem('switchyard.theme', name)
      const counting = window as unknown as { clicks: number }
      counting.clicks = 0
      addEventListener('click', () => counting.clicks++, true)
    }, theme)
    try {
      await page.goto(host.url + hash)
      await work(page, lab)
    } finally {
      await page.close()
      await host.close()
    }
  }
  const clicks = (page: Page) => page.evaluate(() => (window as unknown as { clicks: number }).clicks)
  const witness = (page: Page) => page.getByRole('heading', { name: /^Witness: 4 steps/ })

  it('goes from an empty session to the first red witness in one click', () =>
    open(
      '#/',
      async (page, lab) => {
        await page.getByRole('button', { name: 'Show the missing ISB' }).click()
        await witness(page).waitFor()
        expect(await clicks(page)).toBe(1)
        expect(lab.calls.find(({ name }) => name === 'run.start')?.args).toMatchObject({
          name: 'contract',
          set: ['hypervisor.mode=vhe', 'hypervisor.policy=v12', 'machine.sync=explore'],
        })
      },
      { shapes: [] },
    ))

  it('opens a case of the museum, runs it and shows the witness in two clicks', () =>
    open('#/', async (page) => {
      await page.getByRole('button', { name: /^The missing ISB/ }).click()
      await page.getByRole('button', { name: 'Run broken' }).click()
      await witness(page).waitFor()
      expect(await clicks(page)).toBe(2)
      await page.goBack()
      await page.getByRole('button', { name: 'Run fixed' }).click()
      await page.getByText('no violation in 512 choices').waitFor()
    }))

  it('does the same by keys alone', () =>
    open('#/', async (page) => {
      await page.getByRole('heading', { name: 'Bug museum' }).waitFor()
      await page.keyboard.press('m')
      await page.waitForURL(/#\/museum$/)
      const reach = async (name: RegExp): Promise<void> => {
        for (let i = 0; i < 60; i++) {
          await page.keyboard.press('Tab')
          const text = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
          if (name.test(text)) return page.keyboard.press('Enter')
        }
        throw new Error(`Tab never came to ${name}`)
      }
      await reach(/^The missing ISB/)
      await reach(/^Run broken$/)
      await witness(page).waitFor()
      expect(await clicks(page)).toBe(2) // Enter on a button is a click of its own
    }))

  it('shows story text as text, whatever is in it', () =>
    open('#/museum/missing-isb', async (page) => {
      await page.getByText('<script>alert(1)</script>').waitFor()
      expect(await page.locator('.prose script').count()).toBe(0)
      expect(await page.locator('.prose table td').first().textContent()).toBe('broken')
    }))

  it('links each cause to its step, and the address to both', () =>
    open('#/run/1/findings', async (page) => {
      await page.getByRole('button', { name: 'step 3', exact: true }).click()
      await page.waitForURL(/finding\/1\/step\/3$/)
      expect(await page.locator('tr[aria-current=step]').textContent()).toContain('msr gcr_el1')
      await page.keyboard.press('ArrowDown')
      await page.waitForURL(/finding\/1\/step\/4$/)
      await page.getByRole('button', { name: /^tag-fault-lost/ }).click()
      await page.waitForURL(/finding\/2$/)
      await page.getByRole('heading', { name: /never reaches it/ }).waitFor()
      await page.keyboard.press('ArrowDown')
      await page.getByRole('heading', { name: /is seen in the host/ }).waitFor()
      await page.keyboard.press('End')
      await page.getByRole('heading', { name: 'The review card of this run' }).waitFor()
      await page.keyboard.press('ArrowUp')
      await page.getByRole('heading', { name: /may move where/ }).waitFor()
    }))

  it('shows the card for a mail, names the command for all scenarios, and says why there is none', () =>
    open('#/run/1/findings/card', async (page, lab) => {
      const card = await page.getByLabel('Review card').inputValue()
      expect(card).toMatch(/^Switchyard .*, review of experiment/)
      expect(await page.locator('article code').textContent()).toMatch(/^npx switchyard review \w+/)
      await page.getByRole('button', { name: 'Copy card' }).waitFor()
      lab.failing.set('run.card', { place: 'a', cause: 'it was not explored', remedy: 'Explore it.' })
      await page.evaluate(() => location.assign('#/run/2/findings/card'))
      await page.getByText('It was not explored').waitFor()
    }))

  it('opens a link to a step, and marks it', () =>
    open('#/run/1/findings/finding/2/step/4', async (page) => {
      await page.locator('tr[aria-current=step]').waitFor()
      expect(await page.locator('tr[aria-current=step]').textContent()).toContain('msr tfsr_el1')
    }))

  it('draws the pending band between the write and the use', () =>
    open('#/run/1/findings', async (page) => {
      const band = await page.locator('rect.band').boundingBox()
      const [third, fourth] = await Promise.all(
        [2, 3].map((i) => page.locator('g.step circle').nth(i).boundingBox()),
      )
      const middle = (box: typeof band) => (box?.x ?? 0) + (box?.width ?? 0) / 2
      expect(Math.abs((band?.x ?? 0) - middle(third ?? null))).toBeLessThan(2)
      expect(Math.abs((band?.x ?? 0) + (band?.width ?? 0) - middle(fourth ?? null))).toBeLessThan(2)
    }))

  it('runs what a table of policies lacks, and comes to its findings', () =>
    open('#/run/1/findings/question/3', async (page, lab) => {
      await page.getByRole('button', { name: 'Run loadput-tfsr under nVHE' }).click()
      await page.waitForURL(/#\/run\/5/)
      expect(lab.calls.find(({ name }) => name === 'run.start')?.args).toMatchObject({
        set: ['hypervisor.mode=nvhe', 'hypervisor.policy=loadput-tfsr', 'machine.sync=explore'],
      })
    }))

  it('says what went wrong with the findings, and asks again', () =>
    open('#/run/2', async (page, lab) => {
      lab.failing.set('run.findings', { place: 'a', cause: 'the file is locked', remedy: 'Close it.' })
      await page.getByRole('tab', { name: 'Findings' }).click()
      await page.getByText('The file is locked').waitFor()
      lab.failing.clear()
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('heading', { name: 'No violation' }).waitFor()
    }))

  const pages = [
    '#/',
    '#/museum',
    '#/museum/missing-isb',
    '#/run/1/findings/finding/2/step/4',
    '#/run/1/findings/question/1',
    '#/run/1/findings/card',
    '#/run/2/findings/question/2',
    '#/run/3/findings/question/3',
    '#/run/4/findings',
    '#/experiment/contract',
  ]
  it(
    'gives axe nothing to say in any theme, and has no text below 12 pixels',
    () =>
      open(pages[0] ?? '', async (page) => {
        const found: string[] = []
        for (const hash of pages) {
          await page.evaluate((next) => location.assign(next), hash)
          await page.locator('main h1, main h2, main select').first().waitFor()
          const problems = await accessibilityProblems(page)
          for (const theme of ['dark', 'contrast', 'contrast-dark', 'light']) {
            await page.evaluate((name) => document.documentElement.setAttribute('data-theme', name), theme)
            problems.push(...(await contrastProblems(page)).map((problem) => `${theme}: ${problem}`))
          }
          const small = await page.evaluate(() =>
            [...document.querySelectorAll<HTMLElement>('body *')].flatMap((element) => {
              const own = [...element.childNodes].some(
                (node) => node.nodeType === 3 && node.textContent?.trim(),
              )
              return own && Number.parseFloat(getComputedStyle(element).fontSize) < 12
                ? [`small text in ${element.outerHTML.slice(0, 120)}`]
                : []
            }),
          )
          found.push(...[...problems, ...small].map((problem) => `${hash}: ${problem}`))
        }
        expect(found).toEqual([])
      }),
    60_000,
  )

  it.each([
    [1024, 640],
    [1280, 720],
    [1920, 1080],
  ])('fits %i x %i without a sideways scroll of the page, or moving while it loads', (...size) =>
    open(
      '#/run/1/findings',
      async (page) => {
        await witness(page).waitFor()
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        ).toBeLessThanOrEqual(0)
        const shift = await page.evaluate(
          () =>
            new Promise<number>((done) => {
              let sum = 0
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value
              }).observe({ type: 'layout-shift', buffered: true })
              setTimeout(() => done(sum), 300)
            }),
        )
        expect(shift).toBeLessThan(0.05)
      },
      { size: size as [number, number] },
    ),
  )

  it('never broke its content security policy, nor threw', () => expect(complaints).toEqual([]))
})
