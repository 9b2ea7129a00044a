import { describe, expect, it } from 'vitest'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'

/** Tag arithmetic through whole instructions; the values agree with an independent model and with QEMU. */

const machineWith = (gcr: bigint, rgsr = 0n) =>
  new TestMachine().set('SCTLR_EL2', SCTLR.ATA).set('GCR_EL1', gcr).set('RGSR_EL1', rgsr)

describe('IRG', () => {
  it.each([
    [0x0n, 0x000100n, 0x0n, 0n, 0x0100000000000000n, 0x100001n],
    [0x0n, 0x000100n, 0x0n, 0xffffn, 0x0n, 0x100000n],
    [0xfffen, 0xace505n, 0xffff000012345678n, 0n, 0xf0ff000012345678n, 0x7ace00n],
    [0x1n, 0x123400n, 0x40000000n, 0n, 0x0e00000040000000n, 0xe1230en],
    [0x1n, 0x123401n, 0x40000000n, 0x2n, 0x0f00000040000000n, 0xe1230fn],
    [0xffffn, 0x55550fn, 0x0f00000040000000n, 0n, 0x0000000040000000n, 0x055500n],
    [0xff00n, 0xffff07n, 0xf0ffffffffffffffn, 0xf0n, 0xf0ffffffffffffffn, 0x0fff00n],
    [0x0n, 0x000000n, 0x1234n, 0n, 0x1234n, 0x000000n],
    [0x1n, 0x000000n, 0x1234n, 0n, 0x0100000000001234n, 0x000001n],
    [0x8000n, 0x00000fn, 0x1234n, 0n, 0x1234n, 0x000000n],
    [0x0n, 0xbeef03n, 0xab00cafe00001000n, 0n, 0xa100cafe00001000n, 0xebee01n],
    [0xaaaan, 0xbeef03n, 0xab00cafe00001000n, 0n, 0xae00cafe00001000n, 0xebee0en],
    [0x5555n, 0xbeef03n, 0xab00cafe00001000n, 0x8888n, 0xa900cafe00001000n, 0xebee09n],
    [0x7fffn, 0x80010cn, 0x40001000n, 0n, 0x0f00000040001000n, 0x18000fn],
  ])('GCR %s RGSR %s Xn %s Xm %s', (gcr, rgsr, xn, xm, xd, after) => {
    const machine = machineWith(gcr, rgsr).setX({ 1: xn, 2: xm })
    machine.run('irg x0, x1, x2')
    expect([machine.x(0), machine.get('RGSR_EL1')]).toEqual([xd, after])
  })

  it.each([
    [1n, 0x100n, '119f159a6d9f1a2b', 0x97910bn],
    [0n, 0xace100n, '24bf69d96f2056e6', 0x881506n],
  ])('sixteen draws with GCR %s from RGSR %s', (gcr, rgsr, tags, after) => {
    const machine = machineWith(gcr, rgsr)
    let drawn = ''
    for (let i = 0; i < 16; i++) {
      machine.run('irg x0, x1')
      drawn += ((machine.x(0) >> 56n) & 15n).toString(16)
    }
    expect([drawn, machine.get('RGSR_EL1')]).toEqual([tags, after])
  })

  it('with tag access off gives tag 0 and leaves RGSR_EL1 alone', () => {
    const machine = machineWith(0n, 0x123401n).set('SCTLR_EL2', 0n).setX({ 1: 0x0900_0000_0000_1000n })
    machine.run('irg x0, x1')
    expect([machine.x(0), machine.get('RGSR_EL1')]).toEqual([0x1000n, 0x123401n])
  })

  it('RRND = 1 draws from seed 1 where the seed is 0', () => {
    const machine = machineWith(0x1_0000n, 0n)
    machine.run('irg x0, x1')
    expect(machine.get('RGSR_EL1')).toBe(0x100001n)
  })
})

describe('ADDG and SUBG', () => {
  it.each([
    [0n, 0x0000000040000000n, 16, 1, 0x0100000040000010n, 0x010000003ffffff0n],
    [0n, 0x0f00000040000000n, 16, 1, 0x0000000040000010n, 0x000000003ffffff0n],
    [1n, 0x0f00000040000000n, 0, 1, 0x0100000040000000n, 0x0100000040000000n],
    [1n, 0x0000000040000000n, 0, 0, 0x0100000040000000n, 0x0100000040000000n],
    [0xfffen, 0x0500000040000000n, 1008, 15, 0x00000000400003f0n, 0x000000003ffffc10n],
    [0xffffn, 0x0500000040000000n, 1008, 15, 0x00000000400003f0n, 0x000000003ffffc10n],
    [0x5555n, 0x0200000040000000n, 32, 3, 0x0700000040000020n, 0x070000003fffffe0n],
    [0x00f0n, 0x0300000040000000n, 0, 1, 0x0800000040000000n, 0x0800000040000000n],
    [0x00f0n, 0x0400000040000000n, 0, 0, 0x0800000040000000n, 0x0800000040000000n],
    [0n, 0xffffffffffffffffn, 16, 0, 0x0f0000000000000fn, 0xffffffffffffffefn],
    [0n, 0x0ffffffffffffff8n, 16, 2, 0x1100000000000008n, 0x01ffffffffffffe8n],
    [0n, 0xab00000000000000n, 16, 0, 0xab00000000000010n, 0xabfffffffffffff0n],
  ])('GCR %s Xn %s #%i #%i', (gcr, xn, offset, tag, added, subtracted) => {
    const machine = machineWith(gcr).setX({ 1: xn })
    machine.run(`addg x0, x1, #${offset}, #${tag}\n subg x2, x1, #${offset}, #${tag}`)
    expect([machine.x(0), machine.x(2)]).toEqual([added, subtracted])
  })
})

describe('GMI and SUBPS', () => {
  it('GMI adds the tag to a mask', () => {
    const machine = machineWith(0n).setX({ 1: 0x05n << 56n, 3: 0xffn << 56n, 4: 0xffff_ffff_0000_0001n })
    machine.run('gmi x0, x1, xzr\n gmi x2, x3, x4')
    expect([machine.x(0), machine.x(2)]).toEqual([0x20n, 0xffff_ffff_0000_8001n])
  })

  it.each([
    [0x0580000000000000n, 0x0b00000000000010n, 0xff7ffffffffffff0n, 0b1010],
    [0x0500000000001000n, 0x0a00000000001000n, 0n, 0b0110],
    [0xff7fffffffffffffn, 0x0080000000000000n, 0x00ffffffffffffffn, 0b0000],
    [0x0080000000000000n, 0x007fffffffffffffn, 0xff00000000000001n, 0b1010],
  ])('SUBPS %s, %s', (a, b, difference, flags) => {
    const machine = machineWith(0n).setX({ 1: a, 2: b })
    machine.run('subps x0, x1, x2')
    const { n, z, c, v } = machine.core
    expect([machine.x(0), (n << 3) | (z << 2) | (c << 1) | v]).toEqual([difference, flags])
  })
})

describe('without FEAT_MTE2', () => {
  it('tag arithmetic gives tag 0, and the block instructions are UNDEFINED', () => {
    const machine = new TestMachine({ features: { mte: 1, mteAsync: false } }).setX({
      1: 0x0900_0000_0000_1000n,
    })
    expect(machine.run('irg x0, x1\n addg x2, x1, #16, #1')).toBeNull()
    expect([machine.x(0), machine.x(2)]).toEqual([0x1000n, 0x1010n])
    expect(machine.pstate(EL[2]).setX({ 1: place.data }).run('ldgm x0, [x1]')).toMatchObject({
      esr: 0x0200_0000n,
    })
  })
})
