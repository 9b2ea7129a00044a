/** Takes a picture of every view in out/screens: `node test/e2e/renderer-screens.ts [name part]`, after a build. */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { createFakeLab, type FakeLab, type RunShape } from '../support/fake-lab.ts'
import { serveRenderer } from '../support/renderer-host.ts'

const shapes: RunShape[] = [
  {
    run: 1,
    title: 'v12 VHE',
    switches: 20000,
    seed: 42,
    pes: 4,
    pending: 472,
    faults: true,
    check: 'several',
  },
  { run: 2, title: 'v13 VHE', switches: 4096, seed: 42, pes: 4, pending: 0, faults: false, check: 'none' },
  { run: 3, title: 'v12 VHE, short', switches: 60, seed: 9, pes: 1, pending: 120, faults: true },
  { run: 4, title: 'v12 VHE', switches: 28, seed: 1, pes: 1, pending: 12, faults: false, check: 'violated' },
  {
    run: 5,
    title: 'v13 VHE, sampled',
    switches: 28,
    seed: 1,
    pes: 1,
    pending: 0,
    faults: false,
    check: 'sampled',
  },
  {
    run: 6,
    title: 'v13 VHE, no draw',
    switches: 28,
    seed: 1,
    pes: 1,
    pending: 0,
    faults: false,
    check: 'vacuous',
  },
  {
    run: 7,
    title: 'foreign image',
    switches: 28,
    seed: 1,
    pes: 1,
    pending: 0,
    faults: false,
    check: 'unknown',
  },
]
const out = process.env.SCREENS ?? resolve(import.meta.dirname, '../../out/screens')
mkdirSync(out, { recursive: true })
const wanted = process.argv[2] ?? ''

interface Screen {
  name: string
  hash: string
  theme?: string
  size?: [number, number]
  shapes?: RunShape[]
  before?: (lab: FakeLab) => void
  act?: (page: Page, lab: FakeLab) => Promise<void>
}
const problem = {
  place: 'v12-vhe.switchyard',
  cause: 'the session file is locked by another process',
  remedy: 'Close the other window that has it open, then try again.',
}

const screens: Screen[] = [
  ...['light', 'dark', 'contrast', 'contrast-dark'].flatMap((theme): Screen[] => [
    { name: `run-${theme}`, hash: '#/run/1/switch/1120?cycles=83000-93000', theme },
    { name: `run-all-${theme}`, hash: '#/run/1', theme },
    { name: `latency-${theme}`, hash: '#/run/1/latency/switch/1120', theme },
    { name: `faults-${theme}`, hash: '#/run/1/faults', theme },
    { name: `registers-${theme}`, hash: '#/run/1/registers/switch/1120?cycles=83000-93000', theme },
    { name: `experiment-${theme}`, hash: '#/experiment/handover', theme },
    { name: `home-${theme}`, hash: '#/', theme },
    { name: `findings-${theme}`, hash: '#/run/4/findings/finding/1/step/3', theme },
    { name: `findings-several-${theme}`, hash: '#/run/1/findings/finding/2', theme },
    { name: `findings-none-${theme}`, hash: '#/run/2/findings', theme },
    { name: `museum-case-${theme}`, hash: '#/museum/missing-isb', theme },
  ]),
  { name: 'run-1024', hash: '#/run/1/switch/1120', size: [1024, 768] },
  {
    name: 'run-1024-inspector',
    hash: '#/run/1/switch/1120',
    size: [1024, 768],
    act: (page) => page.keyboard.press('i'),
  },
  {
    name: 'run-1024-tree',
    hash: '#/run/1',
    size: [1024, 768],
    act: (page) => page.keyboard.press('Control+b'),
  },
  { name: 'run-1920', hash: '#/run/1/switch/1120?cycles=83000-93000', size: [1920, 1080] },
  { name: 'latency-1920', hash: '#/run/1/latency', size: [1920, 1080] },
  { name: 'run-short', hash: '#/run/3/switch/1010' },
  { name: 'run-no-faults', hash: '#/run/2' },
  { name: 'faults-none', hash: '#/run/2/faults' },
  { name: 'console', hash: '#/run/1/console' },
  { name: 'findings-1024', hash: '#/run/4/findings', size: [1024, 640] },
  { name: 'findings-1920', hash: '#/run/1/findings/finding/2', size: [1920, 1080] },
  { name: 'findings-question-1', hash: '#/run/4/findings/question/1' },
  { name: 'findings-question-2', hash: '#/run/4/findings/question/2' },
  { name: 'findings-question-3', hash: '#/run/4/findings/question/3' },
  { name: 'findings-card', hash: '#/run/4/findings/card' },
  { name: 'findings-card-1024', hash: '#/run/4/findings/card', size: [1024, 640] },
  { name: 'findings-question-2-none', hash: '#/run/2/findings/question/2' },
  { name: 'findings-sampled', hash: '#/run/5/findings' },
  { name: 'findings-vacuous', hash: '#/run/6/findings' },
  { name: 'findings-unknown', hash: '#/run/7/findings' },
  { name: 'findings-not-checked', hash: '#/run/3/findings' },
  { name: 'findings-missing', hash: '#/run/4/findings/finding/9' },
  { name: 'findings-loading', hash: '#/run/4/findings', before: (lab) => lab.stuck.add('run.findings') },
  {
    name: 'findings-error',
    hash: '#/run/4/findings',
    before: (lab) => lab.failing.set('run.findings', problem),
  },
  { name: 'findings-live', hash: '#/run/3/findings', before: (lab) => void lab.live(3, 0.4) },
  { name: 'museum', hash: '#/museum' },
  { name: 'museum-1024', hash: '#/museum', size: [1024, 640] },
  { name: 'museum-missing', hash: '#/museum/nothing' },
  { name: 'museum-error', hash: '#/museum', before: (lab) => lab.failing.set('museum.list', problem) },
  { name: 'home-1024', hash: '#/', size: [1024, 640] },
  { name: 'home-empty', hash: '#/', shapes: [] },
  { name: 'home-error', hash: '#/', before: (lab) => lab.failing.set('run.list', problem) },
  { name: 'home-loading', hash: '#/', before: (lab) => lab.stuck.add('run.list') },
  {
    name: 'run-loading',
    hash: '#/run/1',
    before: (lab) => {
      for (const name of ['run.latency', 'run.faults', 'run.registers'] as const) lab.stuck.add(name)
    },
  },
  {
    name: 'run-error',
    hash: '#/run/1',
    before: (lab) => {
      for (const name of ['run.latency', 'run.registers'] as const) lab.failing.set(name, problem)
    },
  },
  { name: 'run-missing', hash: '#/run/77' },
  {
    name: 'run-live',
    hash: '#/run/1',
    before: (lab) => void lab.live(1, 0.43),
    act: async (page, lab) => {
      lab.emit('run.progress', lab.live(1, 0.5))
      await page.waitForTimeout(900)
    },
  },
  { name: 'palette', hash: '#/run/1', act: (page) => page.keyboard.press('Control+k') },
  {
    name: 'palette-search',
    hash: '#/run/1',
    theme: 'dark',
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await page.keyboard.type('zoom')
    },
  },
  { name: 'sheet', hash: '#/run/1', act: (page) => page.keyboard.press('?') },
  {
    name: 'experiment-problem',
    hash: '#/experiment/handover',
    act: async (page) => {
      await page.getByLabel('pes', { exact: true }).fill('9')
      await page.keyboard.press('Tab')
      await page.waitForTimeout(500)
    },
  },
  {
    name: 'latency-table',
    hash: '#/run/1/latency',
    act: (page) => page.getByRole('button', { name: 'Table' }).first().click(),
  },
  {
    name: 'faults-row',
    hash: '#/run/1/faults',
    act: async (page) => {
      await page.getByRole('region', { name: 'Every tag fault' }).focus()
      for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown')
    },
  },
  {
    name: 'focus',
    hash: '#/run/1/switch/1120',
    act: async (page) => {
      await page.getByLabel(/^Switch latency over model cycles/).focus()
      await page.keyboard.press('+')
      await page.keyboard.press('+')
      await page.waitForTimeout(300)
    },
  },
]

let complaints = 0
const browser = await openBrowser()
try {
  for (const screen of screens.filter((each) => each.name.includes(wanted))) {
    const lab = createFakeLab(screen.shapes ?? shapes)
    screen.before?.(lab)
    const host = await serveRenderer(lab)
    const page = await browser.context.newPage()
    const [width, height] = screen.size ?? [1440, 900]
    await page.setViewportSize({ width, height })
    const complain = (text: string): void => {
      complaints++
      console.log(`${screen.name}: ${text}`)
    }
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(message.text()))
    page.on('pageerror', (error) => complain(String(error)))
    await page.addInitScript(
      (theme) => localStorage.setItem('switchyard.theme', theme),
      screen.theme ?? 'light',
    )
    await page.goto(host.url + screen.hash)
    await page.waitForSelector('.status-bar')
    await page.waitForTimeout(700)
    await screen.act?.(page, lab)
    await page.waitForTimeout(250)
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
    if (overflow) complain('the page is wider than the window')
    await page.screenshot({ path: `${out}/${screen.name}.png` })
    await page.close()
    await host.close()
  }
} finally {
  await browser.close()
}
console.log(complaints === 0 ? 'no complaint in the console' : `${complaints} complaints`)
process.exitCode = complaints === 0 ? 0 : 1
