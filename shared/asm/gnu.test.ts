import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sysops } from '../arch/sysops.ts'
import { sysregs } from '../arch/sysregs.ts'
import { assembleWord, decode, type Pattern, patterns } from '../isa/decoder.ts'
import { encodeBitMask } from '../isa/fields.ts'
import { disassemble } from './disassemble.ts'
import { encode } from './encode.ts'

/**
 * Words of every row, with chosen and random fields, against GNU as and objdump: our text assembles to the word, objdump
 * prints the same text, and our own assembler reads it back.
 */

const PREFIX = 'aarch64-linux-gnu-'
const BASE = 0x2_0000_0000n // so that every PC-relative target is positive
const WORDS_PER_ROW = 40

const tools = ['as', 'ld', 'objcopy', 'objdump'].map((tool) => PREFIX + tool)
const missing = tools.filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const title = missing.length ? `GNU binutils (skipped: no ${missing.join(', ')})` : 'GNU binutils'

/** A fixed sequence: the same words on every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const random = randomNumbers(20260101)

/** Values at the edges, equal to the field before (equal registers matter to aliases), and random ones. */
function drawFields(pattern: Pattern): Record<string, number> {
  const fields: Record<string, number> = {}
  let previous = 0
  for (const { letter, width } of pattern.fields) {
    const count = 2 ** width
    const choices = [0, count - 1, previous % count, count / 2, random(count), random(count)]
    previous = choices[random(choices.length)]!
    fields[letter] = previous
  }
  return fields
}

/** Words whose text GNU does not take or print the same way, and why. */
function incomparable(pattern: Pattern, fields: Record<string, number>): boolean {
  const { name } = pattern.row
  // Only bit 0 of the immediate counts for these fields; GNU knows 0 and 1 alone.
  if (/^MSR (UAO|PAN|SPSel|SSBS|DIT|TCO) /.test(name)) return fields.m! > 1
  // GNU calls these CONSTRAINED UNPREDICTABLE overlaps undefined.
  if (name.startsWith('LDPSW') && fields.t !== undefined && fields.u !== undefined) {
    return (
      fields.t === fields.u ||
      (name !== 'LDPSW (signed offset)' && (fields.n === fields.t || fields.n === fields.u))
    )
  }
  return false
}

function drawWords(pattern: Pattern): number[] {
  const words: number[] = []
  for (let tries = 0; words.length < WORDS_PER_ROW && tries < 100 * WORDS_PER_ROW; tries++) {
    const fields = drawFields(pattern)
    if (pattern.row.where && !pattern.row.where(fields)) continue
    if (!incomparable(pattern, fields)) words.push(assembleWord(pattern, fields))
  }
  return words
}

/** Registers whose names are younger than binutils 2.40. */
const young = new Set(['ID_AA64PFR2_EL1', 'ID_AA64MMFR3_EL1', 'ID_AA64MMFR4_EL1'])

const registerWords = Object.entries(sysregs).flatMap(
  ([
    name,
    {
      enc: [op0, op1, crn, crm, op2],
      read,
      write,
    },
  ]) => {
    if (young.has(name)) return []
    const word = 0xd5000000 | (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | 3
    return [...(read === 'none' ? [] : [(word | (1 << 21)) >>> 0]), ...(write === 'none' ? [] : [word >>> 0])]
  },
)

const operationWords = Object.values(sysops).map(
  ({ enc: [op1, crn, crm, op2], operand }) =>
    (0xd5080000 | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | (operand ? 3 : 31)) >>> 0,
)

const byRow = patterns.map((pattern) => ({ pattern, words: drawWords(pattern) }))
const words = [...byRow.flatMap((row) => row.words), ...registerWords, ...operationWords]
const addressOf = (index: number): bigint => BASE + 4n * BigInt(index)
const texts = words.map((word, index) => disassemble(word, addressOf(index)))

/** Bitmask immediates of small elements ignore high bits of immr: several words have one text. */
function sameInstruction(a: number, b: number): boolean {
  if (a === b) return true
  const [one, other] = [decode(a), decode(b)]
  if (one?.row !== other?.row || !one?.row.asm.includes('{mask')) return false
  const { z, k, r, s, n, d } = other!.fields as Record<'z' | 'k' | 'r' | 's' | 'n' | 'd', number>
  return (
    one.fields.n === n &&
    one.fields.d === d &&
    disassemble(a, 0n) === disassemble(b, 0n) &&
    isCanonical(z, k, r, s)
  )
}

function isCanonical(z: number, k: number, r: number, s: number): boolean {
  const mask = BigInt(
    /#(0x[0-9a-f]+)/.exec(
      disassemble(((z << 31) | 0x12000000 | (k << 22) | (r << 16) | (s << 10)) >>> 0, 0n),
    )![1]!,
  )
  return encodeBitMask(z, mask)?.join() === [k, r, s].join()
}

const directory = missing.length ? '' : mkdtempSync(join(tmpdir(), 'switchyard-gnu-'))
afterAll(() => {
  if (directory) rmSync(directory, { recursive: true })
})

describe('generated words', () => {
  it('cover every row', () => {
    expect(byRow.filter((row) => row.words.length === 0).map((row) => row.pattern.row.name)).toEqual([])
    expect(new Set(words.map((word) => decode(word)?.row.name))).toEqual(
      new Set(patterns.map(({ row }) => row.name)),
    )
  })

  it('are read back by our assembler', { timeout: 60_000 }, () => {
    const differences = words.flatMap((word, index) => {
      const [, mnemonic, operands] = /^(\S+) ?(.*)$/.exec(texts[index]!)!
      const value = (text: string): bigint =>
        BigInt.asUintN(64, text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text))
      const got = encode(mnemonic!, operands!, { pc: addressOf(index), value })
      return sameInstruction(word, got) ? [] : [`${word.toString(16)} ${texts[index]} ${got.toString(16)}`]
    })
    expect(differences).toEqual([])
  })
})

describe.skipIf(missing.length > 0)(title, () => {
  it('as gives the words of our texts', { timeout: 60_000 }, () => {
    const [source, object, linked, binary] = ['a.s', 'a.o', 'a.elf', 'a.bin'].map((name) =>
      join(directory, name),
    ) as [string, string, string, string]
    const lines = texts.map((text, index) =>
      // as takes an absolute number in these operands for an offset.
      /\{(label|adrp?):/.test(String(decode(words[index]!)!.row.asm))
        ? text.replace(/0x[0-9a-f]+$/, (target) => `. + (${BigInt(target) - addressOf(index)})`)
        : text,
    )
    writeFileSync(source, `.text\n.global _start\n_start:\n${lines.join('\n')}\n`)
    const march = '-march=armv8.7-a+memtag+rcpc+crc+lse+flagm+ssbs+sb+sve'
    execFileSync(`${PREFIX}as`, [march, '--no-warn', source, '-o', object], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    execFileSync(`${PREFIX}ld`, [`-Ttext=0x${BASE.toString(16)}`, object, '-o', linked])
    execFileSync(`${PREFIX}objcopy`, ['-O', 'binary', '-j', '.text', linked, binary])
    const got = readFileSync(binary)
    expect(got.length).toBe(4 * words.length)
    const differences = words.flatMap((word, index) => {
      const theirs = got.readUInt32LE(4 * index)
      return sameInstruction(word, theirs)
        ? []
        : [`${word.toString(16)} ${texts[index]} ${theirs.toString(16)}`]
    })
    expect(differences).toEqual([])
  })

  it('objdump prints our texts', { timeout: 60_000 }, () => {
    const binary = join(directory, 'words.bin')
    const image = Buffer.alloc(4 * words.length)
    for (const [index, word] of words.entries()) image.writeUInt32LE(word, 4 * index)
    writeFileSync(binary, image)
    const flags = ['-D', '-z', '-b', 'binary', '-m', 'aarch64', `--adjust-vma=0x${BASE.toString(16)}`]
    const output = execFileSync(`${PREFIX}objdump`, [...flags, binary], {
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    })
    const theirs = [...output.matchAll(/^\s*[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$/gm)].map(([, text]) =>
      text!
        .replace(/\s*\/\/.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    expect(theirs.length).toBe(words.length)
    const differences = texts.flatMap((text, index) => {
      // objdump knows names of registers that the machine has not, and writes targets without 0x. One encoding has two
      // names: DBGDTRTX_EL0 when written.
      if (text === 'msr dbgdtrrx_el0, x3') return []
      if (/\bs[23]_\d_c\d+_c\d+_\d\b/.test(text)) return []
      const bare = text.replace(/\b0x([0-9a-f]+)$/, '$1')
      const same = theirs[index] === text || theirs[index] === bare
      return same ? [] : [`${words[index]!.toString(16)} objdump: ${theirs[index]} ours: ${text}`]
    })
    expect(differences).toEqual([])
  })
})
