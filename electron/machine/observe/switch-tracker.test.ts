import { beforeEach, describe, expect, it } from 'vitest'
import { type Phase, phases, type SwitchRow } from '../../../shared/model/trace.ts'
import { TestMachine } from '../../../test/support/machine.ts'
import type { Core } from '../cpu/core.ts'
import { markKinds } from './marks.ts'
import { SwitchTracker } from './switch-tracker.ts'

const HVC = 0x5a00_0000n
const { ENTRY, GUEST_ERET, RETURN, PHASE, REENTRY } = markKinds

let core: Core
let tracker: SwitchTracker
let time = 0
beforeEach(() => {
  core = new TestMachine().core
  tracker = new SwitchTracker(1, () => ++time)
  core.cycles = 1000
  core.instructions = 500
  time = 0
})

/** Instructions retire: two cycles each. */
const work = (instructions: number): void => {
  core.instructions += instructions
  core.cycles += 2 * instructions
}
/** An instruction whose cycles belong to a class. */
const classed = (phase: 'barriers' | 'trap', cycles: number): void => {
  core.instructions++
  core.cycles += cycles
  tracker.attribute(phase, cycles)
}
const mark = (kind: number, argument = 0, vcpu = 2): SwitchRow | null =>
  tracker.mark(core, kind, argument, vcpu)
const phase = (name: Phase): void => void mark(PHASE, phases.indexOf(name))
const eret = (to = 1): void => {
  core.el = to
  classed('trap', 7)
  tracker.exceptionReturn(core)
}
const of = (row: SwitchRow, name: Phase): number => row.phases[phases.indexOf(name)]!

/** ENTRY to the guest's first instruction: 1 + 3 + 2 + 1 + 1 instructions. */
function enter(): void {
  mark(ENTRY)
  work(1)
  phase('EL1 system registers')
  work(3)
  phase('MTE')
  work(2)
  classed('barriers', 30)
  mark(GUEST_ERET)
  eret()
}

/** The guest's exception to the host's next instruction: 4 + 1 instructions. */
function leave(kind: number = RETURN): SwitchRow | null {
  core.pc = 0x4009_0004n
  tracker.exceptionEntry(core, 2, HVC, 1, null)
  core.cycles += 5
  tracker.attribute('trap', 5)
  phase('general registers')
  work(4)
  eret()
  return mark(kind)
}

describe('SwitchTracker', () => {
  it('gives one row for one guest entry and its exit, every cycle in one phase', () => {
    enter()
    expect(tracker.inGuest).toBe(true)
    work(100)
    const row = leave()!
    expect(row).toMatchObject({ pe: 1, vcpu: 2, startCycle: 1000, exit: 'HVC', esr: HVC, elr: 0x4009_0004n })
    expect(row.guestCycle).toBe(1000 + 2 * 6 + 30 + 7)
    expect(row.exitCycle).toBe(row.guestCycle + 200)
    expect(row.endCycle).toBe(row.exitCycle + 5 + 8 + 7)
    expect([row.instructions, row.guestInstructions]).toEqual([1 + 3 + 2 + 1 + 1 + 4 + 1, 100])
    expect([of(row, 'other'), of(row, 'EL1 system registers'), of(row, 'MTE')]).toEqual([2, 6, 4])
    expect([of(row, 'general registers'), of(row, 'barriers'), of(row, 'trap')]).toEqual([8, 30, 7 + 5 + 7])
    expect([row.startNs, row.endNs]).toEqual([1, 2])
    expect(tracker.inGuest).toBe(false)
  })

  it('takes a call that EL2 answers by an exception return for a part of the same switch', () => {
    enter()
    work(10)
    tracker.exceptionEntry(core, 2, HVC, 1, null)
    classed('barriers', 50)
    phase('EL1 system registers')
    work(3)
    mark(GUEST_ERET)
    eret()
    expect(tracker.inGuest).toBe(true)
    work(90)
    const row = leave()!
    expect([row.instructions, row.guestInstructions]).toEqual([1 + 3 + 2 + 1 + 1 + 4 + 1, 100])
    expect([of(row, 'barriers'), of(row, 'trap'), of(row, 'EL1 system registers')]).toEqual([30, 19, 6])
  })

  it('does not take an illegal exception return for an entry: the PE stays at EL2', () => {
    mark(ENTRY)
    mark(GUEST_ERET)
    eret(2)
    expect(tracker.inGuest).toBe(false)
    expect(mark(RETURN)).toBeNull()
  })

  it('leaves out what the guest does by itself: barriers, exceptions to EL1 and returns from it', () => {
    enter()
    classed('barriers', 50)
    tracker.exceptionEntry(core, 1, 0x5600_0000n, 0, null)
    expect(tracker.inGuest).toBe(true)
    classed('trap', 9)
    tracker.exceptionReturn(core)
    const row = leave()!
    expect([row.guestInstructions, row.exitCycle - row.guestCycle]).toEqual([2, 59])
    expect([of(row, 'barriers'), of(row, 'trap')]).toEqual([30, 19])
  })

  it('does not take an exception at EL2 for an exit, nor an ERET without its mark for an entry', () => {
    mark(ENTRY)
    tracker.exceptionEntry(core, 2, HVC, 1, null)
    tracker.exceptionEntry(core, 2, HVC, 2, null)
    tracker.exceptionReturn(core)
    expect(tracker.inGuest).toBe(false)
    mark(GUEST_ERET)
    eret()
    expect(tracker.inGuest).toBe(true)
    tracker.exceptionEntry(core, 2, HVC, 2, null)
    expect(tracker.inGuest).toBe(true)
  })

  it('gives no row for an entry that is given up, and none for a RETURN alone', () => {
    expect(mark(RETURN)).toBeNull()
    mark(ENTRY)
    work(10)
    expect(mark(RETURN)).toBeNull()
    mark(GUEST_ERET)
    eret()
    expect(tracker.inGuest).toBe(false)
    enter()
    expect(leave()).not.toBeNull()
    expect(mark(RETURN)).toBeNull()
  })

  it('counts a re-entry as the end of one switch and the start of the next, of the same vCPU', () => {
    enter()
    const first = leave(REENTRY)!
    work(3)
    mark(GUEST_ERET)
    eret()
    const second = leave()!
    expect(second).toMatchObject({ vcpu: first.vcpu, startCycle: first.endCycle })
    expect(second.instructions).toBe(3 + 1 + 4 + 1)
    expect(of(second, 'other')).toBe(6)
  })

  it('puts a phase that the image invented under other', () => {
    mark(ENTRY)
    mark(PHASE, phases.indexOf('trap'))
    work(1)
    mark(PHASE, 99)
    work(1)
    mark(GUEST_ERET)
    eret()
    expect(of(leave()!, 'other')).toBe(4)
  })

  it('carries no phase over from one switch to the next', () => {
    enter()
    leave()
    work(20)
    enter()
    expect(of(leave()!, 'other')).toBe(2)
  })
})
