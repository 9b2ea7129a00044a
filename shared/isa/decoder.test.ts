import { describe, expect, it } from 'vitest'
import { features } from '../arch/features.ts'
import { assembleWord, compilePattern, createDecoder, decode, overlaps, patterns } from './decoder.ts'
import { type Insn, insn } from './insn.ts'
import { notImplemented } from './not-implemented.ts'
import { rows } from './rows.ts'

const row = (name: string, bits: string, where?: (f: Record<string, number>) => boolean): Insn => ({
  ...insn({ name, bits: '', asm: '', doc: '', cost: 'alu', sem: () => {} }),
  bits,
  ...(where && { where }),
})

describe('createDecoder refuses', () => {
  const A = row('A', '0000 nnnn 0000 0000 0000 0000 0000 0000')

  it('a pattern that has not 32 bits', () => {
    expect(() => createDecoder([row('SHORT', '0000 nnnn')])).toThrow(
      "SHORT: 8 bits instead of 32 in '0000 nnnn'",
    )
  })

  it('a pattern with something else than bits and letters', () => {
    expect(() => createDecoder([row('ODD', '0000-nnn 00000000 00000000 00000000')])).toThrow(
      "ODD: '-' is neither",
    )
  })

  it('a name used twice', () => {
    expect(() => createDecoder([A, row('A', '1111 nnnn 0000 0000 0000 0000 0000 0000')])).toThrow(
      'A: two rows have this name',
    )
  })

  it('two rows that match a common word', () => {
    const B = row('B', '0000 0001 0000 0000 0000 0000 0000 iiii')
    expect(() => createDecoder([A, B])).toThrow('A and B both match 0x01000000')
  })
})

describe('createDecoder', () => {
  it('lets where keep two patterns apart, and lists the pair', () => {
    const even = row('EVEN', '0000 nnnn 0000 0000 0000 0000 0000 0000', (f) => f.n! % 2 === 0)
    const five = row('FIVE', '0000 0101 0000 0000 0000 0000 0000 iiii')
    const decoder = createDecoder([even, five])
    expect(decoder.overlaps).toEqual([['EVEN', 'FIVE']])
    expect(decoder.decode(0x04000000)?.row.name).toBe('EVEN')
    expect(decoder.decode(0x05000000)?.row.name).toBe('FIVE')
    expect(decoder.decode(0x03000000)).toBeNull()
  })

  it('gathers a field from bits that are not adjacent, the most significant first', () => {
    const split = row('SPLIT', 'i0000000 0000000i ii000000 0000ddii')
    const decoder = createDecoder([split])
    const word = 0x8000c00e
    expect(decoder.decode(word)?.fields).toEqual({ i: 0b101110, d: 3 })
    expect(assembleWord(compilePattern(split), { i: 0b101110, d: 3 })).toBe(word)
  })
})

describe('the rows', () => {
  it('do not meet', () => {
    expect(overlaps).toEqual([])
  })

  it('decode the words that they assemble', () => {
    for (const pattern of patterns) {
      const fields = Object.fromEntries(pattern.fields.map(({ letter }) => [letter, 0]))
      if (!pattern.row.where || pattern.row.where(fields)) {
        const word = assembleWord(pattern, fields)
        expect(decode(word | 0)).toEqual({ row: pattern.row, fields, word })
      }
    }
    expect(patterns.map((pattern) => pattern.row)).toEqual(rows)
  })

  it('leave alone what is listed as not implemented', () => {
    for (const { name, feature, bits } of notImplemented) {
      expect(features as readonly string[], name).not.toContain(feature)
      for (const pattern of bits) {
        const { mask, value } = compilePattern(row(name, pattern))
        const met = patterns.filter((p) => (p.mask & mask & (p.value ^ value)) === 0).map((p) => p.row.name)
        expect([name, met]).toEqual([name, []])
      }
    }
  })

  it.each([
    ['reserved bitmask immediate', 0x1240fc00],
    ['32-bit MOVZ with a shift of 32', 0x52c00000],
    ['ADD (shifted register) with ROR', 0x8bc00000],
    ['ADDG with bits 15:14 set', 0x91804000],
    ['LDGM with an offset', 0xd9e01041],
    ['CASP of an odd register', 0x08217c40],
    ['register offset with option 0', 0xf8600800],
  ])('decode to nothing: %s', (_what, word) => {
    expect(decode(word)).toBeNull()
  })
})

/** Source: words assembled with GNU as and llvm-mc alike. */
describe('MTE words', () => {
  it.each([
    [0x9ac31041, 'IRG', { d: 1, n: 2, m: 3 }],
    [0x9adf1041, 'IRG', { d: 1, n: 2, m: 31 }],
    [0x91bf3c41, 'ADDG', { d: 1, n: 2, i: 63, t: 15 }],
    [0xd1bf3c41, 'SUBG', { d: 1, n: 2, i: 63, t: 15 }],
    [0x918107ff, 'ADDG', { d: 31, n: 31, i: 1, t: 1 }],
    [0x9ac317e1, 'GMI', { d: 1, n: 31, m: 3 }],
    [0x9ac30041, 'SUBP', { d: 1, n: 2, m: 3 }],
    [0xbac30041, 'SUBPS', { d: 1, n: 2, m: 3 }],
    [0xbac3005f, 'SUBPS', { d: 31, n: 2, m: 3 }],
    [0xd9201841, 'STG (signed offset)', { t: 1, n: 2, i: 1 }],
    [0xd9201c41, 'STG (pre-index)', { t: 1, n: 2, i: 1 }],
    [0xd9201441, 'STG (post-index)', { t: 1, n: 2, i: 1 }],
    [0xd9300841, 'STG (signed offset)', { t: 1, n: 2, i: 256 }],
    [0xd9601441, 'STZG (post-index)', { t: 1, n: 2, i: 1 }],
    [0xd9a01c41, 'ST2G (pre-index)', { t: 1, n: 2, i: 1 }],
    [0xd9e01841, 'STZ2G (signed offset)', { t: 1, n: 2, i: 1 }],
    [0x69008c41, 'STGP (signed offset)', { t: 1, u: 3, n: 2, i: 1 }],
    [0x69808c41, 'STGP (pre-index)', { t: 1, u: 3, n: 2, i: 1 }],
    [0x68808c41, 'STGP (post-index)', { t: 1, u: 3, n: 2, i: 1 }],
    [0xd9601041, 'LDG', { t: 1, n: 2, i: 1 }],
    [0xd9e00041, 'LDGM', { t: 1, n: 2 }],
    [0xd9a00041, 'STGM', { t: 1, n: 2 }],
    [0xd9200041, 'STZGM', { t: 1, n: 2 }],
    [0xd503419f, 'MSR TCO (immediate)', { m: 1 }],
  ])('%i is %s', (word, name, fields) => {
    const decoded = decode(word)
    expect(decoded?.row.name).toBe(name)
    expect(decoded?.fields).toEqual(fields)
  })
})
