/** The built renderer in Chromium, against the fake lab: what needs a real browser. */
import { readFile } from 'node:fs/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROTOCOL } from '../../shared/contract/wire.ts'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { createFakeLab, type FakeLab } from '../support/fake-lab.ts'
import { type RendererHost, serveRenderer } from '../support/renderer-host.ts'

describe.skipIf(noChromium)(`the workspace in a browser${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: { context: BrowserContext; close(): Promise<void> }
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())

  async function open(
    hash: string,
    work: (page: Page, host: RendererHost, lab: FakeLab) => Promise<void>,
    protocol = PROTOCOL,
  ): Promise<void> {
    const lab = createFakeLab([
      { run: 1, title: 'v12 VHE', switches: 3000, seed: 42, pes: 2, pending: 472, faults: true },
    ])
    const host = await serveRenderer(lab, protocol)
    const page = await browser.context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('WebSocket')) complaints.push(message.text())
    })
    try {
      await page.goto(host.url + hash)
      await work(page, host, lab)
    } finally {
      await page.close()
      await host.close()
    }
  }
  const plot = (page: Page, name: RegExp) => page.getByRole('application', { name })
  const latency = /^Switch latency over/

  it('opens a deep link: run, switch and range', () =>
    open('#/run/1/switch/1120?cycles=150000-260000', async (page) => {
      await page.getByRole('heading', { name: 'Switch 121' }).waitFor()
      expect(await page.getByText('cycles 150\u202f000–260\u202f000').isVisible()).toBe(true)
      expect(await page.title()).toBe('#1 v12 VHE, v12-vhe.switchyard, Switchyard')
    }))

  it('paints the latency chart', () =>
    open('#/run/1', async (page) => {
      await plot(page, latency).locator('canvas').waitFor()
      const painted = await page
        .locator('canvas')
        .first()
        .evaluate((canvas: HTMLCanvasElement) => {
          const data = Array.from(
            canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [],
          )
          return data.reduce((sum, byte, i) => sum + (i % 4 === 3 && byte > 0 ? 1 : 0), 0)
        })
      expect(painted).toBeGreaterThan(500)
    }))

  it('selects a range by dragging in one chart, and every chart follows', () =>
    open('#/run/1', async (page) => {
      const box = await plot(page, /^Tag faults/).boundingBox()
      if (!box) throw new Error('no chart')
      await page.mouse.move(box.x + 200, box.y + 30)
      await page.mouse.down()
      await page.mouse.move(box.x + 320, box.y + 30, { steps: 4 })
      await page.mouse.up()
      await page.waitForURL(/cycles=\d+-\d+/)
      await page.getByRole('heading', { name: /switches in this range cost/ }).waitFor()
      await page.getByRole('heading', { name: /on PE0 .* in this range/ }).waitFor()
      await page.keyboard.press('0')
      await page.getByRole('heading', { name: /^Half of all switches/ }).waitFor()
      await page.waitForURL((url) => !url.hash.includes('cycles='))
    }))

  it('selects a switch by a click, and walks on by keys', () =>
    open('#/run/1', async (page) => {
      const box = await plot(page, latency).boundingBox()
      if (!box) throw new Error('no chart')
      await page.mouse.click(box.x + 300, box.y + 40)
      await page.waitForURL(/switch\/\d+/)
      const first = page.url()
      await page.keyboard.press(']')
      await page.waitForFunction((before) => location.href !== before, first)
      await page.keyboard.press('[')
      await page.waitForFunction((before) => location.href === before, first)
    }))

  it('zooms by the wheel at the pointer without ever keeping a hand waiting', () =>
    open('#/run/1', async (page) => {
      const chart = plot(page, /^Register histories/)
      await chart.scrollIntoViewIfNeeded()
      const times = await chart.evaluate(async (element) => {
        const spent: number[] = []
        const box = element.getBoundingClientRect()
        for (let i = 0; i < 12; i++) {
          const start = performance.now()
          element.dispatchEvent(
            new WheelEvent('wheel', {
              deltaY: -100,
              ctrlKey: true,
              clientX: box.left + 300,
              clientY: box.top + 40,
              bubbles: true,
              cancelable: true,
            }),
          )
          await new Promise((done) => requestAnimationFrame(done))
          spent.push(performance.now() - start)
          await new Promise((done) => setTimeout(done, 60))
        }
        return spent.sort((a, b) => a - b)
      })
      await page.waitForURL(/cycles=/)
      // A bound against mistakes of a whole order, not a benchmark: this machine is shared by whatever else runs.
      expect(times[6] ?? Number.POSITIVE_INFINITY).toBeLessThan(500)
    }))

  it('works by keyboard alone: every stop of Tab is visible', () =>
    open('#/run/1', async (page) => {
      await plot(page, latency).waitFor()
      const seen = new Set<string>()
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        const stop = await page.evaluate(() => {
          const at = document.activeElement as HTMLElement
          const style = getComputedStyle(at)
          return {
            what: at.getAttribute('aria-label') ?? at.textContent?.trim() ?? at.tagName,
            outline: style.outlineStyle,
            body: at === document.body,
          }
        })
        if (stop.body) continue
        expect(stop.outline, stop.what).not.toBe('none')
        seen.add(stop.what)
      }
      expect([...seen].some((what) => latency.test(what))).toBe(true)
      expect(seen.size).toBeGreaterThan(20)
    }))

  it('runs an experiment, shows it live, and stops it', () =>
    open('#/experiment/handover', async (page) => {
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.waitForURL(/#\/run\/2/)
      await page.getByText('(sampled)').waitFor()
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Resume' }).waitFor()
      await page.getByRole('button', { name: 'Stop' }).click()
      await page.getByText('stopped by hand').first().waitFor()
    }))

  it('saves a figure as SVG, PNG and CSV', () =>
    open('#/run/1/latency', async (page) => {
      await plot(page, latency).waitFor()
      const figure = page.locator('section.figure', { has: plot(page, latency) })
      const save = async (item: string): Promise<{ name: string; bytes: Buffer }> => {
        await figure.getByRole('button', { name: /^Save/ }).click()
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('menuitem', { name: item }).click(),
        ])
        return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
      }
      const svg = await save('Save as SVG')
      expect(svg.name).toBe('run-1-latency.svg')
      expect(svg.bytes.toString()).toMatch(/^<svg .*Half of all switches.*Run #1, seed 42/s)
      const png = await save('Save as PNG')
      expect(png.bytes.subarray(1, 4).toString()).toBe('PNG')
      const csv = await save('Save the data as CSV')
      expect(csv.bytes.toString()).toMatch(
        /^# Run #1, seed 42.*\r\nstart \(model cycles\),latency \(model cycles\),PE,vCPU\r\n\d+,\d+,/,
      )
    }))

  it('keeps the picture when the host goes away, says so, and comes back', () =>
    open('#/run/1', async (page, host) => {
      await plot(page, latency).waitFor()
      host.vanish()
      await page.getByText('The lab has gone away.').waitFor()
      expect(await plot(page, latency).isVisible()).toBe(true)
      host.resume()
      await page.getByText('The lab has gone away.').waitFor({ state: 'detached', timeout: 10_000 })
    }))

  it('says when the lab is of another version', () =>
    open('#/', (page) => page.getByText('of different versions').waitFor(), PROTOCOL + 1))

  it('remembers the theme and which panels are open', () =>
    open('#/run/1', async (page) => {
      await plot(page, latency).waitFor()
      await page.keyboard.press('Control+b')
      await page.getByRole('button', { name: /light|dark|contrast/ }).click()
      await page.getByRole('menuitemradio', { name: 'High contrast, dark' }).click()
      await page.reload()
      await plot(page, latency).waitFor()
      expect(await page.getByRole('navigation', { name: 'Runs and experiments' }).count()).toBe(0)
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('contrast-dark')
    }))

  it('shows every fault in a list that holds few rows at a time', () =>
    open('#/run/1/faults', async (page, _host, lab) => {
      const grid = page.getByRole('region', { name: 'Every tag fault' })
      await grid.getByRole('row').nth(3).waitFor()
      const faults = await lab.call('run.fault-list', { run: 1, range: null, offset: 0, limit: 1 })
      expect(await grid.getByRole('table').getAttribute('aria-rowcount')).toBe(
        String((faults.ok ? faults.value.total : 0) + 1),
      )
      expect(await grid.getByRole('row').count()).toBeLessThan(60)
      await grid.focus()
      await page.keyboard.press('End')
      await page
        .getByText(/loaded|stored/)
        .last()
        .waitFor()
      await page.waitForURL(/switch\/\d+/)
    }))

  it.each([
    [1440, 900],
    [1024, 768],
  ])(
    'fits the columns of the fault list in %i pixels, tree and inspector open where they fit',
    (width, height) =>
      open('#/run/1/faults', async (page) => {
        await page.setViewportSize({ width, height })
        const grid = page.getByRole('region', { name: 'Every tag fault' })
        await grid.getByRole('row').nth(3).waitFor()
        const cut = await grid.evaluate((element) => element.scrollWidth - element.clientWidth)
        expect(cut).toBe(0)
        const pc = await grid.getByRole('columnheader', { name: 'PC', exact: true }).boundingBox()
        const box = await grid.boundingBox()
        expect((pc?.x ?? 0) + (pc?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0))
      }),
  )

  it('shows where a table goes on beyond its right edge', () =>
    open('#/', async (page) => {
      const grid = page.getByRole('region', { name: 'Runs' })
      await grid.waitFor()
      const more = () => grid.evaluate((element) => element.classList.contains('more'))
      expect(await more()).toBe(false)
      await page.setViewportSize({ width: 900, height: 700 })
      await expect.poll(more).toBe(true)
      await grid.evaluate((element) => element.scrollTo({ left: 2000 }))
      await expect.poll(more).toBe(false)
    }))

  it.each([300, 368, 420])('cuts no value of an inspector %i pixels wide', (inspectorWidth) =>
    open('#/run/1', async (page) => {
      await plot(page, latency).waitFor()
      await page.evaluate(
        (layout) => {
          localStorage.setItem('switchyard.layout.v12-vhe.switchyard', JSON.stringify(layout))
        },
        { inspectorWidth },
      )
      await page.goto(`${page.url().split('#')[0]}#/run/1/switch/1120`)
      await page.reload()
      const inspector = page.getByRole('complementary', { name: 'Inspector' })
      await inspector.getByRole('heading', { name: 'HCR_EL2' }).waitFor()
      expect(Math.round((await inspector.boundingBox())?.width ?? 0)).toBe(inspectorWidth)
      const cut = await inspector.evaluate((element) =>
        [...element.querySelectorAll<HTMLElement>('td, th, dd')].flatMap((cell) =>
          cell.scrollWidth > cell.clientWidth ||
          cell.getBoundingClientRect().right > element.getBoundingClientRect().right
            ? [cell.textContent?.trim() ?? '']
            : [],
        ),
      )
      expect(cut).toEqual([])
    }),
  )

  it('never broke its content security policy, nor threw', () => expect(complaints).toEqual([]))
})
