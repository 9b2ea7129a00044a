import { describe, expect, it } from 'vitest'
import { combineShareability, combineTypes, effectiveShareability, memoryType, SH } from './attributes.ts'

describe('MAIR_ELx', () => {
  it('keeps what is defined, and gives the reserved encodings a meaning', () => {
    expect([0x00, 0x04, 0x08, 0x0c, 0x44, 0xbb, 0xff, 0x4f].map((a) => memoryType(a, true))).toEqual([
      0x00, 0x04, 0x08, 0x0c, 0x44, 0xbb, 0xff, 0x4f,
    ])
    expect([0x01, 0x06, 0x0f].map((a) => memoryType(a, true))).toEqual([0x00, 0x04, 0x0c])
    expect([0x40, 0xa0, 0x10].map((a) => memoryType(a, true))).toEqual([0x44, 0x44, 0x44])
  })

  it('0xF0 is Tagged with FEAT_MTE2 only', () => {
    expect([memoryType(0xf0, true), memoryType(0xf0, false)]).toEqual([0xf0, 0x44])
  })
})

describe('both stages (DDI 0487, D8.6)', () => {
  it('the stricter Device type wins, and Device over Normal', () => {
    const device = (first: number, second: number) => combineTypes(first, second, false, false)
    expect([device(0x0c, 1), device(0x00, 3), device(0x08, 0xf), device(0xff, 2)]).toEqual([4, 0, 8, 8])
  })

  it('the weaker cacheability wins for inner and outer apart, with the hints of stage 1', () => {
    const normal = (first: number, second: number) => combineTypes(first, second, false, false)
    expect(normal(0xff, 0b0111)).toBe(0x4f) // outer Non-cacheable, inner Write-Back
    expect(normal(0xee, 0b1011)).toBe(0xae) // outer Write-Through, hints RA = 1, WA = 0
    expect(normal(0xbb, 0b1111)).toBe(0xbb)
    expect(normal(0x44, 0b1111)).toBe(0x44)
    expect(normal(0xff, 0b0100)).toBe(0x44) // reserved inner encoding
    expect(normal(0xf0, 0b1111)).toBe(0xf0)
    expect(normal(0xf0, 0b1110)).toBe(0xfb)
  })

  it('HCR_EL2.FWB: MemAttr[2:0] says the result', () => {
    const forced = (first: number, second: number) => combineTypes(first, second, true, false)
    expect([0, 1, 2, 3].map((second) => forced(0xff, second))).toEqual([0, 4, 8, 12])
    expect(forced(0x04, 3)).toBe(0x04)
    expect([forced(0x08, 6), forced(0x44, 6), forced(0xbb, 6), forced(0xf0, 6)]).toEqual([
      0xff, 0xff, 0xff, 0xf0,
    ])
    expect([forced(0xff, 5), forced(0x00, 5), forced(0xf0, 5)]).toEqual([0x44, 0, 0x44])
    expect([forced(0xbb, 7), forced(0xf0, 7), forced(0x04, 7)]).toEqual([0xbb, 0xf0, 4])
    // MemAttr[3] has no meaning.
    expect(forced(0x44, 14)).toBe(0xff)
  })

  it('HCR_EL2.CD makes Normal memory Non-cacheable and leaves Device', () => {
    expect([combineTypes(0xf0, 15, false, true), combineTypes(0x08, 15, false, true)]).toEqual([0x44, 8])
  })

  it('the wider shareability wins; Device and Non-cacheable are Outer Shareable', () => {
    expect(combineShareability(SH.INNER, SH.NONE)).toBe(SH.INNER)
    expect(combineShareability(SH.INNER, SH.OUTER)).toBe(SH.OUTER)
    expect(combineShareability(SH.NONE, 1)).toBe(SH.NONE)
    expect([0x00, 0x44, 0xff, 0xf0].map((type) => effectiveShareability(type, SH.INNER))).toEqual([
      2, 2, 3, 3,
    ])
  })
})
