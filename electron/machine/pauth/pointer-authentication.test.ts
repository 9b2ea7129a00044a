import { describe, expect, it } from 'vitest'
import { idRegisterValue } from '../../../shared/arch/identification-values.ts'
import { descriptor, EL, place, Tables, TestMachine, tagged } from '../../../test/support/machine.ts'
import { computePac } from './qarma5.ts'

/** What the recorded cases (cases-pauth) leave out, mostly because QEMU differs there, and the machine without the feature. */

const EN = { IA: 1n << 31n, IB: 1n << 30n, DA: 1n << 27n, DB: 1n << 13n }
const API = 1n << 41n
const E2H_TGE = (1n << 34n) | (1n << 27n)
const TBI = [1n << 37n, 1n << 38n] as const
const TBID0 = 1n << 51n
const SIZE = (lower: bigint, upper: bigint): bigint => lower | (upper << 16n) | (2n << 30n)
const BIT55 = 1n << 55n
const TOP = 0xffn << 56n

const signing = (tcr: bigint): TestMachine =>
  new TestMachine({ features: { pauth: true } })
    .set('TCR_EL1', tcr)
    .set('SCTLR_EL1', EN.IA | EN.IB | EN.DA | EN.DB)
    .set('HCR_EL2', API)
    .set('APIAKeyLo_EL1', 0x1111_2222_3333_4444n)
    .set('APIAKeyHi_EL1', 0x5555_6666_7777_8888n)
    .set('APDAKeyLo_EL1', 0x9999n)
    .pstate(EL[1])

const codeOf = (machine: TestMachine, pointer: bigint): bigint =>
  computePac(pointer, 7n, machine.get('APIAKeyHi_EL1'), machine.get('APIAKeyLo_EL1'))

describe('AddPAC', () => {
  it('takes the range of a pointer from bit 63 where neither range ignores the top byte', () => {
    // Bit 55 says upper, bit 63 lower: T0SZ = 28 holds, and bit 55 is replaced.
    const machine = signing(SIZE(28n, 32n)).setX({ 0: 0x0080_0012_3456_7890n, 1: 7n })
    machine.run('pacia x0, x1')
    const extension = 0xffff_fff0_0000_0000n
    const canonical = 0x12_3456_7890n & ~extension
    const code = codeOf(machine, canonical)
    expect(machine.x(0)).toBe((0x0080_0012_3456_7890n ^ (code & extension)) & ~BIT55)
  })

  it('takes it from bit 55 where one of the ranges does, even for a pointer of the other', () => {
    // Bit 63 is 0 and bit 55 is 1: an upper pointer, whose own range does not ignore its top byte.
    const machine = signing(SIZE(25n, 25n) | TBI[0]).setX({ 0: 0x7fff_ff80_0000_1000n, 1: 7n })
    machine.run('pacia x0, x1')
    const code = codeOf(machine, 0xffff_ff80_0000_1000n)
    const extension = 0xffff_ff80_0000_0000n
    expect(machine.x(0)).toBe((0x7fff_ff80_0000_1000n ^ (code & extension)) | BIT55)
  })

  it('leaves the Logical Address Tag alone where the top byte is ignored, and only there', () => {
    const machine = signing(SIZE(25n, 25n) | TBI[0]).setX({ 0: tagged(0x1000n, 9n), 1: 7n })
    machine.run('pacia x0, x1')
    expect(machine.x(0) >> 56n).toBe(9n)
    expect(machine.x(0) & (0xffn << 47n)).not.toBe(0n)
    // TBID: the top byte of an instruction address counts, that of a data address does not.
    const counted = signing(SIZE(25n, 25n) | TBI[0] | TBID0).setX({
      0: tagged(0x1000n, 9n),
      1: 7n,
      2: tagged(0x1000n, 9n),
    })
    counted.run('pacia x0, x1\n pacda x2, x1')
    expect(counted.x(0) & TOP).toBe((9n << 56n) ^ (codeOf(counted, 0x1000n) & TOP))
    expect(counted.x(2) >> 56n).toBe(9n)
  })

  it('reads a TxSZ outside its limits as the nearest limit', () => {
    const machine = signing(SIZE(60n, 25n) | TBI[0]).setX({ 0: 0x1_0000n, 1: 7n })
    machine.run('pacia x0, x1')
    const inside = signing(SIZE(48n, 25n) | TBI[0]).setX({ 0: 0x1_0000n, 1: 7n })
    inside.run('pacia x0, x1')
    expect(machine.x(0)).toBe(inside.x(0))
  })
})

describe('authentication', () => {
  it('keeps what a signed pointer with a tag means to a checked access', () => {
    const machine = signing(0n)
    const tables = new Tables(machine, place.tables)
    for (const page of [place.code, place.vectors])
      tables.map(page, page | descriptor.PAGE | descriptor.READ_ONLY | descriptor.attribute(0n))
    tables.map(place.data, place.data | descriptor.PAGE | descriptor.attribute(1n))
    machine
      .set('TTBR0_EL1', place.tables)
      .set('MAIR_EL1', 0xf0ffn)
      .set('TCR_EL1', SIZE(25n, 25n) | TBI[0])
      .set('HCR_EL2', API | (1n << 56n))
      .set('SCTLR_EL1', EN.DA | 1n | (1n << 40n) | (1n << 43n))
    machine.setTags(place.data, 9).write64(place.data, 0x1234n)
    machine.setX({ 0: tagged(place.data, 9n), 1: tagged(place.data, 8n) })
    machine.load('pacdza x0\n pacdza x1\n ldraa x2, [x0]\n ldraa x3, [x1]', place.code)
    const taken = machine.runFrom(place.code, place.code, 16)
    expect(machine.x(2)).toBe(0x1234n)
    // The code is right and the tag is wrong: a Tag Check Fault of a load at the same EL, not a failed authentication.
    expect(taken).toMatchObject({ el: 1, esr: (0x25n << 26n) | (1n << 25n) | 0x11n, elr: place.code + 12n })
  })

  it('leaves registers and PC as they were where the code does not match', () => {
    const machine = signing(SIZE(25n, 25n)).setX({ 0: place.data, 1: 7n, 30: 3n })
    const taken = machine.run('nop\n blraa x0, x1')
    expect(taken).toMatchObject({ el: 1, vector: 0x200, esr: 0x7200_0000n, elr: place.code + 4n })
    expect([machine.x(0), machine.x(30)]).toEqual([place.data, 3n])
  })

  it('strips whether a key is enabled or not, and is not trapped', () => {
    const machine = signing(SIZE(25n, 25n)).set('SCTLR_EL1', 0n).set('HCR_EL2', 0n)
    machine.setX({ 0: 0x1234_5600_0000_1000n, 1: 0x1280_0000_0000_1000n, 30: 0x1234_5600_0000_1000n })
    expect(machine.run('xpacd x0\n xpaci x1\n xpaclri\n nop')).toBeNull()
    expect([machine.x(0), machine.x(1), machine.x(30)]).toEqual([0x1000n, 0xffff_ff80_0000_1000n, 0x1000n])
  })
})

describe('HCR_EL2.API', () => {
  it('does not trap EL0 of a VHE host, whose keys SCTLR_EL2 enables', () => {
    const machine = new TestMachine({ features: { pauth: true } })
      .set('HCR_EL2', E2H_TGE)
      .set('SCTLR_EL2', EN.IA)
      .set('TCR_EL2', SIZE(25n, 25n))
      .pstate(EL[0])
      .setX({ 0: 0x1000n, 1: 7n })
    expect(machine.run('pacia x0, x1\n pacga x2, x0, x1')).toBeNull()
    expect(machine.x(0)).not.toBe(0x1000n)
    machine
      .set('HCR_EL2', 1n << 27n)
      .set('SCTLR_EL1', EN.IA)
      .pstate(EL[0])
    expect(machine.run('pacga x2, x0, x1')).toMatchObject({ el: 2, esr: (9n << 26n) | (1n << 25n) })
  })

  it('comes behind SCTLR_ELx, but PACGA knows no enable', () => {
    const machine = signing(SIZE(25n, 25n)).set('SCTLR_EL1', EN.IB).set('HCR_EL2', 0n).setX({ 0: 0x1000n })
    expect(machine.run('pacia x0, x1\n autda x0, x1')).toBeNull()
    expect(machine.run('pacib x0, x1')).toMatchObject({
      el: 2,
      esr: (9n << 26n) | (1n << 25n),
      elr: place.code,
    })
    machine.pstate(EL[1])
    expect(machine.run('pacga x2, x0, x1')).toMatchObject({ el: 2 })
  })
})

describe('a machine without FEAT_PAuth', () => {
  const machine = (): TestMachine => new TestMachine().setX({ 0: place.data, 30: 0x1234_5678_9abc_def0n })

  it('says so, keeps no enable and no trap bit, and has no keys', () => {
    const choice = { mte: 3, mteAsync: true, ras: true, exs: false } as const
    const field = (pauth: boolean): bigint => idRegisterValue('ID_AA64ISAR1_EL1', { ...choice, pauth })
    expect((field(true) ^ field(false)) & ~0x0f00_00f0n).toBe(0n)
    expect([field(true) & 0x0f00_0ff0n, field(false) & 0xff00_0ff0n]).toEqual([0x0100_0050n, 0n])
    const plain = machine()
    plain.run('mov x1, #-1\n msr sctlr_el1, x1\n msr tcr_el1, x1\n mrs x2, sctlr_el1\n mrs x3, tcr_el1')
    expect(plain.x(2) & (EN.IA | EN.IB | EN.DA | EN.DB)).toBe(0n)
    expect(plain.x(3) & (3n << 51n)).toBe(0n)
    expect(plain.run('mrs x0, apiakeylo_el1')).toMatchObject({ esr: 1n << 25n })
  })

  it('takes its instructions for UNDEFINED, and its hints for NOP', () => {
    for (const text of [
      'pacia x0, x1',
      'xpacd x0',
      'pacga x0, x1, x2',
      'braa x0, x1',
      'retaa',
      'eretaa',
      'ldraa x1, [x0]',
    ])
      expect(machine().run(text), text).toMatchObject({ esr: 1n << 25n, elr: place.code })
    const hints = machine()
    expect(hints.run('paciasp\n autibz\n xpaclri\n pacia1716\n nop')).toBeNull()
    expect(hints.x(30)).toBe(0x1234_5678_9abc_def0n)
  })
})
