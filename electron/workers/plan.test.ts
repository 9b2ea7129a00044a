import { expect, it } from 'vitest'
import { quietPlan } from '../../test/guests/run-guest.ts'
import { featuresOf, type MachinePlan } from './plan.ts'

const lse2 = (pes: number, kind: MachinePlan['schedule']['kind'], own?: boolean): boolean | undefined =>
  featuresOf(
    {
      ...quietPlan,
      pes,
      schedule: { ...quietPlan.schedule, kind },
      perPe: own === undefined ? {} : { 0: { lse2: own } },
    },
    0,
  ).lse2

it('gives FEAT_LSE2 to PEs that never execute at the same time, unless the plan takes it away', () => {
  expect([lse2(1, 'parallel'), lse2(1, 'deterministic'), lse2(4, 'deterministic')]).toEqual([
    true,
    true,
    true,
  ])
  expect([lse2(1, 'parallel', false), lse2(4, 'deterministic', false)]).toEqual([false, false])
})

it('never gives it to PEs that do, whatever the plan says', () => {
  expect([lse2(2, 'parallel'), lse2(2, 'parallel', true)]).toEqual([false, false])
})
