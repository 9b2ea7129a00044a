/** Random use of the interrupt controller here and on QEMU: every value that is read must be the same. */
import { describe, expect, it } from 'vitest'
import { randomProgram } from './gic-random.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { buildSource, run } from './run-guest.ts'

const SEEDS = process.env.SWITCHYARD_LONG === '1' ? 100 : 2
const STEPS = 240

describe('random use of the interrupt controller', { timeout: 120_000 }, () => {
  it.for(Array.from({ length: SEEDS }, (_, i) => i + 1))(
    'seed %i reads the same on QEMU',
    async (seed, { skip }) => {
      skip(noQemu, noQemuReason)
      const image = buildSource(randomProgram(seed, STEPS), `gic-random-${seed}.S`)
      const there = await runOnQemu(image, 1)
      const here = await run(image, { memoryBytes: 256 << 20 })
      const lines = here.console.trimEnd().split('\n')
      expect(lines.length).toBeGreaterThan(STEPS)
      expect(lines).toEqual(there.console.trimEnd().split('\n'))
      expect(there.code).toBe(0)
    },
  )
})
