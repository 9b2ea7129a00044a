import { describe, expect, it } from 'vitest'
import { maskOf } from '../base/bits.ts'
import { fieldTable } from './layout.ts'
import {
  closingsOf,
  defaultScope,
  lateNumber,
  lateRegisters,
  releases,
  scopeItems,
  scopeUnder,
  syncTable,
} from './synchronisation.ts'
import type { Sysreg } from './sysreg.ts'
import { pauth } from './sysregs/pauth.ts'
import { sysregs } from './sysregs.ts'

const registers = sysregs as Readonly<Record<string, Sysreg>>

describe('the synchronisation table', () => {
  it('names registers and fields that exist, and a source for each row', () => {
    for (const row of syncTable) {
      expect(row.source).not.toBe('')
      for (const name of row.registers) {
        const register = registers[name]
        expect(register, name).toBeDefined()
        for (const field of row.fields === 'others' ? [] : (row.fields ?? [])) {
          const found = [false, true].some((e2h) => field in fieldTable(register!, e2h))
          // FEAT_ExS and others give SCTLR_ELx its fields; a row without the field would be a row of nothing.
          expect(found, `${name}.${field}`).toBe(true)
        }
      }
    }
  })

  it('agrees with the class that each register carries', () => {
    for (const row of syncTable) {
      if (row.scope === 'aliases') continue
      for (const name of row.registers) {
        const { sync } = registers[name]!
        const closings = Object.values(row.closing)
        if (sync === undefined) expect(closings, name).toEqual(closings.map(() => 'program-order'))
        else for (const closing of closings) expect(closingsOf[sync], name).toContain(closing)
      }
    }
  })

  it('has every register that carries a class, and rows for all of its fields', () => {
    const rowsOf = (name: string) =>
      syncTable.filter((row) => row.scope !== 'aliases' && row.registers.includes(name))
    const classed = Object.entries(registers).filter(([, { sync }]) => sync !== undefined)
    expect(classed.length).toBeGreaterThan(40)
    for (const [name] of classed) {
      const rows = rowsOf(name)
      expect(rows.length, name).toBeGreaterThan(0)
      // Either one row for the whole register, or one that takes what the others leave.
      if (rows.length > 1)
        expect(
          rows.filter(({ fields }) => fields === 'others'),
          name,
        ).toHaveLength(1)
      else expect(rows[0]!.fields, name).toBeUndefined()
    }
  })

  it('has each field of a register once', () => {
    const seen = new Set<string>()
    for (const row of syncTable) {
      if (row.scope === 'aliases') continue
      for (const name of row.registers)
        for (const field of typeof row.fields === 'string' ? [row.fields] : (row.fields ?? ['whole'])) {
          expect(seen.has(`${name}.${field}`), `${name}.${field}`).toBe(false)
          seen.add(`${name}.${field}`)
        }
    }
  })

  it('knows what may be late, bit by bit', () => {
    expect(Object.fromEntries(lateRegisters.map(({ name, mask }) => [name, mask]))).toEqual({
      GCR_EL1: maskOf(63, 0),
      RGSR_EL1: maskOf(63, 0),
      SCTLR_EL1: maskOf(43, 38),
      SCTLR_EL2: maskOf(43, 38),
      HCR_EL2: (1n << 56n) | (1n << 34n) | (1n << 27n),
      ...Object.fromEntries(Object.keys(pauth).map((name) => [name, maskOf(63, 0)])),
    })
  })

  it('numbers what may be late, and refuses what never is', () => {
    expect(lateRegisters[lateNumber('HCR_EL2')]!.name).toBe('HCR_EL2')
    expect(() => lateNumber('CPACR_EL1')).toThrow('CPACR_EL1 is never late')
  })

  it('has RGSR_EL1 late only under the documents without the sentence that orders it', () => {
    expect(Object.keys(releases)).toEqual(['ddi0487-m', 'xml-2020-09'])
    expect(scopeUnder('ddi0487-m')).toEqual(new Set(defaultScope.filter((item) => item !== 'RGSR_EL1')))
    expect(scopeUnder('xml-2020-09')).toEqual(new Set(defaultScope))
    expect(scopeUnder('xml-2020-09', ['GCR_EL1'])).toEqual(new Set(['GCR_EL1']))
  })

  it('leaves the order of names out of the default scope, and nothing else', () => {
    expect(scopeItems.filter((item) => !defaultScope.includes(item))).toEqual(['aliases', 'TCO'])
  })
})
