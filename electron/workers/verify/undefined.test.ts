import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { compilePattern, decode } from '../../../shared/isa/decoder.ts'
import { notImplemented } from '../../../shared/isa/not-implemented.ts'
import { CaseMachine } from './case-machine.ts'
import { parseCase } from './record.ts'

/** The same words are UNDEFINED here and in QEMU (test/vectors/undefined), but for what stands in these two tables. */

const CODE = 0x2_0000_0000n
const DATA = '0x200101000'

const matcher = (name: string, patterns: readonly string[]): ((word: number) => boolean) => {
  const compiled = patterns.map((bits) =>
    compilePattern({ name, bits, asm: '', doc: '', cost: 'alu', sem: () => {} }),
  )
  return (word) => compiled.some(({ mask, value }) => (word & mask) >>> 0 === value)
}

/** Words of features that our ID registers deny and the recorder has. Its system registers stand here, since MRS is a row. */
const denied = [
  ...notImplemented.map(({ name, feature, bits }) => ({ feature, matches: matcher(name, bits) })),
  ...Object.entries({
    FEAT_PMUv3: [
      '11010101 00a1a011 1001 11aa aaa aaaaa',
      '11010101 00a11000 1001 1110 aaa aaaaa',
      '11010101 00a11011 1110 1aaa aaa aaaaa',
    ],
    'breakpoints and watchpoints beyond ID_AA64DFR0_EL1.BRPs and WRPs': [
      '11010101 00a10000 0000 0aaa 1aa aaaaa',
    ],
    FEAT_RNG: ['11010101 00111011 0010 0100 00a aaaaa'],
    FEAT_CSV2_2: ['11010101 00a1a000 1101 0000 111 aaaaa', '11010101 00a11011 1101 0000 111 aaaaa'],
    FEAT_ECV: ['11010101 00111011 1110 0000 1aa aaaaa'],
    FEAT_LOR: ['11010101 00a11000 1010 0100 aaa aaaaa'],
    FEAT_NMI: ['11010101 00a11000 0100 0011 000 aaaaa'],
    FEAT_CCIDX: ['11010101 00111001 0000 0000 010 aaaaa'],
    FEAT_TLBIOS: ['11010101 00001a00 1000 0001 aaa aaaaa'],
    FEAT_XS: ['11010101 00001a00 1001 aaaa aaa aaaaa'],
    FEAT_TLBIRANGE: ['11010101 00001a00 1000 aa10 aaa aaaaa', '11010101 00001a00 1000 0101 aaa aaaaa'],
    FEAT_PAN2: ['11010101 00001000 0111 1001 00a aaaaa'],
    FEAT_SPECRES: ['11010101 00001011 0111 0011 1aa aaaaa'],
  }).map(([feature, bits]) => ({ feature, matches: matcher(feature, bits) })),
]

/** Where the verdicts differ although the feature is the same on both sides. */
const differences = [
  {
    clause:
      'C1.1 and K1.1: a field that the manual marks (1) and that holds a 0 makes the word CONSTRAINED UNPREDICTABLE, and ' +
      'UNDEFINED is one of what it may be; the recorder ignores the field',
    here: 'undefined',
    matches: matcher('should be one', [
      'aa001000 aaaaaaaaaaaaaaaaaaaaaaaa',
      '10011011 a10aaaaa0aaaaaaaaaaaaaaa',
    ]),
  },
  {
    clause:
      'D19.3, DBGPRCR_EL1: a register of every implementation that supports AArch64; the recorder has none',
    here: 'defined',
    matches: matcher('DBGPRCR_EL1', ['11010101 00a10000 0001 0100 100 aaaaa']),
  },
  {
    clause:
      'C5.1: an unallocated encoding of a System register is UNDEFINED; only op1 = 0 of CRn = 0 is reserved to read as zero, ' +
      'and the recorder takes op1 = 1 and 3 for reserved too',
    here: 'undefined',
    matches: matcher('reserved', ['11010101 001110a1 0000 0aaa aaa aaaaa']),
  },
  {
    clause:
      'C5.1: the registers of CRn = 11 and 15 are IMPLEMENTATION DEFINED; the recorder has some, this machine none',
    here: 'undefined',
    matches: matcher('implementation defined', ['11010101 00a11aaa 1a11 aaaa aaa aaaaa']),
  },
] as const

interface Verdict {
  word: number
  el: 0 | 1
  undefined: boolean
}

const recorded: Verdict[] = gunzipSync(
  readFileSync(resolve(import.meta.dirname, '../../../test/vectors/undefined/words.txt.gz')),
)
  .toString()
  .trim()
  .split('\n')
  .flatMap((line) => {
    const word = Number.parseInt(line.slice(0, 8), 16)
    return [...line.slice(8)].map(
      (sign, i) => ({ word, el: i === 0 ? 1 : 0, undefined: sign === '-' }) as const,
    )
  })

/** The state that the words were recorded in, as far as it decides; the word itself comes later. */
const caseAt = (el: 0 | 1) =>
  parseCase({
    id: 'word',
    code: ['00000000'],
    el,
    spsr: el ? '0x3c5' : '0x3c0',
    x: Array(31).fill(DATA),
    sp: DATA,
    sp_other: DATA,
    sctlr_el1: '0xd2034d5d81d',
    tcr_el1: '0x62b5193519',
    mair_el1: '0xf0ff00',
    hcr_el2: '0x100030080000038',
  })

it('the same words are UNDEFINED as in the recorder', { timeout: 300_000 }, ({ task }) => {
  const machine = new CaseMachine()
  const cases = [caseAt(0), caseAt(1)] as const
  const features = new Map<string, number>()
  const decided = differences.map(() => 0)
  const unexplained: string[] = []
  let agreed = 0
  for (const { word, el, undefined: theirs } of recorded) {
    const { exc } = machine.run({ ...cases[el], code: [word] })
    const ours = exc !== null && exc.esr >> 26n === 0n && exc.elr === CODE
    if (ours === theirs) {
      agreed++
      continue
    }
    const feature = ours ? denied.find(({ matches }) => matches(word))?.feature : undefined
    const known = differences.findIndex(
      ({ here, matches }) => (here === 'undefined') === ours && matches(word),
    )
    if (feature !== undefined) features.set(feature, (features.get(feature) ?? 0) + 1)
    else if (known >= 0) decided[known]!++
    else
      unexplained.push(
        `${word.toString(16).padStart(8, '0')} at EL${el} (${decode(word)?.row.name ?? 'no row'}) here: ${ours}`,
      )
  }
  const counts = [...features].map(([feature, count]) => `${feature} ${count}`).join(', ')
  task.meta.report =
    `${agreed} of ${recorded.length} words have QEMU's verdict on UNDEFINED; ${decided.join(' + ')} differ by a clause; ` +
    `of features that the ID registers deny: ${counts}`
  expect(unexplained).toEqual([])
  expect(recorded.length).toBeGreaterThanOrEqual(20_000)
  expect(decided.every((count) => count > 0)).toBe(true)
  expect(agreed).toBeGreaterThan(0.98 * recorded.length)
})
