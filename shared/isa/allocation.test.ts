import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compilePattern, decode } from './decoder.ts'
import { type NotImplemented, notImplemented } from './not-implemented.ts'
import { notModelledName } from './not-modelled.ts'

/**
 * Which words are allocated, against GNU objdump: every word that it knows is a row, an instruction that is not modelled, or
 * one of a feature that no machine of ours has; and nothing else is.
 */

const OBJDUMP = 'aarch64-linux-gnu-objdump'
const missing = spawnSync(OBJDUMP, ['--version']).status !== 0
const WORDS = process.env.SWITCHYARD_LONG ? 2_000_000 : 40_000

const directory = mkdtempSync(join(tmpdir(), 'switchyard-allocation-'))
afterAll(() => rmSync(directory, { recursive: true }))

function randomWords(seed: number, count: number, shape: (word: number) => number): Uint32Array {
  let state = seed
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 16
  }
  return Uint32Array.from({ length: count }, () => shape(((draw() << 16) | draw()) >>> 0))
}

/** objdump's text of each word; null where it knows none. */
function disassembled(words: Uint32Array): (string | null)[] {
  const file = join(directory, 'words.bin')
  writeFileSync(file, words)
  const output = execFileSync(OBJDUMP, ['-D', '-z', '-b', 'binary', '-m', 'aarch64', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  return [...output.matchAll(/^\s*[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$/gm)].map(([, text]) =>
    /undefined|unallocated|^\.inst/.test(text!) ? null : text!,
  )
}

const denied = notImplemented.flatMap((entry) =>
  entry.bits.map((bits) => {
    const { mask, value } = compilePattern({
      name: entry.name,
      bits,
      asm: '',
      doc: '',
      cost: 'alu',
      sem: () => {},
    })
    return { entry, mask, value }
  }),
)
const deniedBy = (word: number): NotImplemented | undefined =>
  denied.find(({ mask, value }) => (word & mask) >>> 0 === value)?.entry

/** Words with a field marked (1) that holds a 0: CONSTRAINED UNPREDICTABLE, and UNDEFINED here (C1.1, K1.1.29). */
const shouldBeOne = (word: number): boolean =>
  (word & 0x3f00_0000) >>> 0 === 0x0800_0000 || // exclusive and ordered: Rs, Rt2
  (word & 0xff60_8000) >>> 0 === 0x9b40_0000 // SMULH, UMULH: Ra

/** objdump refuses these overlaps of registers (CONSTRAINED UNPREDICTABLE), and has system registers with op0 = 0 and 1. */
const spelledOtherwise = (word: number, known: boolean): boolean =>
  known ? (word & 0xffd0_0000) >>> 0 === 0xd500_0000 : decode(word)?.row.name.startsWith('LDPSW') === true

/** Names under which objdump prints an instruction that is not modelled. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  SSHLL: ['sxtl'],
  USHLL: ['uxtl'],
  NOT: ['mvn'],
}

function disagreements(words: Uint32Array): string[] {
  const texts = disassembled(words)
  expect(texts).toHaveLength(words.length)
  return [...words].flatMap((word, index) => {
    const text = texts[index]!
    const at = word.toString(16).padStart(8, '0')
    if (spelledOtherwise(word, text !== null)) return []
    if (decode(word)) return text === null ? [`${at}: ${decode(word)!.row.name}, objdump: undefined`] : []
    const name = notModelledName(word)
    if (name === null) {
      return text === null || deniedBy(word) || shouldBeOne(word)
        ? []
        : [`${at}: UNDEFINED, objdump: ${text}`]
    }
    const stem = name.split(' ')[0]!
    const mnemonic = text?.split(/\s/)[0] ?? 'undefined'
    const names = [stem.toLowerCase(), ...(otherNames[stem] ?? [])]
    return names.includes(mnemonic) || names.includes(mnemonic.replace(/2$/, ''))
      ? []
      : [`${at}: ${name}, objdump: ${text}`]
  })
}

describe.skipIf(missing)(missing ? `allocated words (skipped: no ${OBJDUMP})` : 'allocated words', () => {
  it('of the whole space', { timeout: 600_000 }, () => {
    expect(disagreements(randomWords(1, WORDS, (word) => word))).toEqual([])
  })

  it('of floating point and AdvSIMD', { timeout: 600_000 }, () => {
    expect(disagreements(randomWords(2, WORDS, (word) => (word & ~0x0e00_0000) | 0x0e00_0000))).toEqual([])
  })

  it('of SIMD&FP loads and stores', { timeout: 600_000 }, () => {
    expect(disagreements(randomWords(3, WORDS, (word) => (word & ~0x0e00_0000) | 0x0c00_0000))).toEqual([])
  })

  it('of system instructions and hints', { timeout: 600_000 }, () => {
    const hintsAndBarriers = randomWords(
      4,
      WORDS / 4,
      (word) => (word & 0xfff) | 0xd503_2000 | (word & 0x1000),
    )
    expect(disagreements(hintsAndBarriers)).toEqual([])
  })
})

it('says of each promised instruction what it is, and nothing of the rest', () => {
  const words = { 'FADD (scalar)': 0x1e622820, 'FADD (vector)': 0x4e22d420, 'TBL (vector)': 0x4e020020 }
  expect(Object.values(words).map(notModelledName)).toEqual(Object.keys(words))
  expect([0x1ee22820, 0x4ee22820, 0xd503201f, 0].map(notModelledName)).toEqual([null, null, null, null])
})
