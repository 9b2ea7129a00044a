import { nearestName } from '../base/nearest.ts'
import { assembleWord } from '../isa/decoder.ts'
import { AsmError } from './error.ts'
import type { ParseContext } from './operand.ts'
import { endOfCharacter, endOfString } from './statements.ts'
import { type Form, formsOf, type Piece, type Slot } from './syntax.ts'

/** A form under one of the mnemonics it can have, with the fields that the mnemonic gives. */
interface Candidate {
  form: Form
  fields: Readonly<Record<string, number>>
}

type Fields = Record<string, number>

function* mnemonics(pieces: readonly Piece[]): Generator<[string, Fields]> {
  const [first, ...rest] = pieces
  if (first === undefined) {
    yield ['', {}]
    return
  }
  const texts = typeof first === 'string' ? [[first, []] as const] : first.kind.texts!
  for (const [text, values] of texts) {
    const mine: Fields = {}
    if (typeof first !== 'string')
      for (const [i, letter] of first.letters.entries()) mine[letter] = values[i]!
    for (const [tail, fields] of mnemonics(rest)) yield [text + tail, { ...mine, ...fields }]
  }
}

/** What is printed comes before what is only read; within each the rows keep their order. */
function buildIndex(): Map<string, Candidate[]> {
  const index = new Map<string, Candidate[]>()
  for (const printed of [true, false]) {
    for (const form of [...formsOf.values()].flat()) {
      if (form.printed !== printed) continue
      for (const [name, fields] of mnemonics(form.mnemonic)) {
        const list = index.get(name) ?? []
        list.push({ form, fields })
        index.set(name, list)
      }
    }
  }
  return index
}

const candidatesByMnemonic = buildIndex()

/** Every mnemonic that `encode` knows. */
export const knownMnemonics: ReadonlySet<string> = new Set(candidatesByMnemonic.keys())

/**
 * The word of one instruction.
 *
 * @param operands the text behind the mnemonic; macros and register aliases are already expanded
 * @param context  `value` evaluates an expression (labels included) to an unsigned 64-bit pattern; `pc` is the address
 *                 of the instruction
 * @throws AsmError for an unknown mnemonic (column -1) or an operand that fits no form; its remedy says what would fit.
 *                 Errors of context.value pass through.
 */
export function encode(mnemonic: string, operands: string, context: ParseContext): number {
  const name = mnemonic.toLowerCase()
  const candidates = candidatesByMnemonic.get(name)
  if (!candidates) throw unknownMnemonic(mnemonic)
  const failures: Failure[] = []
  let unusual: number | null = null
  for (const { form, fields } of candidates) {
    const result = match(form, { ...form.fixed, ...fields }, operands, context)
    if ('expected' in result) {
      failures.push(result)
      continue
    }
    const { row } = form.pattern
    if (row.where && !row.where(result.fields)) {
      failures.push({ column: 0, end: operands.length, expected: `operands that ${row.name} allows` })
      continue
    }
    const word = assembleWord(form.pattern, result.fields)
    if (form.when === null || form.when(result.fields)) return word
    unusual ??= word
  }
  if (unusual !== null) return unusual
  throw refusal(name, operands, failures)
}

interface Failure {
  /** Where the operand at fault begins, and where it ends. */
  column: number
  end: number
  expected: string
}

function unknownMnemonic(mnemonic: string): AsmError {
  const near = nearestName(mnemonic, knownMnemonics)
  const remedy = near ? `Did you mean \`${near}\`?` : 'Floating-point arithmetic is not available here.'
  return new AsmError(`unknown instruction \`${mnemonic}\``, -1, remedy)
}

/** The furthest failures say most about what was meant. */
function refusal(mnemonic: string, operands: string, failures: readonly Failure[]): AsmError {
  const reached = Math.max(...failures.map((failure) => failure.column))
  const furthest = failures.filter((failure) => failure.column === reached)
  const column = operands[reached - 1] === '#' ? reached - 1 : reached
  const expected = [...new Set(furthest.map((failure) => failure.expected))]
  const text = operands.slice(column, Math.max(...furthest.map((failure) => failure.end))).trim()
  const what = text === '' ? 'an operand is missing' : `\`${text}\` does not fit`
  return new AsmError(`${mnemonic}: ${what}`, column, `Expected ${expected.join('; or ')}.`)
}

/** Matches operand text against a form. Blanks are free, `#` before an immediate may be left out. */
function match(form: Form, given: Fields, text: string, context: ParseContext): { fields: Fields } | Failure {
  const fields = { ...given }
  let at = skipBlanks(text, 0)
  for (const piece of form.operands) {
    if (typeof piece === 'string') {
      const end = matchLiteral(piece, text, at)
      if (end === null)
        return { column: at, end: endOfOperand(text, at, false), expected: literalExpectation(piece) }
      at = end
      continue
    }
    const end = endOfOperand(text, at, piece.kind.spansCommas === true)
    const failure = take(piece, text.slice(at, end).trim(), fields, context)
    if (failure !== null) return { column: at, end, expected: failure }
    at = skipBlanks(text, end)
  }
  if (at < text.length) return { column: at, end: text.length, expected: 'nothing more' }
  return { fields }
}

/** Parses one operand into `fields`. @returns what was expected, or null when it fits. */
function take(slot: Slot, text: string, fields: Fields, context: ParseContext): string | null {
  const known = slot.letters.map((letter) => fields[letter])
  const parsed = slot.kind.parse(text, slot.place, context, known)
  if (typeof parsed === 'string') return parsed
  for (const [index, letter] of slot.letters.entries()) {
    const value = parsed[index]
    if (value === null || value === undefined) continue
    if (known[index] !== undefined && known[index] !== value)
      return 'an operand that agrees with the ones before it'
    fields[letter] = value
  }
  return null
}

const skipBlanks = (text: string, at: number): number => {
  let next = at
  while (text[next] === ' ' || text[next] === '\t') next++
  return next
}

/** Matches fixed text such as `], ` or `c`; returns the index behind it and the blanks after it, or null. */
function matchLiteral(piece: string, text: string, start: number): number | null {
  let at = skipBlanks(text, start)
  for (const char of piece) {
    if (char === ' ') continue
    at = skipBlanks(text, at)
    if (char === '#') {
      if (text[at] === '#') at++
    } else if (text[at]?.toLowerCase() === char) at++
    else return null
  }
  return skipBlanks(text, at)
}

function literalExpectation(piece: string): string {
  const text = piece.replace(/[#\s]/g, '')
  if (text === '[') return 'an address in brackets, such as [x1]'
  if (text === ',') return 'another operand'
  if (text === ',[') return 'an address in brackets as the next operand'
  return `\`${text}\``
}

/** The index where the operand that begins at `at` ends: a comma, or a bracket that it did not open. */
function endOfOperand(text: string, at: number, spansCommas: boolean): number {
  let depth = 0
  let end = at
  while (end < text.length) {
    const char = text[end]!
    if (char === '"') end = endOfString(text, end)
    else if (char === "'") end = endOfCharacter(text, end)
    else {
      if (char === '(' || char === '[' || char === '{') depth++
      else if (char === ')' || char === ']' || char === '}') {
        if (depth === 0) return end
        depth--
      } else if (char === ',' && depth === 0 && !spansCommas) return end
      end++
    }
  }
  return end
}
