import { describe, expect, it } from 'vitest'
import { echo, exits, staleTranslations, ticks, waitForEvents } from '../../test/guests/programs.ts'
import {
  allProbes,
  buildImage,
  buildProgram,
  buildSource,
  handoverConfig,
  quietPlan,
  run,
  start,
} from '../../test/guests/run-guest.ts'
import type { OneThreadBoard } from '../machine/board/one-thread.ts'
import { stateHash } from '../machine/board/state-hash.ts'
import { openOneThread } from './one-thread.ts'
import type { MachinePlan } from './plan.ts'

const long = process.env.SWITCHYARD_LONG === '1'

/** Milliseconds that only a hang takes. */
const HANG = 600_000

const plan = (image: Uint8Array, over: Partial<MachinePlan> = {}): MachinePlan => ({
  ...quietPlan,
  memoryBytes: 8 << 20,
  stop: {},
  image: { bytes: image, file: 'guest.elf' },
  ...over,
})

function open(chosen: MachinePlan) {
  let text = ''
  const board = openOneThread(chosen, {
    console: (bytes) => {
      text += Buffer.from(bytes).toString('latin1')
    },
  })
  return { board, console: () => text }
}

/** Small numbers that differ and repeat. */
function numbers(seed: number): (below: number) => number {
  let x = seed * 2 + 1
  return (below) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((x / 2 ** 32) * below)
  }
}

function runTo(board: OneThreadBoard, moment: number): void {
  while (board.moment < moment && board.advance(moment - board.moment) > 0);
}

const runOut = (board: OneThreadBoard): void => runTo(board, Number.MAX_SAFE_INTEGER)

const schedule = (seed: number, quantum = 400): MachinePlan['schedule'] => ({
  kind: 'deterministic',
  quantum,
  seed,
})
const handover = (): MachinePlan =>
  plan(buildImage(handoverConfig()), { pes: 2, sync: 'latest', probes: allProbes })

const guests: Record<string, () => MachinePlan> = {
  'three PEs under a lock': () => plan(buildSource(waitForEvents(3)), { pes: 3 }),
  'three PEs that wait for their timers': () => plan(buildSource(ticks(3, 20)), { pes: 3 }),
  'timers, a guest and its interrupts': () => plan(buildProgram('timers')),
  'a hypervisor on a seeded machine, stopped after 20 switches': () => ({
    ...handover(),
    sync: 'seeded',
    syncParameters: { seed: 3 },
    stop: { switches: 20 },
  }),
  'translations that are changed and kept': () => plan(buildSource(staleTranslations(2, 3000)), { pes: 2 }),
  'four PEs that pass interrupts round': () =>
    plan(buildProgram('gic-ring', { LAPS: 8, CHANGES: 5 }), { pes: 4 }),
  'a guest with virtual interrupts': () => plan(buildProgram('gic-virtual')),
  'tag checks in all modes': () => plan(buildProgram('mte-modes'), { sync: 'latest', memoryBytes: 64 << 20 }),
  'a hypervisor, stopped after 20 switches': () => ({ ...handover(), stop: { switches: 20 } }),
  'a hypervisor, stopped after 54,321 instructions': () => ({
    ...handover(),
    stop: { instructions: 54_321 },
  }),
}

describe('the machine of one thread', () => {
  describe.each(Object.entries(guests))('%s', (_name, make) => {
    it(
      'ends as with workers, in steps of any length; and otherwise with another seed',
      async () => {
        const hashes = new Set<string>()
        for (const seed of long ? [1, 2, 3, 4, 5] : [1, 2]) {
          const chosen = { ...make(), schedule: schedule(seed) }
          const { board, console } = open(chosen)
          const random = numbers(seed)
          while (board.advance(1 + random(random(4) === 0 ? 5 : 200)) > 0);
          const hash = stateHash(board.views)
          hashes.add(hash)
          // Turns that pass between threads take their time.
          if (seed > 1 && !long) continue
          const workers = await run(chosen.image.bytes, chosen)
          expect({ end: board.end(), hash }).toEqual({ end: workers.end.reason, hash: workers.end.stateHash })
          expect(console()).toBe(workers.console)
        }
        expect(hashes.size).toBe(long ? 5 : 2)
      },
      HANG,
    )

    it(
      'goes back to any snapshot and on again, here and in a fork, to equal states',
      () => {
        for (let seed = 1; seed <= (long ? 20 : 1); seed++) {
          const random = numbers(seed)
          const { board, console } = open({ ...make(), schedule: schedule(seed) })
          const apart = open({ ...make(), schedule: schedule(seed) })
          const taken: { snapshot: ReturnType<OneThreadBoard['take']>; hash: string }[] = []
          for (let i = 0; i < 6; i++) {
            runTo(board, board.moment + random(10_000))
            taken.push({ snapshot: board.take(), hash: stateHash(board.views) })
          }
          runTo(apart.board, board.moment)
          const { hash: last, snapshot } = taken.at(-1)!
          expect(stateHash(apart.board.views), `seed ${seed}: snapshots change nothing`).toBe(last)
          for (let i = 0; i < 4; i++) {
            const { snapshot: earlier, hash } = taken[random(taken.length)]!
            board.put(earlier)
            expect(stateHash(board.views), `seed ${seed}, put ${earlier.moment}`).toBe(hash)
            runTo(board, snapshot.moment)
            expect(stateHash(board.views), `seed ${seed}, from ${earlier.moment}`).toBe(last)
          }
          const fork = board.fork(taken[random(taken.length)]!.snapshot, { console() {} })
          for (const machine of [fork, board, apart.board]) runOut(machine)
          const end = stateHash(apart.board.views)
          expect([stateHash(board.views), stateHash(fork.views)], `seed ${seed}`).toEqual([end, end])
          expect([board.end(), fork.end()]).toEqual([apart.board.end(), apart.board.end()])
          expect(console()).toBe(apart.console())
        }
      },
      HANG,
    )
  })

  it('is the same after it was put back to any instruction around the deadlines of timers', () => {
    const { board } = open(plan(buildSource(ticks(2, 20)), { pes: 2, memoryBytes: 2 << 20 }))
    runTo(board, 300)
    for (let i = 0; i < 150; i++) {
      board.advance(1)
      const hash = stateHash(board.views)
      board.put(board.take())
      expect(stateHash(board.views), `at ${board.moment}`).toBe(hash)
    }
  })

  it('delivers input where a turn begins, and there again when it runs again', () => {
    const { board, console } = open(plan(buildSource(echo)))
    const start = board.take()
    runTo(board, 5000)
    board.input(Buffer.from('ab'))
    runTo(board, 9000)
    const middle = board.take()
    board.input(Buffer.from('cq'))
    runOut(board)
    expect(console()).toBe('abcq')
    const end = { hash: stateHash(board.views), moment: board.moment }
    expect(board.inputs.all().map(({ from, bytes }) => [from, Buffer.from(bytes).toString()])).toEqual([
      [0, 'ab'],
      [2, 'cq'],
    ])
    for (const snapshot of [start, middle]) {
      board.put(snapshot)
      expect(board.end()).toBeNull()
      runOut(board)
      expect({ hash: stateHash(board.views), moment: board.moment }).toEqual(end)
    }
    expect(console()).toBe('abcq')
  })

  it(
    'repeats a run with workers whose input came from outside',
    async () => {
      const chosen = plan(buildSource(echo), { schedule: schedule(1, 50) })
      const machine = await start(chosen.image.bytes, chosen)
      for (const text of ['a', 'bc', 'd', 'q']) {
        const { length } = machine.console()
        machine.handle.input(Buffer.from(text))
        while (text !== 'q' && machine.console().length === length) {
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
      const end = await machine.ended
      const inputs = machine.handle.inputs()
      expect(inputs.map(({ bytes }) => Buffer.from(bytes).toString()).join('')).toBe('abcdq')
      const { board, console } = open({ ...chosen, inputs })
      runOut(board)
      expect({ end: board.end(), hash: stateHash(board.views) }).toEqual({
        end: end.reason,
        hash: end.stateHash,
      })
      expect(console()).toBe('abcdq')
    },
    HANG,
  )

  it('counts the instruction that ended it, and executes none after', () => {
    const { board } = open(plan(buildSource(exits(7))))
    runOut(board)
    expect(board.end()).toEqual({ kind: 'exit', code: 7, by: 'semihosting' })
    expect([board.moment, board.advance(), board.next]).toEqual([3, 0, null])
  })
})
