import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { eventStream } from '../../test/support/event-stream.ts'
import { newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { startSession } from './session.ts'

const LONG = process.env.SWITCHYARD_LONG === '1'
const KILLS = LONG ? 60 : 4
const PER_SECOND = 200_000
/** What a killed process may lose, milliseconds. */
const LOST_MS = 1000

const folder = mkdtempSync(join(tmpdir(), 'switchyard-killed-'))
afterAll(() => rmSync(folder, { recursive: true }))

const child = join(import.meta.dirname, '../../test/support/store-child.ts')

interface Said {
  ms: number
  events: number
  switches: number
}

/** Starts a process that writes a run, and kills it so many milliseconds later. @returns what it said */
async function killAfter(ms: number, path: string, seed: number): Promise<Said[]> {
  const process_ = spawn(process.execPath, [child, path, String(PER_SECOND), String(seed)])
  let out = ''
  let err = ''
  process_.stdout.on('data', (data) => {
    out += data
  })
  process_.stderr.on('data', (data) => {
    err += data
  })
  const closed = new Promise((resolve) => process_.once('close', resolve))
  await new Promise((resolve) => setTimeout(resolve, ms))
  process_.kill('SIGKILL')
  await closed
  expect(err).toBe('')
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [at, events, switches] = line.split(' ').map(Number) as [number, number, number]
      return { ms: at, events, switches }
    })
}

/** Between a start that has not come to the file yet and a run of two seconds. */
const moments = (random: () => number) =>
  Array.from({ length: KILLS }, (_, i) => (LONG && i % 3 === 0 ? random() % 900 : 1500 + (random() % 1800)))

it(`a session opens after each of ${KILLS} kills, with all but the last second of a run that says interrupted`, async () => {
  const seed = 20_261_125
  let withRun = 0
  for (const [i, ms] of moments(xorshift(seed)).entries()) {
    const path = join(folder, `${i}.switchyard`)
    const what = `kill ${i} after ${ms} ms, seed ${seed}`
    const said = await killAfter(ms, path, seed + i)
    if (!existsSync(path)) {
      expect(said, what).toEqual([])
      continue
    }
    const session = startSession({ path, version: '0.1.0' })
    expect(session.info.readOnlyWhy, what).toBeNull()
    expect(session.handlers['session.check']({}), what).toEqual([])
    const runs = session.handlers['run.list']({})
    for (const summary of runs) {
      withRun++
      const { run } = summary
      expect(summary, what).toMatchObject({ state: 'interrupted', stop: null })
      const last = said.at(-1)
      const sure = said.findLast((line) => line.ms <= (last?.ms ?? 0) - LOST_MS)
      const { total } = session.handlers['run.events']({ run, range: null, columns: 1000, pe: null })
      expect(total, what).toBeGreaterThanOrEqual(sure?.events ?? 0)
      expect(summary.switches, what).toBeGreaterThanOrEqual(sure?.switches ?? 0)
      // What is there is what was sent, from the first event on without a gap.
      const stream = eventStream(0, seed + i)
      for (let made = 0; made < total; made += 1000) stream.next(Math.min(1000, total - made))
      if (total > 0) expect(summary.cycles, what).toBe(stream.cycle)
      const asked = { run, range: null, columns: 1000, pe: null, vcpu: null }
      expect(session.handlers['run.latency'](asked).total, what).toBe(summary.switches)
      expect(summary.latency?.n ?? 0, what).toBe(summary.switches)
    }
    expect(session.handlers['run.create'](newRun('next')), what).toBe(runs.length + 1)
    session.handlers.close({})
    rmSync(path)
  }
  expect(withRun).toBeGreaterThan(KILLS / 2)
})
