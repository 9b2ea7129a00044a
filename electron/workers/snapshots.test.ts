import { describe, expect, it } from 'vitest'
import { endless, waitForEvents } from '../../test/guests/programs.ts'
import { buildSource, quietPlan, start } from '../../test/guests/run-guest.ts'
import { stateHash } from '../machine/board/state-hash.ts'
import { openTimeline } from './one-thread.ts'
import type { MachinePlan } from './plan.ts'

/** Milliseconds that only a hang takes. */
const HANG = 120_000
const small: Partial<MachinePlan> = { memoryBytes: 8 << 20, stop: {} }
const parallel: Partial<MachinePlan> = {
  ...small,
  schedule: { kind: 'parallel', quantum: 1, seed: 1 },
  clock: 'host',
}

/** A machine that was started, let run until each PE has done something, and paused. */
async function paused(image: Uint8Array, plan: Partial<MachinePlan>) {
  const machine = await start(image, plan)
  while (machine.pes().length === 0 || machine.pes().some((pe) => pe.instructions < 100)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await machine.handle.pause()
  return machine
}

/** Lets a paused machine do something more, and pauses it again. */
async function goOn({ handle, views }: Awaited<ReturnType<typeof paused>>): Promise<string> {
  const before = stateHash(views)
  handle.resume()
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await handle.pause()
    const after = stateHash(views)
    if (after !== before) return after
    handle.resume()
  }
}

const counting = buildSource(endless['self-modifying code'](2))

describe('snapshots of a machine with workers', () => {
  it('put a parallel machine back, as often as one likes, and it goes on from there', {
    timeout: HANG,
  }, async () => {
    const machine = await paused(counting, { ...parallel, pes: 2 })
    const { handle, views } = machine
    const first = { snapshot: handle.snapshot(), hash: stateHash(views) }
    const second = { hash: await goOn(machine), snapshot: handle.snapshot() }
    expect(second.hash).not.toBe(first.hash)
    for (const { snapshot, hash } of [first, second, first, first]) {
      const statuses = await handle.goto(snapshot)
      expect(stateHash(views)).toBe(hash)
      expect(statuses.map(({ instructions }) => instructions)).toEqual(snapshot.instructions)
    }
    expect(await goOn(machine)).not.toBe(first.hash)
    await handle.stop()
    expect((await machine.ended).reason).toEqual({ kind: 'stopped' })
  })

  it('let a deterministic run repeat itself, pause or not', { timeout: HANG }, async () => {
    const plan: Partial<MachinePlan> = { ...small, pes: 2, stop: { instructions: 400_000 } }
    const machine = await paused(counting, plan)
    const { handle } = machine
    const snapshot = handle.snapshot()
    await goOn(machine)
    await handle.goto(snapshot)
    handle.resume()
    const { reason, stateHash: hash } = await machine.ended
    const whole = await (await start(counting, plan)).ended
    expect({ reason, hash }).toEqual({ reason: whole.reason, hash: whole.stateHash })
  })

  it('are opened in one thread, where every step can be gone from there on', { timeout: HANG }, async () => {
    const image = buildSource(waitForEvents(2))
    const plan: MachinePlan = { ...quietPlan, ...small, pes: 2, image: { bytes: image, file: 'guest.elf' } }
    const machine = await start(image, { ...plan, schedule: { ...plan.schedule, quantum: 50 } })
    await machine.handle.pause()
    const hash = stateHash(machine.views)
    const snapshot = machine.handle.snapshot()
    const timeline = openTimeline({ ...plan, schedule: { ...plan.schedule, quantum: 50 } }, () => {}, {
      from: snapshot,
    })
    expect(timeline.oldest(0)).toMatchObject({
      position: { moment: snapshot.moment },
      reason: 'the snapshot that it was opened from',
    })
    machine.handle.resume()
    const end = await machine.ended
    for (let i = 0; i < 100 && timeline.run([], 10_000).kind === 'limit'; i++);
    expect(stateHash(timeline.board.views)).toBe(end.stateHash)
    expect(hash).not.toBe(end.stateHash)
  })

  it('are refused while the machine runs, and after its end', { timeout: HANG }, async () => {
    const machine = await paused(counting, { ...parallel, pes: 2 })
    const snapshot = machine.handle.snapshot()
    machine.handle.resume()
    expect(() => machine.handle.snapshot()).toThrow('it is not paused')
    expect(() => machine.handle.goto(snapshot)).toThrow('it is not paused')
    await machine.handle.stop()
    expect(() => machine.handle.goto(snapshot)).toThrow('it has ended')
  })

  it('are all that a parallel plan can go back to, and a timeline says so', () => {
    const plan = { ...quietPlan, ...parallel, image: { bytes: counting, file: 'guest.elf' } }
    expect(() => openTimeline(plan, () => {})).toThrow('a parallel run can go back to its snapshots only')
  })
})
