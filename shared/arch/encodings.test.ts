import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SystemOpName, sysops } from './sysops.ts'
import { encodingName, type SysregName, sysregs } from './sysregs.ts'

const assembler = 'aarch64-linux-gnu-as'
const missing = spawnSync(assembler, ['--version']).status !== 0
const reason = missing ? ` (skipped: ${assembler} is not installed)` : ''

/** Names that binutils 2.40 does not know yet; they are still asked for by encoding. */
const unknownToBinutils = new Set<string>(['ID_AA64MMFR3_EL1', 'ID_AA64MMFR4_EL1', 'ID_AA64PFR2_EL1'])

/** Instruction words of a source, by GNU binutils: an opinion about encodings that is not ours. */
function assemble(lines: readonly string[]): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-encodings-'))
  try {
    const source = join(folder, 'a.s')
    writeFileSync(source, `.arch armv8.7-a+memtag+sve\n${lines.join('\n')}\n`)
    const object = join(folder, 'a.o')
    const as = spawnSync(assembler, ['-o', object, source], { encoding: 'utf8' })
    if (as.status !== 0) throw new Error(as.stderr)
    const binary = join(folder, 'a.bin')
    const copy = spawnSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', object, binary], {
      encoding: 'utf8',
    })
    if (copy.status !== 0) throw new Error(copy.stderr)
    const bytes = readFileSync(binary)
    return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const word = (op0: number, op1: number, crn: number, crm: number, op2: number, read: boolean): number =>
  (0xd500_0000 | (read ? 1 << 21 : 0) | (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5)) >>>
  0

describe(`encodings agree with GNU binutils${reason}`, () => {
  it.skipIf(missing)('system registers', () => {
    const names = Object.keys(sysregs) as SysregName[]
    const read = (name: SysregName): boolean =>
      sysregs[name].read !== 'none' || sysregs[name].write === 'none'
    const text = (name: SysregName): string =>
      unknownToBinutils.has(name) ? encodingName(...sysregs[name].enc) : name.toLowerCase()
    const words = assemble(
      names.map((name) => (read(name) ? `mrs x0, ${text(name)}` : `msr ${text(name)}, x0`)),
    )
    const ours = names.map((name) => word(...sysregs[name].enc, read(name)))
    expect(names.map((name, i) => [name, words[i]])).toEqual(names.map((name, i) => [name, ours[i]]))
  })

  it.skipIf(missing)('system instructions, and whether they take an operand', () => {
    const names = Object.keys(sysops) as SystemOpName[]
    const words = assemble(names.map((name) => `${name.toLowerCase()}${sysops[name].operand ? ', x0' : ''}`))
    const ours = names.map((name) => {
      const { enc, operand } = sysops[name]
      return (word(1, ...enc, false) | (operand ? 0 : 31)) >>> 0
    })
    expect(names.map((name, i) => [name, words[i]])).toEqual(names.map((name, i) => [name, ours[i]]))
  })
})
