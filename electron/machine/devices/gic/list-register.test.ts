import { describe, expect, it } from 'vitest'
import {
  countEoi,
  groupOf,
  HCR,
  hasEnded,
  isFree,
  isPending,
  maintenance,
  physicalOf,
  priorityOf,
} from './list-register.ts'

/** Upper words: state, HW, group, priority, pINTID with EOI in bit 9. */
const word = (
  state: number,
  more: { hw?: boolean; group?: number; priority?: number; low?: number } = {},
): number =>
  ((state << 30) |
    (more.hw ? 1 << 29 : 0) |
    ((more.group ?? 0) << 28) |
    ((more.priority ?? 0) << 16) |
    (more.low ?? 0)) >>
  0
const [invalid, pending, active, both] = [0, 1, 2, 3]
const EOI = 1 << 9

describe('a list register', () => {
  it('gives its fields', () => {
    const upper = word(both, { hw: true, group: 1, priority: 0xa8, low: 0x1234 })
    expect([groupOf(upper), priorityOf(upper), physicalOf(upper)]).toEqual([1, 0xa8, 0x1234])
    expect([groupOf(0), priorityOf(0), physicalOf(word(active, { low: 33 }))]).toEqual([0, 0, -1])
  })

  it.each([
    ['invalid', word(invalid), { pending: false, ended: false, free: true }],
    ['invalid with EOI', word(invalid, { low: EOI }), { pending: false, ended: true, free: false }],
    [
      'invalid with HW, pINTID 512',
      word(invalid, { hw: true, low: EOI }),
      { pending: false, ended: false, free: true },
    ],
    ['pending', word(pending, { low: EOI }), { pending: true, ended: false, free: false }],
    ['active', word(active, { low: EOI }), { pending: false, ended: false, free: false }],
    ['pending and active', word(both), { pending: false, ended: false, free: false }],
  ])('%s', (_, upper, expected) => {
    expect({ pending: isPending(upper), ended: hasEnded(upper), free: isFree(upper) }).toEqual(expected)
  })
})

describe('maintenance: ICH_MISR_EL2', () => {
  const idle = [0, 0, 0, 0]
  const one = [word(pending), 0, 0, 0]
  const two = [word(pending), word(active), 0, 0]
  const EOIS = 3 << 27
  it.each([
    ['EOI, without an enable', 0, 3, [word(invalid, { low: EOI }), 0, 0, 0], 0x01],
    ['no EOI asked for', 0, 3, idle, 0],
    ['underflow with one valid', HCR.UIE, 3, one, 0x02],
    ['no underflow with two', HCR.UIE, 3, two, 0],
    ['underflow, not enabled', 0, 3, idle, 0],
    ['an EOI without a list register', HCR.LRENPIE | EOIS, 3, idle, 0x04],
    ['no such EOI', HCR.LRENPIE, 3, idle, 0],
    ['such an EOI, not enabled', EOIS, 3, idle, 0],
    ['none pending', HCR.NPIE, 3, [word(active), word(both), 0, 0], 0x08],
    ['one pending', HCR.NPIE, 3, one, 0],
    ['Group 0 enabled', HCR.VGRP0EIE, 1, idle, 0x10],
    ['Group 0 not enabled', HCR.VGRP0EIE, 2, idle, 0],
    ['Group 0 disabled', HCR.VGRP0DIE, 2, idle, 0x20],
    ['Group 0 not disabled', HCR.VGRP0DIE, 1, idle, 0],
    ['Group 1 enabled', HCR.VGRP1EIE, 2, idle, 0x40],
    ['Group 1 not enabled', HCR.VGRP1EIE, 1, idle, 0],
    ['Group 1 disabled', HCR.VGRP1DIE, 1, idle, 0x80],
    ['Group 1 not disabled', HCR.VGRP1DIE, 2, idle, 0],
  ])('%s', (_, hcr, enabled, uppers, misr) => expect(maintenance(hcr, enabled, uppers)).toBe(misr))
})

it('EOIcount counts to 31 and wraps, and touches nothing else', () => {
  expect(countEoi(0xff) >>> 0).toBe(0x0800_00ff)
  expect(countEoi(30 << 27) >>> 0).toBe(0xf800_0000)
  expect(countEoi((31 << 27) | 0x7cff) >>> 0).toBe(0x7cff)
})
