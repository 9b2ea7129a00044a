/**
 * The programs of this folder, and the hypervisor's own image, from source to console: built by our assembler and run on
 * our machine; the same on QEMU, and as GNU binutils build them, where these are installed.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildImage, buildProgram, expected, handoverConfig, run, sortedLines } from './run-guest.ts'

const programs = [
  { name: 'exceptions', pes: 1 },
  { name: 'mte-alloc', pes: 1 },
  { name: 'mte-modes', pes: 1 },
  { name: 'smp', pes: 2 },
  { name: 'switch-bare', pes: 1 },
  { name: 'switch-nvhe', pes: 1 },
  { name: 'handover', pes: 2 },
] as const
const schedules = ['deterministic', 'parallel'] as const
const syncs = ['eager', 'latest'] as const
const exit0 = { kind: 'exit', code: 0, by: 'semihosting' }

const noBinutils = spawnSync('aarch64-linux-gnu-as', ['--version']).status !== 0
const noQemu = spawnSync('qemu-system-aarch64', ['--version']).status !== 0
const folder = mkdtempSync(join(tmpdir(), 'switchyard-guests-'))
afterAll(() => rmSync(folder, { recursive: true }))

const build = (name: string): Uint8Array =>
  name === 'handover' ? buildImage(handoverConfig()) : buildProgram(name)

/** What an image says on QEMU's virt board, and its exit code. */
function qemu(image: Uint8Array, name: string, pes: number): Promise<{ code: number; console: string }> {
  const file = join(folder, `${name}.elf`)
  writeFileSync(file, image)
  const board = ['-M', 'virt,virtualization=on,mte=on,gic-version=3', '-cpu', 'max', '-m', '256M']
  const rest = ['-smp', String(pes), '-nographic', '-semihosting', '-nic', 'none', '-kernel', file]
  return new Promise((resolve) => {
    const child = execFile('qemu-system-aarch64', [...board, ...rest], { timeout: 60_000 }, (error, stdout) =>
      resolve({
        code: error === null ? 0 : Number(error.code ?? -1),
        console: stdout.replaceAll('\r', ''),
      }),
    )
    child.stdin?.end()
  })
}

describe.each(programs)('$name', { timeout: 120_000 }, ({ name, pes }) => {
  const lines = sortedLines(expected(name))

  describe.each(schedules)('%s', (kind) => {
    it.each(syncs)('prints what is expected, sync %s', async (sync) => {
      const schedule = { kind, quantum: 250, seed: 7 }
      const { end, console } = await run(build(name), { pes, sync, schedule, memoryBytes: 256 << 20 })
      expect(sortedLines(console)).toEqual(lines)
      expect(end.reason).toEqual(exit0)
      expect(end.stateHash).toMatch(/^[0-9a-f]{64}$/)
    })
  })

  it('prints the same on QEMU', async ({ skip }) => {
    skip(noQemu, 'qemu-system-aarch64 is not installed')
    const { code, console } = await qemu(build(name), name, pes)
    expect(sortedLines(console)).toEqual(lines)
    expect(code).toBe(0)
  })
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
