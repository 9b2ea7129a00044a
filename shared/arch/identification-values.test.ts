import { describe, expect, it } from 'vitest'
import { bits } from '../base/bits.ts'
import type { FeatureChoice } from './features.ts'
import { affinityValue, cacheSizeValue, idRegisterValue, mainIdValue } from './identification-values.ts'
import { sysregs } from './sysregs.ts'

const full: FeatureChoice = { mte: 3, mteAsync: true, ras: true, exs: true }
const least: FeatureChoice = { mte: 0, mteAsync: false, ras: false, exs: false }

it('has a value for every register that asks for one', () => {
  const asking = Object.entries(sysregs).filter(
    ([, row]) => row.computed === 'idRegister' || row.computed === 'zeroBlockSize',
  )
  expect(asking.length).toBeGreaterThan(15)
  for (const [name] of asking) expect(idRegisterValue(name, full), name).toBeTypeOf('bigint')
  expect(() => idRegisterValue('GCR_EL1', full)).toThrow(/GCR_EL1/)
})

describe('memory tagging in ID_AA64PFR1_EL1', () => {
  const pfr1 = (mte: FeatureChoice['mte'], mteAsync: boolean): [bigint, bigint] => {
    const value = idRegisterValue('ID_AA64PFR1_EL1', { ...least, mte, mteAsync })
    return [bits(value, 11, 8), bits(value, 43, 40)]
  }
  it.each([
    [0, false, 0n, 0n],
    [1, false, 1n, 0n],
    [2, true, 2n, 0n],
    [2, false, 2n, 0xfn],
    [3, true, 3n, 0n],
    [3, false, 3n, 0n], // FEAT_MTE3 implies FEAT_MTE_ASYNC
  ] as const)('mte %i, async %s', (mte, mteAsync, field, frac) => {
    expect(pfr1(mte, mteAsync)).toEqual([field, frac])
  })
})

it('follows the choice of RAS and ExS', () => {
  const fields = (choice: FeatureChoice): bigint[] => [
    bits(idRegisterValue('ID_AA64PFR0_EL1', choice), 31, 28),
    bits(idRegisterValue('ID_AA64MMFR2_EL1', choice), 15, 12),
    bits(idRegisterValue('ID_AA64MMFR0_EL1', choice), 47, 44),
  ]
  expect(fields(full)).toEqual([1n, 1n, 1n])
  expect(fields(least)).toEqual([0n, 0n, 0n])
})

it('says what the machine is', () => {
  const value = (name: string): string => idRegisterValue(name, least).toString(16)
  expect({
    PFR0: value('ID_AA64PFR0_EL1'),
    ISAR0: value('ID_AA64ISAR0_EL1'),
    ISAR1: value('ID_AA64ISAR1_EL1'),
    MMFR0: value('ID_AA64MMFR0_EL1'),
    MMFR1: value('ID_AA64MMFR1_EL1'),
    MMFR2: value('ID_AA64MMFR2_EL1'),
    CTR: value('CTR_EL0'),
    DCZID: value('DCZID_EL0'),
    CLIDR: value('CLIDR_EL1'),
    GMID: value('GMID_EL1'),
  }).toEqual({
    PFR0: '1101000001000111', // floating point and AdvSIMD without half precision, EL0 to EL2, no EL3, GIC registers
    ISAR0: '220000000210000', // TLB maintenance by range and Outer Shareable, FlagM2, LSE, CRC32
    ISAR1: '1000200002', // SB, LRCPC2, DPB2
    MMFR0: '100025', // all granules, 16-bit ASIDs, 48-bit addresses
    MMFR1: '10301122', // XNX, PAN3, HPDS, VHE, 16-bit VMIDs, HAFDBS with dirty state
    MMFR2: '1221011010000011', // E0PD, EVT, BBM 2, TTL, FWB, IDST, TTST, UAO, CnP
    CTR: '8444c004',
    DCZID: '4',
    CLIDR: '9200003',
    GMID: '6',
  })
})

it('identifies PEs', () => {
  expect(mainIdValue).toBe(0x000f_0530n)
  expect([0, 15, 16, 35].map(affinityValue)).toEqual([0x8000_0000n, 0x8000_000fn, 0x8000_0100n, 0x8000_0203n])
})

it('describes both caches of level 1 and no other', () => {
  const geometry = cacheSizeValue(0n)
  const bytes =
    (bits(geometry, 27, 13) + 1n) * (bits(geometry, 12, 3) + 1n) * 2n ** (bits(geometry, 2, 0) + 4n)
  expect(bytes).toBe(32n * 1024n)
  expect([1n, 2n, 16n].map(cacheSizeValue)).toEqual([geometry, 0n, 0n])
})
