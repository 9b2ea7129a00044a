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
  if (/^(BR|BLR|RET)$/.test(name)) x[fields.n!] = CODE + 8n
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
  }
}

/** A case a line, without results. A row's cases depend on the seed and its name only, so that they outlive new rows. */
export function rowCases(seed: number): string {
  const cases = patterns.flatMap((pattern) => {
    const draw = numbers(
      [...pattern.row.name].reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), seed),
    )
    return Array.from({ length: PER_ROW }, (_, index) => rowCase(pattern, index, draw))
  })
  return `${cases.map((one) => JSON.stringify(one)).join('\n')}\n`
}
