import { type SystemOpName, sysops } from '../../shared/arch/sysops.ts'
import { type SysregName, sysregs } from '../../shared/arch/sysregs.ts'
import { disassemble } from '../../shared/asm/disassemble.ts'
import { type Pattern, patterns } from '../../shared/isa/decoder.ts'
import { type Draw, numbers, rowFields, rowWord } from './draw.ts'

/**
 * Cases that execute every instruction row, for `npm run oracle -- --rows`: one word each, three of each row. The registers
 * that it names hold random values but for bases of addresses, which point into DATA, and index registers, which are small.
 */

const CODE = 0x2_0000_0000n
/** The middle of DATA, with the tag that every granule has. */
const BASE = 0x0500_0002_0010_1000n
const TAG = '5'
const NOP = 0xd503201f
const PER_ROW = 3

type Fields = Record<string, number>

const hex = (value: bigint): string => `0x${value.toString(16)}`
const hexWord = (word: number): string => word.toString(16).padStart(8, '0')
const random64 = (draw: Draw): bigint =>
  BigInt.asUintN(64, (BigInt(draw(2 ** 32)) << 32n) | BigInt(draw(2 ** 32)))

const registerFields = (name: SysregName): Fields => {
  const [op0, p, n, m, q] = sysregs[name].enc
  return { o: op0 - 2, p, n, m, q }
}
const operationFields = (name: SystemOpName): Fields => {
  const [p, n, m, q] = sysops[name].enc
  return { p, n, m, q, ...(sysops[name].operand ? {} : { t: 31 }) }
}

/** Fields that a row cannot draw: encodings of registers and operations, hints that do nothing, short branches. */
const presets: Readonly<Record<string, readonly Fields[]>> = {
  MRS: [registerFields('TPIDR_EL1'), registerFields('NZCV'), registerFields('FPCR')],
  'MSR (register)': [registerFields('TPIDR_EL0'), registerFields('NZCV'), registerFields('FPCR')],
  SYS: [operationFields('DC CVAC'), operationFields('TLBI VMALLE1'), operationFields('DC GZVA')],
  SYSL: [{ p: 3, n: 11, m: 0, q: 0 }],
  HINT: [{ h: 0 }, { h: 20 }, { h: 34 }],
  SMC: [{ i: 0 }],
  // The recorder dies of these by another register than X16 and X17 (an assertion in its translator).
  BRAA: [{ n: 16 }],
  BRAB: [{ n: 17 }],
}

/**
 * Pointer authentication has keys, and enables them in two of three cases; always for XPACI and XPACD, which the recorder
 * leaves out while no key is enabled (Strip has no such condition).
 */
function authentication(pattern: Pattern, index: number, draw: Draw): object {
  if (pattern.row.needs !== 'FEAT_PAuth') return {}
  const key = (): string => hex((random64(draw) << 64n) | random64(draw))
  return {
    keys: { apia: key(), apib: key(), apda: key(), apdb: key(), apga: key() },
    ...((index > 0 || pattern.row.name.startsWith('XPAC')) && { sctlr_el1: '0xd20fcd5f81d' }), // as every case, and EnIA, EnIB, EnDA, EnDB
  }
}

/** Text of a row, to see what its registers are for. */
const textOf = ({ row }: Pattern): string => (typeof row.asm === 'string' ? row.asm : row.asm[0]!)

/** The registers that the fields of a word name: what a case gives values. */
const named = (pattern: Pattern, fields: Fields): number[] =>
  pattern.fields.flatMap(({ letter, width }) => (width === 5 ? [fields[letter]!] : []))

function registers(pattern: Pattern, fields: Fields, draw: Draw): bigint[] {
  const x = Array.from({ length: 31 }, () => 0n)
  for (const n of named(pattern, fields)) {
    for (const register of [n, n + 1]) if (register < 31) x[register] = random64(draw)
  }
  const text = textOf(pattern)
  const { name } = pattern.row
  if (text.includes('[{xsp:n}') && fields.n! < 31) x[fields.n!] = BASE
  if (text.includes('{offset') && fields.m! < 31) x[fields.m!] = BigInt(16 * draw(8))
  if (name === 'SYS' && fields.t! < 31) x[fields.t!] = BASE
  if (/^(BR|BLR|RET|BL?RA[AB]Z?)$/.test(name)) x[fields.n!] = CODE + 8n
  if (name === 'RETAA' || name === 'RETAB') x[30] = CODE + 8n
  if (/^WF[EI]T$/.test(name)) x.fill(0n) // a time that has come
  if (name === 'SMC') x[0] = 0x8400_0000n // PSCI_VERSION
  return x
}

/** Vector registers, and those of a list, with values; the others stay zero. */
function vectors(pattern: Pattern, fields: Fields, draw: Draw): bigint[] {
  const v = Array.from({ length: 32 }, () => 0n)
  for (const n of named(pattern, fields)) {
    for (let i = 0; i < 4; i++) v[(n + i) & 31] = (random64(draw) << 64n) | random64(draw)
  }
  return v
}

/** Whether a word is of the groups of SIMD and floating point: bits 28:25 x111, or x1x0 with V (C4.1). */
function usesVectors(word: number): boolean {
  const group = (word >>> 25) & 15
  return (group & 7) === 7 || ((group & 5) === 4 && (word & 0x0400_0000) !== 0)
}

function rowCase(pattern: Pattern, index: number, draw: Draw): object {
  const preset = presets[pattern.row.name]
  const fields = rowFields(pattern, draw, preset?.[index % preset.length])
  // A label is mostly out of reach of the window: one of the words goes to the end of the case.
  if (index === 0 && textOf(pattern).includes('{label:')) fields.i = 2
  const word = rowWord(pattern, fields)
  const el = index === PER_ROW - 1 && !preset ? 0 : 1
  const sp = hex(BASE + BigInt(16 * draw(8)))
  return {
    id: `${pattern.row.name} ${index}`,
    features: ['rows'],
    code: [hexWord(word), hexWord(NOP)],
    asm: [disassemble(word, CODE), 'nop'],
    el,
    nzcv: draw(16),
    x: registers(pattern, fields, draw).map(hex),
    sp,
    sp_other: hex(BASE),
    ...(usesVectors(word) && { v: vectors(pattern, fields, draw).map(hex) }),
    gcr: hex(BigInt(draw(1 << 16))),
    rgsr: hex(BigInt(draw(1 << 24) & 0xffff0f)),
    mem: { lcg: 1 + draw(2 ** 31) },
    tags: TAG.repeat(512),
    ...authentication(pattern, index, draw),
  }
}

/** One word of an access row in a state that its base's tag, its alignment or SP decides. */
interface Variant {
  name: string
  /** Members of the case. */
  state: object
  /** Where the base points, other than to BASE. */
  base: (draw: Draw) => bigint
  /** The base is SP. */
  sp?: true
  /** Rows by which the recorder differs from the architecture, or chooses. */
  leftOut?: (name: string) => boolean
}

/** Granules have tag 5. */
const OTHER_TAG = BASE ^ (3n << 56n)
const unaligned = (draw: Draw): bigint => BASE + BigInt(1 + draw(15))
/** SCTLR_EL1 of a case with TCF = sync, and A. */
const ALIGNMENT_CHECKED = { sctlr_el1: '0xd2034d5d81f' }
/** The recorder does not check tags here, although LDAPUR and STLUR are as any access (mte-isa 4.2, CreateAccDescLDAcqPC). */
const unchecked = (name: string): boolean => /^(LDAPUR|STLUR)/.test(name)
/** The recorder takes CAS for a write, so that its faults are asynchronous in the asymmetric mode (see deviations.ts). */
const asynchronous = (name: string): boolean => unchecked(name) || name.startsWith('CAS')
/** Whether alignment is looked at before the monitor, which is open here, is IMPLEMENTATION DEFINED (ExclusiveMonitorsPass). */
const exclusiveStore = (name: string): boolean => /^STL?X/.test(name)

const variants: readonly Variant[] = [
  { name: 'tag, sync', state: { tcf: 'sync' }, base: () => OTHER_TAG, leftOut: unchecked },
  { name: 'tag, async', state: { tcf: 'async' }, base: () => OTHER_TAG, leftOut: unchecked },
  { name: 'tag, asym', state: { tcf: 'asym' }, base: () => OTHER_TAG, leftOut: asynchronous },
  { name: 'tag, by SP', state: { tcf: 'sync' }, base: () => OTHER_TAG, sp: true },
  { name: 'unaligned, A = 1', state: ALIGNMENT_CHECKED, base: unaligned, leftOut: exclusiveStore },
  { name: 'unaligned, A = 0', state: {}, base: unaligned, leftOut: exclusiveStore },
]

/** Immediate offsets that keep the access near its base, and lists of at most 32 bytes: the recorder checks no more of one. */
function accessPreset(pattern: Pattern, draw: Draw): Fields {
  const letters = new Map(pattern.fields.map(({ letter, width }) => [letter, width]))
  const text = textOf(pattern)
  return {
    ...(/#\{s?dec(\*\d+)?:i\}/.test(text) && letters.has('i') ? { i: draw(4) } : {}),
    ...(/list[34]/.test(text) ? { q: 0 } : {}),
  }
}

function accessCase(pattern: Pattern, variant: Variant, draw: Draw): object {
  const fields = rowFields(pattern, draw, accessPreset(pattern, draw))
  if (variant.sp) fields.n = 31
  const word = rowWord(pattern, fields)
  const x = registers(pattern, fields, draw)
  const base = variant.base(draw)
  if (!variant.sp) x[fields.n!] = base
  return {
    id: `${pattern.row.name}: ${variant.name}`,
    features: ['rows'],
    code: [hexWord(word), hexWord(NOP)],
    asm: [disassemble(word, CODE), 'nop'],
    el: 1,
    x: x.map(hex),
    sp: hex(variant.sp ? base : BASE),
    sp_other: hex(BASE),
    ...(usesVectors(word) && { v: vectors(pattern, fields, draw).map(hex) }),
    mem: { lcg: 1 + draw(2 ** 31) },
    tags: TAG.repeat(512),
    ...variant.state,
  }
}

/** Numbers of a row: they depend on the seed and its name only, so that its cases outlive new rows. */
const rowNumbers = (pattern: Pattern, seed: number): Draw =>
  numbers([...pattern.row.name].reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), seed))

const lines = (cases: readonly object[]): string => `${cases.map((one) => JSON.stringify(one)).join('\n')}\n`

/** Every row three times: a case a line, without results. */
export const rowCases = (seed: number): string =>
  lines(
    patterns.flatMap((pattern) => {
      const draw = rowNumbers(pattern, seed)
      return Array.from({ length: PER_ROW }, (_, index) => rowCase(pattern, index, draw))
    }),
  )

/** Every row with a base register under each mode of tag checking, by SP, and unaligned. */
export const accessCases = (seed: number): string =>
  lines(
    patterns
      .filter((pattern) => textOf(pattern).includes('[{xsp:n}'))
      .flatMap((pattern) => {
        const draw = rowNumbers(pattern, seed)
        return variants
          .filter(({ leftOut }) => !leftOut?.(pattern.row.name))
          .map((variant) => accessCase(pattern, variant, draw))
      }),
  )
