/**
 * The programs of this folder, and the hypervisor's own image, from source to console: built by our assembler and run on
 * our machine; the same on QEMU, and as GNU binutils build them, where these are installed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { buildImage, buildProgram, expected, handoverConfig, run, sortedLines } from './run-guest.ts'

const programs = [
  { name: 'exceptions', pes: 1 },
  { name: 'asynchronous', pes: 1 },
  { name: 'timers', pes: 1 },
  { name: 'host', pes: 1 },
  { name: 'mte-alloc', pes: 1 },
  { name: 'mte-modes', pes: 1 },
  { name: 'vectors', pes: 1 },
  { name: 'stage1', pes: 1 },
  { name: 'granules', pes: 1 },
  { name: 'stage2', pes: 1 },
  { name: 'access-flag-dirty', pes: 1 },
  { name: 'tlb', pes: 1 },
  { name: 'tlb-others', pes: 2 },
  { name: 'update-race', pes: 2 },
  { name: 'smp', pes: 2 },
  { name: 'atomics', pes: 4 },
  { name: 'maintenance', pes: 2 },
  { name: 'switch-bare', pes: 1 },
  { name: 'switch-nvhe', pes: 1 },
  { name: 'gic-physical', pes: 2 },
  { name: 'gic-ring', pes: 4 },
  { name: 'gic-virtual', pes: 1 },
  { name: 'handover', pes: 2 },
  { name: 'handover-vhe', pes: 2 },
] as const
const schedules = ['deterministic', 'parallel'] as const
const long = process.env.SWITCHYARD_LONG === '1'
/** Each schedule with each mode in the long run; else the two pairs that differ in both. */
const syncs: Record<(typeof schedules)[number], readonly ('eager' | 'latest')[]> = {
  deterministic: long ? ['eager', 'latest'] : ['latest'],
  parallel: long ? ['eager', 'latest'] : ['eager'],
}
const exit0 = { kind: 'exit', code: 0, by: 'semihosting' }

const noBinutils = spawnSync('aarch64-linux-gnu-as', ['--version']).status !== 0
const folder = mkdtempSync(join(tmpdir(), 'switchyard-guests-'))
afterAll(() => rmSync(folder, { recursive: true }))

const images = { handover: 'nvhe', 'handover-vhe': 'vhe' } as const
const build = (name: string): Uint8Array =>
  name === 'handover' || name === 'handover-vhe'
    ? buildImage(handoverConfig(), {}, images[name])
    : buildProgram(name)

describe.each(programs)('$name', { timeout: 120_000 }, ({ name, pes }) => {
  const lines = sortedLines(expected(name))

  describe.each(schedules)('%s', (kind) => {
    it.each(syncs[kind])('prints what is expected, sync %s', async (sync) => {
      const schedule = { kind, quantum: 250, seed: 7 }
      const { end, console } = await run(build(name), { pes, sync, schedule, memoryBytes: 256 << 20 })
      expect(sortedLines(console)).toEqual(lines)
      expect(end.reason).toEqual(exit0)
      expect(end.stateHash).toMatch(/^[0-9a-f]{64}$/)
    })
  })

  it('prints the same on QEMU', async ({ skip }) => {
    skip(noQemu, noQemuReason)
    const { code, console } = await runOnQemu(build(name), pes)
    expect(sortedLines(console)).toEqual(lines)
    expect(code).toBe(0)
  })
})

it('shows another PE what was there before where the maintenance is left out', async () => {
  const lines = expected('tlb-others').trim().split('\n')
  const { console } = await run(buildProgram('tlb-others', { MAINTAIN: 0 }), { pes: 2 })
  const stale = [...console.matchAll(/ stale (\d+)$/gm)].map(([, count]) => Number(count))
  expect(stale).toHaveLength(lines.length)
  expect(Math.min(...stale)).toBeGreaterThan(0)
})

describe('built by GNU binutils', { timeout: 120_000 }, () => {
  beforeAll(() => {
    if (noBinutils) return
    const { status, stderr } = spawnSync('bash', [join(import.meta.dirname, 'build.sh'), folder])
    if (status !== 0) throw new Error(`build.sh failed: ${stderr}`)
  })

  it.for(programs)('$name prints the same here', async ({ name, pes }, { skip }) => {
    skip(noBinutils, 'aarch64-linux-gnu-as is not installed')
    const { end, console } = await run(readFileSync(join(folder, `${name}.elf`)), { pes })
    expect(sortedLines(console)).toEqual(sortedLines(expected(name)))
    expect(end.reason).toEqual(exit0)
  })
})
