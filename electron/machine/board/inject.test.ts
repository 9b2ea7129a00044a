import { describe, expect, it } from 'vitest'
import { SERROR } from '../cpu/layout.ts'
import { Injections } from './inject.ts'
import { allocateShared, viewsOf } from './shared-memory.ts'

const at = (instructions: number, pe = 0, syndrome = 0) => ({ pe, instructions, syndrome, inFlight: false })
const views = () => viewsOf(allocateShared(2, 1 << 21))

describe('injections', () => {
  it('leave a PE room up to the next one of its own', () => {
    const injections = new Injections(views(), 0, [at(30), at(5, 1), at(10)])
    expect([0, 9, 10, 29, 30].map((retired) => injections.room(retired))).toEqual([
      10,
      1,
      20,
      1,
      Number.MAX_SAFE_INTEGER,
    ])
  })

  it('arrive where the count passes them, once', () => {
    const board = views()
    const injections = new Injections(board, 1, [at(10, 1, 0x11)])
    injections.arrive(8, 9)
    expect(board.state(1)[SERROR]).toBe(0n)
    injections.arrive(9, 10)
    expect(board.state(1)[SERROR]! & 0x1ff_ffffn).toBe(0x11n)
    board.state(1)[SERROR] = 0n
    // The instruction behind it faults and does not retire.
    injections.arrive(10, 10)
    expect(board.state(1)[SERROR]).toBe(0n)
    expect(board.state(0)[SERROR]).toBe(0n)
  })
})
