import { describe, expect, it } from 'vitest'
import { decodeBitMask, encodeBitMask, moveWidePreferred, signed } from './fields.ts'

function allMasks(sf: 0 | 1): bigint[] {
  const masks = new Set<bigint>()
  for (let n = 0; n < 2; n++) {
    for (let immr = 0; immr < 64; immr++) {
      for (let imms = 0; imms < 64; imms++) {
        const mask = decodeBitMask(sf, n, immr, imms)
        if (mask !== null) masks.add(mask)
      }
    }
  }
  return [...masks]
}

describe('bitmask immediates', () => {
  it.each([
    [0, 1302],
    [1, 5334],
  ] as const)('sf = %i: %i values, each of which encodes to itself', (sf, count) => {
    const masks = allMasks(sf)
    expect(masks.length).toBe(count)
    for (const mask of masks) expect(decodeBitMask(sf, ...encodeBitMask(sf, mask)!)).toBe(mask)
  })

  it('has no encoding for zero, all ones and what is not a repeated run', () => {
    expect([0n, 0xffff_ffffn, 5n, 0x1234n].map((value) => encodeBitMask(0, value))).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  it('leaves to MOVZ and MOVN what they can make', () => {
    const preferred = (value: bigint) => moveWidePreferred(1, ...encodeBitMask(1, value)!)
    expect(preferred(0xff00n)).toBe(true)
    expect(preferred(0xffff_ffff_ffff_0fffn)).toBe(true)
    expect(preferred(0x1_ffffn)).toBe(false)
    expect(preferred(0x0101_0101_0101_0101n)).toBe(false)
  })
})

it('signed reads a field as two’s complement', () => {
  expect([signed(0x1ff, 9), signed(0x100, 9), signed(0xff, 9), signed(0x2000000, 26)]).toEqual([
    -1,
    -256,
    255,
    -(2 ** 25),
  ])
})
