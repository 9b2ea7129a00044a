import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { ProblemError } from '../../shared/base/result.ts'
import { asProblem } from './failures.ts'
import { checkFile } from './open.ts'
import type { FromStore, StoreStart, ToStore } from './protocol.ts'
import { salvage } from './salvage.ts'
import { type Session, startSession } from './session.ts'

/** The store's thread: one session, its calls answered one after the other. */
const port = parentPort
if (port === null) throw new Error('electron/store/worker.ts runs as a worker thread')
const start = workerData as StoreStart

const post = (message: FromStore, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

let session: Session | null = null
if (start.check) {
  // Any message says that nobody waits any more.
  const damage = checkFile(start.path, () => receiveMessageOnPort(port) !== undefined)
  post({ kind: 'checked', damage })
} else session = opened()

/** @returns null after a refusal, which is posted */
function opened(): Session | null {
  try {
    const salvaged = start.salvage === undefined ? null : salvage(start.salvage, start.path)
    const made = startSession(start)
    post({ kind: 'ready', info: { ...made.info, salvaged } })
    return made
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    post({ kind: 'refused', problem: error.problem })
    return null
  }
}

if (session === null) port.close()
else port.on('message', answer)

function answer({ ticket, name, args }: ToStore): void {
  if (port === null || session === null) return
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
}

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
