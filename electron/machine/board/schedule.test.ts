import { describe, expect, it } from 'vitest'
import { OFF, ON } from './pe.ts'
import { nextTurn, nobodyRuns, seedSchedule, turnLength } from './schedule.ts'
import { control, peControl, peWord } from './shared-memory.ts'

function board(pes: number, seed = 1): Int32Array {
  const cells = new Int32Array(1024)
  seedSchedule(cells, pes, seed)
  for (let pe = 0; pe < pes; pe++) cells[peWord(pe, peControl.POWER)] = ON
  return cells
}
const turns = (cells: Int32Array, pes: number, count: number): number[] =>
  Array.from({ length: count }, () => nextTurn(cells, pes))

describe('the deterministic schedule', () => {
  it('gives every PE one turn in each round', () => {
    const order = turns(board(5), 5, 500)
    for (let round = 0; round < 100; round++) {
      expect(order.slice(round * 5, round * 5 + 5).sort()).toEqual([0, 1, 2, 3, 4])
    }
  })

  it('draws the order from the seed', () => {
    expect(turns(board(4, 7), 4, 100)).toEqual(turns(board(4, 7), 4, 100))
    expect(turns(board(4, 7), 4, 100)).not.toEqual(turns(board(4, 8), 4, 100))
    const first = new Set(Array.from({ length: 40 }, (_, seed) => turns(board(3, seed), 3, 3).join('')))
    expect(first.size).toBe(6)
  })

  it('works for every seed, 0 and negative ones too', () => {
    for (const seed of [0, -1, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1]) {
      const cells = board(2, seed)
      expect(new Set(turns(cells, 2, 50))).toEqual(new Set([0, 1]))
      expect(cells[control.RANDOM]).not.toBe(0)
    }
  })

  it('passes over PEs that are off or wait', () => {
    const cells = board(4)
    cells[peWord(1, peControl.POWER)] = OFF
    cells[peWord(2, peControl.WAITING)] = 1
    expect(new Set(turns(cells, 4, 100))).toEqual(new Set([0, 3]))
    expect(nobodyRuns(cells, 4)).toBe(false)
    cells[peWord(0, peControl.WAITING)] = 1
    cells[peWord(3, peControl.POWER)] = OFF
    expect(nextTurn(cells, 4)).toBe(-1)
    expect(nobodyRuns(cells, 4)).toBe(true)
  })

  it('makes turns of half a quantum to a whole one', () => {
    const cells = board(1)
    const lengths = Array.from({ length: 2000 }, () => turnLength(cells, 10))
    expect(new Set(lengths)).toEqual(new Set([5, 6, 7, 8, 9, 10]))
    expect(new Set(Array.from({ length: 50 }, () => turnLength(cells, 1)))).toEqual(new Set([1]))
  })
})
