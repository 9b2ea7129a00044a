import type { Insn } from './insn.ts'
import { rows } from './rows.ts'

/** A word, the row that it is an instance of, and its fields by letter (unsigned). */
export interface Decoded {
  row: Insn
  fields: Record<string, number>
  word: number
}

/** A pattern in the form that decoding and encoding use. */
export interface Pattern {
  row: Insn
  /** Fixed bits, and their values; unsigned. */
  mask: number
  value: number
  fields: readonly Field[]
}

/** One letter of a pattern: its width, and its runs of adjacent bits, most significant first. */
export interface Field {
  letter: string
  width: number
  runs: readonly Run[]
}

interface Run {
  /** Position of the run's lowest bit in the word and in the field. */
  inWord: number
  inField: number
  mask: number
}

/** Compiles the pattern of a row. @throws Error when it does not have 32 bits. */
export function compilePattern(row: Insn): Pattern {
  const text = row.bits.replaceAll(' ', '')
  if (text.length !== 32) throw new Error(`${row.name}: ${text.length} bits instead of 32 in '${row.bits}'`)
  let mask = 0
  let value = 0
  const places = new Map<string, number[]>()
  for (const [index, char] of [...text].entries()) {
    const bit = 31 - index
    if (char === '0' || char === '1') {
      mask |= 1 << bit
      if (char === '1') value |= 1 << bit
    } else if (/[a-z]/i.test(char)) {
      places.set(char, [...(places.get(char) ?? []), bit])
    } else if (char !== '.') {
      throw new Error(`${row.name}: '${char}' is neither a bit nor a field letter in '${row.bits}'`)
    }
  }
  const fields = [...places].map(([letter, bits]) => ({ letter, width: bits.length, runs: runsOf(bits) }))
  return { row, mask: mask >>> 0, value: value >>> 0, fields }
}

function runsOf(bits: readonly number[]): Run[] {
  const runs: { inWord: number; inField: number; count: number }[] = []
  for (const [index, bit] of bits.entries()) {
    const last = runs.at(-1)
    const inField = bits.length - 1 - index
    if (last && last.inWord === bit + 1) {
      last.inWord = bit
      last.inField = inField
      last.count++
    } else runs.push({ inWord: bit, inField, count: 1 })
  }
  return runs.map(({ inWord, inField, count }) => ({ inWord, inField, mask: 2 ** count - 1 }))
}

/** The value of a field in a word. */
export function extractField(field: Field, word: number): number {
  let value = 0
  for (const run of field.runs) value |= ((word >>> run.inWord) & run.mask) << run.inField
  return value >>> 0
}

/** The word of a pattern with these field values, unsigned. */
export function assembleWord(pattern: Pattern, fields: Readonly<Record<string, number>>): number {
  let word = pattern.value
  for (const field of pattern.fields) {
    for (const run of field.runs) {
      word |= ((fields[field.letter]! >>> run.inField) & run.mask) << run.inWord
    }
  }
  return word >>> 0
}

/**
 * Compiles rows into a decoder.
 *
 * @throws Error when a pattern is malformed, a name is used twice, or two patterns match a common word and neither has a
 *         `where`. With a `where` on either side a common word is decided when decoding: the first row that accepts it wins,
 *         and `overlaps` lists such pairs so that a test can bless them.
 */
export function createDecoder(table: readonly Insn[]): {
  decode(word: number): Decoded | null
  patterns: readonly Pattern[]
  overlaps: readonly (readonly [string, string])[]
} {
  const patterns = table.map(compilePattern)
  const overlaps = findOverlaps(patterns)
  const buckets = bucketise(patterns)
  return { patterns, overlaps, decode: (word) => decodeIn(buckets, word >>> 0) }
}

function findOverlaps(patterns: readonly Pattern[]): [string, string][] {
  const overlaps: [string, string][] = []
  const names = new Set<string>()
  for (const [index, a] of patterns.entries()) {
    if (names.has(a.row.name)) throw new Error(`${a.row.name}: two rows have this name`)
    names.add(a.row.name)
    for (const b of patterns.slice(index + 1)) {
      if ((a.mask & b.mask & (a.value ^ b.value)) !== 0) continue
      if (!a.row.where && !b.row.where) {
        const word = ((a.value | b.value) >>> 0).toString(16).padStart(8, '0')
        throw new Error(`${a.row.name} and ${b.row.name} both match 0x${word}`)
      }
      overlaps.push([a.row.name, b.row.name])
    }
  }
  return overlaps
}

/** Bits 31:21 tell most rows apart. A bucket keeps the order of the table. */
const BUCKET_SHIFT = 21
const BUCKETS = 1 << (32 - BUCKET_SHIFT)

function bucketise(patterns: readonly Pattern[]): Pattern[][] {
  const buckets: Pattern[][] = []
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    buckets.push(
      patterns.filter((p) => ((p.mask >>> BUCKET_SHIFT) & bucket) === (p.value & p.mask) >>> BUCKET_SHIFT),
    )
  }
  return buckets
}

function decodeIn(buckets: readonly Pattern[][], word: number): Decoded | null {
  for (const pattern of buckets[word >>> BUCKET_SHIFT]!) {
    if ((word & pattern.mask) >>> 0 !== pattern.value) continue
    const fields: Record<string, number> = {}
    for (const field of pattern.fields) fields[field.letter] = extractField(field, word)
    const { row } = pattern
    if (row.where && !row.where(fields)) continue
    return { row, fields, word }
  }
  return null
}

const decoder = createDecoder(rows)

/** The instruction that a word encodes, or null when the word is unallocated (and so UNDEFINED). Takes signed words too. */
export const decode: (word: number) => Decoded | null = decoder.decode

/** The compiled rows, in the order of `rows`. */
export const patterns: readonly Pattern[] = decoder.patterns

/** Pairs of rows whose patterns meet and whose `where` keeps them apart. */
export const overlaps: readonly (readonly [string, string])[] = decoder.overlaps
