import { describe, expect, it } from 'vitest'
import { run } from '../guests/run-guest.ts'
import { buildLitmus, readHistograms } from './program.ts'
import { controls, moreThreads, type Shape, storeBuffering, twoThreads } from './shapes.ts'

const ITERATIONS = process.env.SWITCHYARD_LONG === '1' ? 100_000 : 1000

/** Iterations in which the relaxed outcome of SB is looked for: where one in 100,000 shows it, 5 million do not miss it. */
const MOST_OF_SB = 5_000_000

/** At the same time, or in turns of a few instructions: then every interleaving comes, whatever else the host does. */
const schedules = {
  parallel: { schedule: { kind: 'parallel', quantum: 1, seed: 1 }, clock: 'host' },
  turns: { schedule: { kind: 'deterministic', quantum: 7, seed: 1 }, clock: 'model' },
} as const

/** Runs shapes. @returns what was seen of each, with the outcomes that it forbids */
async function outcomes(
  shapes: readonly Shape[],
  pes: number,
  kind: keyof typeof schedules,
  iterations = ITERATIONS,
) {
  const image = buildLitmus(shapes, pes, iterations)
  const { end, console } = await run(image, { pes, ...schedules[kind], stop: { seconds: 3000 } })
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  return readHistograms(console, shapes.length).map((histogram, i) => ({
    name: shapes[i]!.name,
    total: histogram.reduce((sum, { count }) => sum + count, 0),
    kinds: histogram.length,
    forbidden: histogram.filter(({ outcome }) => shapes[i]!.forbidden(outcome)),
  }))
}

const clean = (shapes: readonly Shape[]) =>
  shapes.map(({ name }) => ({ name, total: ITERATIONS, forbidden: [] }))

describe('the memory model, on data and on tags', { timeout: 3_600_000 }, () => {
  it.each([
    { pes: 2, shapes: twoThreads },
    { pes: 4, shapes: moreThreads },
  ])('forbids what the architecture forbids: $shapes.length shapes on $pes PEs', async ({ shapes, pes }) => {
    const seen = await outcomes(shapes, pes, 'parallel')
    expect(seen.map(({ name, total, forbidden }) => ({ name, total, forbidden }))).toEqual(clean(shapes))
    // The threads met: a shape that only ever ends one way has not been tried.
    expect(seen.some(({ kinds }) => kinds > 1)).toBe(true)
  })

  it('would be seen to be broken: programs in the other order show the same outcomes', async () => {
    const seen = await outcomes(controls, 2, 'turns', 500)
    expect(seen.filter(({ forbidden }) => forbidden.length === 0)).toEqual([])
  })

  it('and show them at the same time too', async ({ skip }) => {
    skip(ITERATIONS < 100_000, 'only in the long run')
    const seen = await outcomes(controls, 2, 'parallel')
    expect(seen.filter(({ forbidden }) => forbidden.length === 0)).toEqual([])
  })

  // Two interpreted instructions take longer than a host's store buffer holds a store as a rule: about one iteration in 100,000.
  it('and SB without barriers is relaxed, as this host is', async ({ skip }) => {
    skip(ITERATIONS < 100_000, 'only in the long run')
    let tried = 0
    for (; tried < MOST_OF_SB; tried += ITERATIONS) {
      const [seen] = await outcomes([storeBuffering], 2, 'parallel')
      if (seen!.forbidden.length > 0) return
    }
    skip(true, `this host showed both reads old in none of ${tried} iterations`)
  })
})
