import { describe, expect, it } from 'vitest'
import { TestMachine } from '../../../test/support/machine.ts'
import { tag, withTags } from '../../../test/support/tag-setups.ts'
import { ExploreLimit, Explorer } from './explore.ts'

const TEXT = `
  msr gcr_el1, x10
  msr gcr_el1, x11
  addg x2, x1, #0, #1
  addg x3, x1, #0, #1
  isb
  addg x4, x1, #0, #1`

const play = (chooser: Explorer) => (): bigint[] => {
  const machine = withTags(new TestMachine({ sync: 'explore', chooser }))
  machine.run(TEXT)
  return [2, 3, 4].map((n) => tag(machine, n))
}

describe('an explorer', () => {
  it('takes each sequence of decisions once, the latest arrivals first', () => {
    const explorer = new Explorer()
    const seen: string[] = []
    for (const _ of explorer.executions(play(explorer), 100)) seen.push(explorer.taken.join())
    // The second use may see what the first one left: three, two, or one value, and one is no decision.
    expect(seen).toEqual(['0,0', '0,1', '0,2', '1,0', '1,1', '2'])
    expect(explorer.decisions).toEqual([])
  })

  it('says of what each decision was', () => {
    const explorer = new Explorer()
    explorer.executions(play(explorer), 100).next()
    expect(explorer.decisions).toEqual([
      { kind: 'write-used', register: 'GCR_EL1', position: expect.any(Number), alternatives: 3, taken: 0 },
      { kind: 'write-used', register: 'GCR_EL1', position: expect.any(Number), alternatives: 3, taken: 0 },
    ])
  })

  it('replays an execution from what it took, and goes on from there', () => {
    const explorer = new Explorer()
    const all = [...explorer.executions(play(explorer), 100)]
    for (const [i, taken] of [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [2]].entries()) {
      const again = new Explorer(taken)
      expect([...again.executions(play(again), 100)]).toEqual(all.slice(i))
    }
    const other = new Explorer([7])
    expect(() => other.executions(play(other), 100).next()).toThrow(/another machine/)
  })

  it('stops with the limit as a reason, not with a set that looks whole', () => {
    const explorer = new Explorer()
    const executions = explorer.executions(play(explorer), 4)
    const seen: bigint[][] = []
    expect(() => {
      for (const result of executions) seen.push(result)
    }).toThrow(ExploreLimit)
    expect(seen).toHaveLength(4)
  })

  it('an error of a run is the caller’s', () => {
    const explorer = new Explorer()
    const failing = (): never => {
      throw new RangeError('x')
    }
    expect(() => [...explorer.executions(failing, 4)]).toThrow(RangeError)
  })
})
