import { describe, expect, it } from 'vitest'
import {
  activeBit,
  canPreempt,
  dropped,
  type Group,
  groupMask,
  IDLE,
  isSpecial,
  readPoint1,
  runningGroup,
  runningPriority,
} from './priorities.ts'

describe('groupMask: which bits of a priority decide preemption (IHI 0069, table "Priority grouping by binary point")', () => {
  const mask = (group: Group, group0: number, group1: number, common = false): number =>
    groupMask(group, { group0, group1, common })

  it.each([
    [0, 0xfe],
    [2, 0xf8],
    [3, 0xf0],
    [6, 0x80],
    [7, 0x00],
  ])('Group 0, point %i', (point, expected) => expect(mask(0, point, 5)).toBe(expected))

  it.each([
    [1, 0xfe],
    [3, 0xf8],
    [4, 0xf0],
    [7, 0x80],
  ])('Group 1 counts from one bit less, point %i', (point, expected) =>
    expect(mask(1, 5, point)).toBe(expected),
  )

  it('Group 1 with CBPR takes that of Group 0 as it is', () => {
    expect(mask(1, 4, 7, true)).toBe(mask(0, 4, 7))
    expect(mask(0, 4, 7, true)).toBe(mask(0, 4, 7, false))
  })

  it('a read of BPR1 with CBPR adds one, up to 7', () => {
    expect(readPoint1({ group0: 4, group1: 3, common: true })).toBe(5)
    expect(readPoint1({ group0: 7, group1: 3, common: true })).toBe(7)
    expect(readPoint1({ group0: 4, group1: 3, common: false })).toBe(3)
  })
})

describe('active priorities', () => {
  it.each([
    [0x00, 0xf8, 0],
    [0x08, 0xf8, 1],
    [0x80, 0xf8, 16],
    [0xf8, 0xf8, 31],
    [0xff, 0xf8, 31],
    [0x98, 0x80, 16],
    [0x98, 0x00, 0],
  ])('priority %i under mask %i is bit %i', (priority, mask, bit) => {
    expect(activeBit(priority, mask) >>> 0).toBe(2 ** bit)
  })

  it('the running priority is that of the lowest bit of both groups', () => {
    expect(runningPriority(0, 0)).toBe(IDLE)
    expect(runningPriority(1 << 16, 1 << 31)).toBe(0x80)
    expect(runningPriority(1 << 31, 0)).toBe(0xf8)
    expect(runningPriority(1 << 4, 1)).toBe(0)
  })

  it('a drop clears the lowest bit only', () => {
    expect(dropped(0b1010_0000)).toBe(0b1000_0000)
    expect(dropped(1 << 31)).toBe(0)
    expect(dropped(0)).toBe(0)
  })

  it('the running group is that of the lowest bit; Group 0 where both have it', () => {
    expect(runningGroup(0, 0)).toBeNull()
    expect(runningGroup(0b100, 0b1000)).toBe(0)
    expect(runningGroup(0b1000, 0b100)).toBe(1)
    expect(runningGroup(0b100, 0b100)).toBe(0)
    expect(runningGroup(0, 1 << 31)).toBe(1)
  })
})

describe('canPreempt', () => {
  it.each([
    { priority: 0x78, mask: 0xf8, pmr: 0x80, running: IDLE, yes: true, why: 'nothing is active' },
    { priority: 0x80, mask: 0xf8, pmr: 0x80, running: IDLE, yes: false, why: 'equal to the mask' },
    { priority: 0xf0, mask: 0xf8, pmr: 0x80, running: IDLE, yes: false, why: 'masked' },
    { priority: 0xf8, mask: 0xf8, pmr: 0xf8, running: IDLE, yes: false, why: 'the least is never signalled' },
    { priority: 0x78, mask: 0xf8, pmr: 0xf8, running: 0x80, yes: true, why: 'more urgent' },
    { priority: 0x80, mask: 0xf8, pmr: 0xf8, running: 0x80, yes: false, why: 'as urgent' },
    {
      priority: 0x78,
      mask: 0xf0,
      pmr: 0xf8,
      running: 0x70,
      yes: false,
      why: 'more urgent in the subpriority only',
    },
    { priority: 0x78, mask: 0xf0, pmr: 0xf8, running: 0x80, yes: true, why: 'another group priority' },
    { priority: 0x00, mask: 0x00, pmr: 0xf8, running: 0x80, yes: false, why: 'no bit decides preemption' },
  ])('$priority over $running, mask $mask, PMR $pmr: $yes, $why', ({ priority, mask, pmr, running, yes }) => {
    expect(canPreempt(priority, mask, pmr, running)).toBe(yes)
  })
})

it('knows the special INTIDs', () => {
  expect([1019, 1020, 1023, 1024].map(isSpecial)).toEqual([false, true, true, false])
})
