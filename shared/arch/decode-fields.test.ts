import { describe, expect, it } from 'vitest'
import { type DecodedField, fieldsOf } from './decode-fields.ts'
import { featureSet } from './features.ts'

const brief = (fields: DecodedField[]): string[] =>
  fields.map(({ field, value, meaning }) => `${field}=${value}${meaning ? ` (${meaning})` : ''}`)

describe('fieldsOf', () => {
  it('lists fields from the highest, with positions and meanings', () => {
    expect(fieldsOf('GCR_EL1', 0x1_00f0n)).toEqual([
      { field: 'RRND', high: 16, low: 16, value: 1n, meaning: 'implementation-defined' },
      { field: 'Exclude', high: 15, low: 0, value: 0xf0n },
    ])
  })

  it('follows an alias, and has nothing to say about plain values', () => {
    expect(brief(fieldsOf('TFSR_EL12', 2n))).toEqual(['TF1=1', 'TF0=0'])
    expect(fieldsOf('ELR_EL1', 0x1234n)).toEqual([])
  })

  it('takes the layout that E2H selects', () => {
    const names = (e2h: boolean): string[] => fieldsOf('CPTR_EL2', 0n, { e2h }).map(({ field }) => field)
    expect(names(false)).toEqual(['TCPAC', 'TFP'])
    expect(names(true)).toEqual(['TCPAC', 'FPEN'])
  })

  it('leaves out what the PE does not have', () => {
    const features = featureSet({ mte: 1, mteAsync: false, ras: false, exs: false })
    const names = fieldsOf('SCTLR_EL1', 0n, { features }).map(({ field }) => field)
    expect(names).not.toContain('TCF')
    expect(fieldsOf('SCTLR_EL1', 3n << 40n).find(({ field }) => field === 'TCF')?.meaning).toBe('asym')
  })

  it('opens a syndrome', () => {
    expect(brief(fieldsOf('ESR_EL2', 0x9200_0051n)).slice(0, 3)).toEqual([
      'EC=36 (Data abort.)',
      'IL=1',
      `ISS=${0x51}`,
    ])
    expect(brief(fieldsOf('ESR_EL12', 0x9200_0051n)).at(-1)).toBe('ISS.DFSC=17 (synchronous tag check fault)')
    expect(brief(fieldsOf('ESR_EL1', 0x5a00_0007n)).at(-1)).toBe('ISS.imm16=7')
  })
})
