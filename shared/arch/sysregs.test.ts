import { describe, expect, it } from 'vitest'
import { maskOf } from '../base/bits.ts'
import { checkSysregs } from './check.ts'
import { type Feature, type FeatureChoice, featureSet } from './features.ts'
import { spanOf } from './layout.ts'
import type { Sysreg } from './sysreg.ts'
import {
  encodingName,
  isIdSpace,
  layoutOf,
  type SysregName,
  storageOf,
  sysregByEncoding,
  sysregGroups,
  sysregs,
} from './sysregs.ts'

const names = Object.keys(sysregs) as SysregName[]
const everything = featureSet({ mte: 3, mteAsync: true, ras: true, exs: true })
const nothing = featureSet({ mte: 0, mteAsync: false, ras: false, exs: false })

describe('the table', () => {
  it('obeys its rules, and its groups share no name', () => {
    expect(checkSysregs(sysregs)).toEqual([])
    expect(Object.values(sysregGroups).flat()).toEqual(names)
  })

  it.each([
    ['everything', everything],
    ['nothing optional', nothing],
  ])('partitions all 64 bits of every register, with %s', (_, features) => {
    const all = maskOf(63, 0)
    const wrong = names.filter((name) =>
      [false, true].some((e2h) => {
        const { fields, res0, res1 } = layoutOf(name, features, e2h)
        return (
          (fields | res0 | res1) !== all ||
          (fields & res0) !== 0n ||
          (fields & res1) !== 0n ||
          (res0 & res1) !== 0n
        )
      }),
    )
    expect(wrong).toEqual([])
  })

  it('finds each register by its encoding and only by its own', () => {
    for (const name of names) expect(sysregByEncoding(...sysregs[name].enc)).toBe(name)
    expect(sysregByEncoding(3, 3, 9, 12, 0)).toBeUndefined() // PMCR_EL0: no PMU
    expect(sysregByEncoding(3, 3, 4, 4, 0)).toBe('FPCR')
    expect(encodingName(...sysregs.GCR_EL1.enc)).toBe('S3_0_C1_C0_6')
  })

  it('has every ID register inside the ID space, and nothing else there', () => {
    const inside = names.filter((name) => isIdSpace(sysregs[name].enc))
    expect(inside).toEqual(names.filter((name) => /^(ID|MVFR\d)_/.test(name)))
    expect(isIdSpace([3, 0, 0, 0, 0])).toBe(false)
    expect(isIdSpace([3, 0, 0, 7, 7])).toBe(true)
  })
})

/** Values from fact sheets and from the manual, not from the rows. */
describe('masks against known values', () => {
  const stored = (name: SysregName, features = everything): bigint => storageOf(name, features).stored
  const choice = (mte: FeatureChoice['mte'], mteAsync: boolean): ReadonlySet<Feature> =>
    featureSet({ mte, mteAsync, ras: false, exs: false })

  it('MTE registers: the writable bits', () => {
    expect(stored('GCR_EL1')).toBe(0x1ffffn)
    expect(stored('RGSR_EL1')).toBe(0x00ff_ffff_ffff_ff0fn)
    for (const name of ['TFSR_EL1', 'TFSR_EL2', 'TFSR_EL12', 'TFSRE0_EL1'] as const)
      expect(stored(name)).toBe(3n)
  })

  it('SCTLR: RES1 bits, and the tag check bits by feature', () => {
    expect(layoutOf('SCTLR_EL1', nothing).res1).toBe(0x3050_0800n)
    expect(layoutOf('SCTLR_EL1', everything).res1).toBe(0x3010_0000n)
    expect(layoutOf('SCTLR_EL2', nothing).res1).toBe(0x30c5_0830n)
    const tagBits = maskOf(43, 37)
    expect(stored('SCTLR_EL1') & tagBits).toBe(tagBits)
    expect(stored('SCTLR_EL1', choice(2, false)) & tagBits).toBe(maskOf(43, 38)) // ITFSB needs FEAT_MTE_ASYNC
    expect(stored('SCTLR_EL1', choice(1, false)) & tagBits).toBe(0n)
  })

  it('a bit that is reserved under one value of E2H only keeps what was written', () => {
    const sctlr = storageOf('SCTLR_EL2', nothing)
    expect(sctlr.ones).toBe(0x3040_0800n)
    expect(sctlr.stored & (1n << 16n)).toBe(1n << 16n) // nTWI with E2H = 1, RES1 with E2H = 0
    expect(storageOf('CPTR_EL2', nothing).ones).toBe(0n)
    expect(layoutOf('CPTR_EL2', nothing).res1).toBe(0x33ffn)
    expect(layoutOf('CPTR_EL2', nothing, true).res1).toBe(0n)
  })

  it('HCR_EL2: a KVM guest value survives but for the bits of absent features', () => {
    const tlor = 1n << 35n
    const guest = 0x0100_0038_8407_c67fn | tlor // ATA TLOR TID3.. RW and what a guest with MTE runs under
    const { stored: mask, ones } = storageOf('HCR_EL2', everything)
    expect(ones).toBe(1n << 31n)
    expect((guest & mask) | ones).toBe(guest & ~tlor & ~(1n << 15n)) // no FEAT_LOR, no AArch32 (TID0)
  })

  it('SPSR_EL1 follows the features', () => {
    expect(stored('SPSR_EL1')).toBe(0xf3f0_1fdfn)
    expect(stored('SPSR_EL1', nothing)).toBe(0xf1f0_1fdfn) // no TCO
  })
})

describe('rows that must be refused', () => {
  const good: Sysreg = {
    doc: 'A register.',
    enc: [3, 0, 15, 0, 0],
    read: 'EL1',
    write: 'EL1',
    fields: { High: [63, 8], Low: 0 },
    reset: 'unknown',
  }
  const complaint = (row: Partial<Sysreg>): string[] => checkSysregs({ R: { ...good, ...row } })

  it('accepts the row that the others are made from', () => expect(complaint({})).toEqual([]))

  const refused: [string, Partial<Sysreg>, RegExp][] = [
    ['overlapping fields', { fields: { A: [7, 4], B: [4, 0] } }, /field B overlaps/],
    ['a field beyond bit 63', { fields: { A: [64, 60] } }, /A is not inside/],
    ['a field upside down', { fields: { A: [0, 7] } }, /A is not inside/],
    ['res1 over a field', { res1: 1n }, /overlaps another field or res1/],
    [
      'an overlap in the other layout',
      { e2hLayout: { fields: { A: 1 }, res1: 2n } },
      /A overlaps .* E2H = 1/,
    ],
    ['no such encoding', { enc: [3, 0, 16, 0, 0] }, /is no encoding/],
    ['an instruction space', { enc: [1, 0, 7, 0, 0] }, /is no encoding/],
    ['no doc', { doc: ' ' }, /no doc/],
    ['storage without reset', { reset: undefined }, /no storage/],
    ['a reset of RES0 bits', { reset: 0x80n }, /RES0/],
    ['a reset without RES1 bits', { reset: 0n, res1: 2n }, /RES1/],
    ['an unknown alias', { reset: undefined, alias: 'NONE' }, /alias of an unknown/],
    ['an alias with storage', { alias: 'R' }, /life of its own/],
    ['an unknown redirection', { e2h: 'NONE' }, /e2h names an unknown/],
    ['onlyE2h without alias', { onlyE2h: true }, /onlyE2h without alias/],
    ['raz with fields', { raz: true, reset: undefined }, /raz, and something/],
    ['sync without storage', { reset: undefined, computed: 'idRegister', sync: 'context' }, /sync without/],
    ['a meaning of no field', { meanings: { X: {} } }, /meanings names no field: X/],
    [
      'a trap by an unknown register',
      { traps: [{ bit: 'X.Y', when: 1, from: 'EL1', to: 'EL2' }] },
      /no such register/,
    ],
    [
      'a trap by an unknown field',
      { traps: [{ bit: 'R.Y', when: 1, from: 'EL1', to: 'EL2' }] },
      /no such bit/,
    ],
    [
      'a trap by a wide field',
      { traps: [{ bit: 'R.High', when: 1, from: 'EL1', to: 'EL2' }] },
      /no such bit/,
    ],
    ['a trap from EL1 to EL1', { traps: [{ bit: 'R.Low', when: 1, from: 'EL1', to: 'EL1' }] }, /goes to EL1/],
    ['idst where EL0 reads', { read: 'EL0', idst: true }, /idst/],
  ]
  it.each(refused)('%s', (_, row, message) => {
    expect(complaint(row).join('\n')).toMatch(message)
  })

  it('two rows with one encoding', () => {
    expect(checkSysregs({ R: good, S: good })).toEqual(['S: has the encoding of R'])
  })

  it('a trap whose field the other layout lacks, unless it says under which E2H it is taken', () => {
    const control: Sysreg = {
      ...good,
      enc: [3, 0, 15, 0, 1],
      fields: { T: 0 },
      e2hLayout: { fields: { U: 0 } },
    }
    const rows = (e2h?: boolean): Record<string, Sysreg> => ({
      C: control,
      R: {
        ...good,
        traps: [{ bit: 'C.T', when: 1, from: 'EL1', to: 'EL2', ...(e2h !== undefined && { e2h }) }],
      },
    })
    expect(checkSysregs(rows())).toEqual(['R: trap by C.T: no such bit with E2H = 1'])
    expect(checkSysregs(rows(false))).toEqual([])
  })
})

describe('what a hypervisor switches', () => {
  it('every exit: the registers that all Exception levels share', () => {
    const everyExit = names.filter((name) => sysregs[name].switched === 'every-exit')
    expect(everyExit.sort()).toEqual(['ELR_EL2', 'GCR_EL1', 'RGSR_EL1', 'SPSR_EL2', 'SP_EL0'])
  })

  it('never an alias or a computed value without storage', () => {
    const odd = names.filter((name) => {
      const row = sysregs[name]
      return row.switched && row.reset === undefined && !row.raz
    })
    expect(odd).toEqual([])
  })
})

it('field spans are written high to low', () => {
  const backwards = names.filter((name) =>
    Object.values(sysregs[name].fields).some((position) => spanOf(position)[0] < spanOf(position)[1]),
  )
  expect(backwards).toEqual([])
})
