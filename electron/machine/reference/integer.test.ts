import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseNonExcludedTag,
  cls,
  clz,
  crc32,
  drawTagOffset,
  rbit,
  rev,
  ror,
  sdiv,
  small,
  smulh,
  udiv,
} from './integer.ts'

describe('ChooseNonExcludedTag', () => {
  it('never gives an excluded tag, unless all are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 0, max: 0xfffe }),
        (start, offset, exclude) => {
          expect((exclude >> chooseNonExcludedTag(start, offset, exclude)) & 1).toBe(0)
        },
      ),
    )
    expect(chooseNonExcludedTag(3, 5, 0xffff)).toBe(0)
  })

  it('counts allowed tags behind the start; an excluded start is stepped over for offset 0 only', () => {
    expect(chooseNonExcludedTag(2, 0, 0b100)).toBe(3)
    expect(chooseNonExcludedTag(2, 1, 0b100)).toBe(3)
    expect(chooseNonExcludedTag(2, 2, 0b100)).toBe(4)
    expect(chooseNonExcludedTag(15, 1, 0)).toBe(0)
    expect(chooseNonExcludedTag(9, 15, 0x0f02)).toBe(15)
  })
})

describe('the tag sequence of RGSR_EL1.SEED', () => {
  it('repeats after 65535 states and never reaches 0', () => {
    // Four steps a draw; 4 and 65535 have no common divisor, so as many draws visit every state.
    let seed = 1
    let draws = 0
    do {
      seed = drawTagOffset(seed).seed
      draws++
    } while (seed > 1 && draws < 70_000)
    expect([seed, draws]).toEqual([1, 65535])
    expect(drawTagOffset(0)).toEqual({ offset: 0, seed: 0 })
  })
})

describe('integer operations', () => {
  const max = (1n << 64n) - 1n

  it('divide towards zero, by zero to zero, and wrap the most negative', () => {
    expect(udiv(1, 7n, 0n)).toBe(0n)
    expect(sdiv(1, max - 6n, 2n)).toBe(max - 2n)
    expect(sdiv(1, 1n << 63n, max)).toBe(1n << 63n)
    expect(sdiv(0, 0x8000_0000n, 0xffff_ffffn)).toBe(0x8000_0000n)
    expect(sdiv(0, 0xffff_fff9n, 0xffff_ffff_0000_0002n)).toBe(0xffff_fffdn)
  })

  it('count leading bits', () => {
    expect([clz(1, 0n), clz(0, 0n), clz(1, 1n), clz(1, 1n << 40n), clz(0, 0xf_0000_0001n)]).toEqual([
      64n,
      32n,
      63n,
      23n,
      31n,
    ])
    expect([cls(1, 0n), cls(1, max), cls(0, 0x8000_0000n), cls(1, 1n << 62n)]).toEqual([63n, 63n, 0n, 0n])
  })

  it('reverse and rotate', () => {
    expect(rbit(1, 1n)).toBe(1n << 63n)
    expect(rev(1, 0x0102_0304_0506_0708n, 8)).toBe(0x0807_0605_0403_0201n)
    expect(rev(1, 0x0102_0304_0506_0708n, 4)).toBe(0x0403_0201_0807_0605n)
    expect(rev(0, 0x0102_0304n, 2)).toBe(0x0201_0403n)
    expect(ror(1, 1n, 1n)).toBe(1n << 63n)
    expect(ror(0, 5n, 32n)).toBe(5n)
    expect(smulh(max, 5n)).toBe(max)
  })

  it('compute CRC-32 and CRC-32C of "123456789" with the usual inversions', () => {
    const sum = (castagnoli: boolean) =>
      [...'123456789'].reduce((crc, c) => crc32(castagnoli, 1, crc, BigInt(c.charCodeAt(0))), 0xffff_ffffn) ^
      0xffff_ffffn
    expect([sum(false), sum(true)]).toEqual([0xcbf4_3926n, 0xe306_9283n])
    expect(crc32(false, 8, 0n, 0x1122_3344_5566_7788n)).toBe(
      [0x88n, 0x77n, 0x66n, 0x55n, 0x44n, 0x33n, 0x22n, 0x11n].reduce(
        (crc, b) => crc32(false, 1, crc, b),
        0n,
      ),
    )
  })

  it('small gives the number at and beyond the prepared values', () => {
    expect([small(0), small(4095), small(4096), small(2 ** 40)]).toEqual([0n, 4095n, 4096n, 1n << 40n])
  })
})
