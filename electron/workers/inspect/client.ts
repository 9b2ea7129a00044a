import type { Worker } from 'node:worker_threads'
import { ProblemError } from '../../../shared/base/result.ts'
import type { FromInspect, InspectCalls, InspectStart, ToInspect } from './protocol.ts'

/** Makes the thread; supplied by the composition root, since bundler and plain Node name the file differently. */
export type SpawnInspector = (workerData: InspectStart) => Worker

export interface InspectClient {
  /** Rejects with ProblemError for what a person can mend. */
  call<C extends keyof InspectCalls>(
    name: C,
    args: InspectCalls[C]['args'],
  ): Promise<InspectCalls[C]['reply']>
  /** Ends what is under way where it is. */
  stop(): void
  close(): Promise<void>
}

/**
 * Opens a machine to be looked at, in a thread of its own.
 * @param moving told now and then where it is while it goes somewhere
 * @throws ProblemError where the plan cannot be followed
 */
export async function openInspector(
  spawn: SpawnInspector,
  start: Omit<InspectStart, 'stop'>,
  moving: (moment: number) => void,
): Promise<InspectClient> {
  const stop = new SharedArrayBuffer(4)
  const stopWord = new Int32Array(stop)
  const worker = spawn({ ...start, stop })
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  let ticket = 0
  let lost: Error | null = null
  const lose = (error: Error): void => {
    lost ??= error
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  const problem = ({ place, cause, remedy }: ProblemError['problem']): ProblemError =>
    new ProblemError(place, cause, remedy)
  await new Promise<void>((resolve, reject) => {
    worker.on('error', (error) => {
      lose(error)
      reject(error)
    })
    worker.on('exit', () => {
      lose(new ProblemError('the machine', 'it was closed', 'Open it again.'))
      reject(lost)
    })
    worker.on('message', (message: FromInspect) => {
      if (message.kind === 'ready') return resolve()
      if (message.kind === 'refused') return reject(problem(message.problem))
      if (message.kind === 'moving') return moving(message.moment)
      const entry = waiting.get(message.ticket)
      waiting.delete(message.ticket)
      if (message.kind === 'reply') entry?.resolve(message.value as never)
      else entry?.reject(problem(message.problem))
    })
  })
  return {
    call(name, args) {
      if (lost !== null) return Promise.reject(lost)
      const mine = ++ticket
      return new Promise((resolve, reject) => {
        waiting.set(mine, { resolve, reject })
        worker.postMessage({ ticket: mine, name, args } satisfies ToInspect)
      })
    },
    stop: () => void Atomics.store(stopWord, 0, 1),
    async close() {
      Atomics.store(stopWord, 0, 1)
      await worker.terminate()
    },
  }
}
