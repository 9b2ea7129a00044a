import { assembleWord, type Pattern, patterns } from '../../shared/isa/decoder.ts'

/** Words for the recorder and for property tests, from the patterns of the instruction rows. */

/** Numbers below a bound; the same sequence for the same seed. */
export type Draw = (below: number) => number

export function numbers(seed: number): Draw {
  let state = (seed ^ 0x9e37_79b9) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export const uniformWord = (draw: Draw): number => ((draw(1 << 16) << 16) | draw(1 << 16)) >>> 0

/** A word that a row's pattern matches, whatever its `where` says. */
export function patternWord(pattern: Pattern, draw: Draw): number {
  const free = uniformWord(draw)
  return ((free & ~pattern.mask) | pattern.value) >>> 0
}

/** A word of some row, or next to one: up to two of its fixed bits are turned over. */
export function biasedWord(draw: Draw): number {
  const pattern = patterns[draw(patterns.length)]!
  let word = patternWord(pattern, draw)
  for (let flips = draw(3); flips > 0; flips--) word ^= 1 << draw(32)
  return word >>> 0
}

/** Fields of five bits by these letters are registers in every row that they stand in. */
const registerLetters = ['t', 'u', 'n', 'm', 'd', 's', 'a']

/**
 * Fields of a row: registers differ from each other, so that no overlap makes a word CONSTRAINED UNPREDICTABLE, and even ones
 * leave room for a pair.
 * @param preset values for some letters
 */
export function rowFields(
  pattern: Pattern,
  draw: Draw,
  preset: Readonly<Record<string, number>> = {},
): Record<string, number> {
  for (;;) {
    const pool = Array.from({ length: 15 }, (_, i) => 2 * i)
    const fields: Record<string, number> = {}
    for (const { letter, width } of pattern.fields) {
      const isRegister = width === 5 && registerLetters.includes(letter)
      fields[letter] =
        preset[letter] ?? (isRegister ? pool.splice(draw(pool.length), 1)[0]! : draw(2 ** width))
    }
    if (!pattern.row.where || pattern.row.where(fields)) return fields
  }
}

export const rowWord = (pattern: Pattern, fields: Readonly<Record<string, number>>): number =>
  assembleWord(pattern, fields)
