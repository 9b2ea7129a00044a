import { beforeEach, describe, expect, it } from 'vitest'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'
import { SIGNAL } from '../cpu/interrupts.ts'
import { EVENT } from '../cpu/layout.ts'
import { HCR } from '../mmu/controls.ts'
import { injectSError } from './inject.ts'
import { clock, FOREVER, signalPe, waiting } from './shared-memory.ts'

const IMO = 1n << 4n
const VI = 1n << 7n
const DAIF = 0x3c0n
const nTWI = 1n << 16n
const nTWE = 1n << 18n

const lines = { physical: 0, virtual: 0 }
let machine: TestMachine
beforeEach(() => {
  lines.physical = lines.virtual = 0
  machine = fresh()
})

const fresh = (): TestMachine =>
  new TestMachine({ signals: { physical: () => lines.physical, virtual: () => lines.virtual } })
    .set('SCTLR_EL1', SCTLR.SPAN | nTWI | nTWE)
    .set('SCTLR_EL2', SCTLR.SPAN)

const signal = (physical: number): void => {
  lines.physical = physical
  signalPe(machine.views.control, 0)
}
/** Executes one instruction at an EL. @returns what the PE waits in */
const execute = (text: string, el: 0 | 1 | 2 = 2, masks = DAIF): number => {
  machine.pstate((EL[el] & ~DAIF) | masks).run(text)
  return machine.pe.waits.kind()
}
const wakes = (): boolean => machine.pe.waits.wakes()
/** The model time goes on to the PE's deadline. */
const goOn = (): void => {
  machine.views.clock[clock.MODEL] = machine.views.clock[clock.DEADLINE]!
  machine.pe.beginTurn()
}

describe('WFI', () => {
  it('waits behind itself, and ends the turn', () => {
    expect(execute('wfi')).toBe(waiting.WFI)
    expect(machine.core.pc).toBe(place.code + 4n)
    expect(machine.pe.engine.leave).toBe(true)
    expect(wakes()).toBe(false)
  })

  it.each([0, 1, 2] as const)('is ended at EL%i by physical interrupts and SErrors, masked or not', (el) => {
    for (const masks of [0n, DAIF]) {
      for (const raise of [
        () => signal(SIGNAL.IRQ),
        () => signal(SIGNAL.FIQ),
        () => injectSError(machine.views, 0, 0),
      ]) {
        expect(execute('wfi', el, masks)).toBe(waiting.WFI)
        raise()
        expect(wakes()).toBe(true)
        signal(0)
        machine = fresh()
      }
    }
  })

  it('is ended by virtual interrupts below EL2 only, while they are enabled', () => {
    machine.set('HCR_EL2', IMO | VI)
    expect(execute('wfi', 2)).toBe(waiting.WFI)
    expect(wakes()).toBe(false)
    machine = fresh().set('HCR_EL2', IMO | VI)
    expect(execute('wfi', 1)).toBe(waiting.NO)
    machine = fresh().set('HCR_EL2', VI)
    expect(execute('wfi', 1)).toBe(waiting.WFI)
  })

  it('does nothing when it would be ended at once; then it is not trapped either', () => {
    machine.set('HCR_EL2', HCR.TWI)
    expect(machine.pstate(EL[1]).run('wfi')).toMatchObject({ el: 2, esr: 0x07e0_0000n, elr: place.code })
    signal(SIGNAL.IRQ)
    expect(machine.pstate(EL[1]).run('wfi')).toBeNull()
    expect(machine.pe.waits.kind()).toBe(waiting.NO)
  })

  it('is not ended by events', () => {
    execute('wfi')
    machine.core.state[EVENT] = 1n
    expect(wakes()).toBe(false)
  })
})

describe('WFE', () => {
  it('uses up an event that is there, by SEVL and SEV', () => {
    expect(execute('sevl\n wfe')).toBe(waiting.NO)
    expect(execute('sev\n wfe')).toBe(waiting.NO)
    expect(execute('wfe')).toBe(waiting.WFE)
    machine.core.state[EVENT] = 1n
    expect(wakes()).toBe(true)
    expect(machine.core.state[EVENT]).toBe(0n)
  })

  it('is ended by an interrupt that would be taken, not by a masked one', () => {
    signal(SIGNAL.IRQ)
    expect(execute('wfe', 1)).toBe(waiting.WFE)
    expect(wakes()).toBe(false)
    machine.core.setPs(Number(DAIF), false)
    expect(wakes()).toBe(true)
  })

  it('is trapped by TWE and nTWE, unless the event is there', () => {
    machine.set('HCR_EL2', HCR.TWE)
    expect(machine.pstate(EL[1]).run('wfe')).toMatchObject({ el: 2, esr: 0x07e0_0001n })
    expect(machine.pstate(EL[1]).run('sevl\n wfe')).toBeNull()
    machine.set('HCR_EL2', 0n).set('SCTLR_EL1', SCTLR.SPAN)
    expect(machine.pstate(EL[0]).run('wfe')).toMatchObject({ el: 1, esr: 0x07e0_0001n })
    // In a VHE host the bits of SCTLR_EL2 count for EL0.
    machine.set('HCR_EL2', HCR.E2H | HCR.TGE).set('SCTLR_EL1', SCTLR.SPAN | nTWI | nTWE)
    expect(machine.pstate(EL[0]).run('wfe')).toMatchObject({ el: 2, esr: 0x07e0_0001n })
    machine.set('SCTLR_EL2', SCTLR.SPAN | nTWE)
    expect(machine.pstate(EL[0]).run('wfe')).toBeNull()
  })
})

describe('WFIT and WFET', () => {
  it.each([
    ['wfit', waiting.WFI, 0x07e0_00a6n],
    ['wfet', waiting.WFE, 0x07e0_00a7n],
  ] as const)('%s ends when CNTVCT_EL0 reaches its register', (name, kind, esr) => {
    machine.setX({ 5: 5000n }).set('CNTVOFF_EL2', 1000n)
    machine.core.cycles = 2000 // a virtual count of 1000
    expect(execute(`${name} x5`)).toBe(kind)
    expect(machine.views.clock[clock.DEADLINE]).toBe(6000n)
    expect(wakes()).toBe(false)
    goOn()
    expect(wakes()).toBe(true)
    expect(machine.core.cycles).toBe(6000)
    expect(execute(`${name} x5`)).toBe(waiting.NO)
    machine.setX({ 5: 1n << 63n }).set('HCR_EL2', HCR.TWI | HCR.TWE)
    expect(machine.pstate(EL[1]).run(`${name} x5`)).toMatchObject({ el: 2, esr })
    machine.setX({ 5: 0n })
    expect(machine.pstate(EL[1]).run(`${name} x5`)).toBeNull()
  })

  it('end before that as WFI and WFE do', () => {
    machine.setX({ 5: 1n << 60n })
    execute('wfit x5')
    signal(SIGNAL.FIQ)
    expect(wakes()).toBe(true)
    signal(0)
    execute('wfet x5')
    machine.core.state[EVENT] = 1n
    expect(wakes()).toBe(true)
  })
})

describe('the deadline of a wait', () => {
  it('is that of the earliest timer, which the interrupt controller then hears of', () => {
    machine = new TestMachine().set('SCTLR_EL2', SCTLR.SPAN)
    machine.setX({ 1: 9000n, 2: 1n })
    execute('msr cnthp_cval_el2, x1\n msr cnthp_ctl_el2, x2\n wfi')
    expect(machine.views.clock[clock.DEADLINE]).toBe(9000n)
    goOn()
    // Its PPI is not enabled at the controller: the line is up, and the wait goes on without a deadline in sight.
    expect(wakes()).toBe(false)
    expect(machine.views.clock[clock.DEADLINE]).toBe(FOREVER)
    machine.run('mrs x3, cnthp_ctl_el2')
    expect(machine.x(3)).toBe(5n)
  })
})

describe('PSCI CPU_SUSPEND', () => {
  it('waits as WFI does, and returns to the caller', () => {
    machine.setX({ 0: 0xc400_0001n })
    expect(execute('smc #0')).toBe(waiting.WFI)
    expect([machine.x(0), machine.core.pc]).toEqual([0n, place.code + 4n])
    signal(SIGNAL.IRQ)
    expect(wakes()).toBe(true)
    machine.setX({ 0: 0xc400_0001n })
    expect(execute('smc #0')).toBe(waiting.NO)
  })
})
