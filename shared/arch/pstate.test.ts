import { expect, it } from 'vitest'
import { describePstate, modeName, spsrFields } from './pstate.ts'
import { sysregs } from './sysregs.ts'

it('names modes, and what an exception return refuses', () => {
  expect([0n, 4n, 5n, 8n, 9n, 1n, 0xdn, 0x10n].map(modeName)).toEqual([
    'EL0t',
    'EL1t',
    'EL1h',
    'EL2t',
    'EL2h',
    undefined,
    undefined,
    undefined,
  ])
})

it('describes PSTATE', () => {
  expect(describePstate(0x0240_03c5n)).toBe('EL1h nzcv DAIF TCO PAN')
  expect(describePstate(0x6000_0000n)).toBe('EL0t nZCv daif')
  expect(describePstate(0x0010_000dn)).toBe('mode 0xd nzcv daif IL')
})

it('shows every part of PSTATE at its place in SPSR_ELx', () => {
  // CurrentEL is M[3:2] and SPSel is M[0]; every other register names its bits as SPSR_ELx does.
  const parts = Object.entries(sysregs).filter(([, row]) => row.computed === 'pstate')
  expect(parts.map(([name]) => name).sort()).toEqual([
    'CurrentEL',
    'DAIF',
    'DIT',
    'NZCV',
    'PAN',
    'SPSel',
    'SSBS',
    'TCO',
    'UAO',
  ])
  for (const [name, row] of parts) {
    if (name === 'CurrentEL' || name === 'SPSel') continue
    for (const [field, position] of Object.entries(row.fields)) {
      expect(position, `${name}.${field}`).toBe(spsrFields[field as keyof typeof spsrFields])
    }
  }
})
