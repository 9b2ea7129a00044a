import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { actions } from '../../../../test/support/controller-worker.ts'
import { allocateShared, viewsOf } from '../../board/shared-memory.ts'
import { bankBase, bankWord, LOCK } from './layout.ts'

const worker = new URL('../../../../test/support/controller-worker.ts', import.meta.url)
/** Long enough for what does not wait to be over; what waits has no time limit. */
const A_WHILE = 100

describe('while another thread changes the interrupt controller', { timeout: 60_000 }, () => {
  it.concurrent.each(Object.keys(actions))('%s waits', async (action) => {
    const shared = allocateShared(1, 2 << 20)
    const { gic } = viewsOf(shared)
    gic[LOCK] = 1
    // Active, so that a deactivation changes something.
    gic[bankBase(0, 1) + bankWord.ACTIVE] = 1 << (40 & 31)
    const before = [...gic]
    const said: string[] = []
    const thread = new Worker(worker, { workerData: { shared, action } })
    const done = new Promise<void>((resolve, reject) => {
      thread.on('message', (word: string) => {
        said.push(word)
        if (word === 'done') resolve()
      })
      thread.on('error', reject)
    })
    await expect.poll(() => said, { timeout: 30_000 }).toEqual(['ready'])
    await wait(A_WHILE)
    expect([said, [...gic]]).toEqual([['ready'], before])
    Atomics.store(gic, LOCK, 0)
    await done
    before[LOCK] = 0
    expect(gic[LOCK]).toBe(0)
    expect([...gic]).not.toEqual(before)
  })
})
