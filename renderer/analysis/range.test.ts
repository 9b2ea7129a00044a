import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitRange, NARROWEST, panRange, revealRange, ticks, zoomRange } from './range.ts'

const run = 1_000_000

describe('a range', () => {
  it('stays inside the run and never gets too narrow, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -2 * run, max: 2 * run, noNaN: true }),
        fc.double({ min: -2 * run, max: 2 * run, noNaN: true }),
        (a, b) => {
          const range = fitRange(Math.min(a, b), Math.max(a, b), run)
          if (!range) return
          expect(range.from).toBeGreaterThanOrEqual(0)
          expect(range.to).toBeLessThanOrEqual(run)
          expect(range.to - range.from).toBeGreaterThanOrEqual(NARROWEST)
        },
      ),
    )
  })
  it('becomes the whole run when it holds all of it', () => expect(fitRange(-5, run + 5, run)).toBeNull())
  it('zooms about the cycle under the pointer', () =>
    expect(zoomRange({ from: 0, to: 1000 }, 250, 0.5, run)).toEqual({ from: 125, to: 625 }))
  it('zooms out to the whole run', () =>
    expect(zoomRange({ from: 10, to: run - 10 }, 500_000, 2, run)).toBeNull())
  it('stops at the ends without changing its width', () =>
    expect(panRange({ from: 100, to: 1100 }, -0.5, run)).toEqual({ from: 0, to: 1000 }))
  it('is left alone while a switch is in view', () => {
    const range = { from: 0, to: 1000 }
    expect(revealRange(range, 100, 200, run)).toBe(range)
  })
  it('moves to a switch outside', () =>
    expect(revealRange({ from: 0, to: 1000 }, 5000, 5100, run)).toEqual({ from: 4550, to: 5550 }))
  it('ticks are round and inside', () =>
    expect(ticks(83_000, 93_000, 5)).toEqual([84_000, 86_000, 88_000, 90_000, 92_000]))
  it('ticks are whole cycles', () => expect(ticks(0, 3, 10)).toEqual([0, 1, 2, 3]))
})
