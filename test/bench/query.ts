import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { openStore, type StoreClient } from '../../electron/store/client.ts'
import type { CycleRange } from '../../shared/model/views.ts'
import { makeBigSession } from '../support/big-session.ts'
import { xorshift } from '../support/trace-rows.ts'

/** Pixels of a chart, and the registers that are drawn at first. */
const COLUMNS = 1000
const REGISTERS = ['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1', 'HCR_EL2']
const WINDOWS = 100

const made = new Map<number, { path: string; cycles: number }>()

/** A session with so many events, made once. */
function bigSession(events: number): { path: string; cycles: number } {
  let session = made.get(events)
  if (session === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-query-'))
    process.once('exit', () => rmSync(folder, { recursive: true }))
    const path = join(folder, 'big.switchyard')
    session = { path, cycles: makeBigSession(path, events).cycles }
    made.set(events, session)
  }
  return session
}

const open = (path: string) =>
  openStore(
    (workerData) => new Worker(new URL('../../electron/store/worker.ts', import.meta.url), { workerData }),
    {
      path,
      version: 'bench',
    },
  )

/** What the charts of a run ask for one window. */
function charts(store: StoreClient, range: CycleRange | null): (() => Promise<unknown>)[] {
  const asked = { run: 1, range, columns: COLUMNS, pe: null, vcpu: null }
  return [
    () => store.call('run.latency', asked),
    () => store.call('run.distribution', { ...asked, bins: 60 }),
    () => store.call('run.faults', asked),
    () => store.call('run.fault-list', { ...asked, offset: 0, limit: 200 }),
    () => store.call('run.registers', { ...asked, pe: 0, registers: REGISTERS }),
    () => store.call('run.events', asked),
  ]
}

/** Milliseconds from nothing to everything that the charts of a whole run draw. */
export async function openMs(events: number): Promise<number> {
  const { path } = bigSession(events)
  const from = performance.now()
  const store = await open(path)
  await store.call('run.list', {})
  await Promise.all(charts(store, null).map((ask) => ask()))
  const ms = performance.now() - from
  await store.close()
  return ms
}

/** The 95th percentile of the milliseconds of one chart's answer, over random windows of every width from the whole run to a few switches. */
export async function zoomMs(events: number): Promise<number> {
  const { path, cycles } = bigSession(events)
  const store = await open(path)
  const random = xorshift(7)
  const share = () => random() / 2 ** 32
  const times: number[] = []
  for (let i = 0; i < WINDOWS; i++) {
    const width = Math.floor(cycles * (2000 / cycles) ** share())
    const from = Math.floor(share() * (cycles - width))
    for (const ask of charts(store, { from, to: from + width })) {
      const begin = performance.now()
      await ask()
      times.push(performance.now() - begin)
    }
  }
  await store.close()
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!
}

/** Megabytes by which a fresh process grows that opens the session and draws the whole run and 20 windows of it. */
export function openMegabytes(events: number): number {
  const { path, cycles } = bigSession(events)
  const script = new URL('../support/query-child.ts', import.meta.url).pathname
  const child = spawnSync(process.execPath, [script, path, String(cycles)], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  return Number(child.stdout)
}
