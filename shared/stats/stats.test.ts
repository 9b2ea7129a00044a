import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, evenColumns } from './columns.ts'
import { countsOf, countsOfSample, nearestRank, quantile } from './counts.ts'
import { ecdf } from './ecdf.ts'
import { histogram, niceStep } from './histogram.ts'

const sample = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 300 })
const counts = (values: number[]) => countsOfSample(Float64Array.from(values))

describe('quantile', () => {
  it('is the nearest rank of the sorted sample', () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(50, 90, 99, 99.9, 100), (values, percent) => {
        const sorted = [...values].sort((a, b) => a - b)
        const rank = Number((BigInt(Math.round(percent * 10)) * BigInt(values.length) + 999n) / 1000n)
        expect(quantile(counts(values), percent / 100)).toBe(sorted[rank - 1])
      }),
    )
  })
  it('does not trip over a product that is not exact', () => {
    expect(nearestRank(100, 0.07)).toBe(7)
    expect(nearestRank(1000, 0.999)).toBe(999)
    expect(nearestRank(1, 0.5)).toBe(1)
  })
  it('refuses an empty sample and a share outside (0, 1]', () => {
    expect(() => quantile(countsOf([]), 0.5)).toThrow(RangeError)
    expect(() => quantile(counts([1]), 0)).toThrow(RangeError)
    expect(() => quantile(counts([1]), 1.1)).toThrow(RangeError)
  })
  it('adds up equal values', () => {
    expect(
      countsOf([
        [5, 2],
        [3, 1],
        [5, 1],
      ]),
    ).toEqual({
      value: Float64Array.of(3, 5),
      count: Float64Array.of(1, 3),
      n: 4,
    })
  })
})

describe('histogram', () => {
  it('covers the sample in at most the bins asked for, and counts everything once', () => {
    fc.assert(
      fc.property(sample, fc.integer({ min: 1, max: 60 }), (values, bins) => {
        const { start, width, count } = histogram(counts(values), bins)
        expect(start.length).toBeLessThanOrEqual(bins)
        expect(count.reduce((a, b) => a + b, 0)).toBe(values.length)
        for (let i = 0; i < start.length; i++) {
          expect(count[i]).toBe(values.filter((v) => v >= start[i]! && v < start[i]! + width).length)
        }
      }),
    )
  })
  it('chooses steps of 1, 2 and 5', () => {
    expect([0.3, 1, 1.5, 3, 7, 12, 99, 101].map(niceStep)).toEqual([1, 1, 2, 5, 10, 20, 100, 200])
  })
})

describe('ecdf', () => {
  it('keeps exact steps, ends at one, and stays within the steps asked for', () => {
    fc.assert(
      fc.property(sample, fc.integer({ min: 2, max: 40 }), (values, most) => {
        const { value, share } = ecdf(counts(values), most)
        expect(value.length).toBeLessThanOrEqual(most)
        expect(share[share.length - 1]).toBe(1)
        expect(value[0]).toBe(Math.min(...values))
        for (let i = 0; i < value.length; i++) {
          expect(share[i]).toBe(values.filter((v) => v <= value[i]!).length / values.length)
        }
      }),
    )
  })
})

describe('columns', () => {
  it('cover every cycle of the range once', () => {
    const arbitrary = fc.tuple(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 1, max: 3000 }),
    )
    fc.assert(
      fc.property(arbitrary, ([from, length, count]) => {
        const columns = columnsOf(from, from + length, count)
        expect(columns.length).toBe(Math.min(count, length + 1))
        expect(columns[0]!.from).toBe(from)
        expect(columns.at(-1)!.to).toBe(from + length)
        columns.forEach((column, i) => {
          expect(column.to).toBeGreaterThanOrEqual(column.from)
          if (i > 0) expect(column.from).toBe(columns[i - 1]!.to + 1)
        })
      }),
    )
  })
  it('of one width cover every cycle once, only the last being shorter', () => {
    const arbitrary = fc.tuple(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 1, max: 3000 }),
    )
    fc.assert(
      fc.property(arbitrary, ([from, length, count]) => {
        const { stretches, columnStart, columnWidth } = evenColumns(from, from + length, count)
        expect(stretches.length).toBeLessThanOrEqual(count)
        expect([...columnStart]).toEqual(stretches.map((stretch) => stretch.from))
        expect(stretches[0]!.from).toBe(from)
        expect(stretches.at(-1)!.to).toBe(from + length)
        stretches.forEach((stretch, i) => {
          const width = stretch.to - stretch.from + 1
          if (i === stretches.length - 1) expect(width).toBeLessThanOrEqual(columnWidth)
          else expect([width, stretch.to + 1]).toEqual([columnWidth, stretches[i + 1]!.from])
        })
      }),
    )
  })
  it('of nothing are none', () => {
    expect(columnsOf(5, 4, 10)).toEqual([])
  })
})
