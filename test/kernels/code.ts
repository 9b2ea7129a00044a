/**
 * A64 code as it lies in a file: words by their offset, without symbols. What a kernel replaces in itself when it starts (its
 * alternatives) is found from the records that it keeps of them.
 */
export interface Code {
  words: Uint32Array
  alternatives: Alternatives
}

/** Replacements by the index of the word that they replace. */
export type Alternatives = ReadonlyMap<number, Alternative>

export interface Alternative {
  /** Number of the capability that makes the kernel replace it; its name is nowhere in the file. */
  capability: number
  /** Index of the first word of the sequence, and its length in words. */
  first: number
  length: number
  /** Index of the replacement; null where a function of the kernel writes it. */
  replacement: number | null
}

export function codeOf(bytes: Uint8Array): Code {
  const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)))
  return { words, alternatives: findAlternatives(words) }
}

/**
 * The records of `struct alt_instr`: two distances from the record's own words to the sequence and its replacement, a
 * capability with a bit for "by a function", and both lengths in bytes. They lie side by side in one table, so a record
 * counts when one beside it is sound as well.
 */
function findAlternatives(words: Uint32Array): Alternatives {
  const found = new Map<number, Alternative>()
  const BY_FUNCTION = 0x8000
  const recordAt = (at: number): Alternative | null => {
    if (at < 0 || at + 2 >= words.length) return null
    const tail = words[at + 2]!
    const [length, replaced] = [(tail >>> 16) & 255, tail >>> 24]
    if (length === 0 || length & 3 || (replaced !== length && replaced !== 0)) return null
    const [from, to] = [words[at]! | 0, words[at + 1]! | 0]
    if (from & 3 || to & 3) return null
    const first = at + from / 4
    const replacement = at + 1 + to / 4
    if (first < 0 || replacement < 0 || first >= words.length || replacement >= words.length) return null
    const byFunction = (tail & BY_FUNCTION) !== 0 || replaced === 0
    return {
      capability: tail & 0x7fff,
      first,
      length: length / 4,
      replacement: byFunction ? null : replacement,
    }
  }
  for (let at = 0; at < words.length; at++) {
    const record = recordAt(at)
    if (record === null || record.capability > 255) continue
    if (recordAt(at - 3) === null && recordAt(at + 3) === null) continue
    for (let i = 0; i < record.length; i++) found.set(record.first + i, record)
  }
  return found
}
