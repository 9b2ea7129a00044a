/**
 * Kernels that other people built for QEMU's virt board, from Debian's packages where these are installed: U-Boot to its
 * prompt, and in the long run Linux until it has no root file system.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noQemu, noQemuReason } from './qemu.ts'
import { quietPlan, start } from './run-guest.ts'

const UBOOT = '/usr/lib/u-boot/qemu_arm64/u-boot.bin'
const LINUX = '/usr/lib/debian-installer/images/12/arm64/text/debian-installer/arm64/linux'
const long = process.env.SWITCHYARD_LONG === '1'

/** U-Boot runs at any page and looks for its tree at the start of RAM: an ELF file of one segment above that. */
function asElf(binary: Uint8Array, address: number): Uint8Array {
  const at = 4096
  const file = new Uint8Array(at + binary.length)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  const put16 = (offset: number, ...values: number[]): void => {
    for (const [i, value] of values.entries()) view.setUint16(offset + i * 2, value, true)
  }
  const put64 = (offset: number, ...values: number[]): void => {
    for (const [i, value] of values.entries()) view.setBigUint64(offset + i * 8, BigInt(value), true)
  }
  put16(16, 2, 183)
  view.setUint32(20, 1, true)
  put64(24, address, 64)
  put16(52, 64, 56, 1)
  view.setUint32(64, 1, true)
  view.setUint32(68, 7, true)
  put64(72, at, address, address, binary.length, binary.length, at)
  file.set(binary, at)
  return file
}

async function until(what: string, holds: () => boolean, seconds: number): Promise<void> {
  for (let i = 0; !holds(); i++) {
    if (i > seconds * 20) throw new Error(`${what} did not come within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const host = { clock: 'host', unknown: 'zero', schedule: { kind: 'parallel', quantum: 0, seed: 0 } } as const

describe.each(long ? [1, 2] : [2])('U-Boot entered at EL%i', { timeout: 120_000 }, (el) => {
  it('reaches its prompt, and does what is typed', async ({ skip }) => {
    skip(!existsSync(UBOOT), 'Debian’s u-boot-qemu is not installed')
    const { handle, console } = await start(asElf(readFileSync(UBOOT), 0x4020_0000), {
      ...host,
      memoryBytes: 256 << 20,
      features: { ...quietPlan.features, el2: el === 2 },
      inputOpen: true,
      stop: { seconds: 100 },
    })
    await until('the countdown', () => console().includes('Hit any key'), 90)
    handle.input(Buffer.from('\n'))
    await until('the prompt', () => /^=> /m.test(console()), 90)
    handle.input(Buffer.from('echo $baudrate; md.l 40000000 1\n'))
    await until('the answer', () => /^115200\r?\n40000000: edfe0dd0/m.test(console()), 90)
    handle.input(Buffer.from('poweroff\n'))
    const { reason } = await handle.ended
    expect(console()).toMatch(/^DRAM: {2}256 MiB\r?$/m)
    expect(console()).toMatch(/^In: {4}pl011@9000000\r?$/m)
    expect(reason).toEqual({ kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' })
  })
})

describe('Linux', { timeout: 1_800_000 }, () => {
  const append = 'earlycon console=ttyAMA0 panic=-1'
  /** What differs because this machine lacks what QEMU's has, or has what that lacks; times, addresses and sizes. */
  const feature =
    /^(CPU features|SVE|ITS|GICv3: (using|CPU0: using)|Platform MSI|PCI\/MSI|fsl-mc|pci|pl061|hw perfevents|Registered setend|setend|ASID|hw-breakpoint|kvm \[1\]: IPA|Memory:|NUMA: NODE_DATA|Booting Linux on|audit|hrtimer|node 0 deferred|rtc-pl031|Kernel Offset|PHYS_OFFSET)/
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.replace(/^\[ *[\d.]+\] /, '').trimEnd())
      .filter((line) => line !== '' && !feature.test(line))

  it('says what it says on QEMU, until it finds no root', async ({ skip }) => {
    skip(!long, 'only in the long run')
    skip(!existsSync(LINUX), 'Debian’s debian-installer-12-netboot-arm64 is not installed')
    skip(noQemu, noQemuReason)
    const machine = ['-M', 'virt,virtualization=on,gic-version=3,mte=on', '-cpu', 'max', '-m', '512M']
    const rest = ['-nographic', '-nic', 'none', '-no-reboot', '-kernel', LINUX, '-append', append]
    const there = spawnSync('qemu-system-aarch64', [...machine, ...rest], {
      input: '',
      timeout: 120_000,
      encoding: 'latin1',
    })
    const { handle, console } = await start(readFileSync(LINUX), {
      ...host,
      image: { bytes: readFileSync(LINUX), file: LINUX, commandLine: append },
      memoryBytes: 512 << 20,
      stop: { seconds: 1700 },
    })
    const { reason } = await handle.ended
    expect(console()).toContain('Kernel panic - not syncing: VFS: Unable to mount root fs')
    expect(lines(console())).toEqual(lines(there.stdout))
    expect(reason).toEqual({ kind: 'exit', code: 0, by: 'PSCI SYSTEM_RESET' })
  })
})
