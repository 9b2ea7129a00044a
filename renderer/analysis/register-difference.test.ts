import { expect, it } from 'vitest'
import type { RegisterLane } from '../../shared/model/views.ts'
import { differencesBetween } from './register-difference.ts'

const lane = (register: string, steps: [number, bigint][]): RegisterLane => ({
  register,
  pe: 0,
  slot: 'architectural',
  cycle: Float64Array.from(steps, ([cycle]) => cycle),
  value: BigUint64Array.from(steps, ([, value]) => value),
  owner: Int8Array.from(steps, (_, i) => i),
  cause: steps.map(() => 'msr' as RegisterLane['cause'][number]),
  drawn: steps.length,
  total: steps.length,
  reduction: 'all',
})

it('names the fields that differ at the two ends, whatever was between', () => {
  const lanes = [
    lane('RGSR_EL1', [
      [5, 0x0000_0000_0012_3403n],
      [50, 0x0000_0000_0012_3407n],
    ]),
    lane('GCR_EL1', [
      [5, 1n],
      [20, 2n],
      [60, 1n],
    ]),
    lane('TFSR_EL1', [[40, 1n]]),
  ]
  expect(differencesBetween(lanes, { from: 10, to: 100 })).toMatchObject([
    {
      register: 'RGSR_EL1',
      before: { value: 0x12_3403n, owner: 0 },
      after: { value: 0x12_3407n, owner: 1 },
      fields: [{ name: 'TAG', before: '[3]', after: '[7]' }],
    },
  ])
  expect(differencesBetween(lanes, { from: 50, to: 60 }).map(({ register }) => register)).toEqual(['GCR_EL1'])
})
