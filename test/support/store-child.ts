import { Worker } from 'node:worker_threads'
import { openStore } from '../../electron/store/client.ts'
import { createRing, ringCapacity } from '../../shared/model/ring.ts'
import type { ProducerWork } from '../bench/event-producer.ts'
import { newRun } from './store-rows.ts'
import { traceMaker } from './trace-rows.ts'

/**
 * A process that writes a run until it is killed: events through a ring at a high rate, switches by chunks. Every 20 ms a line
 * says what left the producers so far, stored or not: milliseconds, events, switches.
 */
const [path, perSecond, seed] = process.argv.slice(2) as [string, string, string]
const store = await openStore(
  (workerData) => new Worker(new URL('../../electron/store/worker.ts', import.meta.url), { workerData }),
  { path, version: '0.1.0' },
)
const run = await store.call('run.create', newRun('killed'))
const ring = createRing(0, ringCapacity(1))
await store.call('run.rings', { run, rings: [ring] })
const workerData: ProducerWork = {
  ring,
  events: 2 ** 31,
  perSecond: Number(perSecond),
  alone: false,
  seed: Number(seed),
}
new Worker(new URL('../bench/event-producer.ts', import.meta.url), { workerData })

const from = performance.now()
const maker = traceMaker(0, 2, Number(seed))
const words = new Int32Array(ring)
setInterval(() => {
  const traces = Array.from({ length: 10 }, () => ({ ...maker.next(), events: null }))
  void store.call('run.append', { run, chunk: { traces, console: [], pes: [], hostNs: 0 } })
  process.stdout.write(
    `${Math.round(performance.now() - from)} ${Atomics.load(words, 0) >>> 0} ${maker.switches}\n`,
  )
}, 20)
