import { describe, expect, it } from 'vitest'
import { HCR_FMO, HCR_IMO, TestGic } from '../../../../test/support/interrupts.ts'
import { SIGNAL } from '../../cpu/interrupts.ts'

const SPURIOUS = 1023
const VIRTUAL = HCR_FMO | HCR_IMO
const MAINTENANCE = 25
const LR = ['ICH_LR0_EL2', 'ICH_LR1_EL2', 'ICH_LR2_EL2', 'ICH_LR3_EL2'] as const

interface Entry {
  intid: number
  state?: 'invalid' | 'pending' | 'active' | 'both'
  group?: 0 | 1
  priority?: number
  /** A physical interrupt behind it. */
  physical?: number
  eoi?: boolean
}

const states = { invalid: 0n, pending: 1n, active: 2n, both: 3n }
const lr = ({ intid, state = 'pending', group = 1, priority = 0x80, physical, eoi = false }: Entry): bigint =>
  (states[state] << 62n) |
  (physical === undefined ? 0n : (1n << 61n) | (BigInt(physical) << 32n)) |
  (BigInt(group) << 60n) |
  (BigInt(priority) << 48n) |
  (eoi ? 1n << 41n : 0n) |
  BigInt(intid)

/** A guest at EL1 with list registers; both virtual groups on, nothing masked. `vmcr` adds to ICH_VMCR_EL2. */
function guest(entries: readonly Entry[], vmcr = 0, hcr = 1): TestGic {
  const gic = new TestGic().at(2, VIRTUAL)
  gic.set('ICH_VMCR_EL2', (0xf8 << 24) | (2 << 21) | (3 << 18) | 3 | vmcr).set('ICH_HCR_EL2', hcr)
  for (const [n, entry] of entries.entries()) gic.set(LR[n]!, lr(entry))
  return gic.at(1, VIRTUAL)
}
const VEOIM = 1 << 9
const VCBPR = 1 << 4
const state = (gic: TestGic, n: number): number => Number(gic.word(LR[n]!) >> 62n)
const eoiCount = (gic: TestGic): number => Number(gic.word('ICH_HCR_EL2') >> 27n)
const maintenance = (gic: TestGic): boolean => gic.state(MAINTENANCE) === 'pending'

describe('a virtual interrupt', () => {
  it('is signalled by its group, enabled, over the mask, with the interface on', () => {
    const signals = (entry: Partial<Entry>, vmcr = 0, hcr = 1): number =>
      guest([{ intid: 27, ...entry }], vmcr, hcr)
        .interrupts()
        .virtual()
    expect(signals({})).toBe(SIGNAL.IRQ)
    expect(signals({ group: 0 })).toBe(SIGNAL.FIQ)
    expect(signals({}, 0, 0)).toBe(0)
    expect(signals({ priority: 0xf8 })).toBe(0)
    for (const state of ['invalid', 'active', 'both'] as const) expect(signals({ state })).toBe(0)
    const off = guest([{ intid: 27 }])
    off.set('ICC_IGRPEN1_EL1', 0)
    expect(off.interrupts().virtual()).toBe(0)
    expect(off.interrupts().physical()).toBe(0)
  })

  it('is acknowledged and ended as a physical one', () => {
    const gic = guest([{ intid: 27, priority: 0x40 }])
    expect([gic.get('ICC_HPPIR1_EL1'), gic.get('ICC_RPR_EL1')]).toEqual([27, 0xff])
    expect(gic.get('ICC_IAR0_EL1')).toBe(SPURIOUS)
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    expect([state(gic, 0), gic.get('ICC_RPR_EL1'), gic.word('ICH_AP1R0_EL2')]).toEqual([2, 0x40, 1n << 8n])
    expect([gic.get('ICC_IAR1_EL1'), gic.interrupts().virtual()]).toEqual([SPURIOUS, 0])
    gic.set('ICC_EOIR1_EL1', 27)
    expect([state(gic, 0), gic.get('ICC_RPR_EL1'), eoiCount(gic)]).toEqual([0, 0xff, 0])
  })

  it('that is pending and active is pending again after its end', () => {
    const gic = guest([{ intid: 27, state: 'both' }])
    gic.at(2, VIRTUAL).set('ICH_AP1R0_EL2', 1 << 16)
    gic.at(1, VIRTUAL)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPURIOUS)
    gic.set('ICC_EOIR1_EL1', 27)
    expect([state(gic, 0), gic.get('ICC_IAR1_EL1')]).toEqual([1, 27])
  })

  it('comes by priority, then by the lower list register', () => {
    const gic = guest([{ intid: 50 }, { intid: 40 }, { intid: 60, priority: 0x20 }, { intid: 30, group: 0 }])
    const order: number[] = []
    for (let i = 0; i < 5; i++) {
      const group = gic.get('ICC_HPPIR0_EL1') === SPURIOUS ? 1 : 0
      const intid = gic.get(group === 0 ? 'ICC_IAR0_EL1' : 'ICC_IAR1_EL1')
      order.push(intid)
      gic.set(group === 0 ? 'ICC_EOIR0_EL1' : 'ICC_EOIR1_EL1', intid)
    }
    expect(order).toEqual([60, 50, 40, 30, SPURIOUS])
  })

  it('preempts by the virtual binary points', () => {
    const entries = [
      { intid: 40, priority: 0x70 },
      { intid: 41, priority: 0x60, state: 'invalid' as const },
    ]
    const preempted = (vbpr1: number, vmcr = 0): boolean => {
      const gic = guest(entries, vmcr)
      gic.set('ICC_BPR1_EL1', vbpr1)
      expect(gic.get('ICC_IAR1_EL1')).toBe(40)
      gic.at(2, VIRTUAL).set('ICH_LR1_EL2', lr({ intid: 41, priority: 0x60 }))
      return gic.at(1, VIRTUAL).get('ICC_IAR1_EL1') === 41
    }
    expect([preempted(3), preempted(5), preempted(4)]).toEqual([true, false, true])
    expect([preempted(7, VCBPR), preempted(7)]).toEqual([true, false])
  })

  it('with a special INTID becomes invalid when it is acknowledged', () => {
    const gic = guest([{ intid: 1021 }])
    expect([gic.get('ICC_IAR1_EL1'), state(gic, 0), gic.get('ICC_RPR_EL1')]).toEqual([1021, 0, 0xff])
  })

  it('of an LPI has no active state; its end is a priority drop', () => {
    const gic = guest([{ intid: 8200 }])
    expect([gic.get('ICC_IAR1_EL1'), state(gic, 0), gic.get('ICC_RPR_EL1')]).toEqual([8200, 0, 0x80])
    gic.set('ICC_EOIR1_EL1', 8200)
    expect([gic.get('ICC_RPR_EL1'), eoiCount(gic)]).toEqual([0xff, 0])
  })
})

describe('the end of a virtual interrupt', () => {
  it('with VEOIM is the drop; DIR deactivates', () => {
    const gic = guest([{ intid: 27 }], VEOIM)
    expect([gic.get('ICC_CTLR_EL1'), gic.get('ICC_IAR1_EL1')]).toEqual([0x8c02, 27])
    gic.set('ICC_EOIR1_EL1', 27)
    expect([state(gic, 0), gic.get('ICC_RPR_EL1')]).toEqual([2, 0xff])
    gic.set('ICC_DIR_EL1', 27)
    expect([state(gic, 0), eoiCount(gic)]).toEqual([0, 0])
  })

  it('without VEOIM ignores DIR', () => {
    const gic = guest([{ intid: 27, state: 'active' }])
      .set('ICC_DIR_EL1', 27)
      .set('ICC_DIR_EL1', 99)
    expect([state(gic, 0), eoiCount(gic)]).toEqual([2, 0])
  })

  it('without a list register is counted, if a priority was active', () => {
    const gic = guest([{ intid: 27 }])
    gic.set('ICC_EOIR1_EL1', 99)
    expect(eoiCount(gic)).toBe(0)
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    gic.set('ICC_EOIR1_EL1', 99)
    expect([eoiCount(gic), gic.get('ICC_RPR_EL1'), state(gic, 0)]).toEqual([1, 0xff, 2])
    const split = guest([], VEOIM).set('ICC_DIR_EL1', 99).set('ICC_DIR_EL1', 1021).set('ICC_DIR_EL1', 8192)
    expect(eoiCount(split)).toBe(1)
  })

  it('of the wrong group, or not the most urgent, deactivates nothing', () => {
    const gic = guest([{ intid: 27 }])
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    gic.set('ICC_EOIR0_EL1', 27)
    expect(state(gic, 0)).toBe(2)
    const nested = guest([
      { intid: 27, state: 'active', priority: 0x80 },
      { intid: 28, priority: 0x10 },
    ])
    nested.at(2, VIRTUAL).set('ICH_AP1R0_EL2', 1 << 16)
    nested.at(1, VIRTUAL)
    expect(nested.get('ICC_IAR1_EL1')).toBe(28)
    nested.set('ICC_EOIR1_EL1', 27)
    expect([state(nested, 0), state(nested, 1)]).toEqual([2, 2])
  })

  it.each([1020, 1023])('of INTID %i changes nothing', (intid) => {
    const gic = guest([{ intid: 27 }])
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    gic.set('ICC_EOIR1_EL1', intid)
    expect([gic.get('ICC_RPR_EL1'), state(gic, 0)]).toEqual([0x80, 2])
  })

  it('deactivates the physical interrupt of a list register with HW', () => {
    const gic = guest([
      { intid: 40, physical: 33 },
      { intid: 41, priority: 0x90 },
    ])
      .bit(0x300, 33)
      .bit(0x300, 34)
    expect(gic.get('ICC_IAR1_EL1')).toBe(40)
    expect(gic.state(33)).toBe('active')
    gic.set('ICC_EOIR1_EL1', 40)
    expect([gic.state(33), gic.state(34), state(gic, 0)]).toEqual(['inactive', 'active', 0])
    expect(gic.get('ICC_IAR1_EL1')).toBe(41)
    gic.set('ICC_EOIR1_EL1', 41)
    expect(gic.state(34)).toBe('active')
  })

  it('ignores a physical INTID that is not there', () => {
    const gic = guest([{ intid: 40, physical: 0x1fff, state: 'active' }], VEOIM).set('ICC_DIR_EL1', 40)
    expect(state(gic, 0)).toBe(0)
  })
})

describe('the maintenance interrupt', () => {
  it('is a level: an end that asks for it raises it, a new list register takes it down', () => {
    const gic = guest([{ intid: 27, eoi: true }])
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    expect(maintenance(gic)).toBe(false)
    gic.set('ICC_EOIR1_EL1', 27)
    expect(maintenance(gic)).toBe(true)
    gic.at(2, VIRTUAL)
    expect([gic.get('ICH_EISR_EL2'), gic.get('ICH_ELRSR_EL2'), gic.get('ICH_MISR_EL2')]).toEqual([1, 0xe, 1])
    gic.set('ICH_LR0_EL2', 0)
    expect([gic.get('ICH_EISR_EL2'), gic.get('ICH_ELRSR_EL2'), gic.get('ICH_MISR_EL2')]).toEqual([0, 0xf, 0])
    expect(maintenance(gic)).toBe(false)
  })

  it('needs ICH_HCR_EL2.En; ICH_MISR_EL2 does not', () => {
    const gic = guest([], 0, 2)
    expect([gic.at(2, VIRTUAL).get('ICH_MISR_EL2'), maintenance(gic)]).toEqual([2, false])
    gic.set('ICH_HCR_EL2', 3)
    expect([gic.get('ICH_MISR_EL2'), maintenance(gic)]).toEqual([2, true])
  })

  it('follows the guest’s group enables and counts of ends', () => {
    const gic = guest([{ intid: 27 }], 0, 1 | (1 << 7) | (1 << 2))
    expect(maintenance(gic)).toBe(false)
    gic.set('ICC_IGRPEN1_EL1', 0)
    expect(maintenance(gic)).toBe(true)
    gic.set('ICC_IGRPEN1_EL1', 1)
    expect(maintenance(gic)).toBe(false)
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    gic.set('ICC_EOIR1_EL1', 77)
    expect(gic.at(2, VIRTUAL).get('ICH_MISR_EL2')).toBe(4)
    expect(maintenance(gic)).toBe(true)
  })
})

describe('what EL2 writes', () => {
  it('is told to the observer as one change, and what an access of EL1 changes besides too', () => {
    const gic = guest([{ intid: 27 }])
    gic.touched.length = 0
    expect(gic.get('ICC_IAR1_EL1')).toBe(27)
    gic.set('ICC_EOIR1_EL1', 27)
    expect(gic.touched).toEqual(['ICH_LR0_EL2', 'ICH_AP1R0_EL2', 'ICH_AP1R0_EL2', 'ICH_LR0_EL2'])
    gic.touched.length = 0
    gic.at(2, VIRTUAL).set('ICH_LR2_EL2', lr({ intid: 40 }))
    expect(gic.touched).toEqual(['ICH_LR2_EL2'])
  })

  it('keeps to what is implemented', () => {
    const gic = new TestGic().at(2)
    expect([gic.get('ICH_VTR_EL2'), gic.word('ICH_VMCR_EL2')]).toEqual([0x90b8_0003, 0x4c_0008n])
    gic.set('ICH_VMCR_EL2', 0xffff_ffff)
    expect(gic.word('ICH_VMCR_EL2')).toBe(0xf8fc_021bn)
    gic.set('ICH_VMCR_EL2', 0)
    expect(gic.word('ICH_VMCR_EL2')).toBe(0x4c_0008n)
  })

  it('is what EL1 sees, and the other way round', () => {
    const gic = guest([], VCBPR | VEOIM)
    expect([gic.get('ICC_PMR_EL1'), gic.get('ICC_BPR0_EL1'), gic.get('ICC_BPR1_EL1')]).toEqual([0xf8, 2, 3])
    expect([gic.get('ICC_CTLR_EL1'), gic.get('ICC_IGRPEN0_EL1'), gic.get('ICC_IGRPEN1_EL1')]).toEqual([
      0x8c03, 1, 1,
    ])
    gic.set('ICC_CTLR_EL1', 0).set('ICC_BPR1_EL1', 5).set('ICC_BPR0_EL1', 0).set('ICC_PMR_EL1', 0xff)
    gic.set('ICC_IGRPEN0_EL1', 0).set('ICC_AP0R0_EL1', 0x11).set('ICC_AP1R0_EL1', 0x22)
    expect(gic.word('ICH_VMCR_EL2')).toBe((0xf8n << 24n) | (2n << 21n) | (5n << 18n) | 8n | 2n)
    expect([gic.word('ICH_AP0R0_EL2'), gic.word('ICH_AP1R0_EL2')]).toEqual([0x11n, 0x22n])
  })

  it('leaves the physical registers alone, group by group', () => {
    const gic = new TestGic().at(1, HCR_IMO)
    gic.set('ICC_IGRPEN0_EL1', 1).set('ICC_IGRPEN1_EL1', 1).set('ICC_PMR_EL1', 0xf0)
    expect([gic.word('ICC_IGRPEN0_EL1'), gic.word('ICC_IGRPEN1_EL1'), gic.word('ICC_PMR_EL1')]).toEqual([
      1n,
      0n,
      0n,
    ])
    gic.at(1, HCR_FMO).set('ICC_IGRPEN0_EL1', 0).set('ICC_IGRPEN1_EL1', 1)
    expect([gic.word('ICC_IGRPEN0_EL1'), gic.word('ICC_IGRPEN1_EL1')]).toEqual([1n, 1n])
    gic.at(2, VIRTUAL).set('ICC_PMR_EL1', 0xf0)
    expect(gic.word('ICC_PMR_EL1')).toBe(0xf0n)
  })
})
