/** Sixteen PEs, the most that a board has: interrupts that go round all of them, and the distributor's words that all change. */
import { describe, expect, it } from 'vitest'
import { buildProgram, run } from './run-guest.ts'

const PES = 16
const LAPS = 40

const ring = [
  'bytes and bits lost: 0',
  ...Array.from({ length: PES }, (_, pe) => {
    const taken = pe === 0 ? LAPS : LAPS - 1
    return `pe, sgis, spis: ${pe.toString(16)} ${taken} ${taken}`
  }),
]

describe(`gic-ring on ${PES} PEs`, () => {
  it.each([
    { kind: 'deterministic', quantum: 250, seed: 7, sync: 'latest' },
    { kind: 'parallel', quantum: 250, seed: 7, sync: 'eager' },
  ] as const)('$kind: no interrupt and no bit is lost', async ({ sync, ...schedule }) => {
    const { end, console } = await run(buildProgram('gic-ring', { PES, LAPS }), { pes: PES, sync, schedule })
    expect(console.trimEnd().split('\n')).toEqual(ring)
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  })
})
