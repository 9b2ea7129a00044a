import { expect, it } from 'vitest'
import { reports } from '../../test/support/check-reports.ts'
import { pendingRows } from './pending-rows.ts'

const { pending } = reports.violated

it('takes equal boundaries as one, and keeps the longest stretch', () => {
  const [entry, back] = pending
  if (!entry || !back) throw new Error('no boundaries')
  const later = {
    ...back,
    position: back.position + 500,
    registers: back.registers.map(({ register, closedBy }) => ({
      register,
      closedBy: closedBy && { ...closedBy, position: closedBy.position + 540 },
    })),
  }
  const rows = pendingRows([entry, back, later])
  expect(rows.map(({ register, times, open }) => [register, times, open])).toEqual([
    ['HCR_EL2.ATA', 1, 0],
    ['GCR_EL1', 2, 52],
    ['SCTLR_EL2.TCF', 2, null],
  ])
})

it('keeps apart what different events close', () => {
  const [, back] = pending
  if (!back) throw new Error('no boundary')
  const other = { ...back, registers: [{ register: 'GCR_EL1', closedBy: null }] }
  expect(pendingRows([back, other]).filter((row) => row.register === 'GCR_EL1')).toHaveLength(2)
})
