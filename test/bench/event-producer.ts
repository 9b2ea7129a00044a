import { parentPort, workerData } from 'node:worker_threads'
import { ringConsumer, ringProducer } from '../../shared/model/ring.ts'
import { eventStream } from '../support/event-stream.ts'

/** What a producer is to do: `perSecond` null as fast as it can; `alone` throws away what it wrote, as if there were no store. */
export interface ProducerWork {
  ring: SharedArrayBuffer
  events: number
  perSecond: number | null
  alone: boolean
  seed: number
}

const BATCH = 1000

/**
 * A worker that writes seeded events into a ring at a given rate, busy between them as an engine is. What a full ring cost it,
 * it makes good as fast as it can. It reports the milliseconds that it took.
 */
function produce({ ring, events, perSecond, alone, seed }: ProducerWork): number {
  const producer = ringProducer(ring)
  const consumer = ringConsumer(ring)
  const stream = eventStream(0, seed)
  const from = performance.now()
  for (let made = 0; made < events; made += BATCH) {
    while (perSecond !== null && performance.now() - from < (made * 1000) / perSecond) {
      // The next batch is not due.
    }
    const batch = stream.next(BATCH)
    for (let at = 0; at < BATCH; ) {
      const written = producer.write(batch, at)
      at += written
      if (alone) consumer.free(written)
      else if (at < BATCH) producer.waitForRoom(50)
    }
  }
  return performance.now() - from
}

parentPort?.postMessage(produce(workerData as ProducerWork))
