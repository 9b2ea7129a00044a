import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { TraceBatch } from '../../shared/model/trace.ts'
import { PeRunner } from './pe-runner.ts'
import { type FromPe, type PeWorkerData, WORKER_PROTOCOL } from './protocol.ts'

/** Entry of one PE's worker thread: runs the PE until the machine ends, and reports a bug of ours instead of dying silently. */
function main(): void {
  const port = parentPort
  if (!port) throw new Error('pe-worker runs as a worker thread only')
  const data = workerData as PeWorkerData
  const post = (message: FromPe): void => {
    port.postMessage(message, message.kind === 'trace' ? buffersOf(message.batch) : [])
  }
  try {
    if (data.protocol !== WORKER_PROTOCOL) {
      throw new Error(`worker protocol ${WORKER_PROTOCOL} does not fit the client's ${data.protocol}`)
    }
    new PeRunner(data, post, () => receiveMessageOnPort(port)?.message ?? null).run()
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    post({ kind: 'crashed', message, stack: stack ?? '' })
  }
}

function buffersOf({ events }: TraceBatch): ArrayBuffer[] {
  if (!events) return []
  return [events.cycle, events.kind, events.el, events.pc, events.detail].map(
    (column) => column.buffer as ArrayBuffer,
  )
}

main()
