import { beforeEach, describe, expect, it } from 'vitest'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'
import { clock, FOREVER, waiting } from '../board/shared-memory.ts'
import { HCR } from '../mmu/controls.ts'
import { EVENT } from './layout.ts'

/** Calls of setPrivate, `+27` for a line that goes up. */
let told: string[]
let machine: TestMachine
const made = (features = {}): TestMachine => {
  told = []
  const inputs = {
    setPrivate: (_pe: number, intid: number, level: boolean) => told.push(`${level ? '+' : '-'}${intid}`),
    setShared: () => {},
  }
  const made = new TestMachine({ features, inputs }).set('SCTLR_EL1', SCTLR.SPAN).pstate(EL[2])
  made.run('msr cntp_ctl_el0, xzr')
  told = []
  return made
}
beforeEach(() => {
  machine = made()
})

/** One cycle an instruction: so many pass in a loop of two. */
const pass = (cycles: number): void => {
  machine.setX({ 30: BigInt(Math.ceil(cycles / 2)) }).run('1: sub x30, x30, #1\n cbnz x30, 1b')
}

const timers = [
  { name: 'CNTP', level: 'EL0', intid: 30 },
  { name: 'CNTV', level: 'EL0', intid: 27 },
  { name: 'CNTHP', level: 'EL2', intid: 26 },
  { name: 'CNTHV', level: 'EL2', intid: 28 },
] as const

describe.each(timers)('$name', ({ name, level, intid }) => {
  const register = (which: string) => `${name}_${which}_${level}`.toLowerCase()

  it('raises its line when the count reaches CVAL, exactly, and takes it down when CVAL moves on', () => {
    machine.run('mrs x0, cntpct_el0')
    const target = machine.x(0) + 100n
    machine
      .setX({ 1: target, 2: 1n })
      .run(`msr ${register('cval')}, x1\n msr ${register('ctl')}, x2\n mrs x3, ${register('ctl')}`)
    expect(machine.x(3)).toBe(1n)
    expect(told).toEqual([])
    const cycles = (): bigint => BigInt(machine.core.cycles)
    while (cycles() < target) {
      expect(told).toEqual([])
      machine.load('nop\n b .')
      machine.pstate(EL[2]).runFrom(place.code, place.code, 4)
    }
    machine.step()
    expect(told).toEqual([`+${intid}`])
    machine.run(`mrs x3, ${register('ctl')}`)
    expect(machine.x(3)).toBe(5n)
    machine.setX({ 1: 1n << 40n }).run(`msr ${register('cval')}, x1\n mrs x3, ${register('ctl')}`)
    expect(machine.x(3)).toBe(1n)
    expect(told).toEqual([`+${intid}`, `-${intid}`])
  })

  it('has no line while masked or disabled; ISTATUS is there while enabled', () => {
    machine
      .setX({ 2: 3n })
      .run(`msr ${register('cval')}, xzr\n msr ${register('ctl')}, x2\n mrs x3, ${register('ctl')}`)
    expect(machine.x(3)).toBe(7n)
    expect(told).toEqual([])
    machine.setX({ 2: 2n }).run(`msr ${register('ctl')}, x2\n mrs x3, ${register('ctl')}`)
    expect(machine.x(3)).toBe(2n)
    machine.setX({ 2: 1n }).run(`msr ${register('ctl')}, x2`)
    expect(told).toEqual([`+${intid}`])
    machine.run(`msr ${register('ctl')}, xzr`)
    expect(told).toEqual([`+${intid}`, `-${intid}`])
  })

  it('TVAL is the signed distance to CVAL', () => {
    machine.setX({ 1: 0xffff_fff6n }).run(`msr ${register('tval')}, x1\n mrs x2, ${register('tval')}`)
    // Two counts later it is two more behind.
    expect(BigInt.asIntN(32, machine.x(2))).toBe(-11n)
    machine.setX({ 1: 1000n, 2: 1n }).run(`msr ${register('tval')}, x1\n msr ${register('ctl')}, x2`)
    pass(990)
    expect(told).toEqual([])
    pass(40)
    expect(told).toEqual([`+${intid}`])
  })
})

describe('CNTVOFF_EL2', () => {
  it('is taken off for CNTV and CNTVCT_EL0, and for no other timer', () => {
    machine
      .setX({ 0: 5000n, 1: 1n })
      .run('msr cntvoff_el2, x0\n msr cntv_cval_el0, x1\n msr cntv_ctl_el0, x1')
    // The virtual count is below zero as a signed number: far beyond CVAL as an unsigned one.
    expect(told).toEqual(['+27'])
    pass(5100)
    // It wrapped, and then reached 1.
    expect(told).toEqual(['+27', '-27', '+27'])
    machine.run('mrs x0, cntpct_el0\n mrs x1, cntvct_el0')
    expect(machine.x(0) - machine.x(1)).toBe(4999n)
  })

  it('is not taken off for the host', () => {
    machine.set('CNTVOFF_EL2', 1000n).set('HCR_EL2', HCR.E2H)
    machine.run('mrs x0, cntpct_el0\n mrs x1, cntvct_el0')
    expect(machine.x(1) - machine.x(0)).toBe(1n)
  })
})

describe('names under E2H', () => {
  it('reach the timers of EL2, and EL02 names those of EL0', () => {
    machine.set('HCR_EL2', HCR.E2H)
    machine
      .setX({ 1: 1n, 2: 3n })
      .run('msr cntp_cval_el0, xzr\n msr cntp_ctl_el0, x1\n msr cntv_cval_el0, xzr\n msr cntv_ctl_el0, x1')
    expect(told).toEqual(['+26', '+28'])
    machine.run(
      'msr cntp_cval_el02, xzr\n msr cntp_ctl_el02, x2\n msr cntv_ctl_el02, x2\n mrs x3, cntp_ctl_el02\n mrs x4, cntp_ctl_el0',
    )
    expect([machine.x(3), machine.x(4)]).toEqual([7n, 5n])
    expect(told).toEqual(['+26', '+28'])
  })
})

describe('traps', () => {
  it.each([
    ['EL1PCEN = 0, EL1', 1, 0n, 'mrs x0, cntp_ctl_el0', 2],
    ['EL1PCEN = 1, EL1', 1, 2n, 'mrs x0, cntp_ctl_el0', 0],
    ['EL1PCTEN = 0, EL1', 1, 0n, 'mrs x0, cntpct_el0', 2],
    ['CNTV has no trap to EL2', 1, 0n, 'mrs x0, cntv_ctl_el0', 0],
    ['EL0VTEN = 0, EL0', 0, 3n, 'mrs x0, cntv_ctl_el0', 1],
  ] as const)('%s', (_, el, cnthctl, text, target) => {
    machine.set('CNTHCTL_EL2', cnthctl).set('CNTKCTL_EL1', 0n)
    const taken = machine.pstate(EL[el]).run(text)
    expect(taken?.el ?? 0).toBe(target)
    if (taken) expect(taken.esr >> 26n).toBe(0x18n)
  })

  it('have other bits in CNTHCTL_EL2 under E2H', () => {
    machine.set('HCR_EL2', HCR.E2H)
    for (const [cnthctl, target] of [
      [3n, 2],
      [1n << 11n, 0],
    ] as const) {
      machine.set('CNTHCTL_EL2', cnthctl)
      expect(machine.pstate(EL[1]).run('mrs x0, cntp_ctl_el0')?.el ?? 0).toBe(target)
    }
  })
})

describe('event streams', () => {
  const waits = (): boolean => {
    machine.run('wfe')
    return machine.pe.waits.kind() === waiting.WFE
  }
  const wake = (): boolean => machine.pe.waits.wakes()

  it.each([
    ['CNTHCTL_EL2', 0n, 16n],
    ['CNTKCTL_EL1', 0n, 16n],
    ['CNTHCTL_EL2', 8n, 0n],
  ] as const)('%s with EVNTDIR %i sends an event where bit EVNTI turns', (name, direction, phase) => {
    machine.setX({ 1: (4n << 4n) | direction | 4n }).run(`msr ${name.toLowerCase()}, x1`)
    expect(waits()).toBe(true)
    const deadline = machine.views.clock[clock.DEADLINE]!
    expect(deadline % 32n).toBe(phase)
    expect(deadline - BigInt(machine.core.cycles)).toBeLessThanOrEqual(32n)
    expect(wake()).toBe(false)
    machine.core.cycles = Number(deadline)
    expect(wake()).toBe(true)
  })

  it('that of the virtual count stops in a host', () => {
    machine.set('HCR_EL2', HCR.E2H | HCR.TGE).set('CNTKCTL_EL1', 4n)
    expect(waits()).toBe(true)
    expect(machine.views.clock[clock.DEADLINE]).toBe(FOREVER)
    machine.core.state[EVENT] = 1n
    expect(wake()).toBe(true)
  })
})
