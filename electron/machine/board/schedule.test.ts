import { describe, expect, it } from 'vitest'
import { EVENT } from '../cpu/layout.ts'
import { nextTurn, seedSchedule, turnLength } from './schedule.ts'
import {
  allocateShared,
  clock,
  control,
  FOREVER,
  OFF,
  ON,
  peControl,
  peWord,
  type Views,
  viewsOf,
  waiting,
} from './shared-memory.ts'

function board(pes: number, seed = 1): Views {
  const views = viewsOf(allocateShared(pes, 2 << 20))
  seedSchedule(views.control, pes, seed)
  for (let pe = 0; pe < pes; pe++) views.control[peWord(pe, peControl.POWER)] = ON
  return views
}
const turns = (views: Views, count: number): number[] => Array.from({ length: count }, () => nextTurn(views))
const wait = (views: Views, pe: number, kind: number, deadline = FOREVER): void => {
  views.control[peWord(pe, peControl.WAITING)] = kind
  views.clock[clock.DEADLINE + pe] = deadline
}

describe('the deterministic schedule', () => {
  it('gives every PE one turn in each round', () => {
    const order = turns(board(5), 500)
    for (let round = 0; round < 100; round++) {
      expect(order.slice(round * 5, round * 5 + 5).sort()).toEqual([0, 1, 2, 3, 4])
    }
  })

  it('draws the order from the seed', () => {
    expect(turns(board(4, 7), 100)).toEqual(turns(board(4, 7), 100))
    expect(turns(board(4, 7), 100)).not.toEqual(turns(board(4, 8), 100))
    const first = new Set(Array.from({ length: 40 }, (_, seed) => turns(board(3, seed), 3).join('')))
    expect(first.size).toBe(6)
  })

  it('works for every seed, 0 and negative ones too', () => {
    for (const seed of [0, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1]) {
      const views = board(2, seed)
      expect(new Set(turns(views, 50))).toEqual(new Set([0, 1]))
      expect(views.control[control.RANDOM]).not.toBe(0)
    }
  })

  it('passes over PEs that are off or wait', () => {
    const views = board(4)
    views.control[peWord(1, peControl.POWER)] = OFF
    wait(views, 2, waiting.WFI)
    expect(new Set(turns(views, 100))).toEqual(new Set([0, 3]))
    wait(views, 0, waiting.WFE)
    views.control[peWord(3, peControl.POWER)] = OFF
    const before = [views.control[control.RANDOM], views.control[control.POSITION]]
    expect(nextTurn(views)).toBe(-1)
    expect([views.control[control.RANDOM], views.control[control.POSITION]]).toEqual(before)
  })

  it('lets a PE that waits look when it was signalled, at its deadline, and in WFE at an event', () => {
    const views = board(1)
    for (const kind of [waiting.WFI, waiting.WFE]) {
      wait(views, 0, kind, 100n)
      views.clock[clock.MODEL] = 99n
      expect(nextTurn(views)).toBe(-1)
      views.clock[clock.MODEL] = 100n
      expect(nextTurn(views)).toBe(0)
      wait(views, 0, kind)
      expect(nextTurn(views)).toBe(-1)
      views.control[peWord(0, peControl.SIGNALLED)] = 1
      expect(nextTurn(views)).toBe(0)
      views.control[peWord(0, peControl.SIGNALLED)] = 0
      views.state(0)[EVENT] = 1n
      expect(nextTurn(views)).toBe(kind === waiting.WFE ? 0 : -1)
      views.state(0)[EVENT] = 0n
    }
  })

  it('makes turns of half a quantum to a whole one', () => {
    const cells = board(1).control
    const lengths = Array.from({ length: 2000 }, () => turnLength(cells, 10))
    expect(new Set(lengths)).toEqual(new Set([5, 6, 7, 8, 9, 10]))
    expect(new Set(Array.from({ length: 50 }, () => turnLength(cells, 1)))).toEqual(new Set([1]))
  })
})
