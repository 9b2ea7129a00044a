/**
 * The assembler against GNU as and ld: the files of gnu-corpus/ and the sources under resources/, must give the same
 * sections, bytes and symbols. Skipped where the AArch64 binutils are not installed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { assemble } from './assemble.ts'
import { readElf } from './elf-read.ts'
import { writeElf } from './elf-write.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const installed = ['as', 'ld', 'readelf', 'objdump'].every(
  (tool) => spawnSync(`aarch64-linux-gnu-${tool}`, ['--version']).status === 0,
)
const linkScript = `ENTRY(_start)
SECTIONS
{
  . = 0x40080000;
  .text : { *(.text.start) *(.text*) }
  . = ALIGN(4096);
  .rodata : { *(.rodata*) }
  .data : { *(.data*) }
  . = ALIGN(4096);
  .bss (NOLOAD) : { *(.bss*) }
  _end = .;
}
`
const long = process.env.SWITCHYARD_LONG === '1'
const directory = mkdtempSync(join(tmpdir(), 'switchyard-asm-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Built {
  sections: { name: string; address: bigint; size: number; bytes: string }[]
  symbols: string[]
  entry: bigint
}

/** What the two have in common: mapping and section symbols, and which section `_end` counts for, are ld's own affair. */
function summary(bytes: Uint8Array, file: string): Built {
  const image = readElf(bytes, file)
  const kept = image.sections.filter(({ name, type }) => ![0, 2, 3].includes(type) && name !== '')
  const named = image.symbols.filter(
    ({ name, type }) => !/^\$|^$/.test(name) && type !== 'file' && type !== 'section',
  )
  return {
    sections: kept.map(({ name, address, size, bytes }) => ({
      name,
      address,
      size,
      bytes: Buffer.from(bytes).toString('hex'),
    })),
    symbols: named
      .map(({ name, value, global, size }) => `${name} ${value.toString(16)} ${global} ${size}`)
      .sort(),
    entry: image.entry,
  }
}

/** @param search folders for `.include`, in order. */
function gnuBuild(source: string, search: string[]): Built {
  const object = join(directory, 'a.o')
  const output = join(directory, 'a.elf')
  const script = join(directory, 'link.ld')
  writeFileSync(script, linkScript)
  const includes = search.flatMap((folder) => ['-I', folder])
  const options = { cwd: directory, stdio: 'pipe' } as const
  execFileSync(
    'aarch64-linux-gnu-as',
    ['-march=armv8.5-a+memtag', ...includes, '-o', object, source],
    options,
  )
  execFileSync(
    'aarch64-linux-gnu-ld',
    ['-T', script, '--no-warn-rwx-segments', '-o', output, object],
    options,
  )
  return summary(readFileSync(output), output)
}

function ourBuild(source: string, search: string[]): { image: Uint8Array; built: Built } {
  const include = (path: string): string | null => {
    const found = search.map((folder) => join(folder, path)).find(existsSync)
    return found === undefined ? null : readFileSync(found, 'utf8')
  }
  const image = writeElf(assemble({ file: source, text: readFileSync(source, 'utf8') }, { include }))
  return { image, built: summary(image, 'ours') }
}

/**
 * Configurations of the bundled images: every CFG_ name has one value throughout, so that the branches of conditions are
 * all met, once with the switches of each policy as they stand and once with all of them turned; but for the long run, the
 * policies that only change some of mainline's switches are assembled once.
 */
function configurations(): [string, string][] {
  const sources = globSync('resources/**/*.{S,inc}', { cwd: root }).map((name) =>
    readFileSync(join(root, name), 'utf8'),
  )
  const names = [...new Set(sources.flatMap((text) => text.match(/\bCFG_\w+/g) ?? []))].sort()
  const policies = globSync('resources/hyp/policies/*.inc', { cwd: root }).sort()
  const every = (policy: string): boolean => long || policy.endsWith('/mainline.inc')
  return policies.flatMap((policy) =>
    (every(policy) ? [1, 2, 3] : [3]).flatMap((value) =>
      (every(policy) ? [false, true] : [false]).map((turned): [string, string] => {
        const text = readFileSync(join(root, policy), 'utf8')
        const switches = turned
          ? text.replace(/^(\.set \w+,\s*)([01])\b/gm, (_all, set, old) => `${set}${1 - old}`)
          : text
        const guests = ['alloc', 'user', 'plain'].slice(0, value)
        const rows = guests.map((guest, i) => `cfg_vcpu ${guest}, checks=${i}, rounds=10`)
        const vcpus = ['.macro vcpu_config', ...rows, '.endm'].join('\n')
        const config = [...names.map((name) => `.set ${name}, ${value}`), switches, vcpus].join('\n')
        return [`${policy}${turned ? ' turned' : ''}, every CFG_ = ${value}`, `${config}\n`]
      }),
    ),
  )
}

describe.skipIf(!installed)(
  'GNU as and ld give the same (skipped without binutils-aarch64-linux-gnu)',
  () => {
    it.each(globSync('shared/asm/gnu-corpus/*.S', { cwd: root }).sort())('%s', (name) => {
      const source = join(root, name)
      const { image, built } = ourBuild(source, [directory])
      expect(built).toEqual(gnuBuild(source, [directory]))
      const output = join(directory, 'ours.elf')
      writeFileSync(output, image)
      for (const tool of [
        ['readelf', '-aW'],
        ['objdump', '-D'],
      ] as const) {
        const { status, stderr } = spawnSync(`aarch64-linux-gnu-${tool[0]}`, [tool[1], output], {
          encoding: 'utf8',
        })
        expect({ tool, status, stderr }).toEqual({ tool, status: 0, stderr: '' })
      }
    })

    const images = globSync('resources/**/image.S', { cwd: root }).sort()
    const cases = images.flatMap((image) =>
      configurations().map(([name, config]) => [image, name, config] as const),
    )
    it.each(cases)('%s with %s', (image, _name, config) => {
      writeFileSync(join(directory, 'config.inc'), config)
      const search = [directory, join(root, 'resources')]
      expect(ourBuild(join(root, image), search).built).toEqual(gnuBuild(join(root, image), search))
    })
  },
)
