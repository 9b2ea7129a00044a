/**
 * Programs as other people write them, built by GNU binutils as raw binaries, arm64 Images and ELF files, entered at EL1 and
 * EL2: here and on QEMU with the same console. And the board's device tree against QEMU's.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deviceTree } from '../../electron/machine/board/tree.ts'
import { cells, readTree, strings, type TreeNode } from '../support/device-tree.ts'
import { noQemu, noQemuReason } from './qemu.ts'
import { quietPlan, run } from './run-guest.ts'

const here = join(import.meta.dirname, 'board')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-board-'))
afterAll(() => rmSync(folder, { recursive: true }))
const noBinutils = spawnSync('aarch64-linux-gnu-as', ['--version']).status !== 0
const noBinutilsReason = 'aarch64-linux-gnu-as is not installed'

const ARGUMENTS = 'foo bar'

type Style = { kind: 'raw' | 'image' | 'elf'; address: number; textOffset?: number }

/** @returns the name of the file */
function build(name: string, { kind, address, textOffset = 0 }: Style): string {
  const base = join(folder, `${name}-${kind}-${address.toString(16)}`)
  const image = kind === 'image' ? ['--defsym', 'IMAGE=1', '--defsym', `TEXT_OFFSET=${textOffset}`] : []
  const source = join(here, `${name}.S`)
  execFileSync('aarch64-linux-gnu-as', ['-march=armv8.5-a', '-I', here, ...image, '-o', `${base}.o`, source])
  const script = ['-T', join(here, 'board.ld'), `-Ttext=0x${address.toString(16)}`, '--no-warn-rwx-segments']
  execFileSync('aarch64-linux-gnu-ld', [...script, '-o', `${base}.elf`, `${base}.o`])
  if (kind === 'elf') return `${base}.elf`
  execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', `${base}.elf`, `${base}.bin`])
  return `${base}.bin`
}

function onQemu(el: number, pes: number, ...rest: string[]): string {
  const machine = `virt,virtualization=${el === 2 ? 'on' : 'off'},gic-version=3,mte=on`
  const args = ['-M', machine, '-cpu', 'max', '-m', '256M', '-smp', String(pes), '-nic', 'none', '-nographic']
  const { stdout, error } = spawnSync('qemu-system-aarch64', [...args, ...rest], {
    input: '',
    timeout: 60_000,
    encoding: 'latin1',
  })
  if (error) throw error
  return stdout.replaceAll('\r', '')
}

async function onOurs(file: string, el: number, pes: number): Promise<string> {
  const bytes = readFileSync(file)
  const { end, console } = await run(bytes, {
    image: { bytes, file, commandLine: ARGUMENTS },
    pes,
    memoryBytes: 256 << 20,
    features: { ...quietPlan.features, el2: el === 2 },
    unknown: 'zero',
  })
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' })
  return console.replaceAll('\r', '')
}

const long = process.env.SWITCHYARD_LONG === '1'

const styles: Style[] = [
  { kind: 'raw', address: 0x4008_0000 },
  { kind: 'image', address: 0x4020_0000 },
  { kind: 'image', address: 0x4010_0000, textOffset: 0x10_0000 },
  { kind: 'elf', address: 0x4020_0000 },
  { kind: 'elf', address: 0x4008_0000 },
  { kind: 'elf', address: 0x4000_0000 },
]
const rows = [
  ...styles.flatMap((style) => [1, 2].map((el) => ({ name: 'entry', style, el, pes: 1, lines: 13 }))),
  ...[1, 2].map((el) => ({ name: 'devices', style: styles[0]!, el, pes: 1, lines: 100 })),
  ...[1, 2].map((el) => ({ name: 'interrupts', style: styles[0]!, el, pes: 1, lines: 50 })),
  { name: 'semihosting', style: styles[0]!, el: 2, pes: 1, lines: 25 },
  ...(long ? [1, 2] : [2]).map((el) => ({ name: 'psci', style: styles[3]!, el, pes: 16, lines: 200 })),
]

describe.each(rows)('$name at EL$el, $style.kind at $style.address', { timeout: 120_000 }, (row) => {
  it('prints here what it prints on QEMU', async ({ skip }) => {
    skip(noBinutils, noBinutilsReason)
    skip(noQemu, noQemuReason)
    const file = build(row.name, row.style)
    const there = onQemu(row.el, row.pes, '-kernel', file, '-append', ARGUMENTS, '-semihosting')
    expect(there.split('\n').length).toBeGreaterThan(row.lines)
    expect(await onOurs(file, row.el, row.pes)).toBe(there)
  })
})

describe.each([
  { el: 1, pes: 1 },
  { el: 2, pes: 1 },
  { el: 2, pes: 16 },
])('the device tree of $pes PEs with EL$el', ({ el, pes }) => {
  /** What QEMU's board has besides, and what only differs there. */
  const absent = /^\/(flash|fw-cfg|gpio-keys|pcie|pl061|platform-bus|pmu)\b|\/its@/
  const other = /\/(kaslr-seed|rng-seed)$|^\/cpus\/cpu@\d+\/compatible$/

  /** Every property by its path, with phandles as the paths that they lead to. */
  function flat(root: TreeNode): Record<string, string> {
    const handles = new Map<number, string>()
    const all: Record<string, string> = {}
    const visit = (node: TreeNode, path: string, then: (node: TreeNode, path: string) => void): void => {
      then(node, path)
      for (const [name, child] of node.children) visit(child, `${path}/${name}`, then)
    }
    visit(root, '', (node, path) => {
      if (node.properties.has('phandle')) handles.set(cells(node, 'phandle')[0]!, path)
    })
    const references = new Set(['interrupt-parent', 'clocks', 'cpu'])
    visit(root, '', (node, path) => {
      for (const [name, bytes] of node.properties) {
        const at = `${path}/${name}`
        if (name === 'phandle' || absent.test(at) || other.test(at)) continue
        all[at] = references.has(name)
          ? cells(node, name)
              .map((handle) => handles.get(handle))
              .join(' ')
          : [...bytes].join(' ')
      }
    })
    return all
  }

  it('says what QEMU’s says of everything that is here', ({ skip }) => {
    skip(noQemu, noQemuReason)
    const file = join(folder, `qemu-${el}-${pes}.dtb`)
    const machine = `virt,virtualization=${el === 2 ? 'on' : 'off'},gic-version=3,mte=on,dumpdtb=${file}`
    spawnSync('qemu-system-aarch64', [
      '-M',
      machine,
      '-cpu',
      'max',
      '-m',
      '256M',
      '-smp',
      String(pes),
      '-nographic',
      '-nic',
      'none',
    ])
    const features = { ...quietPlan.features, el2: el === 2 }
    const ours = readTree(deviceTree({ pes, ramBytes: 256 << 20, features, seed: 0 }))
    const theirs = readTree(readFileSync(file))
    expect(strings(theirs, 'model')).toEqual(['linux,dummy-virt'])
    expect(flat(ours)).toEqual(flat(theirs))
  })
})
