/** Everything that decides which statements are assembled: conditions, macros, loops, includes. */

import { nearestName } from '../base/nearest.ts'
import { type Assembly, attempt, constant, countOf } from './assembly.ts'
import { AsmError } from './error.ts'
import { argumentList, bindArguments, type Macro, parseMacroHeader, substitute } from './macros.ts'
import {
  type Statement,
  scanStatements,
  splitOperands,
  squeeze,
  stringBytes,
  type Trace,
} from './statements.ts'

/** Statements being read. `again` gives the next round of a loop, or null when it is over. */
interface Frame {
  kind: 'file' | 'macro' | 'loop'
  name: string
  statements: Statement[]
  at: number
  again: (() => Statement[] | null) | null
  /** Conditions that were open when the frame began: they must be closed within it. */
  conditions: number
}

interface Condition {
  /** Statements of the branch in force are assembled. */
  active: boolean
  /** A branch was taken, or the whole condition lies in a branch that is not. */
  done: boolean
  hasElse: boolean
  statement: Statement
}

export interface Expansion {
  frames: Frame[]
  conditions: Condition[]
  macros: Map<string, Macro>
  expanded: number
  statements: number
}

const FRAMES_MAX = 128
const INCLUDES_MAX = 32
const STATEMENTS_MAX = 400_000

export const newExpansion = (): Expansion => ({
  frames: [],
  conditions: [],
  macros: new Map(),
  expanded: 0,
  statements: 0,
})

export const isActive = ({ conditions }: Expansion): boolean => conditions.at(-1)?.active ?? true

export function enterFile(expansion: Expansion, file: string, text: string, trace: Trace | null): void {
  const statements = scanStatements(text, file, 1, trace)
  push(expansion, { kind: 'file', name: file, statements, at: 0, again: null })
}

function push(expansion: Expansion, frame: Omit<Frame, 'conditions'>): void {
  if (expansion.frames.length >= FRAMES_MAX) {
    throw new AsmError(
      `expansions are nested more than ${FRAMES_MAX} deep`,
      -1,
      'End the recursion of the macro with .if, or unroll it with .rept.',
    )
  }
  expansion.frames.push({ ...frame, conditions: expansion.conditions.length })
}

/** The next statement, or null at the end of the source. */
export function nextStatement(assembly: Assembly, expansion: Expansion): Statement | null {
  for (let frame = expansion.frames.at(-1); frame !== undefined; frame = expansion.frames.at(-1)) {
    const statement = frame.statements[frame.at]
    if (statement !== undefined) {
      frame.at++
      countStatement(expansion)
      return statement
    }
    const again = frame.again?.() ?? null
    countStatement(expansion)
    if (again !== null) {
      frame.statements = again
      frame.at = 0
    } else {
      expansion.frames.pop()
      closeConditions(assembly, expansion, frame.conditions)
    }
  }
  return null
}

function countStatement(expansion: Expansion): void {
  if (++expansion.statements <= STATEMENTS_MAX) return
  expansion.frames.length = 0
  throw new AsmError(
    `the source expands to more than ${STATEMENTS_MAX} statements`,
    0,
    'Reduce the counts of .rept and the recursion of macros; .fill and .space reserve large areas.',
  )
}

function closeConditions(assembly: Assembly, expansion: Expansion, count: number): void {
  for (const condition of expansion.conditions.splice(count)) {
    attempt(assembly, condition.statement, 0, () => {
      throw new AsmError('the condition is not closed', 0, 'Add the missing .endif.')
    })
  }
}

/** Collects the statements up to the one that closes a block; nested blocks stay inside. */
function collect(expansion: Expansion, opens: RegExp, closes: RegExp, closing: string): Statement[] {
  const frame = expansion.frames.at(-1)!
  const body: Statement[] = []
  for (let depth = 1; ; ) {
    const statement = frame.statements[frame.at++]
    if (statement === undefined) {
      throw new AsmError(`the block is not closed`, 0, `Add the missing ${closing}.`)
    }
    const directive = /^(?:[\w.$]+:\s*)*(\.\w+)/.exec(statement.text)?.[1] ?? ''
    if (closes.test(directive) && --depth === 0) return body
    if (opens.test(directive)) depth++
    body.push(statement)
  }
}

/** Expands a macro if `name` is one. */
export function callMacro(
  assembly: Assembly,
  expansion: Expansion,
  name: string,
  text: string,
  at: number,
): boolean {
  const macro = expansion.macros.get(name.toLowerCase())
  if (macro === undefined) return false
  const values = bindArguments(macro, text, at)
  const statements = substitute(
    macro.body,
    values,
    expansion.expanded,
    traceOf(assembly, `in macro ${macro.name}, expanded`),
  )
  expansion.expanded++
  push(expansion, { kind: 'macro', name: macro.name, statements, at: 0, again: null })
  return true
}

function traceOf({ statement }: Assembly, what: string): Trace {
  return { what, file: statement.file, line: statement.line, parent: statement.trace }
}

function repeatOver(assembly: Assembly, expansion: Expansion, name: string, values: string[]): void {
  const body = collect(expansion, /^\.(rept?|irpc?)$/i, /^\.endr$/i, '.endr')
  const trace = traceOf(assembly, 'in a loop')
  let round = 0
  const again = (): Statement[] | null => {
    const value = values[round++]
    return value === undefined ? null : substitute(body, new Map([[name, value]]), expansion.expanded, trace)
  }
  push(expansion, { kind: 'loop', name: '.irp', statements: [], at: 0, again })
}

type Handler = (assembly: Assembly, expansion: Expansion, text: string, at: number) => void

/** Reads the value to loop with: `.irp name, value, value`. */
function loopHeader(text: string, at: number): { name: string; rest: string } {
  const match = /^([A-Za-z_.$][\w.$]*)\s*,?/.exec(text)
  if (match === null) throw new AsmError('the loop names no parameter', at, 'Write .irp name, value, value.')
  return { name: match[1]!, rest: text.slice(match[0].length) }
}

export const expansionDirectives: Record<string, Handler> = {
  '.macro': (_assembly, expansion, text, at) => {
    const body = collect(expansion, /^\.macro$/i, /^\.endm(acro)?$/i, '.endm')
    const header = parseMacroHeader(text, at)
    if (expansion.macros.has(header.name.toLowerCase())) {
      throw new AsmError(
        `the macro ${header.name} is already defined`,
        at,
        'Write .purgem first, or choose another name.',
      )
    }
    expansion.macros.set(header.name.toLowerCase(), { ...header, body })
  },
  '.purgem': (_assembly, expansion, text, at) => {
    for (const { text: name } of splitOperands(text, at)) {
      if (expansion.macros.delete(name.toLowerCase())) continue
      const near = nearestName(name, expansion.macros.keys())
      throw new AsmError(
        `there is no macro \`${name}\``,
        at,
        near === null ? 'Remove the line.' : `Did you mean ${near}?`,
      )
    }
  },
  '.exitm': (_assembly, expansion, _text, at) => {
    const frame = expansion.frames.at(-1)!
    if (frame.kind === 'file')
      throw new AsmError('.exitm is outside a macro', at, 'Use it inside .macro … .endm.')
    expansion.conditions.length = frame.conditions
    expansion.frames.pop()
  },
  '.rept': (assembly, expansion, text, at) => {
    const body = collect(expansion, /^\.(rept?|irpc?)$/i, /^\.endr$/i, '.endr')
    let left = countOf(assembly, { text, at }, 0xffff_ffff)
    const trace = traceOf(assembly, 'in a loop')
    const statements = body.map((statement) => ({ ...statement, trace }))
    const again = (): Statement[] | null => (statements.length > 0 && left-- > 0 ? statements : null)
    push(expansion, { kind: 'loop', name: '.rept', statements: [], at: 0, again })
  },
  '.irp': (assembly, expansion, text, at) => {
    const { name, rest } = loopHeader(text, at)
    const values = argumentList(rest)
    repeatOver(assembly, expansion, name, values.length === 0 ? [''] : values)
  },
  '.irpc': (assembly, expansion, text, at) => {
    const { name, rest } = loopHeader(text, at)
    repeatOver(assembly, expansion, name, [...(argumentList(rest)[0] ?? '')])
  },
  '.include': (assembly, expansion, text, at) => {
    const path = new TextDecoder().decode(new Uint8Array(stringBytes({ text, at })))
    const files = expansion.frames.filter((frame) => frame.kind === 'file')
    if (files.some((frame) => frame.name === path)) {
      throw new AsmError(`\`${path}\` includes itself`, at, 'Remove the .include that closes the circle.')
    }
    if (files.length > INCLUDES_MAX) {
      throw new AsmError('includes are nested too deeply', at, `Keep them within ${INCLUDES_MAX} levels.`)
    }
    const included = assembly.options.include(path, assembly.statement.file)
    if (included === null)
      throw new AsmError(`there is no file \`${path}\``, at, 'Check the path of the .include.')
    enterFile(expansion, path, included, traceOf(assembly, 'included'))
  },
  '.endm': (_assembly, _expansion, _text, at) => {
    throw new AsmError('.endm closes nothing', at, 'Remove it, or add the .macro that it belongs to.')
  },
  '.endr': (_assembly, _expansion, _text, at) => {
    throw new AsmError('.endr closes nothing', at, 'Remove it, or add the .rept or .irp that it belongs to.')
  },
}

/** The tests of conditions: what must hold for the branch to be assembled. */
const conditionTests: Record<string, (assembly: Assembly, text: string, at: number) => boolean> = {
  '.if': (assembly, text, at) => constant(assembly, { text, at }) !== 0n,
  '.ifne': (assembly, text, at) => constant(assembly, { text, at }) !== 0n,
  '.ifeq': (assembly, text, at) => constant(assembly, { text, at }) === 0n,
  '.ifgt': (assembly, text, at) => constant(assembly, { text, at }) > 0n,
  '.ifge': (assembly, text, at) => constant(assembly, { text, at }) >= 0n,
  '.iflt': (assembly, text, at) => constant(assembly, { text, at }) < 0n,
  '.ifle': (assembly, text, at) => constant(assembly, { text, at }) <= 0n,
  '.ifdef': (assembly, text) => isDefined(assembly, text),
  '.ifndef': (assembly, text) => !isDefined(assembly, text),
  '.ifb': (_assembly, text) => text === '',
  '.ifnb': (_assembly, text) => text !== '',
  '.ifc': (_assembly, text, at) => sameText(text, at),
  '.ifnc': (_assembly, text, at) => !sameText(text, at),
}

const isDefined = (assembly: Assembly, name: string): boolean =>
  (assembly.symbols.named.get(name)?.definitions.length ?? 0) > 0

function sameText(text: string, at: number): boolean {
  const comma = /^(?:"(?:[^"\\]|\\.)*"|[^,"])*/.exec(text)?.[0].length ?? 0
  if (text[comma] !== ',') throw new AsmError('two texts are compared', at, 'Write .ifc first, second.')
  return squeeze(text.slice(0, comma)) === squeeze(text.slice(comma + 1))
}

/** Handles conditional directives, in branches that are skipped too. Tells whether `directive` was one. */
export function condition(
  assembly: Assembly,
  expansion: Expansion,
  directive: string,
  text: string,
  at: number,
): boolean {
  const test = conditionTests[directive]
  const { statement } = assembly
  if (test !== undefined) {
    const outer = isActive(expansion)
    const opened: Condition = { active: false, done: true, hasElse: false, statement }
    expansion.conditions.push(opened)
    if (outer) {
      opened.active = test(assembly, text, at)
      opened.done = opened.active
    }
    return true
  }
  if (directive !== '.else' && directive !== '.elseif' && directive !== '.endif') return false
  const base = expansion.frames.at(-1)?.conditions ?? 0
  const current = expansion.conditions.length > base ? expansion.conditions.at(-1) : undefined
  if (current === undefined)
    throw new AsmError(`${directive} without .if`, 0, 'Add the .if, or remove this line.')
  if (directive === '.endif') {
    expansion.conditions.pop()
    return true
  }
  if (current.hasElse)
    throw new AsmError(`${directive} after .else`, 0, 'Keep one .else, as the last branch.')
  current.active = false
  if (directive === '.else') {
    current.hasElse = true
    current.active = !current.done
    current.done = true
  } else if (!current.done) {
    current.active = constant(assembly, { text, at }) !== 0n
    current.done = current.active
  }
  return true
}

export const conditionNames = [...Object.keys(conditionTests), '.else', '.elseif', '.endif']
