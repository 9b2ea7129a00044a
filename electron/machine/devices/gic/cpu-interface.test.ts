import { describe, expect, it } from 'vitest'
import { TestGic } from '../../../../test/support/interrupts.ts'
import { SIGNAL } from '../../cpu/interrupts.ts'

const ISPENDR = 0x200
const ICPENDR = 0x280
const ICENABLER = 0x180
const SPI = 40
const SPURIOUS = 1023

/** An SGI to the PEs of a list of Aff0. */
const sgi = (intid: number, targets: number): bigint => (BigInt(intid) << 24n) | BigInt(targets)
const IRM = 1n << 40n

describe('an interrupt', () => {
  it('is signalled while it is pending, enabled, its group is, and nothing masks it', () => {
    const gic = new TestGic().enableAll()
    const signals = (): number => gic.interrupts().physical()
    expect(signals()).toBe(0)
    gic.bit(ISPENDR, SPI)
    expect(signals()).toBe(SIGNAL.IRQ)
    const without = (change: () => void, back: () => void): void => {
      change()
      expect(signals()).toBe(0)
      back()
      expect(signals()).toBe(SIGNAL.IRQ)
    }
    without(
      () => gic.bit(ICENABLER, SPI),
      () => gic.bit(0x100, SPI),
    )
    without(
      () => gic.gicd(0, 1),
      () => gic.gicd(0, 3),
    )
    without(
      () => gic.set('ICC_IGRPEN1_EL1', 0),
      () => gic.set('ICC_IGRPEN1_EL1', 1),
    )
    without(
      () => gic.set('ICC_PMR_EL1', 0x80),
      () => gic.set('ICC_PMR_EL1', 0x88),
    )
    without(
      () => gic.priority(SPI, 0x90),
      () => gic.priority(SPI, 0x80),
    )
    without(
      () => gic.bit(0x300, SPI), // active
      () => gic.bit(0x380, SPI),
    )
    without(
      () => gic.bit(ICPENDR, SPI),
      () => gic.bit(ISPENDR, SPI),
    )
  })

  it('of Group 0 is an FIQ', () => {
    const gic = new TestGic().enableAll([SPI]).bit(ISPENDR, SPI)
    expect(gic.interrupts().physical()).toBe(SIGNAL.FIQ)
    expect(gic.set('ICC_IGRPEN0_EL1', 0).interrupts().physical()).toBe(0)
    expect(gic.interrupts().virtual()).toBe(0)
  })

  it('goes from pending to active to inactive', () => {
    const gic = new TestGic().enableAll().bit(ISPENDR, SPI)
    expect(gic.state(SPI)).toBe('pending')
    expect(gic.get('ICC_HPPIR1_EL1')).toBe(SPI)
    expect(gic.get('ICC_RPR_EL1')).toBe(0xff)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
    expect(gic.state(SPI)).toBe('active')
    expect([gic.get('ICC_RPR_EL1'), gic.get('ICC_AP1R0_EL1')]).toEqual([0x80, 1 << 16])
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPURIOUS)
    gic.set('ICC_EOIR1_EL1', SPI)
    expect([gic.state(SPI), gic.get('ICC_RPR_EL1')]).toEqual(['inactive', 0xff])
  })

  it('pends again while it is active, and is signalled after its end', () => {
    const gic = new TestGic().enableAll().bit(ISPENDR, 3)
    expect(gic.get('ICC_IAR1_EL1')).toBe(3)
    gic.bit(ISPENDR, 3)
    expect(gic.state(3)).toBe('active and pending')
    expect([gic.interrupts().physical(), gic.get('ICC_HPPIR1_EL1')]).toEqual([0, SPURIOUS])
    gic.set('ICC_EOIR1_EL1', 3)
    expect([gic.state(3), gic.get('ICC_IAR1_EL1')]).toEqual(['pending', 3])
  })

  it('is acknowledged by the register of its group only', () => {
    const gic = new TestGic().enableAll([SPI]).bit(ISPENDR, SPI)
    expect([gic.get('ICC_IAR1_EL1'), gic.get('ICC_HPPIR1_EL1')]).toEqual([SPURIOUS, SPURIOUS])
    expect([gic.get('ICC_HPPIR0_EL1'), gic.get('ICC_IAR0_EL1')]).toEqual([SPI, SPI])
    gic.set('ICC_EOIR1_EL1', SPI)
    expect(gic.state(SPI)).toBe('active')
    gic.set('ICC_EOIR0_EL1', SPI)
    expect(gic.state(SPI)).toBe('inactive')
  })

  it('hides behind a more urgent one of the other group, unless that group is off', () => {
    const gic = new TestGic().enableAll([33]).priority(33, 0x20).bit(ISPENDR, 33).bit(ISPENDR, SPI)
    expect([gic.get('ICC_HPPIR1_EL1'), gic.get('ICC_IAR1_EL1')]).toEqual([SPURIOUS, SPURIOUS])
    gic.set('ICC_IGRPEN0_EL1', 0)
    expect([gic.get('ICC_HPPIR1_EL1'), gic.get('ICC_IAR1_EL1')]).toEqual([SPI, SPI])
  })

  it('comes by priority, then by the lower INTID', () => {
    const gic = new TestGic().enableAll().priority(250, 0x40)
    for (const intid of [287, 250, 33, 7, 20]) gic.bit(ISPENDR, intid)
    const order: number[] = []
    for (let i = 0; i < 6; i++) {
      const intid = gic.get('ICC_IAR1_EL1')
      order.push(intid)
      gic.set('ICC_EOIR1_EL1', intid)
    }
    expect(order).toEqual([250, 7, 20, 33, 287, SPURIOUS])
  })
})

describe('preemption', () => {
  const active = (bpr1: number): TestGic => {
    const gic = new TestGic().enableAll().priority(33, 0x80).priority(34, 0x78).priority(35, 0x60)
    gic.set('ICC_BPR1_EL1', bpr1).bit(ISPENDR, 33)
    expect(gic.get('ICC_IAR1_EL1')).toBe(33)
    return gic
  }

  it('takes a more urgent group priority and goes back to the interrupted one', () => {
    const gic = active(3).bit(ISPENDR, 34)
    expect(gic.interrupts().physical()).toBe(SIGNAL.IRQ)
    expect(gic.get('ICC_IAR1_EL1')).toBe(34)
    expect([gic.get('ICC_RPR_EL1'), gic.get('ICC_AP1R0_EL1')]).toEqual([0x78, (1 << 15) | (1 << 16)])
    gic.bit(ISPENDR, 35)
    expect(gic.get('ICC_IAR1_EL1')).toBe(35)
    gic.set('ICC_EOIR1_EL1', 35)
    expect(gic.get('ICC_RPR_EL1')).toBe(0x78)
    gic.set('ICC_EOIR1_EL1', 34).set('ICC_EOIR1_EL1', 33)
    expect(gic.get('ICC_RPR_EL1')).toBe(0xff)
  })

  it('does not take one of the same priority, nor a less urgent one', () => {
    const gic = active(3).priority(34, 0x80).priority(35, 0xa0).bit(ISPENDR, 34).bit(ISPENDR, 35)
    expect([gic.interrupts().physical(), gic.get('ICC_IAR1_EL1')]).toEqual([0, SPURIOUS])
    expect(gic.get('ICC_HPPIR1_EL1')).toBe(34)
  })

  it('follows the binary point: 0x78 over 0x80 with four bits, not over 0x70 with three', () => {
    const four = active(4).bit(ISPENDR, 34)
    expect(four.get('ICC_IAR1_EL1')).toBe(34)
    const three = new TestGic().enableAll().priority(33, 0x70).priority(34, 0x60).set('ICC_BPR1_EL1', 5)
    three.bit(ISPENDR, 33)
    expect(three.get('ICC_IAR1_EL1')).toBe(33)
    expect(three.get('ICC_RPR_EL1')).toBe(0x60)
    expect(three.bit(ISPENDR, 34).get('ICC_IAR1_EL1')).toBe(SPURIOUS)
  })

  it('uses the point of Group 0 for Group 1 under CBPR, and ignores writes of BPR1 then', () => {
    const gic = active(3).set('ICC_BPR0_EL1', 7).set('ICC_CTLR_EL1', 1).bit(ISPENDR, 35)
    expect([gic.get('ICC_BPR1_EL1'), gic.get('ICC_IAR1_EL1')]).toEqual([7, SPURIOUS])
    gic.set('ICC_BPR1_EL1', 6).set('ICC_CTLR_EL1', 0)
    expect([gic.get('ICC_BPR1_EL1'), gic.get('ICC_IAR1_EL1')]).toEqual([3, 35])
  })
})

describe('the end of an interrupt', () => {
  const acknowledged = (ctlr: number): TestGic => {
    const gic = new TestGic().enableAll().set('ICC_CTLR_EL1', ctlr).bit(ISPENDR, SPI)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
    return gic
  }

  it('with EOImode 1 drops the priority, and deactivates by DIR', () => {
    const gic = acknowledged(2).set('ICC_EOIR1_EL1', SPI)
    expect([gic.state(SPI), gic.get('ICC_RPR_EL1')]).toEqual(['active', 0xff])
    gic.bit(ISPENDR, SPI)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPURIOUS)
    gic.set('ICC_DIR_EL1', SPI)
    expect([gic.state(SPI), gic.get('ICC_IAR1_EL1')]).toEqual(['pending', SPI])
  })

  it('with EOImode 0 ignores DIR', () => {
    const gic = acknowledged(0).set('ICC_DIR_EL1', SPI)
    expect([gic.state(SPI), gic.get('ICC_RPR_EL1')]).toEqual(['active', 0x80])
  })

  it.each([1020, 1021, 1022, 1023, 288, 1019, 8192, 0xff_ffff])('of INTID %i changes nothing', (intid) => {
    const gic = acknowledged(0).set('ICC_EOIR1_EL1', intid)
    expect([gic.state(SPI), gic.get('ICC_RPR_EL1')]).toEqual(['active', 0x80])
    const split = acknowledged(2).set('ICC_DIR_EL1', intid)
    expect(split.state(SPI)).toBe('active')
  })

  it('drops the most urgent priority, whichever interrupt is named', () => {
    const gic = acknowledged(0).priority(41, 0x10).bit(ISPENDR, 41)
    expect(gic.get('ICC_IAR1_EL1')).toBe(41)
    gic.set('ICC_EOIR1_EL1', SPI)
    expect([gic.get('ICC_RPR_EL1'), gic.state(SPI), gic.state(41)]).toEqual([0x80, 'inactive', 'active'])
  })

  it('without an active priority does nothing', () => {
    const gic = new TestGic().enableAll().bit(0x300, SPI).set('ICC_EOIR1_EL1', SPI)
    expect(gic.state(SPI)).toBe('active')
  })
})

describe('inputs', () => {
  const EDGE = 0xc00 + (SPI >>> 4) * 4
  const asEdge = (gic: TestGic): void => void gic.gicd(EDGE, 2 << ((SPI & 15) * 2))

  it('level-sensitive: pending as long as the line is up, active and pending once acknowledged', () => {
    const gic = new TestGic().enableAll()
    gic.controller.setShared(SPI, true)
    expect(gic.state(SPI)).toBe('pending')
    gic.bit(ICPENDR, SPI)
    expect(gic.state(SPI)).toBe('pending')
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
    expect(gic.state(SPI)).toBe('active and pending')
    gic.controller.setShared(SPI, false)
    expect(gic.state(SPI)).toBe('active')
    gic.set('ICC_EOIR1_EL1', SPI)
    gic.controller.setShared(SPI, true)
    gic.controller.setShared(SPI, false)
    expect(gic.state(SPI)).toBe('inactive')
  })

  it('level-sensitive and made pending by a write: until it is acknowledged or cleared', () => {
    const gic = new TestGic().enableAll().bit(ISPENDR, SPI)
    gic.controller.setShared(SPI, true)
    gic.controller.setShared(SPI, false)
    expect(gic.state(SPI)).toBe('pending')
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
    expect(gic.state(SPI)).toBe('active')
    gic.bit(ISPENDR, SPI).bit(ICPENDR, SPI)
    expect(gic.state(SPI)).toBe('active')
  })

  it('edge-triggered: a rise makes it pending until it is acknowledged', () => {
    const gic = new TestGic().enableAll()
    asEdge(gic)
    gic.controller.setShared(SPI, true)
    gic.controller.setShared(SPI, false)
    expect(gic.state(SPI)).toBe('pending')
    gic.controller.setShared(SPI, true)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
    expect(gic.state(SPI)).toBe('active')
    gic.controller.setShared(SPI, true)
    expect(gic.state(SPI)).toBe('active')
    gic.controller.setShared(SPI, false)
    gic.controller.setShared(SPI, true)
    expect(gic.state(SPI)).toBe('active and pending')
    gic.bit(ICPENDR, SPI)
    expect(gic.state(SPI)).toBe('active')
  })

  it('private ones reach their PE only', () => {
    const gic = new TestGic(2).enableAll()
    gic.controller.setPrivate(1, 27, true)
    expect([gic.state(27, 0), gic.state(27, 1)]).toEqual(['inactive', 'pending'])
    expect([gic.interrupts(0).physical(), gic.interrupts(1).physical()]).toEqual([0, SIGNAL.IRQ])
  })

  it('refuse what is no SPI', () => {
    const { controller } = new TestGic()
    for (const intid of [0, 31, 288, 1023])
      expect(() => controller.setShared(intid, true)).toThrow(RangeError)
  })
})

describe('with several PEs', () => {
  it('an SPI goes where its route says, and only there', () => {
    const gic = new TestGic(3).enableAll().bit(ISPENDR, SPI)
    const signalled = (): number[] => [0, 1, 2].map((pe) => gic.interrupts(pe).physical())
    expect(signalled()).toEqual([1, 0, 0])
    gic.distributor.write(0x6000 + SPI * 8, 8, 2n)
    expect(signalled()).toEqual([0, 0, 1])
    gic.distributor.write(0x6000 + SPI * 8, 8, 7n)
    expect([...signalled(), gic.state(SPI)]).toEqual([0, 0, 0, 'pending'])
    gic.distributor.write(0x6000 + SPI * 8, 8, 1n << 32n)
    expect(signalled()).toEqual([0, 0, 0])
    gic.distributor.write(0x6000 + SPI * 8, 8, 1n)
    expect([gic.get('ICC_IAR1_EL1', 0), gic.get('ICC_IAR1_EL1', 1)]).toEqual([SPURIOUS, SPI])
  })

  it('a PE may deactivate what another one acknowledged, if it is shared', () => {
    const gic = new TestGic(2).enableAll().set('ICC_CTLR_EL1', 2, 1).bit(ISPENDR, SPI).bit(ISPENDR, 5, 0)
    expect([gic.get('ICC_IAR1_EL1', 0), gic.state(5, 0)]).toEqual([5, 'active'])
    gic.priority(SPI, 0x10)
    expect(gic.get('ICC_IAR1_EL1', 0)).toBe(SPI)
    gic.set('ICC_DIR_EL1', SPI, 1).set('ICC_DIR_EL1', 5, 1)
    expect([gic.state(SPI), gic.state(5, 0)]).toEqual(['inactive', 'active'])
  })

  const received = (gic: TestGic, intid: number): number[] =>
    [0, 1, 2].filter((pe) => gic.state(intid, pe) === 'pending')

  it.each([
    ['a list', sgi(3, 0b110), [1, 2]],
    ['a list with the sender', sgi(3, 0b011), [0, 1]],
    ['a list with PEs that are not there', sgi(3, 0xfff8), []],
    ['an empty list', sgi(3, 0), []],
    ['all but the sender, whatever the list', sgi(3, 1) | IRM, [1, 2]],
    ['another cluster', sgi(3, 0b111) | (1n << 16n), []],
    ['another Aff2', sgi(3, 0b111) | (1n << 32n), []],
    ['another Aff3', sgi(3, 0b111) | (1n << 48n), []],
  ])('an SGI goes to %s', (_, value, expected) => {
    const gic = new TestGic(3).enableAll().set('ICC_SGI1R_EL1', value)
    expect(received(gic, 3)).toEqual(expected)
  })

  it('an SGI is delivered where it is of the group that was asked for', () => {
    const gic = new TestGic(3).enableAll([4])
    gic.set('ICC_SGI0R_EL1', sgi(3, 7)).set('ICC_SGI1R_EL1', sgi(4, 7))
    expect([...received(gic, 3), ...received(gic, 4)]).toEqual([])
    gic.set('ICC_SGI0R_EL1', sgi(4, 2)).set('ICC_ASGI1R_EL1', sgi(4, 4))
    expect(received(gic, 4)).toEqual([1, 2])
    gic.set('ICC_ASGI1R_EL1', sgi(3, 7))
    expect(received(gic, 3)).toEqual([])
  })

  it('tells a PE to look when its signals change, and nobody else', () => {
    const gic = new TestGic(2).enableAll()
    gic.attention(0)
    gic.attention(1)
    gic.set('ICC_SGI1R_EL1', sgi(3, 2), 0)
    expect(gic.attention(1)).toBe(true)
    gic.attention(0)
    gic.bit(ISPENDR, SPI)
    expect([gic.attention(0), gic.attention(1)]).toEqual([true, false])
    gic.bit(ISPENDR, SPI + 1)
    expect([gic.attention(0), gic.attention(1)]).toEqual([false, false])
    gic.set('ICC_PMR_EL1', 0, 1)
    expect([gic.attention(0), gic.attention(1)]).toEqual([false, true])
  })
})

describe('registers of the interface', () => {
  it('hold what is implemented', () => {
    const gic = new TestGic()
    expect([gic.get('ICC_SRE_EL1'), gic.get('ICC_SRE_EL2'), gic.get('ICC_CTLR_EL1')]).toEqual([7, 15, 0x8c00])
    gic.set('ICC_SRE_EL1', 0).set('ICC_SRE_EL2', 0).set('ICC_CTLR_EL1', 0xffff_ffff).set('ICC_PMR_EL1', 0xff)
    expect([gic.get('ICC_SRE_EL1'), gic.get('ICC_SRE_EL2'), gic.get('ICC_CTLR_EL1')]).toEqual([7, 15, 0x8c03])
    expect(gic.get('ICC_PMR_EL1')).toBe(0xf8)
  })

  it('keep binary points at their least', () => {
    const gic = new TestGic()
    expect([gic.get('ICC_BPR0_EL1'), gic.get('ICC_BPR1_EL1')]).toEqual([2, 3])
    gic.set('ICC_BPR0_EL1', 0).set('ICC_BPR1_EL1', 2)
    expect([gic.get('ICC_BPR0_EL1'), gic.get('ICC_BPR1_EL1')]).toEqual([2, 3])
    gic.set('ICC_BPR0_EL1', 6).set('ICC_BPR1_EL1', 7)
    expect([gic.get('ICC_BPR0_EL1'), gic.get('ICC_BPR1_EL1')]).toEqual([6, 7])
  })

  it('are physical at EL1 too while HCR_EL2 does not virtualise them', () => {
    const gic = new TestGic().enableAll().at(1).bit(ISPENDR, SPI)
    expect(gic.get('ICC_IAR1_EL1')).toBe(SPI)
  })
})
