import {
  applyEdits,
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  modify,
  type Node,
  type ParseError,
  type ParseErrorCode,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { Value } from 'typebox/value'
import { nearestName } from '../base/nearest.ts'
import { type Experiment, type ExperimentFile, experimentSchema } from './experiment.ts'
import { fillDefaults } from './experiment-defaults.ts'
import { applyOverrides, type ExperimentPath, parseOverride, schemaAt } from './experiment-paths.ts'
import { type Breach, breaches, type KnownNames } from './experiment-rules.ts'
import type { ExperimentProblem } from './session.ts'

/** An experiment that can run, or everything that keeps it from running. */
export type ExperimentReading =
  | { experiment: Experiment /** The text with the overrides written into it. */; text: string; problems: [] }
  | { experiment: null; problems: ExperimentProblem[] }

/**
 * Reads an experiment as a run does: parses the text (JSON with comments and trailing commas), applies the overrides, checks
 * schema and rules, fills in the defaults.
 *
 * A problem's line and column are those of the text as given; what an override is to blame for stands at the nearest
 * place that the text has.
 * @throws ProblemError when an override has no path in an experiment
 */
export function readExperiment(
  text: string,
  overrides: readonly string[],
  known: KnownNames,
): ExperimentReading {
  const deep = tooDeep(text)
  if (deep !== null) {
    const cause = `values are nested more than ${DEEPEST} deep here`
    return {
      experiment: null,
      problems: [
        { ...position(text, deep), path: '', cause, remedy: 'An experiment needs five levels at most.' },
      ],
    }
  }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false })
  if (errors.length > 0 || root === undefined) {
    return { experiment: null, problems: errors.slice(0, 1).map((error) => syntaxProblem(text, error)) }
  }
  const twice = duplicateKeys(root)
  if (twice.length > 0) {
    const problems = twice.map(({ offset, key }) => ({
      ...position(text, offset),
      path: key,
      cause: `"${key}" is given twice`,
      remedy: 'Remove one of the two.',
    }))
    return { experiment: null, problems }
  }
  const tree = applyOverrides(getNodeValue(root), overrides)
  const found = schemaBreaches(tree)
  if (found.length === 0) {
    const file = tree as ExperimentFile
    const experiment = fillDefaults(file)
    found.push(...breaches(experiment, known))
    if (found.length === 0) return { experiment, text: overriddenText(text, overrides), problems: [] }
  }
  const problems = found.map((breach) => ({
    ...position(text, offsetOf(root, breach.path)),
    path: breach.path.join('.'),
    cause: breach.cause,
    remedy: breach.remedy,
  }))
  return { experiment: null, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) }
}

/** The parser recurses: what is nested deeper is no experiment, and would exhaust its stack. */
const DEEPEST = 64

/** Where a text is nested too deep; null where it is not. */
function tooDeep(text: string): number | null {
  const scanner = createScanner(text, true)
  let depth = 0
  while (scanner.getPosition() < text.length) {
    scanner.scan()
    // A string's or comment's token begins otherwise, whatever it holds.
    const sign = text[scanner.getTokenOffset()]
    if (sign === '{' || sign === '[') depth++
    else if (sign === '}' || sign === ']') depth--
    if (depth > DEEPEST) return scanner.getTokenOffset()
  }
  return null
}

/** The text with each override written into it; comments and layout stay. */
export function overriddenText(text: string, overrides: readonly string[]): string {
  let result = text
  for (const override of overrides) {
    const root = parseTree(result, [], { allowTrailingComma: true })
    const { path, value } = parseOverride(root && getNodeValue(root), override)
    const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' }
    result = applyEdits(result, modify(result, path, value, { formattingOptions }))
  }
  return result
}

/** What the schema finds wrong, one breach a place. */
function schemaBreaches(tree: unknown): Breach[] {
  const found = new Map<string, Breach>()
  const add = (breach: Breach) => {
    const key = breach.path.join('.')
    if (!found.has(key)) found.set(key, breach)
  }
  for (const error of Value.Errors(experimentSchema, tree)) {
    const path = segments(error.instancePath)
    const node = schemaAt(path)
    if (node === null) continue // reported with its parent, as an unknown property
    if (error.keyword === 'additionalProperties') {
      const known = Object.keys(node.properties ?? {})
      for (const key of error.params.additionalProperties) {
        const near = nearestName(key, known)
        const remedy = near === null ? `Known here: ${known.join(', ')}.` : `Did you mean "${near}"?`
        add({ path: [...path, key], cause: `there is no property "${key}"${within(path)}`, remedy })
      }
    } else if (error.keyword === 'required') {
      for (const key of error.params.requiredProperties) {
        const remedy = node.properties?.[key]?.description ?? 'Add it.'
        add({ path: [...path, key], cause: `"${key}" is missing${within(path)}`, remedy })
      }
    } else {
      add({
        path,
        cause: `${shown(valueAt(tree, path))} is not possible${within(path)}`,
        remedy: remedyAt(path),
      })
    }
  }
  return [...found.values()]
}

const within = (path: ExperimentPath): string => (path.length === 0 ? '' : ` in "${path.join('.')}"`)

/** What the schema says about a place or, where that says nothing (an array's plain entries), about what holds it. */
function remedyAt(path: ExperimentPath): string {
  return schemaAt(path)?.description ?? (path.length > 0 ? remedyAt(path.slice(0, -1)) : 'See the schema.')
}

function segments(pointer: string): ExperimentPath {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(tree: unknown, path: ExperimentPath): unknown {
  return path.reduce((at: unknown, segment) => (at as Record<string, unknown> | undefined)?.[segment], tree)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The offset of the deepest place of a path that the text has; of its key, where the value belongs to a property. */
function offsetOf(root: Node, path: ExperimentPath): number {
  for (let length = path.length; length > 0; length--) {
    const steps = path
      .slice(0, length)
      .map((segment) => (/^[0-9]+$/.test(String(segment)) ? Number(segment) : segment))
    const node = findNodeAtLocation(root, steps)
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset
  }
  return root.offset
}

function position(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

function duplicateKeys(node: Node): { offset: number; key: string }[] {
  const seen = new Set<string>()
  const twice: { offset: number; key: string }[] = []
  for (const child of node.children ?? []) {
    const key = child.type === 'property' ? String(child.children?.[0]?.value) : null
    if (key !== null && seen.has(key)) twice.push({ offset: child.offset, key })
    if (key !== null) seen.add(key)
    twice.push(...duplicateKeys(child))
  }
  return twice
}

const syntaxCauses: Record<string, string> = {
  InvalidSymbol: 'this is no JSON value',
  InvalidNumberFormat: 'this is no JSON number (write hexadecimal in quotes)',
  PropertyNameExpected: 'a property name in double quotes is expected',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is expected',
  CloseBraceExpected: 'a closing brace is missing',
  CloseBracketExpected: 'a closing bracket is missing',
  EndOfFileExpected: 'nothing may follow the experiment',
  UnexpectedEndOfString: 'a string is not closed',
  UnexpectedEndOfComment: 'a comment is not closed',
}

function syntaxProblem(text: string, error: ParseError): ExperimentProblem {
  const name = printParseErrorCode(error.error as ParseErrorCode)
  return {
    ...position(text, error.offset),
    path: '',
    cause: syntaxCauses[name] ?? `this is no JSON (${name})`,
    remedy: 'An experiment is JSON; comments and trailing commas are allowed.',
  }
}
