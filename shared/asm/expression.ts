/**
 * Expressions of the assembler, with the operator ranks of GNU as (which are not those of C): from the tightest,
 * `* / % << >>`, then `| & ^ !`, then `+ -`, then the comparisons (true is -1), then `&&`, then `||` (true is 1).
 * Arithmetic is on 64 bits; `/ %` and comparisons are signed, `>>` is logical.
 */
import { MASK64 } from '../base/bits.ts'
import { AsmError } from './error.ts'

export type Expression =
  | { kind: 'number'; value: bigint; column: number }
  | { kind: 'symbol'; name: string; column: number }
  | { kind: 'unary'; op: string; operand: Expression; column: number }
  | { kind: 'binary'; op: string; left: Expression; right: Expression; column: number }

/**
 * A value: a number (`section` null) or an offset into a section not placed yet. `signed` tells -1 from
 * 0xffffffffffffffff: the literal pool of GNU as keeps these apart.
 */
export interface Known {
  value: bigint
  section: object | null
  signed: boolean
}

/** A value that needs a later definition or the final layout; `unknown` says which. */
export type Value = Known | { unknown: string }

const RANK: Record<string, number> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<>': 3,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '|': 5,
  '&': 5,
  '^': 5,
  '!': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  '<<': 6,
  '>>': 6,
}
const NODES_MAX = 2000
const DEPTH_MAX = 100
const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F]+|0[bB][01]+(?![0-9a-zA-Z])|\d+[bf](?![\w.$])|\d+)|([A-Za-z_.$][\w.$]*)|'(\\.|[^\\])'?|(\|\||&&|==|!=|<>|<<|>>|<=|>=|[-+*/%|&^~!<>()]))/y
const ESCAPES: Record<string, number> = {
  n: 10,
  t: 9,
  r: 13,
  b: 8,
  f: 12,
  '\\': 92,
  "'": 39,
  '"': 34,
  '0': 0,
}

/** @param offset added to the columns of errors, so that they count from the start of the statement. */
export function parseExpression(text: string, offset = 0): Expression {
  const parser = { text, offset, at: 0, nodes: 0, depth: 0 }
  const expression = binary(parser, 1)
  skipBlanks(parser)
  if (parser.at < text.length) {
    throw new AsmError(
      `unexpected \`${text.slice(parser.at, parser.at + 12)}\` after the expression`,
      offset + parser.at,
      'Separate operands by commas, or write an operator between the two values.',
    )
  }
  return expression
}

/** The symbols that an expression is written with, each once. */
export function symbolsIn(expression: Expression): string[] {
  if (expression.kind === 'symbol') return [expression.name]
  if (expression.kind === 'unary') return symbolsIn(expression.operand)
  if (expression.kind === 'binary') {
    return [...new Set([...symbolsIn(expression.left), ...symbolsIn(expression.right)])]
  }
  return []
}

/** The code of the character constant whose text follows the quote: `a`, `\n`, `\\`. */
export function characterCode(text: string): number {
  return text[0] === '\\' && text.length > 1 ? (ESCAPES[text[1]!] ?? text.charCodeAt(1)) : text.charCodeAt(0)
}

interface Parser {
  text: string
  offset: number
  at: number
  nodes: number
  depth: number
}

function skipBlanks(parser: Parser): void {
  while (parser.text[parser.at] === ' ' || parser.text[parser.at] === '\t') parser.at++
}

function count(parser: Parser): void {
  if (++parser.nodes > NODES_MAX || parser.depth > DEPTH_MAX) {
    throw new AsmError(
      'the expression is too large',
      parser.offset,
      'Name its parts with .set and combine the names.',
    )
  }
}

function binary(parser: Parser, minimumRank: number): Expression {
  let left = unary(parser)
  for (;;) {
    skipBlanks(parser)
    const start = parser.at
    const op = /^(?:\|\||&&|==|!=|<>|<<|>>|<=|>=|[-+*/%|&^!<>])/.exec(
      parser.text.slice(start, start + 2),
    )?.[0]
    const rank = op === undefined ? 0 : RANK[op]!
    if (op === undefined || rank < minimumRank) return left
    parser.at = start + op.length
    count(parser)
    left = { kind: 'binary', op, left, right: binary(parser, rank + 1), column: parser.offset + start }
  }
}

function unary(parser: Parser): Expression {
  skipBlanks(parser)
  const start = parser.at
  const column = parser.offset + start
  TOKEN.lastIndex = start
  const match = TOKEN.exec(parser.text)
  if (match === null) throw missing(parser, start)
  parser.at = TOKEN.lastIndex
  const [, number, name, character, op] = match
  if (number !== undefined) {
    if (/^\d+[bf]$/.test(number)) return { kind: 'symbol', name: number, column }
    const octal = /^0[0-7]+$/.test(number)
    if (!octal && /^0\d/.test(number)) {
      throw new AsmError(
        `${number} is not an octal number`,
        column,
        'A leading 0 means base 8: write 0x… or drop the 0.',
      )
    }
    return { kind: 'number', value: BigInt(octal ? `0o${number.slice(1)}` : number), column }
  }
  if (name !== undefined) return { kind: 'symbol', name, column }
  if (character !== undefined) return { kind: 'number', value: BigInt(characterCode(character)), column }
  parser.depth++
  count(parser)
  let expression: Expression
  if (op === '(') {
    expression = binary(parser, 1)
    skipBlanks(parser)
    if (parser.text[parser.at] !== ')') {
      throw new AsmError('a parenthesis is not closed', column, 'Add the missing `)`.')
    }
    parser.at++
  } else if (op === '-' || op === '+' || op === '~' || op === '!') {
    expression = { kind: 'unary', op, operand: unary(parser), column }
  } else {
    throw missing(parser, start)
  }
  parser.depth--
  return expression
}

function missing(parser: Parser, at: number): AsmError {
  const found = parser.text.slice(at, at + 12)
  return new AsmError(
    found === '' ? 'an expression is missing' : `an expression was expected, found \`${found}\``,
    parser.offset + at,
    'Write a number, a symbol or an expression of them, such as `label + 8`.',
  )
}

/** Evaluates with `lookup` giving the value of a symbol, `.` or a local label such as `1b`. */
export function evaluate(expression: Expression, lookup: (name: string, column: number) => Value): Value {
  switch (expression.kind) {
    case 'number':
      if (expression.value > MASK64) {
        throw new AsmError(
          'the number does not fit in 64 bits',
          expression.column,
          'Only .octa takes wider numbers.',
        )
      }
      return { value: expression.value, section: null, signed: false }
    case 'symbol':
      return lookup(expression.name, expression.column)
    case 'unary':
      return applyUnary(expression.op, evaluate(expression.operand, lookup))
    case 'binary':
      return applyBinary(expression, evaluate(expression.left, lookup), evaluate(expression.right, lookup))
  }
}

function applyUnary(op: string, operand: Value): Value {
  if ('unknown' in operand || op === '+') return operand
  if (operand.section !== null) return { unknown: 'the address of a label' }
  if (op === '-') return { value: BigInt.asUintN(64, -operand.value), section: null, signed: true }
  const value = op === '~' ? operand.value ^ MASK64 : operand.value === 0n ? 1n : 0n
  return { value, section: null, signed: operand.signed }
}

function applyBinary(expression: { op: string; column: number }, left: Value, right: Value): Value {
  if ('unknown' in left) return left
  if ('unknown' in right) return right
  const { op, column } = expression
  let section: object | null = null
  if (left.section !== null || right.section !== null) {
    const comparable = RANK[op] === 3 || op === '-'
    if (op === '+' && (left.section === null || right.section === null))
      section = left.section ?? right.section
    else if (op === '-' && right.section === null) section = left.section
    else if (!comparable || left.section !== right.section) return { unknown: 'the address of a label' }
  }
  const value = BigInt.asUintN(64, calculate(op, left.value, right.value, column))
  return { value, section, signed: left.signed }
}

function calculate(op: string, left: bigint, right: bigint, column: number): bigint {
  const a = BigInt.asIntN(64, left)
  const b = BigInt.asIntN(64, right)
  const truth = (condition: boolean): bigint => (condition ? -1n : 0n)
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
    case '%':
      if (b === 0n) throw new AsmError('division by zero', column, 'Check the divisor; it is 0 here.')
      return op === '/' ? a / b : a % b
    case '<<':
      return right > 63n ? 0n : left << right
    case '>>':
      return right > 63n ? 0n : left >> right
    case '|':
      return left | right
    case '&':
      return left & right
    case '^':
      return left ^ right
    case '!':
      return left | (right ^ MASK64)
    case '==':
      return truth(left === right)
    case '!=':
    case '<>':
      return truth(left !== right)
    case '<':
      return truth(a < b)
    case '>':
      return truth(a > b)
    case '<=':
      return truth(a <= b)
    case '>=':
      return truth(a >= b)
    case '&&':
      return left !== 0n && right !== 0n ? 1n : 0n
    default:
      return left !== 0n || right !== 0n ? 1n : 0n
  }
}
