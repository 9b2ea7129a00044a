/** QEMU's virt board with MTE and EL2, for comparison; optional. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const noQemu = spawnSync('qemu-system-aarch64', ['--version']).status !== 0
export const noQemuReason = 'qemu-system-aarch64 is not installed'

const machine = ['-M', 'virt,virtualization=on,mte=on,gic-version=3', '-cpu', 'max', '-m', '256M']
const rest = ['-nographic', '-semihosting', '-nic', 'none']

/** What an image says there, and its exit code; -1 when it was still running after a minute. */
export function runOnQemu(image: Uint8Array, pes: number): Promise<{ code: number; console: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-qemu-'))
  const file = join(folder, 'guest.elf')
  writeFileSync(file, image)
  const args = [...machine, ...rest, '-smp', String(pes), '-kernel', file]
  return new Promise((resolve) => {
    const child = execFile('qemu-system-aarch64', args, { timeout: 60_000 }, (error, stdout) => {
      rmSync(folder, { recursive: true })
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, console: stdout.replaceAll('\r', '') })
    })
    child.stdin?.end()
  })
}
