/**
 * Symbols in the order in which the source defines them. `.set` may define a name again and local labels (`1:`) always
 * may, so a use is bound by its place: the last definition before it, else the first one after it.
 */

import { nearestName } from '../base/nearest.ts'
import { AsmError } from './error.ts'
import { type Expression, evaluate, type Known, type Value } from './expression.ts'

/** A value that was not known where `.set` stood; it is computed when used, as of that place. */
export interface Lazy {
  expression: Expression
  sequence: number
  here: Known
}

export interface Definition {
  sequence: number
  value: Known | Lazy
}

export interface SymbolEntry {
  name: string
  definitions: Definition[]
  kind: 'none' | 'label' | 'set' | 'equiv'
  global: boolean
  weak: boolean
  type: 'none' | 'function' | 'object'
  size: Lazy | null
  /** The file in which it is a label. */
  labelFile: string | null
  /** Where `.set` or its kin first gave it a value, and the symbols that it was written with. */
  assigned: { file: string; line: number; names: string[] } | null
}

export interface SymbolTable {
  named: Map<string, SymbolEntry>
  local: Map<string, Definition[]>
  /** Set once sections have addresses: from then on every value is a number. */
  addressOf: ((section: object) => bigint) | null
  depth: number
}

/** A use of a symbol that nothing defines; told apart because an earlier error often explains it. */
export class UndefinedSymbol extends AsmError {}

export const symbolTable = (): SymbolTable => ({
  named: new Map(),
  local: new Map(),
  addressOf: null,
  depth: 0,
})

export function symbolNamed(table: SymbolTable, name: string): SymbolEntry {
  let entry = table.named.get(name)
  if (entry === undefined) {
    entry = {
      name,
      definitions: [],
      kind: 'none',
      global: false,
      weak: false,
      type: 'none',
      size: null,
      labelFile: null,
      assigned: null,
    }
    table.named.set(name, entry)
  }
  return entry
}

export function define(
  table: SymbolTable,
  name: string,
  kind: 'label' | 'set' | 'equiv',
  definition: Definition,
  column: number,
): void {
  const entry = symbolNamed(table, name)
  if (entry.kind !== 'none' && (kind !== 'set' || entry.kind !== 'set')) {
    throw new AsmError(
      `\`${name}\` is already defined`,
      column,
      'Use another name; only .set may change a value, and 1: with 1b or 1f serves for local labels.',
    )
  }
  entry.kind = kind
  entry.definitions.push(definition)
}

export function defineLocal(table: SymbolTable, digits: string, definition: Definition): void {
  const list = table.local.get(digits)
  if (list === undefined) table.local.set(digits, [definition])
  else list.push(definition)
}

/** Index of the definition that a use at `sequence` is bound to; equals the length when it lies ahead. */
export function boundDefinition(definitions: Definition[], sequence: number): number {
  let low = 0
  let high = definitions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (definitions[middle]!.sequence <= sequence) low = middle + 1
    else high = middle
  }
  return low > 0 ? low - 1 : 0
}

/** Index of the definition that `1f` at `sequence` means. */
export function nextDefinition(definitions: Definition[], sequence: number): number {
  const index = boundDefinition(definitions, sequence)
  return definitions[index] !== undefined && definitions[index].sequence <= sequence ? index + 1 : index
}

/** Evaluates an expression that stands at `sequence`, where `.` is `here`. */
export function valueAt(table: SymbolTable, { expression, sequence, here }: Lazy): Value {
  return evaluate(expression, (name, column) => lookup(table, name, sequence, here, column))
}

function lookup(table: SymbolTable, name: string, sequence: number, here: Known, column: number): Value {
  if (name === '.') return placed(table, here)
  const local = /^(\d+)([bf])$/.exec(name)
  if (local !== null) {
    const definitions = table.local.get(String(Number(local[1]))) ?? []
    const index =
      local[2] === 'f' ? nextDefinition(definitions, sequence) : boundDefinition(definitions, sequence)
    const found = definitions[index]
    if (found !== undefined && (local[2] === 'f' || found.sequence <= sequence)) {
      return resolve(table, found.value, column)
    }
    return undefinedSymbol(
      table,
      name,
      column,
      `Define ${local[1]}: ${local[2] === 'f' ? 'after' : 'before'} this line.`,
    )
  }
  const entry = table.named.get(name)
  const definition = entry?.definitions[boundDefinition(entry.definitions, sequence)]
  if (definition !== undefined) return resolve(table, definition.value, column)
  if (entry?.weak && table.addressOf !== null) return { value: 0n, section: null, signed: false }
  return undefinedSymbol(table, name, column, null)
}

function undefinedSymbol(table: SymbolTable, name: string, column: number, remedy: string | null): Value {
  if (table.addressOf === null) return { unknown: `\`${name}\`` }
  const defined = [...table.named.values()]
    .filter((entry) => entry.definitions.length > 0)
    .map((entry) => entry.name)
  const near = remedy === null ? nearestName(name, defined) : null
  throw new UndefinedSymbol(
    `\`${name}\` is not defined`,
    column,
    remedy ?? (near === null ? 'Define it as a label or with .set.' : `Did you mean \`${near}\`?`),
  )
}

function resolve(table: SymbolTable, value: Known | Lazy, column: number): Value {
  if (!('expression' in value)) return placed(table, value)
  if (table.depth >= 100) {
    throw new AsmError(
      'the symbol is defined through itself',
      column,
      'Break the circle of .set definitions.',
    )
  }
  table.depth++
  try {
    const result = valueAt(table, value)
    return 'unknown' in result ? result : { ...result, signed: false }
  } finally {
    table.depth--
  }
}

function placed(table: SymbolTable, value: Known): Known {
  if (value.section === null || table.addressOf === null) {
    return value.signed ? { value: value.value, section: value.section, signed: false } : value
  }
  const address = BigInt.asUintN(64, table.addressOf(value.section) + value.value)
  return { value: address, section: null, signed: false }
}
