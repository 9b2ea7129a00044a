import { describe, expect, it } from 'vitest'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'
import { HCR } from '../mmu/controls.ts'

const made = (vhe: 'on' | 'off' | 'res1'): TestMachine =>
  new TestMachine({ features: { vhe } }).set('SCTLR_EL2', SCTLR.SPAN).pstate(EL[2])

const UNDEFINED = { el: 2, esr: 0x0200_0000n, elr: place.code }
/** Names that exist with FEAT_VHE only. */
const hostNames = [
  'sctlr_el12',
  'vbar_el12',
  'spsr_el12',
  'cntkctl_el12',
  'cntp_ctl_el02',
  'cntv_cval_el02',
  'ttbr1_el2',
  'contextidr_el2',
  'cnthv_ctl_el2',
]

describe('HCR_EL2.E2H', () => {
  it.each([
    ['on', 0n, 1n, 0n],
    ['off', 0n, 0n, 0n],
    ['res1', 1n, 1n, 0xfn],
  ] as const)('with vhe %s', (vhe, reset, afterOne, e2h0) => {
    const machine = made(vhe)
    machine.run('mrs x0, hcr_el2\n mrs x2, s3_0_c0_c7_4\n mrs x3, id_aa64mmfr1_el1')
    expect((machine.x(0) >> 34n) & 1n).toBe(reset)
    expect((machine.x(2) >> 24n) & 0xfn).toBe(e2h0)
    expect((machine.x(3) >> 8n) & 0xfn).toBe(vhe === 'off' ? 0n : 1n)
    machine.setX({ 1: HCR.E2H }).run('msr hcr_el2, x1\n mrs x0, hcr_el2')
    expect((machine.x(0) >> 34n) & 1n).toBe(afterOne)
    machine.run('msr hcr_el2, xzr\n mrs x0, hcr_el2')
    expect((machine.x(0) >> 34n) & 1n).toBe(reset)
    expect(machine.core.e2h()).toBe(reset === 1n)
  })
})

describe('without FEAT_VHE', () => {
  it.each(hostNames)('%s is UNDEFINED', (name) => {
    const machine = made('off').set('HCR_EL2', 0n)
    expect(machine.run(`mrs x0, ${name}`)).toMatchObject(UNDEFINED)
  })

  it('TGE makes no host: EL0 is still translated as EL1&0, and names are not redirected', () => {
    const machine = made('off')
    machine
      .setX({ 1: HCR.TGE | HCR.E2H, 2: 0x1234n })
      .set('CNTKCTL_EL1', 0n)
      .set('CNTHCTL_EL2', 0n)
    machine.run('msr hcr_el2, x1\n isb\n msr cntkctl_el1, x2')
    expect([machine.get('CNTKCTL_EL1') & 0xfffn, machine.get('CNTHCTL_EL2')]).toEqual([0x234n, 0n])
    expect(machine.pstate(EL[0]).run('svc #1')).toMatchObject({ el: 2, vector: 0x400 })
  })
})

describe('with FEAT_VHE', () => {
  it.each(hostNames.filter((name) => /_el[10]2$/.test(name)))('%s exists while E2H is 1', (name) => {
    const machine = made('on')
    expect(machine.run(`mrs x0, ${name}`)).toMatchObject(UNDEFINED)
    machine.set('HCR_EL2', HCR.E2H)
    expect(machine.pstate(EL[2]).run(`mrs x0, ${name}`)).toBeNull()
    expect(machine.pstate(EL[1]).run(`mrs x0, ${name}`)).toMatchObject({ el: 1, esr: 0x0200_0000n })
  })
})

describe('SCTLR_ELx.EIS and EOS', () => {
  const LATE = { features: { exs: true }, sync: 'latest' } as const
  /** GCR_EL1 is late: whether its effective value has arrived tells whether context was synchronised. */
  const synchronised = (sctlr: bigint, features = LATE.features): boolean => {
    const machine = new TestMachine({ ...LATE, features }).set('SCTLR_EL2', sctlr).set('GCR_EL1', 0n)
    machine.setX({ 1: 0x7n }).pstate(EL[2]).run('msr gcr_el1, x1\n svc #0')
    return machine.effective('GCR_EL1') === 7n
  }
  const returned = (sctlr: bigint): boolean => {
    const machine = new TestMachine(LATE).set('SCTLR_EL2', sctlr).set('GCR_EL1', 0n)
    machine.set('SPSR_EL2', EL[2]).set('ELR_EL2', place.code + 8n)
    machine.setX({ 1: 0x7n }).pstate(EL[2]).run('msr gcr_el1, x1\n eret')
    return machine.effective('GCR_EL1') === 7n
  }

  it('switch off the synchronisation of entry and return with FEAT_ExS', () => {
    expect([synchronised(SCTLR.EIS), synchronised(SCTLR.EOS), synchronised(0n)]).toEqual([true, false, false])
    expect([returned(SCTLR.EOS), returned(SCTLR.EIS), returned(0n)]).toEqual([true, false, false])
  })

  it('are RES1 without it', () => {
    const machine = new TestMachine({ features: { exs: false } })
    machine.pstate(EL[2]).run('msr sctlr_el2, xzr\n mrs x0, sctlr_el2')
    expect(machine.x(0) & (SCTLR.EIS | SCTLR.EOS)).toBe(SCTLR.EIS | SCTLR.EOS)
  })
})
