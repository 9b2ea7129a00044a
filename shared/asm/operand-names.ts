import { sysopByEncoding, sysops } from '../arch/sysops.ts'
import { sysregs } from '../arch/sysregs.ts'
import { hex } from '../base/hex.ts'
import type { Kind } from './operand.ts'
import { immediate } from './operand-immediates.ts'

/** Operands that are names: conditions, barriers, prefetches, system registers and operations, parts of mnemonics. */

/** Index is the code; the first name is the one printed. */
const conditions = [
  ['eq'], ['ne'], ['cs', 'hs'], ['cc', 'lo'], ['mi'], ['pl'], ['vs'], ['vc'],
  ['hi'], ['ls'], ['ge'], ['lt'], ['gt'], ['le'], ['al'], ['nv'],
] as const // biome-ignore format: a table

const conditionTexts = conditions.flatMap((names, code) => names.map((name) => [name, [code]] as const))

const conditionCode = (text: string): number =>
  conditions.findIndex((names) => (names as readonly string[]).includes(text.toLowerCase()))

const conditionKind = (inverted: boolean, doc: string): Kind => ({
  doc,
  letters: 1,
  texts: conditionTexts,
  print: ([code]) => conditions[inverted ? code! ^ 1 : code!]![0],
  parse(text) {
    const code = conditionCode(text)
    if (code < 0) return 'a condition such as eq, ne, hs, lo, ge or lt'
    if (inverted && code >= 14) return 'a condition other than al and nv'
    return [inverted ? code ^ 1 : code]
  },
})

const barriers = [
  null, 'oshld', 'oshst', 'osh', null, 'nshld', 'nshst', 'nsh',
  null, 'ishld', 'ishst', 'ish', null, 'ld', 'st', 'sy',
] as const // biome-ignore format: a table

const prefetchTypes = ['pld', 'pli', 'pst']
const prefetchNames = new Map<string, number>(
  prefetchTypes.flatMap((type, t) =>
    [0, 1, 2].flatMap((level) =>
      ['keep', 'strm'].map(
        (policy, p) => [`${type}l${level + 1}${policy}`, (t << 3) | (level << 1) | p] as const,
      ),
    ),
  ),
)
const prefetchByCode = new Map([...prefetchNames].map(([name, code]) => [code, name]))

type Encoding = readonly [number, number, number, number, number]
const keyOf = (encoding: readonly number[]): string => encoding.join()

const sysregByName = new Map<string, Encoding>()
const sysregByEncoding = new Map<string, string>()
for (const [name, { enc }] of Object.entries(sysregs)) {
  sysregByName.set(name.toLowerCase(), enc)
  if (!sysregByEncoding.has(keyOf(enc))) sysregByEncoding.set(keyOf(enc), name.toLowerCase())
}

const genericSysreg = /^s([23])_([0-7])_c(\d|1[0-5])_c(\d|1[0-5])_([0-7])$/

/** The encoding of a system register name, generic names included, or null. Case does not matter. */
export function sysregEncoding(text: string): Encoding | null {
  const name = text.toLowerCase()
  const generic = genericSysreg.exec(name)
  if (generic) return generic.slice(1).map(Number) as unknown as Encoding
  return sysregByName.get(name) ?? null
}

/** The lower-case name of a system register, generic when no row has its encoding. */
export const sysregName = (encoding: Encoding): string =>
  sysregByEncoding.get(keyOf(encoding)) ??
  `s${encoding[0]}_${encoding[1]}_c${encoding[2]}_c${encoding[3]}_${encoding[4]}`

/** Operations of one SYS mnemonic, with or without a register operand. */
function operationKind(mnemonic: 'AT' | 'DC' | 'IC' | 'TLBI', operand: boolean): Kind {
  const mine = Object.entries(sysops).filter(
    ([name, row]) => name.startsWith(`${mnemonic} `) && row.operand === operand,
  )
  const byName = new Map(mine.map(([name, row]) => [name.slice(mnemonic.length + 1).toLowerCase(), row.enc]))
  return {
    doc: `op1, CRn, CRm, op2: ${mnemonic} operation ${operand ? 'with' : 'without'} a register.`,
    letters: 4,
    print([op1, crn, crm, op2]) {
      const name = sysopByEncoding(op1!, crn!, crm!, op2!)
      if (!name?.startsWith(`${mnemonic} `) || sysops[name].operand !== operand) return null
      return name.slice(mnemonic.length + 1).toLowerCase()
    },
    parse: (text) =>
      byName.get(text.toLowerCase()) ?? `a ${mnemonic} operation: ${[...byName.keys()].join(', ')}`,
  }
}

export const nameKinds = {
  cond: conditionKind(false, 'Condition code.'),
  invcond: conditionKind(true, 'Condition code, inverted in the field.'),
  acqrel: {
    doc: 'A, R: part of a mnemonic that says acquire and release.',
    letters: 2,
    texts: [
      ['', [0, 0]],
      ['a', [1, 0]],
      ['l', [0, 1]],
      ['al', [1, 1]],
    ],
    print: ([a, r]) => `${a ? 'a' : ''}${r ? 'l' : ''}`,
    parse: () => 'a mnemonic',
  },
  rel: {
    doc: 'R: part of a mnemonic that says release.',
    letters: 1,
    texts: [
      ['', [0]],
      ['l', [1]],
    ],
    print: ([r]) => (r ? 'l' : ''),
    parse: () => 'a mnemonic',
  },
  barrier: {
    doc: 'Option of a barrier: a name, or a number from 0 to 15.',
    letters: 1,
    print: ([option]) => barriers[option!] ?? `#0x${option!.toString(16).padStart(2, '0')}`,
    parse(text, _place, context) {
      const named = (barriers as readonly (string | null)[]).indexOf(text.toLowerCase())
      if (named >= 0) return [named]
      const expected = `one of ${barriers.filter(Boolean).join(', ')}, or a number from 0 to 15`
      if (!/^#|^\d/.test(text)) return expected
      const value = immediate(text, context)
      return typeof value === 'bigint' && value >= 0n && value <= 15n ? [Number(value)] : expected
    },
  },
  isbopt: {
    doc: 'Option of ISB: sy, or a number from 0 to 15.',
    letters: 1,
    print: ([option]) => hex(option!),
    parse(text, _place, context) {
      if (text.toLowerCase() === 'sy') return [15]
      const value = /^#|^\d/.test(text) ? immediate(text, context) : ''
      return typeof value === 'bigint' && value >= 0n && value <= 15n
        ? [Number(value)]
        : 'sy, or a number from 0 to 15'
    },
  },
  prfop: {
    doc: 'Prefetch operation: a name such as pldl1keep, or a number from 0 to 31.',
    letters: 1,
    print: ([code]) => prefetchByCode.get(code!) ?? `#0x${code!.toString(16).padStart(2, '0')}`,
    parse(text, _place, context) {
      const named = prefetchNames.get(text.toLowerCase())
      if (named !== undefined) return [named]
      const expected =
        'pld, pli or pst with l1, l2 or l3 and keep or strm (pldl1keep), or a number from 0 to 31'
      if (!/^#|^\d/.test(text)) return expected
      const value = immediate(text, context)
      return typeof value === 'bigint' && value >= 0n && value <= 31n ? [Number(value)] : expected
    },
  },
  cn: {
    doc: 'CRn or CRm: C0 to C15.',
    letters: 1,
    print: ([n]) => `C${n}`,
    parse(text) {
      const match = /^c(\d|1[0-5])$/i.exec(text)
      return match ? [Number(match[1])] : 'one of C0 to C15'
    },
  },
  sysreg: {
    doc: 'o0, op1, CRn, CRm, op2: system register by name, or S<op0>_<op1>_C<n>_C<m>_<op2>.',
    letters: 5,
    print: ([o0, op1, crn, crm, op2]) => sysregName([2 + o0!, op1!, crn!, crm!, op2!]),
    parse(text) {
      const encoding = sysregEncoding(text)
      if (!encoding) return 'a system register such as sctlr_el1, or a generic name such as S3_0_C1_C0_0'
      return [encoding[0] - 2, ...encoding.slice(1)]
    },
  },
  at: operationKind('AT', true),
  dc: operationKind('DC', true),
  ic: operationKind('IC', true),
  icall: operationKind('IC', false),
  tlbi: operationKind('TLBI', true),
  tlbiall: operationKind('TLBI', false),
} as const satisfies Record<string, Kind>
