/** The state of one assembly and the operations that directives and instructions are made of. */
import { describeProblem, type Problem } from '../base/result.ts'
import { AsmError } from './error.ts'
import { type Expression, type Known, parseExpression } from './expression.ts'
import {
  alignSection,
  BYTES_MAX,
  defaultSection,
  isCode,
  type Literal,
  mark,
  reserve,
  type Section,
} from './sections.ts'
import type { Piece, Statement, Trace } from './statements.ts'
import { type Lazy, type SymbolTable, symbolTable, UndefinedSymbol, valueAt } from './symbols.ts'

/** Encodes one instruction; see shared/asm/encode.ts. */
export type Encoder = (
  mnemonic: string,
  operands: string,
  context: { value(expression: string): bigint; pc: bigint },
) => number

export interface AssembleOptions {
  /** The text of an included file, or null if there is none. `from` is the file that asks. */
  include(path: string, from: string): string | null
  /** The contents for `.incbin`; without it the directive is refused. */
  readBinary?(path: string, from: string): Uint8Array | null
  defines?: Record<string, bigint | number>
  /** Address of the first section; 0x40080000 when omitted. */
  base?: bigint
}

/** What is wrong with a source: every problem names `file:line:column` and the expansions around it. */
export class AssemblyError extends Error {
  readonly problems: Problem[]

  constructor(problems: Problem[]) {
    super(problems.map(describeProblem).join('\n'))
    this.name = 'AssemblyError'
    this.problems = problems
  }
}

export const PROBLEMS_MAX = 20

/** Bytes whose value waits for the layout. */
export type Fixup =
  | { kind: 'data'; section: Section; offset: number; size: number; value: Lazy; statement: Statement }
  | {
      kind: 'instruction'
      section: Section
      offset: number
      mnemonic: string
      operands: string
      /** Index of the operands in the statement. */
      at: number
      sequence: number
      literal: Literal | null
      statement: Statement
    }

export interface Assembly {
  options: AssembleOptions
  symbols: SymbolTable
  sections: Map<string, Section>
  section: Section
  previous: Section
  stack: { section: Section; previous: Section }[]
  fixups: Fixup[]
  /** Counts statements: the place of a definition or use in the order of the source. */
  sequence: number
  registerAliases: Map<string, string>
  /** How many instructions were written with a word: which of them are symbols is known at the end. */
  words: Map<string, number>
  lines: { section: Section; offset: number; file: string; line: number }[]
  problems: Problem[]
  warnings: Problem[]
  /** The first pass refused something, so a symbol missing in the second proves nothing. */
  incomplete: boolean
  statement: Statement
}

export function newAssembly(options: AssembleOptions): Assembly {
  const budget = { bytes: BYTES_MAX }
  const sections = new Map(['.text', '.data', '.bss'].map((name) => [name, defaultSection(name, budget)]))
  const text = sections.get('.text')!
  return {
    options,
    symbols: symbolTable(),
    sections,
    section: text,
    previous: text,
    stack: [],
    fixups: [],
    sequence: 0,
    registerAliases: new Map(),
    words: new Map(),
    lines: [],
    problems: [],
    warnings: [],
    incomplete: false,
    statement: { text: '', file: '', line: 1, column: 1, trace: null },
  }
}

/** `file:line:column`, followed by the expansions that led there, innermost first. */
export function placeOf(statement: Statement, column: number): string {
  let place = `${statement.file}:${statement.line}:${statement.column + Math.max(0, column)}`
  let shown = 0
  for (let trace: Trace | null = statement.trace; trace !== null; trace = trace.parent) {
    if (++shown > 8) return `${place}, and further expansions`
    place += `, ${trace.what} at ${trace.file}:${trace.line}`
  }
  return place
}

/** Runs one step; a refusal becomes a problem of `statement`, or of the one being read when that is null. */
export function attempt(
  assembly: Assembly,
  statement: Statement | null,
  offset: number,
  step: () => void,
): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof AsmError)) throw error
    if (error instanceof UndefinedSymbol && assembly.incomplete) return
    const column = error.column < 0 ? 0 : error.column + offset
    assembly.problems.push({
      place: placeOf(statement ?? assembly.statement, column),
      cause: error.message,
      remedy: error.remedy,
    })
    if (assembly.problems.length >= PROBLEMS_MAX) throw new AssemblyError(assembly.problems)
  }
}

export const here = (assembly: Assembly): Known => ({
  value: BigInt(assembly.section.size),
  section: assembly.section,
  signed: false,
})

/** The expression of a piece, bound to this place in the source. */
export function lazy(assembly: Assembly, piece: Piece): Lazy {
  return bound(assembly, parseExpression(piece.text, piece.at))
}

export const bound = (assembly: Assembly, expression: Expression): Lazy => ({
  expression,
  sequence: assembly.sequence,
  here: here(assembly),
})

/** A number that must be known where it stands: conditions, counts and sizes decide what follows. */
export function constant(assembly: Assembly, piece: Piece): bigint {
  const value = valueAt(assembly.symbols, lazy(assembly, piece))
  if ('unknown' in value || value.section !== null) {
    throw new AsmError(
      `the value must be known here, but depends on ${'unknown' in value ? value.unknown : 'the address of a label'}`,
      piece.at,
      'Define the symbols above this line; the difference of two labels of one section is a known value.',
    )
  }
  return BigInt.asIntN(64, value.value)
}

/** A constant count between 0 and `most`. */
export function countOf(assembly: Assembly, piece: Piece, most: number): number {
  const value = constant(assembly, piece)
  if (value < 0n || value > BigInt(most)) {
    throw new AsmError(`${value} is out of range`, piece.at, `Write a value from 0 to ${most}.`)
  }
  return Number(value)
}

/** Emits `size` bytes of a value that may be known only after layout. */
export function emitValue(assembly: Assembly, value: Lazy, size: number): void {
  const { section, statement } = assembly
  mark(section, 'data')
  const offset = reserve(section, size)
  if (section.nobits)
    throw new AsmError(`${section.name} has no contents`, -1, 'Put initialised data into .data.')
  assembly.fixups.push({ kind: 'data', section, offset, size, value, statement })
}

export function emitBytes(assembly: Assembly, bytes: ArrayLike<number>): void {
  const { section } = assembly
  if (section.nobits && bytes.length > 0) {
    throw new AsmError(`${section.name} has no contents`, -1, 'Put initialised data into .data.')
  }
  mark(section, 'data')
  const offset = reserve(section, bytes.length)
  section.bytes.set(bytes, offset)
}

/** Brings code that follows data to a word boundary, as GNU as does before it reads the operands. */
export function beginInstruction({ section }: Assembly): void {
  if (section.nobits) throw new AsmError(`${section.name} has no contents`, -1, 'Put code into .text.')
  if (isCode(section) && section.mapping === 'data') alignSection(section, 4, null, null)
  if (isCode(section) && section.size % 4 !== 0) {
    throw new AsmError('the instruction is not at a multiple of 4', -1, 'Write .balign 4 before it.')
  }
}

/** Makes room for an instruction word. */
export function reserveInstruction({ section }: Assembly): number {
  section.align = Math.max(section.align, 4)
  mark(section, 'code')
  return reserve(section, 4)
}
