import { parentPort, workerData } from 'node:worker_threads'
import { ProblemError } from '../../shared/base/result.ts'
import { asProblem } from './failures.ts'
import type { FromStore, StoreStart, ToStore } from './protocol.ts'
import { salvage } from './salvage.ts'
import { type Session, startSession } from './session.ts'

/** The store's thread: one session, its calls answered one after the other. */
const port = parentPort
if (port === null) throw new Error('electron/store/worker.ts runs as a worker thread')
const start = workerData as StoreStart

const post = (message: FromStore, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

let session: Session | null = null
try {
  const salvaged = start.salvage === undefined ? null : salvage(start.salvage, start.path)
  session = startSession(start)
  post({ kind: 'ready', info: { ...session.info, salvaged } })
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  post({ kind: 'refused', problem: error.problem })
  port.close()
}

port.on('message', ({ ticket, name, args }: ToStore) => {
  if (session === null) return
  try {
    const value = session.handlers[name](args as never)
    post({ kind: 'reply', ticket, value }, buffersOf(value))
    if (name === 'close') port.close()
  } catch (thrown) {
    const error = asProblem(start.path, thrown)
    if (error instanceof ProblemError) {
      post({ kind: 'problem', ticket, problem: error.problem })
    } else {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      post({ kind: 'crashed', ticket, message, stack: stack ?? '' })
    }
  }
})

/** The buffers of a reply's columns, which move instead of being copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const visit = (at: unknown) => {
    if (ArrayBuffer.isView(at)) {
      if (at.buffer instanceof ArrayBuffer) found.add(at.buffer)
    } else if (typeof at === 'object' && at !== null) {
      for (const member of Object.values(at)) visit(member)
    }
  }
  visit(value)
  return [...found]
}
