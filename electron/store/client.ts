import type { Worker } from 'node:worker_threads'
import { ProblemError } from '../../shared/base/result.ts'
import type { FromStore, StoreCallName, StoreCalls, StoreInfo, StoreStart, ToStore } from './protocol.ts'

/** Makes the store's worker thread; supplied by the composition root, since bundler and plain Node name the file differently. */
export type SpawnStore = (workerData: StoreStart) => Worker

export interface StoreClient {
  info: StoreInfo
  /** Rejects with ProblemError for what a person can mend; any other error is a bug of ours. */
  call<C extends StoreCallName>(name: C, args: StoreCalls[C]['args']): Promise<StoreCalls[C]['reply']>
  /** Settles when the whole file has been looked at: what is wrong with it, or null. Then nothing is written any more, and info says so. */
  damage: Promise<string | null>
  /** Closes the file and ends the thread. Safe to call again. */
  close(): Promise<void>
}

/**
 * Starts the store on a session file.
 * @throws ProblemError when the file cannot be opened (open.ts lists why)
 */
export async function openStore(spawn: SpawnStore, start: StoreStart): Promise<StoreClient> {
  const worker = spawn(start)
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let ticket = 0
  let lost: Error | null = null
  let closing: Promise<void> | null = null
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))

  function loseWorker(cause: string): void {
    lost ??= new ProblemError(start.path, cause, 'What was stored is intact: open the session again.')
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }

  const info = await new Promise<StoreInfo>((resolve, reject) => {
    worker.on('error', (error) => {
      loseWorker(`the store ended by an error: ${error.message}`)
      reject(error)
    })
    worker.on('exit', () => {
      loseWorker(closing === null ? 'the store ended' : 'the session is closed')
      reject(lost)
    })
    worker.on('message', (message: FromStore) => {
      if (message.kind === 'ready') return resolve(message.info)
      if (message.kind === 'refused') return reject(problemError(message.problem))
      if (message.kind === 'checked') return // of a check alone
      const entry = waiting.get(message.ticket)
      waiting.delete(message.ticket)
      if (message.kind === 'reply') entry?.resolve(message.value as never)
      else if (message.kind === 'problem') entry?.reject(problemError(message.problem))
      else entry?.reject(Object.assign(new Error(message.message), { stack: message.stack }))
    })
  })

  function call<C extends StoreCallName>(
    name: C,
    args: StoreCalls[C]['args'],
  ): Promise<StoreCalls[C]['reply']> {
    if (lost !== null) return Promise.reject(lost)
    const mine = ++ticket
    return new Promise((resolve, reject) => {
      waiting.set(mine, { resolve, reject })
      worker.postMessage({ ticket: mine, name, args } satisfies ToStore)
    })
  }

  const check = info.checked ? null : startCheck(spawn, start)
  const damage = (check?.damage ?? Promise.resolve(null)).then(async (found) => {
    if (found === null || closing !== null) return null
    const why = `it is damaged (${found})`
    await call('session.distrust', { why })
    Object.assign(info, { readOnly: true, readOnlyWhy: info.readOnlyWhy ?? why })
    return found
  })

  /** The last one that has the file open leaves it as one plain file: that is to be the store. */
  async function end(): Promise<void> {
    await check?.stop()
    await call('close', {}).then(
      () => exited,
      () => undefined,
    )
  }

  return {
    info,
    call,
    damage,
    close() {
      closing ??= end()
      return closing
    },
  }
}

/** Looks at a large file on a thread of its own: the store answers meanwhile. */
function startCheck(spawn: SpawnStore, { path, version }: StoreStart) {
  const worker = spawn({ path, version, check: true })
  worker.unref()
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const damage = new Promise<string | null>((resolve) => {
    worker.once('message', (message: FromStore) =>
      resolve(message.kind === 'checked' ? message.damage : null),
    )
    // A check that fails says nothing of the file.
    worker.once('error', () => resolve(null))
    worker.once('exit', () => resolve(null))
  })
  return {
    damage,
    stop(): Promise<void> {
      worker.postMessage(null)
      return exited
    },
  }
}

const problemError = ({
  place,
  cause,
  remedy,
}: {
  place: string
  cause: string
  remedy: string
}): ProblemError => new ProblemError(place, cause, remedy)
