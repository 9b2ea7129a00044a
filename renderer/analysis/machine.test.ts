import { describe, expect, it } from 'vitest'
import type { MachineState } from '../../shared/model/machine-view.ts'
import { addressTyped, changedRegisters, granuleRows, placeTyped, registerDoc } from './machine.ts'

const state = (general: [string, bigint][], system: [string, bigint, bigint?][] = []): MachineState => ({
  at: { pe: 0, instructions: 5, moment: 7 },
  cycle: 9,
  end: null,
  reached: true,
  oldest: 0,
  pes: [],
  world: 'the host at EL1',
  general: general.map(([name, value]) => ({ name, value })),
  system: [
    {
      group: 'Memory tagging',
      registers: system.map(([name, value, effective]) =>
        effective === undefined ? { name, value } : { name, value, effective },
      ),
    },
  ],
  pending: { pe: 0, registers: [], faults: [] },
  code: [],
})

describe('changed registers', () => {
  it('are those whose value, or what uses may see, differs', () => {
    const before = state(
      [
        ['x0', 1n],
        ['x1', 2n],
      ],
      [
        ['GCR_EL1', 3n],
        ['RGSR_EL1', 4n, 5n],
      ],
    )
    const after = state(
      [
        ['x0', 1n],
        ['x1', 9n],
      ],
      [
        ['GCR_EL1', 3n, 8n],
        ['RGSR_EL1', 4n, 5n],
      ],
    )
    expect([...changedRegisters(before, after)]).toEqual(['x1', 'GCR_EL1'])
    expect(changedRegisters(null, after).size).toBe(0)
    const other = { ...before, at: { ...before.at, pe: 1 } }
    expect(changedRegisters(other, after).size).toBe(0)
  })
})

describe('memory', () => {
  it('is lines of sixteen bytes with their tag and the pointers into them', () => {
    const bytes = new Uint8Array(32)
    bytes.set([0x41, 0x42, 0], 0)
    const tags = Uint8Array.from([3, 255])
    const pointers = state([
      ['x0', 0x0300_0000_0000_1008n],
      ['x1', 0x0400_0000_0000_1000n],
      ['x2', 0x1010n],
    ])
    const rows = granuleRows({ address: 0x1000n, bytes, tags, physical: 0x1000n }, pointers)
    expect(rows[0]).toEqual({
      address: 0x1000n,
      bytes: '41 42 00 00 00 00 00 00  00 00 00 00 00 00 00 00',
      text: 'AB··············',
      tag: 3,
      pointers: [
        { name: 'x0', tag: 3, matches: true },
        { name: 'x1', tag: 4, matches: false },
      ],
    })
    expect(rows[1]).toEqual({ address: 0x1010n, bytes: '', text: '', tag: null, pointers: [] })
  })
})

describe('what is typed', () => {
  const at = state(
    [
      ['x2', 0x8000n],
      ['sp', 0x10n],
    ],
    [['GCR_EL1', 6n]],
  )
  it.each([
    ['0x8000_0000', 0x8000_0000n],
    ['8000 0000', 0x8000_0000n],
    ['X2', 0x8000n],
    ['gcr_el1', 6n],
    ['guest_exit', { symbol: 'guest_exit' }],
    ['', null],
    ['0x1234567890123456789', null],
    ['<img>', null],
  ])('as an address: %s', (typed, expected) => expect(addressTyped(typed, at)).toEqual(expected))
  it.each([
    ['5000', { kind: 'moment', moment: 5000 }],
    ['5 000', { kind: 'moment', moment: 5000 }],
    ['c 12000', { kind: 'cycle', pe: 1, cycle: 12000 }],
    ['cycle 12,000', { kind: 'cycle', pe: 1, cycle: 12000 }],
    ['i300', { kind: 'position', pe: 1, instructions: 300 }],
    ['End', { kind: 'end' }],
    ['soon', null],
    ['-4', null],
    ['z 4', null],
    ['9999999999999999', null],
  ])('as a place: %s', (typed, expected) => expect(placeTyped(typed, 1)).toEqual(expected))
  it('explains a system register by its row, an alias by what it reaches', () => {
    expect(registerDoc('GCR_EL1')).toMatch(/IRG/)
    expect(registerDoc('TFSR_EL12')).toBe(registerDoc('TFSR_EL1'))
    expect(registerDoc('x0')).toBeNull()
  })
})
