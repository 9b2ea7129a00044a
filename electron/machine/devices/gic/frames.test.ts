import { describe, expect, it } from 'vitest'
import { TestGic } from '../../../../test/support/interrupts.ts'

const all = 0xffff_ffff

describe('the distributor', () => {
  it('says what it is: one Security state, affinity routing, 288 INTIDs, no LPIs', () => {
    const gic = new TestGic()
    expect(gic.gicd(0x0)).toBe(0x50)
    expect(gic.gicd(0x4)).toBe(0x0348_0008)
    expect(gic.gicd(0x8)).toBe(0x43b)
    expect(gic.gicd(0xffe8)).toBe(0x3b)
    expect([0xffd0, 0xffe0, 0xfff0, 0xfffc].map((at) => gic.gicd(at))).toEqual([0x44, 0x92, 0x0d, 0xb1])
    expect(gic.gicd(0x4, 0)).toBe(0x0348_0008)
  })

  it('stores the group enables and nothing else of GICD_CTLR', () => {
    expect(new TestGic().gicd(0, all)).toBe(0x53)
    expect(new TestGic().gicd(0, 2)).toBe(0x52)
  })

  it('has no private interrupts with affinity routing, and none behind the last', () => {
    const gic = new TestGic()
    for (const register of [0x80, 0x100, 0x200, 0x300, 0x400, 0xc00, 0xc04])
      expect(gic.gicd(register, all)).toBe(0)
    for (const register of [0xa4, 0x124, 0x520, 0xc48]) expect(gic.gicd(register, all)).toBe(0)
    for (const register of [0xa0, 0x120, 0x51c]) expect(gic.gicd(register, all)).toBe(all)
    expect(gic.gicd(0xc44, all)).toBe(0xaaaa_aaaa)
  })

  it.each([
    ['ISENABLER', 0x100, 'ICENABLER', 0x180],
    ['ISPENDR', 0x200, 'ICPENDR', 0x280],
    ['ISACTIVER', 0x300, 'ICACTIVER', 0x380],
  ])('%s sets, %s clears, both read the same', (_, set, __, clear) => {
    const gic = new TestGic()
    expect(gic.gicd(set + 4, 0xf0)).toBe(0xf0)
    expect(gic.gicd(set + 4, 0x0f)).toBe(0xff)
    expect(gic.gicd(clear + 4, 0x81)).toBe(0x7e)
    expect(gic.gicd(set + 4)).toBe(0x7e)
    expect(gic.gicd(clear + 4, 0)).toBe(0x7e)
    expect(gic.gicd(set + 8)).toBe(0)
  })

  it('takes priorities by bytes and words, not by halfwords', () => {
    const { distributor } = new TestGic()
    distributor.write(0x421, 1, 0xa5n)
    distributor.write(0x422, 2, 0xffffn)
    expect(distributor.read(0x420, 4)).toBe(0xa500n)
    expect([distributor.read(0x421, 1), distributor.read(0x420, 2)]).toEqual([0xa5n, 0n])
    distributor.write(0x420, 4, 0x1122_3344n)
    expect(distributor.read(0x423, 1)).toBe(0x11n)
  })

  it('takes bytes of nothing but priorities, and nothing that is not aligned', () => {
    const { distributor } = new TestGic()
    for (const [at, bytes] of [
      [0x84, 1],
      [0x0, 1],
      [0x6100, 1],
      [0x85, 4],
      [0x86, 4],
      [0x84, 8],
      [0x6104, 8],
      [0x80, 16],
    ] as const) {
      distributor.write(at, bytes, 0xffff_ffff_ffff_ffffn)
      expect(distributor.read(at, bytes)).toBe(0n)
    }
    expect(distributor.read(0x84, 4)).toBe(0n)
    expect(distributor.read(0x0, 4)).toBe(0x50n)
  })

  it('routes SPIs by affinity in doublewords and words; the routing mode is RES0', () => {
    const { distributor } = new TestGic()
    distributor.write(0x6100, 8, 0xffff_ffff_ffff_ffffn)
    expect(distributor.read(0x6100, 8)).toBe(0xff_00ff_ffffn)
    distributor.write(0x6104, 4, 0x12n)
    distributor.write(0x6100, 4, 0x8000_0003n)
    expect(distributor.read(0x6100, 8)).toBe(0x12_0000_0003n)
    expect([distributor.read(0x6100, 4), distributor.read(0x6104, 4)]).toEqual([3n, 0x12n])
    for (const at of [0x60f8, 0x6000 + 288 * 8]) {
      distributor.write(at, 8, 1n)
      expect(distributor.read(at, 8)).toBe(0n)
    }
  })

  it.each([
    ['IGRPMODR', 0xd04],
    ['NSACR', 0xe08],
    ['SETSPI_NSR: TYPER.MBIS is 0', 0x40],
    ['STATUSR', 0x10],
    ['ITARGETSR', 0x820],
    ['SGIR', 0xf00],
    ['INMIR', 0xf84],
    ['the middle of nowhere', 0x9000],
  ])('%s reads as zero and ignores writes', (_, at) => expect(new TestGic().gicd(at, all)).toBe(0))
})

describe('the redistributors', () => {
  it('are one a PE, in order, the last one marked', () => {
    const gic = new TestGic(3)
    expect([0, 1, 2].map((pe) => gic.redistributors.read(pe * 0x2_0000 + 8, 8))).toEqual([
      0n,
      (1n << 32n) | 0x100n,
      (2n << 32n) | 0x210n,
    ])
    expect([gic.gicr(0x8, undefined, 2), gic.gicr(0xc, undefined, 2)]).toEqual([0x210, 2])
    expect(gic.redistributors.size).toBe(3 * 0x2_0000)
    expect([gic.gicr(0), gic.gicr(4), gic.gicr(0xffe8), gic.gicr(0xffe0)]).toEqual([0, 0x43b, 0x3b, 0x93])
    expect(gic.gicr(0x1_ffe8)).toBe(0)
  })

  it('wake and sleep at once', () => {
    const gic = new TestGic(2)
    expect(gic.gicr(0x14)).toBe(6)
    expect(gic.gicr(0x14, 0)).toBe(0)
    expect(gic.gicr(0x14, undefined, 1)).toBe(6)
    expect(gic.gicr(0x14, all)).toBe(6)
    expect(gic.gicr(0x14, 4)).toBe(0)
  })

  it('hold the private interrupts of their PE only', () => {
    const gic = new TestGic(2)
    for (const at of [0x80, 0x100, 0x200, 0x300, 0x400, 0x41c]) {
      expect(gic.gicr(0x1_0000 + at, 0x8001_0001, 1)).toBe(0x8001_0001)
      expect(gic.gicr(0x1_0000 + at, undefined, 0)).toBe(0)
    }
    expect(gic.gicr(0x1_0084, all)).toBe(0)
    expect(gic.gicr(0x1_0420, all)).toBe(0)
    expect(gic.gicr(0x80, all)).toBe(0)
  })

  it('keep SGIs edge-triggered', () => {
    const gic = new TestGic()
    expect(gic.gicr(0x1_0c00, 0)).toBe(0xaaaa_aaaa)
    expect(gic.gicr(0x1_0c04)).toBe(0)
    expect(gic.gicr(0x1_0c04, 0xffff_0000)).toBe(0xaaaa_0000)
    expect(gic.gicr(0x1_0c04, 0)).toBe(0)
  })

  it('have no registers of LPIs', () => {
    const gic = new TestGic()
    for (const at of [0x0, 0x70, 0x78, 0xa0, 0xb0]) expect(gic.gicr(at, all)).toBe(0)
    gic.redistributors.write(0x70, 8, 0xffff_ffffn)
    expect(gic.redistributors.read(0x70, 8)).toBe(0n)
  })
})
