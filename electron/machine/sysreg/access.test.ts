import { beforeEach, describe, expect, it } from 'vitest'
import { EL, place, TestMachine } from '../../../test/support/machine.ts'
import { HCR } from '../mmu/controls.ts'

let machine: TestMachine
beforeEach(() => {
  machine = new TestMachine()
})

const ATA = HCR.ATA
const at = (el: 0 | 1 | 2, text: string) => machine.pstate(EL[el]).run(text)
const UNDEFINED = 0x0200_0000n

describe('traps by HCR_EL2 (EC 0x18)', () => {
  const [TID3, TID5, TDZ] = [1n << 18n, 1n << 58n, 1n << 28n]
  it.each([
    ['ATA = 0: MRS GCR_EL1', 0n, ATA, 'mrs x0, gcr_el1', 0x623c_0401n],
    ['ATA = 0: MRS RGSR_EL1', 0n, ATA, 'mrs x0, rgsr_el1', 0x623a_0401n],
    ['ATA = 0: MSR TFSR_EL1', 0n, ATA, 'msr tfsr_el1, x20', 0x6230_168cn],
    ['TID5: MRS GMID_EL1', ATA | TID5, 0n, 'mrs x0, gmid_el1', 0x6238_4001n],
    ['TID3: MRS ID_AA64PFR1_EL1', TID3, 0n, 'mrs x3, id_aa64pfr1_el1', 0x6232_0069n],
    ['TID3: a reserved ID register', TID3, 0n, 'mrs x3, s3_0_c0_c7_7', 0x623e_006fn],
    ['TDZ: DC GVA', TDZ, 0n, 'dc gva, x22', 0x6216_dec8n],
  ])('%s', (_, trapping, passing, text, esr) => {
    machine.setX({ 22: place.data }).set('HCR_EL2', trapping)
    expect(at(1, text)).toMatchObject({ el: 2, vector: 0x400, esr, elr: place.code })
    machine.set('HCR_EL2', passing)
    expect(at(1, text)).toBeNull()
  })

  it('ATA = 0 traps neither EL2 nor GMID_EL1, TCO and the tag instructions', () => {
    expect(at(2, 'mrs x0, gcr_el1\n msr rgsr_el1, x0\n mrs x0, tfsr_el1')).toBeNull()
    machine.setX({ 1: place.data })
    expect(at(1, 'mrs x0, gmid_el1\n mrs x2, tco\n irg x3, x1\n stg x1, [x1]')).toBeNull()
  })

  it('SCTLR_EL1.DZE = 0 traps DC ZVA from EL0 to EL1', () => {
    expect(at(0, 'dc zva, x0')).toMatchObject({ el: 1, esr: 0x6212_dc08n })
  })
})

describe('existence and the lowest EL', () => {
  it.each([
    [0, 'mrs x0, gcr_el1'],
    [0, 'msr tfsre0_el1, x0'],
    [1, 'mrs x0, tfsr_el2'],
    [1, 'mrs x0, hcr_el2'],
    [1, 'msr s3_1_c0_c0_4, x0'],
    [2, 'mrs x0, s3_5_c5_c6_0'],
    [2, 'mrs x0, s3_6_c5_c6_0'],
  ] as const)('EL%i: %s is UNDEFINED', (el, text) => {
    machine.set('HCR_EL2', ATA)
    expect(at(el, text)).toMatchObject({ el: el === 2 ? 2 : 1, esr: UNDEFINED })
  })

  it('ID registers and GMID_EL1 from EL0 are reported as EC 0x18 (FEAT_IDST)', () => {
    expect(at(0, 'mrs x0, gmid_el1')).toMatchObject({ el: 1, esr: 0x6238_4001n })
    expect(at(0, 'mrs x0, id_aa64pfr1_el1')).toMatchObject({ el: 1, esr: 0x6232_0009n })
    machine.set('HCR_EL2', HCR.TGE)
    expect(at(0, 'mrs x0, id_aa64pfr1_el1')).toMatchObject({ el: 2, esr: 0x6232_0009n })
  })

  it('reserved ID registers read as zero', () => {
    machine.setX({ 0: 7n })
    expect(at(1, 'mrs x0, s3_0_c0_c7_7')).toBeNull()
    expect(machine.x(0)).toBe(0n)
  })

  it('the tag registers follow the feature', () => {
    const one = new TestMachine({ features: { mte: 1, mteAsync: false } }).pstate(EL[2])
    expect(one.run('mrs x0, gcr_el1')).toMatchObject({ esr: UNDEFINED })
    expect(one.pstate(EL[2]).run('mrs x0, tco')).toBeNull()
    const two = new TestMachine({ features: { mte: 2, mteAsync: false } }).pstate(EL[2])
    expect(two.run('mrs x0, gcr_el1')).toBeNull()
    expect(two.pstate(EL[2]).run('mrs x0, tfsr_el1')).toMatchObject({ esr: UNDEFINED })
  })

  it('SP_EL0 is UNDEFINED while it is the SP in use', () => {
    expect(at(1, 'mrs x0, sp_el0')).toBeNull()
    machine.pstate(EL[1] & ~1n)
    expect(machine.run('mrs x0, sp_el0')).toMatchObject({ esr: UNDEFINED })
  })
})

describe('stored bits', () => {
  it('RES0 bits read as zero, RES1 bits as one', () => {
    machine.setX({ 0: (1n << 64n) - 1n })
    at(
      2,
      'msr gcr_el1, x0\n mrs x1, gcr_el1\n msr rgsr_el1, x0\n mrs x2, rgsr_el1\n msr tfsr_el1, x0\n mrs x3, tfsr_el1',
    )
    expect([machine.x(1), machine.x(2), machine.x(3)]).toEqual([0x1_ffffn, 0xff_ffff_ffff_ff0fn, 3n])
    at(2, 'msr sctlr_el1, xzr\n mrs x4, sctlr_el1')
    // Without FEAT_ExS EIS and EOS are RES1.
    expect(machine.x(4) & ((1n << 22n) | (1n << 11n))).toBe((1n << 22n) | (1n << 11n))
  })

  it('CurrentEL, NZCV and TCO show PSTATE', () => {
    at(1, 'msr tco, #1\n mrs x0, tco\n mrs x1, currentel\n cmp xzr, xzr\n mrs x2, nzcv')
    expect([machine.x(0), machine.x(1), machine.x(2)]).toEqual([1n << 25n, 4n, 6n << 28n])
  })

  it('DCZID_EL0.DZP says whether DC ZVA would be trapped', () => {
    at(0, 'mrs x0, dczid_el0')
    expect(machine.x(0)).toBe(0x14n)
    machine.set('SCTLR_EL1', 1n << 14n)
    at(0, 'mrs x0, dczid_el0')
    expect(machine.x(0)).toBe(4n)
    machine.set('HCR_EL2', 1n << 28n)
    at(1, 'mrs x0, dczid_el0')
    expect(machine.x(0)).toBe(0x14n)
  })
})

describe('redirection while HCR_EL2.E2H is 1', () => {
  const pairs = [
    ['sctlr_el1', 'SCTLR_EL1', 'SCTLR_EL2', 's3_5_c1_c0_0'],
    ['tcr_el1', 'TCR_EL1', 'TCR_EL2', 's3_5_c2_c0_2'],
    ['ttbr0_el1', 'TTBR0_EL1', 'TTBR0_EL2', 's3_5_c2_c0_0'],
    ['ttbr1_el1', 'TTBR1_EL1', 'TTBR1_EL2', 's3_5_c2_c0_1'],
    ['mair_el1', 'MAIR_EL1', 'MAIR_EL2', 's3_5_c10_c2_0'],
    ['vbar_el1', 'VBAR_EL1', 'VBAR_EL2', 's3_5_c12_c0_0'],
    ['esr_el1', 'ESR_EL1', 'ESR_EL2', 's3_5_c5_c2_0'],
    ['far_el1', 'FAR_EL1', 'FAR_EL2', 's3_5_c6_c0_0'],
    ['elr_el1', 'ELR_EL1', 'ELR_EL2', 's3_5_c4_c0_1'],
    ['spsr_el1', 'SPSR_EL1', 'SPSR_EL2', 's3_5_c4_c0_0'],
    ['tfsr_el1', 'TFSR_EL1', 'TFSR_EL2', 's3_5_c5_c6_0'],
    ['contextidr_el1', 'CONTEXTIDR_EL1', 'CONTEXTIDR_EL2', 's3_5_c13_c0_1'],
  ] as const

  it.each(pairs)(
    '%s at EL2 names the EL2 register, the EL12 name the EL1 register',
    (name, one, two, el12) => {
      machine.set(one, 0n).set(two, 0n)
      const [ones, twos] = [machine.get(one), machine.get(two)]
      machine.set('HCR_EL2', HCR.E2H)
      const bits = name === 'vbar_el1' ? 0x800n : 2n
      machine.setX({ 0: bits | ones | twos })
      expect(at(2, `mrs x1, ${name}\n mrs x2, ${el12}`)).toBeNull()
      expect([machine.x(1), machine.x(2)]).toEqual([machine.get(two), machine.get(one)])
      expect(at(2, `msr ${el12}, x0`)).toBeNull()
      expect(machine.get(one) & bits).toBe(bits)
      expect(machine.get(two)).toBe(twos)
    },
  )

  it('does not touch EL1, E2H = 0, and the registers that have no pair', () => {
    machine.set('HCR_EL2', HCR.E2H | ATA).setX({ 0: 0x1234n })
    at(2, 'msr gcr_el1, x0\n msr rgsr_el1, x0\n msr tpidr_el1, x0\n msr tfsre0_el1, xzr')
    expect([machine.get('GCR_EL1'), machine.get('RGSR_EL1') & 0xfff0n, machine.get('TPIDR_EL1')]).toEqual([
      0x1234n,
      0x1200n,
      0x1234n,
    ])
    at(1, 'msr tfsr_el1, x0\n mov x1, #3\n msr tfsr_el1, x1')
    expect([machine.get('TFSR_EL1'), machine.get('TFSR_EL2')]).toEqual([3n, 0n])
    machine.set('HCR_EL2', 0n)
    at(2, 'msr tfsr_el1, xzr')
    expect(machine.get('TFSR_EL1')).toBe(0n)
    expect(at(2, 'mrs x1, s3_5_c1_c0_0')).toMatchObject({ esr: UNDEFINED })
  })
})

it('claim tags are set by one name and cleared by the other', () => {
  const program = `mov x0, #0x1f5\n msr dbgclaimset_el1, x0\n mrs x1, dbgclaimset_el1\n mrs x2, dbgclaimclr_el1
    mov x0, #0x15\n msr dbgclaimclr_el1, x0\n mrs x3, dbgclaimclr_el1`
  expect(at(1, program)).toBeNull()
  expect([1, 2, 3].map((n) => machine.x(n))).toEqual([0xffn, 0xf5n, 0xe0n])
})
