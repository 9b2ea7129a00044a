import { describe, expect, it } from 'vitest'
import { bench } from './workloads.ts'

const { workloads, ratios } = bench(0.01)
const names = workloads.map(({ name }) => name)

describe('the bench, as a smoke run', () => {
  // The command line wants a build; `npm run bench` has one.
  it.each(workloads.filter(({ name }) => name !== 'command_line_start'))(
    '$name comes to a figure',
    { timeout: 60_000 },
    async ({ once }) => {
      const value = await once()
      expect(Number.isFinite(value)).toBe(true)
      expect(value).toBeGreaterThan(0)
    },
  )

  it('has names of its own, and ratios of workloads that exist', () => {
    expect(new Set(names).size).toBe(names.length)
    for (const { of, to } of ratios) expect(names).toEqual(expect.arrayContaining([of, to]))
  })
})
