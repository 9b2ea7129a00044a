import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Session, startSession } from '../../electron/store/session.ts'
import { eventKinds } from '../../shared/model/trace.ts'
import { type BigSession, makeBigSession } from '../support/big-session.ts'
import { openBrowser } from '../support/browser.ts'
import { noChromium } from '../support/chromium.ts'
import { firstLine, outcomeOf, startCommand } from '../support/command-line.ts'
import { eventStream } from '../support/event-stream.ts'
import { xorshift } from '../support/trace-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-many-'))
const path = join(folder, 'many.switchyard')
const SEED = 5
const EVENTS = 10_000_000
/** Windows that are compared with the events themselves. */
const WINDOWS = process.env.SWITCHYARD_LONG === '1' ? 400 : 25
const COLUMNS = 500

describe('a run of ten million events', () => {
  let made: BigSession
  let session: Session
  /** The cycles and kinds of PE 1 as they were sent. */
  let cycles: Float64Array
  let kinds: Uint8Array

  beforeAll(() => {
    made = makeBigSession(path, EVENTS, SEED)
    session = startSession({ path, version: '0.1.0' })
    const count = made.events / 2
    cycles = new Float64Array(count)
    kinds = new Uint8Array(count)
    const stream = eventStream(1, SEED)
    for (let at = 0; at < count; at += 1000) {
      const { cycle, kind } = stream.next(Math.min(1000, count - at))
      cycles.set(cycle, at)
      kinds.set(kind, at)
    }
  }, 120_000)
  afterAll(() => {
    session.handlers.close({})
    rmSync(folder, { recursive: true })
  })

  it('is kept in twelve bytes an event, its rows included', () => {
    expect(made.events).toBeGreaterThanOrEqual(EVENTS)
    expect(statSync(path).size / made.events).toBeLessThanOrEqual(12)
  })

  it('opens, and its charts hold everything', () => {
    const { run } = made
    const [summary] = session.handlers['run.list']({})
    expect(summary).toMatchObject({ run, state: 'finished', switches: made.switches, cycles: made.cycles })
    const whole = { run, range: null, columns: COLUMNS, pe: null, vcpu: null }
    const latency = session.handlers['run.latency'](whole)
    expect(latency.total).toBe(made.switches)
    expect(latency.drawn).toBeLessThanOrEqual(2 * COLUMNS)
    expect(session.handlers['run.distribution']({ ...whole, bins: 60 })?.n).toBe(made.switches)
    expect(session.handlers['run.events'](whole).total).toBe(made.events)
    const faults = session.handlers['run.faults'](whole).owners
    expect(faults.reduce((sum, owner) => sum + owner.totalSync + owner.totalAsync, 0)).toBe(made.faults)
    const registers = ['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1', 'HCR_EL2']
    const lanes = [0, 1].flatMap((pe) => session.handlers['run.registers']({ ...whole, pe, registers }))
    expect(lanes).toHaveLength(8)
    expect(lanes.reduce((sum, { total }) => sum + total, 0)).toBe(made.changes)
    expect(lanes.every(({ drawn }) => drawn <= 4 * COLUMNS)).toBe(true)
  })

  it(`counts each event once in any of ${WINDOWS} windows`, () => {
    const random = xorshift(SEED)
    for (let i = 0; i < WINDOWS; i++) {
      const width = Math.floor(made.cycles * (500 / made.cycles) ** (random() / 2 ** 32))
      const from = random() % (made.cycles - width)
      const to = from + width
      const series = session.handlers['run.events']({
        run: made.run,
        range: { from, to },
        columns: COLUMNS,
        pe: 1,
      })
      const start = series.columnStart[0]!
      const wanted = eventKinds.map(() => new Float64Array(series.columnStart.length))
      let total = 0
      for (let at = 0; at < cycles.length; at++) {
        const cycle = cycles[at]!
        if (cycle < from) continue
        if (cycle > to) break
        wanted[kinds[at]!]![Math.floor((cycle - start) / series.columnWidth)]!++
        total++
      }
      const found = eventKinds.map(
        (kind) =>
          series.lanes.find((lane) => lane.kind === kind)?.count ??
          new Float64Array(series.columnStart.length),
      )
      expect([series.total, found], `window ${from} to ${to}`).toEqual([total, wanted])
    }
  })

  it.skipIf(noChromium)(`is drawn by the built program${noChromium ? ` (${noChromium})` : ''}`, async () => {
    const server = startCommand(['serve', path], {
      cwd: folder,
      env: { SWITCHYARD_DATA: join(folder, 'data') },
    })
    const browser = await openBrowser()
    try {
      const page = await browser.context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(`${await firstLine(server)}#/run/${made.run}/latency`)
      const badge = page.locator('section.figure .badge').first()
      const numbers = async () => (await badge.innerText()).replaceAll(/[^\dof]/g, '')
      await expect.poll(numbers, { timeout: 20_000 }).toMatch(new RegExp(`^\\d+of${made.switches}$`))
      const from = Math.floor(made.cycles / 3)
      const to = from + 200_000
      const inside = session.handlers['run.latency']({
        run: made.run,
        range: { from, to },
        columns: 10_000,
        pe: null,
        vcpu: null,
      }).total
      await page.evaluate((hash) => {
        location.hash = hash
      }, `#/run/${made.run}/latency?cycles=${from}-${to}`)
      await expect.poll(numbers, { timeout: 20_000 }).toContain(String(inside))
      expect(inside).toBeGreaterThan(100)
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
      server.kill('SIGTERM')
      await outcomeOf(server)
    }
  })
})
