import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { align } from './align.ts'

const words = fc.array(fc.constantFrom('mrs', 'msr', 'isb', 'ldr'), { maxLength: 12 })

/** Length of a longest common subsequence, by trying every way. */
function longest(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  const [x, ...restA] = a
  const at = b.indexOf(x!)
  const without = longest(restA, b)
  return at < 0 ? without : Math.max(without, 1 + longest(restA, b.slice(at + 1)))
}

describe('align', () => {
  it('keeps both sides whole and in order, and pairs as many equal elements as can be', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const rows = align(a, b)
        expect(rows.flatMap((row) => (row.a === null ? [] : [row.a]))).toEqual([...a.keys()])
        expect(rows.flatMap((row) => (row.b === null ? [] : [row.b]))).toEqual([...b.keys()])
        const pairs = rows.filter((row) => row.a !== null && row.b !== null)
        for (const pair of pairs) expect(a[pair.a!]).toBe(b[pair.b!])
        expect(pairs).toHaveLength(longest(a, b))
      }),
      { seed: 7, numRuns: 300 },
    )
  })

  it('tells what is taken away before what is put in its place', () => {
    expect(align(['x', 'old', 'y'], ['x', 'new', 'y'])).toEqual([
      { a: 0, b: 0 },
      { a: 1, b: null },
      { a: null, b: 1 },
      { a: 2, b: 2 },
    ])
  })
})
