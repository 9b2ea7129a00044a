import { describe, expect, it } from 'vitest'
import { HOST } from '../../shared/model/trace.ts'
import type { RegisterLane } from '../../shared/model/views.ts'
import { ownersIn, pendingIn, readingAt, stepsIn } from './lanes.ts'

function lane(changes: [number, bigint, number][], over: Partial<RegisterLane> = {}): RegisterLane {
  return {
    register: 'GCR_EL1',
    pe: 0,
    slot: 'architectural',
    cycle: Float64Array.from(changes, (change) => change[0]),
    value: BigUint64Array.from(changes, (change) => change[1]),
    owner: Int8Array.from(changes, (change) => change[2]),
    cause: changes.map(() => 'msr' as const),
    drawn: changes.length,
    total: changes.length,
    reduction: 'all',
    ...over,
  }
}
const written = lane([
  [0, 1n, HOST],
  [100, 2n, 0],
  [300, 1n, HOST],
])
const used = lane(
  [
    [0, 1n, HOST],
    [140, 2n, 0],
    [350, 1n, HOST],
  ],
  { slot: 'effective' },
)
const all = { from: 0, to: 400 }

describe('register lanes', () => {
  it('hold each value to the next change and to the edge of the range', () =>
    expect(stepsIn(written, { from: 50, to: 200 })).toEqual([
      { from: 50, to: 100, value: 1n, owner: HOST, fresh: false },
      { from: 100, to: 200, value: 2n, owner: 0, fresh: true },
    ]))
  it('draw nothing before the first known value', () =>
    expect(stepsIn(lane([[100, 2n, 0]]), all)[0]?.from).toBe(100))
  it('know nothing before the first value', () => expect(readingAt(lane([[100, 2n, 0]]), 99)).toBeNull())
  it('read the value at its own first cycle', () =>
    expect(readingAt(written, 100)).toMatchObject({ value: 2n, since: 100 }))
  it('are pending from the write to its effect', () =>
    expect(pendingIn(written, used, all)).toEqual([
      { from: 100, to: 140 },
      { from: 300, to: 350 },
    ]))
  it('are pending to the edge when nothing closes it', () =>
    expect(pendingIn(written, used, { from: 0, to: 320 })?.at(-1)).toEqual({ from: 300, to: 320 }))
  it('claim no pending stretch between changes that were left out', () =>
    expect(
      pendingIn(written, { ...used, reduction: 'first, last, minimum and maximum per column' }, all),
    ).toBeNull())
  it('join stretches of one owner', () =>
    expect(
      ownersIn(
        lane([
          [0, 1n, HOST],
          [10, 5n, HOST],
          [100, 2n, 0],
        ]),
        all,
      ),
    ).toEqual([
      { from: 0, to: 100, owner: HOST },
      { from: 100, to: 400, owner: 0 },
    ]))
})
