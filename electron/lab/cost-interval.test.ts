import { describe, expect, it } from 'vitest'
import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import { compareCosts, costOf } from './cost-interval.ts'
import type { CostProfile } from './cost-profile.ts'

type Range = [low: number, nominal: number, high: number]

function profile(ranges: Partial<Record<CostClass, Range>>): CostProfile {
  const classes = {} as CostProfile['classes']
  for (const key of costClasses) {
    const [low, nominal, high] = ranges[key] ?? [1, 1, 1]
    classes[key] = { low, nominal, high }
  }
  return { name: 'test', title: 'test', classes }
}

describe('the cost of a difference', () => {
  it('adds what each class may cost', () => {
    expect(costOf({ isb: 2, mrs: 3 }, profile({ isb: [8, 20, 80], mrs: [1, 10, 30] }))).toEqual({
      low: 19,
      nominal: 70,
      high: 250,
    })
  })

  it('takes the dear end of what is saved for the low end of the result', () => {
    const { cycles, certain } = compareCosts(
      { isb: 1, alu: -2 },
      profile({ isb: [8, 20, 80], alu: [1, 1, 3] }),
    )
    expect(cycles).toEqual({ low: 8 - 6, nominal: 18, high: 80 - 2 })
    expect(certain).toBe('dearer')
  })

  it('names the class whose range alone turns the sign, the widest first', () => {
    const { certain, sensitivity } = compareCosts(
      { mrs: 1, load: -1, store: -1 },
      profile({ mrs: [1, 10, 30], load: [1, 4, 12], store: [1, 1, 1] }),
    )
    expect(certain).toBeNull()
    expect(sensitivity).toEqual([
      { class: 'mrs', count: 1, low: 1 - 5, high: 30 - 5, flips: true },
      { class: 'load', count: -1, low: 9 - 12, high: 9 - 1, flips: true },
      { class: 'store', count: -1, low: 5, high: 5, flips: false },
    ])
  })

  it('is equal where nothing differs, whatever things cost', () => {
    expect(compareCosts({}, profile({}))).toMatchObject({ certain: 'equal', sensitivity: [] })
    expect(compareCosts({ isb: 0 }, profile({}))).toMatchObject({ certain: 'equal', sensitivity: [] })
    expect(compareCosts({ isb: -1 }, profile({ isb: [8, 20, 80] }))).toMatchObject({ certain: 'cheaper' })
  })
})
