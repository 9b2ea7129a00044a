import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { openStore, type StoreClient } from '../../electron/store/client.ts'
import { createRing, ringCapacity } from '../../shared/model/ring.ts'
import type { RunId } from '../../shared/model/run.ts'
import { eventStream } from '../support/event-stream.ts'
import { newRun } from '../support/store-rows.ts'
import type { ProducerWork } from './event-producer.ts'

/** The promise: events a second from one producer. */
const PER_SECOND = 1_000_000
const SEED = 20_261_125
const DRAW_MS = 100

const spawnStore = (workerData: unknown) =>
  new Worker(new URL('../../electron/store/worker.ts', import.meta.url), { workerData })

function produce(work: Omit<ProducerWork, 'seed'>): Promise<number> {
  const workerData: ProducerWork = { ...work, seed: SEED }
  const worker = new Worker(new URL('./event-producer.ts', import.meta.url), { workerData })
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}

async function inFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
  try {
    return await work(join(folder, 'bench.switchyard'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Events a second that the producer came to without a store. */
export async function ingestAlone(events: number): Promise<number> {
  const ring = createRing(0, ringCapacity(1))
  return (events * 1000) / (await produce({ ring, events, perSecond: PER_SECOND, alone: true }))
}

/**
 * Events a second that the producer came to while a store took them, and bytes an event of the closed file.
 * @param perSecond null: as fast as the store takes them, its last commit included
 * @param drawn the charts of the growing run are asked for ten times a second
 */
export function ingest(
  events: number,
  perSecond: number | null = PER_SECOND,
  drawn = false,
): Promise<{ perSecond: number; bytes: number }> {
  return inFolder(async (path) => {
    const store = await openStore(spawnStore, { path, version: 'bench' })
    const run = await store.call('run.create', newRun('bench'))
    const ring = createRing(0, ringCapacity(1))
    await store.call('run.rings', { run, rings: [ring] })
    const from = performance.now()
    const drawing = drawn ? setInterval(() => void draw(store, run), DRAW_MS) : undefined
    const producerMs = await produce({ ring, events, perSecond, alone: false })
    clearInterval(drawing)
    const stop = { kind: 'stopped' } as const
    await store.call('run.finish', {
      run,
      end: { state: 'stopped', stop, stateHash: null, hostNs: 1, pes: [] },
    })
    const storeMs = performance.now() - from
    const { total } = await store.call('run.events', { run, range: null, columns: 1000, pe: null })
    await store.close()
    if (total !== events) throw new Error(`${total} of ${events} events were stored`)
    return {
      perSecond: (events * 1000) / (perSecond === null ? storeMs : producerMs),
      bytes: statSync(path).size / events,
    }
  })
}

/** What the page of a run that is computed asks for again and again. */
async function draw(store: StoreClient, run: RunId): Promise<void> {
  const asked = { run, range: null, columns: 1000, pe: null, vcpu: null }
  await Promise.all([
    store.call('run.list', {}),
    store.call('run.latency', asked),
    store.call('run.faults', asked),
    store.call('run.events', asked),
  ])
}

/** Events a second as plain rows of one prepared statement, a transaction for every ten thousand. */
export function ingestRows(events: number): Promise<number> {
  return inFolder(async (path) => {
    const db = new Database(path)
    db.pragma('journal_mode = WAL')
    db.exec(
      'CREATE TABLE event (pe INTEGER, cycle INTEGER, kind INTEGER, el INTEGER, pc INTEGER, detail INTEGER) STRICT',
    )
    const insert = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)')
    const stream = eventStream(0, SEED)
    const batch = db.transaction((count: number) => {
      const { cycle, kind, el, pc, detail } = stream.next(count)
      for (let i = 0; i < count; i++) {
        insert.run(0, cycle[i], kind[i], el[i], BigInt.asIntN(64, pc[i]!), BigInt.asIntN(64, detail[i]!))
      }
    })
    const from = performance.now()
    for (let made = 0; made < events; made += 10_000) batch(Math.min(10_000, events - made))
    const ms = performance.now() - from
    db.close()
    return (events * 1000) / ms
  })
}
