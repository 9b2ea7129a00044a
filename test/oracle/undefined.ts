import { sysops } from '../../shared/arch/sysops.ts'
import { sysregs } from '../../shared/arch/sysregs.ts'
import { biasedWord, type Draw, numbers, uniformWord } from './draw.ts'

/**
 * Whether words are UNDEFINED, for `npm run oracle -- --undefined N`: each is a case of its own at EL1, with every register
 * pointing into DATA. A line of the result is the word in hex and `-` where it took an exception of unknown reason, else `+`;
 * the same for EL0 behind it where that may differ.
 */

const DATA = '0x200101000'

const encodings = [
  ...Object.values(sysregs).map(({ enc }) => enc),
  ...Object.values(sysops).map(({ enc }) => [1, ...enc] as const),
]

/** MRS, MSR or SYS: of an encoding that has a row, or of any. */
function systemWord(draw: Draw): number {
  const direction = draw(2) << 21
  const any = [1 + draw(3), draw(8), draw(16), draw(16), draw(8)] as const
  const [op0, op1, crn, crm, op2] = draw(2) ? encodings[draw(encodings.length)]! : any
  const fields = (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) | draw(32)
  return (0xd500_0000 | direction | fields) >>> 0
}

/** By thirds: uniform, from the patterns of our rows and their neighbours, of the system space; sorted, each once. */
export function drawWords(count: number, seed: number): number[] {
  const draw = numbers(seed)
  const kinds = [uniformWord, biasedWord, systemWord]
  const words = new Set<number>()
  for (let i = 0; words.size < count; i++) words.add(kinds[i % kinds.length]!(draw))
  return [...words].sort((a, b) => a - b)
}

/** System instructions, exceptions and hints: what they are at EL0 is another question. */
export const dependsOnLevel = (word: number): boolean => (word & 0xfe00_0000) >>> 0 === 0xd400_0000

export const wordCases = (words: readonly number[], el: 0 | 1): string =>
  words
    .map((word) =>
      JSON.stringify({
        id: hexWord(word),
        code: [hexWord(word)],
        el,
        x: Array(31).fill(DATA),
        sp: DATA,
        sp_other: DATA,
        timeout_ms: 100,
      }),
    )
    .join('\n')

const hexWord = (word: number): string => word.toString(16).padStart(8, '0')

/** The sign of each word, by the word in hex. @param results lines that oracle.py wrote */
export function verdicts(results: string): Map<string, '-' | '+'> {
  return new Map(
    results
      .trim()
      .split('\n')
      .map((line) => {
        const { case: one, result } = JSON.parse(line)
        const undefinedHere = result.exc?.ec === 0 && BigInt(result.exc.elr) === 0x2_0000_0000n
        return [one.id, undefinedHere ? '-' : '+']
      }),
  )
}
