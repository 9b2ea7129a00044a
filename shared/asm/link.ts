/** The second pass: places sections, computes what waited for addresses, encodes instructions. */
import type { Problem } from '../base/result.ts'
import { type Assembly, attempt, type Encoder, type Fixup } from './assembly.ts'
import { AsmError } from './error.ts'
import { parseExpression } from './expression.ts'
import { LITERAL } from './literals.ts'
import { contents, isCode, layOut, type OutputSection } from './sections.ts'
import { define, type Lazy, valueAt } from './symbols.ts'

export interface AssembledSection {
  name: string
  /** 0 for sections that are not loaded. */
  address: bigint
  /** ELF section flags: WRITE 1, ALLOC 2, EXECINSTR 4. */
  flags: number
  /** Empty when `nobits`. */
  bytes: Uint8Array
  size: number
  align: number
  nobits: boolean
}

export interface AssembledSymbol {
  name: string
  value: bigint
  /** Name of the output section; null for a number. */
  section: string | null
  global: boolean
  type: 'none' | 'function' | 'object'
  size?: bigint
  /** The source that has the label; null for a number. */
  file: string | null
}

/** A symbol that `.set` or its kin gave a value. */
export interface AssembledConstant {
  name: string
  value: bigint
  /** Where it was first given one. */
  file: string
  line: number
  /** The symbols that this value was written with. */
  names: string[]
  /** Instructions that were written with its name, a literal's expression included. */
  uses: number
}

export interface Assembled {
  sections: AssembledSection[]
  symbols: AssembledSymbol[]
  constants: AssembledConstant[]
  /** Address of `_start`, or of the first code where there is none. */
  entry: bigint
  /** The statement behind each instruction and datum of a loaded section, by address. */
  lines: { address: bigint; file: string; line: number }[]
  /** Where code and data begin in sections that hold both. */
  mapping: { address: bigint; section: string; kind: 'code' | 'data' }[]
  warnings: Problem[]
}

export const DEFAULT_BASE = 0x4008_0000n

/** Places sections, computes what waited for it, and gathers the result. */
export function link(encoder: Encoder, assembly: Assembly): Assembled {
  const { symbols, options } = assembly
  assembly.incomplete = assembly.problems.length > 0
  let placed: { output: OutputSection[]; end: bigint } = { output: [], end: 0n }
  attempt(assembly, assembly.statement, 0, () => {
    placed = layOut([...assembly.sections.values()], options.base ?? DEFAULT_BASE)
  })
  const addresses = new Map<object, bigint>([...assembly.sections.values()].map((one) => [one, one.address]))
  symbols.addressOf = (section) => addresses.get(section)!
  if (symbols.named.get('_end')?.kind === undefined || symbols.named.get('_end')!.kind === 'none') {
    define(
      symbols,
      '_end',
      'label',
      { sequence: 0, value: { value: placed.end, section: null, signed: false } },
      0,
    )
    symbols.named.get('_end')!.global = true
  }
  for (const fixup of assembly.fixups) {
    attempt(assembly, fixup.statement, fixup.kind === 'instruction' ? fixup.at : 0, () =>
      applyFixup(assembly, encoder, fixup),
    )
  }
  const sections = placed.output.map(({ members, ...section }) => ({
    ...section,
    bytes: contents({ members, ...section }),
  }))
  const sectionOf = new Map(
    placed.output.flatMap(({ name, members }) => members.map((member) => [member, name] as const)),
  )
  const result = symbolsOf(assembly, sectionOf)
  return {
    sections,
    symbols: result,
    constants: constantsOf(assembly, result),
    entry: result.find((symbol) => symbol.name === '_start')?.value ?? sections[0]?.address ?? DEFAULT_BASE,
    lines: assembly.lines
      .map(({ section, offset, file, line }) => ({ address: section.address + BigInt(offset), file, line }))
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)),
    mapping: [...assembly.sections.values()]
      .filter((section) => isCode(section) && section.size > 0)
      .flatMap((section) =>
        section.marks.map(({ offset, kind }) => ({
          address: section.address + BigInt(offset),
          section: sectionOf.get(section)!,
          kind,
        })),
      ),
    warnings: assembly.warnings,
  }
}

function applyFixup(assembly: Assembly, encoder: Encoder, fixup: Fixup): void {
  const { section, offset } = fixup
  const view = new DataView(section.bytes.buffer, section.bytes.byteOffset + offset)
  if (fixup.kind === 'instruction') {
    const word = encodeInstruction(assembly, encoder, fixup)
    view.setUint32(0, word >>> 0, true)
    return
  }
  const { expression } = fixup.value
  const wide = fixup.size === 16 && expression.kind === 'number' ? expression.value : null
  if (wide !== null && wide >= 1n << 128n) {
    throw new AsmError('the number does not fit in 128 bits', expression.column, 'Shorten it.')
  }
  const value = wide ?? knownValue(assembly, fixup.value)
  const width = fixup.size * 8
  if (
    width < 64 &&
    value !== BigInt.asUintN(width, value) &&
    value !== BigInt.asUintN(64, BigInt.asIntN(width, value))
  ) {
    throw new AsmError(
      `0x${value.toString(16)} does not fit in ${fixup.size === 1 ? '1 byte' : `${fixup.size} bytes`}`,
      expression.column,
      'Use a wider directive, or mask the value with `&`.',
    )
  }
  for (let i = 0; i < fixup.size; i++) view.setUint8(i, Number((value >> BigInt(8 * i)) & 0xffn))
}

function knownValue(assembly: Assembly, value: Lazy): bigint {
  const result = valueAt(assembly.symbols, value)
  if ('unknown' in result) {
    throw new AsmError(`the value depends on ${result.unknown}`, value.expression.column, 'Define it.')
  }
  return result.value
}

function encodeInstruction(
  assembly: Assembly,
  encoder: Encoder,
  { section, offset, mnemonic, operands, sequence, literal }: Extract<Fixup, { kind: 'instruction' }>,
): number {
  const atSection = { value: BigInt(offset), section, signed: false }
  return encoder(mnemonic, operands, {
    pc: section.address + BigInt(offset),
    value: (expression) => {
      if (literal !== null && expression.trim() === LITERAL) return section.address + BigInt(literal.offset)
      const at = Math.max(0, operands.indexOf(expression))
      return knownValue(assembly, { expression: parseExpression(expression, at), sequence, here: atSection })
    },
  })
}

function constantsOf({ symbols, words }: Assembly, values: AssembledSymbol[]): AssembledConstant[] {
  return values.flatMap(({ name, value }) => {
    const assigned = symbols.named.get(name)?.assigned
    return assigned ? [{ name, value, ...assigned, uses: words.get(name) ?? 0 }] : []
  })
}

function symbolsOf(assembly: Assembly, sectionOf: Map<object, string>): AssembledSymbol[] {
  const result: AssembledSymbol[] = []
  for (const entry of assembly.symbols.named.values()) {
    const last = entry.definitions.at(-1)
    if (last === undefined || entry.name.startsWith('.L')) continue
    attempt(assembly, assembly.statement, 0, () => {
      const section = 'expression' in last.value ? null : last.value.section
      const name = { kind: 'symbol', name: entry.name, column: 0 } as const
      const value = knownValue(assembly, {
        expression: name,
        sequence: Number.MAX_SAFE_INTEGER,
        here: { value: 0n, section: null, signed: false },
      })
      result.push({
        name: entry.name,
        value,
        section: section === null ? null : (sectionOf.get(section) ?? null),
        global: entry.global || entry.weak,
        type: entry.type,
        file: entry.labelFile,
        ...(entry.size === null ? {} : { size: knownValue(assembly, entry.size) }),
      })
    })
  }
  return result
}
