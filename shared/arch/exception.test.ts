import { describe, expect, it } from 'vitest'
import {
  describeEsr,
  describePar,
  exceptionClasses,
  exceptionClassName,
  issFields,
  issLayouts,
} from './exception.ts'
import { spanOf } from './layout.ts'

describe('syndromes in words', () => {
  // ESR values of trapped accesses, tag check faults and aborts as recorded on QEMU, beside what was executed.
  const cases: [bigint, string][] = [
    [0x623c_0401n, 'system register: MRS x0, GCR_EL1'],
    [0x623a_0401n, 'system register: MRS x0, RGSR_EL1'],
    [0x6230_168cn, 'system register: MSR TFSR_EL1, x20'],
    [0x6238_4001n, 'system register: MRS x0, GMID_EL1'],
    [0x6216_dec8n, 'system register: DC GVA, x22'],
    [0x6212_dc08n, 'system register: DC ZVA, x0'],
    [0x9600_0011n, 'data abort from the same EL: synchronous tag check fault on a read'],
    [0x9600_0051n, 'data abort from the same EL: synchronous tag check fault on a write'],
    [0x9200_0011n, 'data abort from a lower EL: synchronous tag check fault on a read'],
    [0x9200_0051n, 'data abort from a lower EL: synchronous tag check fault on a write'],
    [0x9382_8007n, 'data abort from a lower EL: translation fault, level 3 on a read'],
    [
      0x9200_00c7n,
      'data abort from a lower EL: translation fault, level 3 on a write, stage 2 of a stage 1 table walk',
    ],
    [0x8200_000fn, 'instruction abort from a lower EL: permission fault, level 3'],
    [0x0200_0000n, 'undefined'],
    [0x0600_0001n, 'WFx: WFE'],
    [0x5a00_0001n, 'HVC #0x1'],
    [0xf200_f000n, 'BRK #0xf000'],
    [0xbe00_0000n, 'SError: uncategorized'],
    [0xfe00_1234n, 'EC 0x3f, ISS 0x0001234'],
  ]
  it.each(cases)('%#', (esr, text) => expect(describeEsr(esr)).toBe(text))

  it('names an access without a row by its encoding', () => {
    const enc = { op0: 3n, op1: 3n, crn: 9n, crm: 12n, op2: 0n } // PMCR_EL0
    const iss =
      (enc.op0 << 20n) |
      (enc.op2 << 17n) |
      (enc.op1 << 14n) |
      (enc.crn << 10n) |
      (31n << 5n) |
      (enc.crm << 1n)
    expect(describeEsr((0x18n << 26n) | iss)).toBe('system register: MSR S3_3_C9_C12_0, xzr')
    expect(describeEsr((0x18n << 26n) | (iss & ~(3n << 20n)) | (1n << 20n))).toBe(
      'system register: SYS #3, C9, C12, #0, xzr',
    )
  })
})

describe('classes', () => {
  it('have distinct codes of six bits, and pairs differ by one', () => {
    const rows = Object.values(exceptionClasses)
    expect(new Set(rows.map((row) => row.code)).size).toBe(rows.length)
    expect(rows.filter((row) => row.code > 0x3f)).toEqual([])
    const pairs = rows.filter((row) => 'from' in row && row.from === 'lower')
    const same = rows.filter((row) => 'from' in row && row.from === 'same')
    expect(pairs.map((row) => [row.name, row.code + 1])).toEqual(same.map((row) => [row.name, row.code]))
  })

  it('have short names for tables', () => {
    expect([0x16, 0x18, 0x24, 0x25, 0x3e].map(exceptionClassName)).toEqual([
      'HVC',
      'system register',
      'data abort',
      'data abort',
      'EC 0x3e',
    ])
  })

  it('have ISS fields that are disjoint and inside 25 bits', () => {
    for (const [name, layout] of Object.entries(issLayouts)) {
      let taken = 0
      for (const [field, position] of Object.entries(layout)) {
        const [high, low] = spanOf(position)
        expect(high, `${name}.${field}`).toBeLessThan(25)
        const mask = 2 ** (high + 1) - 2 ** low
        expect(taken & mask, `${name}.${field} overlaps`).toBe(0)
        taken |= mask
      }
    }
  })
})

it('splits an ISS with a valid instruction syndrome', () => {
  // A 64-bit load of x2 at stage 2: SAS 3, SRT 2, SF 1.
  const parts = Object.fromEntries(issFields(0x93c2_8007n).map(({ field, value }) => [field, value]))
  expect(parts).toMatchObject({ ISV: 1n, SAS: 3n, SSE: 0n, SRT: 2n, SF: 1n, AR: 0n, WnR: 0n, DFSC: 7n })
})

it('reads PAR_EL1 in both of its layouts', () => {
  expect(describePar(0xf000_0000_4012_3b80n)).toBe('0x40123000, attributes 0xf0, Inner Shareable')
  expect(describePar(0x80fn)).toBe('failed: translation fault, level 3, stage 1')
  expect(describePar(0xa0fn)).toBe('failed: translation fault, level 3, stage 2')
  expect(describePar(0xb0fn)).toBe('failed: translation fault, level 3, stage 2 of a stage 1 table walk')
})
