/** Macro definitions, the binding of their arguments, and substitution into their bodies. */
import { AsmError } from './error.ts'
import {
  endOfCharacter,
  endOfString,
  type Statement,
  scanStatements,
  squeeze,
  type Trace,
} from './statements.ts'

export interface MacroParameter {
  name: string
  fallback: string
  required: boolean
  rest: boolean
}

export interface Macro {
  name: string
  parameters: MacroParameter[]
  body: Statement[]
}

const NAME = /^[A-Za-z_.$][\w.$]*/
const SUBSTITUTED_MAX = 65536

/** Parses what follows `.macro`: the name and parameters such as `a`, `b=1`, `c:req`, `d:vararg`. */
export function parseMacroHeader(text: string, at: number): { name: string; parameters: MacroParameter[] } {
  const name = NAME.exec(text)?.[0]
  if (name === undefined)
    throw new AsmError('the macro has no name', at, 'Write .macro name parameter, parameter.')
  const parameters: MacroParameter[] = []
  let rest = text.slice(name.length)
  while (rest.trim() !== '' && rest.trim() !== ',') {
    const match = /^\s*,?\s*([A-Za-z_.$][\w.$]*)(?:\s*:\s*(req|vararg))?(?:\s*=\s*)?/.exec(rest)
    if (match === null) {
      throw new AsmError(
        `\`${rest.trim()}\` is not a macro parameter`,
        at + text.length - rest.length,
        'Write parameters as name, name=default, name:req or name:vararg.',
      )
    }
    let fallback = ''
    let used = match[0].length
    if (match[0].includes('=')) {
      const argument = nextArgument(rest, used)
      fallback = argument.text
      used = argument.end
    }
    if (parameters.some((parameter) => parameter.name === match[1])) {
      throw new AsmError(
        `the parameter \`${match[1]}\` is named twice`,
        at,
        'Give each parameter a name of its own.',
      )
    }
    parameters.push({ name: match[1]!, fallback, required: match[2] === 'req', rest: match[2] === 'vararg' })
    rest = rest.slice(used)
  }
  return { name, parameters }
}

/** One argument: up to a comma, or a blank outside brackets; a string gives its inside. `text` is squeezed. */
function nextArgument(text: string, from: number): { text: string; end: number } {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  if (text[at] === '"') {
    const end = endOfString(text, at)
    return { text: text.slice(at + 1, text[end - 1] === '"' ? end - 1 : end), end }
  }
  const start = at
  let depth = 0
  while (at < text.length) {
    const char = text[at]!
    if (char === ',' || (depth === 0 && (char === ' ' || char === '\t'))) break
    if (char === '"') at = endOfString(text, at)
    else if (char === "'") at = endOfCharacter(text, at)
    else {
      if (char === '(' || char === '[') depth++
      if ((char === ')' || char === ']') && depth > 0) depth--
      at++
    }
  }
  return { text: text.slice(start, at), end: at }
}

/** The arguments of a list such as that of `.irp`. */
export function argumentList(text: string): string[] {
  const squeezed = squeeze(text)
  const list: string[] = []
  for (let at = 0; at < squeezed.length; ) {
    const argument = nextArgument(squeezed, at)
    list.push(argument.text)
    at = argument.end
    while (squeezed[at] === ' ') at++
    if (squeezed[at] === ',') at++
  }
  return list
}

/** Binds the arguments of a call, by position or as `name=value`. */
export function bindArguments(macro: Macro, text: string, at: number): Map<string, string> {
  const squeezed = squeeze(text)
  const bound = new Map<string, string>()
  let position = 0
  let index = 0
  while (index < squeezed.length) {
    const named = /^([A-Za-z_.$][\w.$]*)=(?!=)/.exec(squeezed.slice(index))
    const byName = named === null ? undefined : macro.parameters.find((one) => one.name === named[1])
    const parameter = byName ?? macro.parameters[position]
    if (parameter === undefined) {
      throw new AsmError(
        `too many arguments for the macro ${macro.name}`,
        at,
        macro.parameters.length === 0
          ? 'It takes none.'
          : `It takes ${macro.parameters.map((one) => one.name).join(', ')}; put an argument with blanks in quotes.`,
      )
    }
    if (byName === undefined) position++
    else index += named![0].length
    if (parameter.rest) {
      bound.set(parameter.name, squeezed.slice(index))
      break
    }
    const argument = nextArgument(squeezed, index)
    if (argument.text !== '') bound.set(parameter.name, argument.text)
    index = argument.end
    while (squeezed[index] === ' ') index++
    if (squeezed[index] === ',') index++
  }
  for (const parameter of macro.parameters) {
    if (bound.has(parameter.name)) continue
    if (parameter.required) {
      throw new AsmError(
        `the macro ${macro.name} needs a value for \`${parameter.name}\``,
        at,
        `Write ${macro.name} ${macro.parameters.map((one) => one.name).join(', ')}.`,
      )
    }
    bound.set(parameter.name, parameter.fallback)
  }
  return bound
}

/**
 * The body with `\name` replaced by its value, `\@` by the number of the expansion and `\()` by nothing.
 * Statements keep the line of the body; `trace` says who expanded it.
 */
export function substitute(
  body: Statement[],
  values: Map<string, string>,
  expansion: number,
  trace: Trace,
): Statement[] {
  const statements: Statement[] = []
  for (const statement of body) {
    if (!statement.text.includes('\\')) {
      statements.push({ ...statement, trace })
      continue
    }
    const text = statement.text.replace(/\\(?:([A-Za-z_.$][\w.$]*)|(@)|\(\))/g, (whole, name, counter) => {
      if (name !== undefined) return values.get(name) ?? whole
      return counter !== undefined ? String(expansion) : ''
    })
    if (text.length > SUBSTITUTED_MAX) {
      throw new AsmError(
        'the expanded statement is too long',
        0,
        'Pass less text, or end the recursion of the macro.',
      )
    }
    // An argument may bring separators or comments; an empty result is no statement.
    for (const scanned of scanStatements(text, statement.file, statement.line, trace)) {
      statements.push({ ...scanned, line: statement.line, column: statement.column })
    }
  }
  return statements
}
