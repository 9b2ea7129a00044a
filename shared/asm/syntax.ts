import { type Pattern, patterns } from '../isa/decoder.ts'
import type { Kind, Place } from './operand.ts'
import { operandKinds } from './operands.ts'

/** The asm texts of the instruction rows, compiled once for assembler and disassembler. */

export interface Slot {
  kind: Kind
  letters: readonly string[]
  place: Place
}

export type Piece = string | Slot

/** One spelling of a row, with its optional tail either written or left out. */
export interface Form {
  pattern: Pattern
  mnemonic: readonly Piece[]
  operands: readonly Piece[]
  /** Fields that the text leaves out: those an alias sets, and the defaults of a tail left out. */
  fixed: Readonly<Record<string, number>>
  /** For which words of the row the disassembler prefers this spelling; null: always. */
  when: ((fields: Record<string, number>) => boolean) | null
  /** False for spellings that are only read. */
  printed: boolean
}

function compileSlot(text: string, pattern: Pattern): Slot {
  const match = /^([a-z]\w*)(?:\*(\d+))?:([A-Za-z](?:,[A-Za-z])*)$/.exec(text)
  const kind = match && operandKinds[match[1]!]
  if (!match || !kind) throw new Error(`${pattern.row.name}: unknown slot {${text}}`)
  const letters = match[3]!.split(',')
  if (letters.length !== kind.letters)
    throw new Error(`${pattern.row.name}: {${text}} needs ${kind.letters} letters`)
  const widths = letters.map((letter) => {
    const field = pattern.fields.find((one) => one.letter === letter)
    if (!field) throw new Error(`${pattern.row.name}: {${text}} names a field that is not in the pattern`)
    return field.width
  })
  return { kind, letters, place: { widths, scale: match[2] ? Number(match[2]) : 1 } }
}

function compilePieces(text: string, pattern: Pattern): Piece[] {
  return text
    .split(/(\{[^}]*\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? compileSlot(part.slice(1, -1), pattern) : part))
}

/** The forms of one asm text: with its tail left out first, so that the disassembler prefers the shorter one. */
function compileText(text: string, pattern: Pattern, base: Pick<Form, 'fixed' | 'when' | 'printed'>): Form[] {
  const space = text.search(/ (?![^{]*\})/)
  const mnemonic = compilePieces(space < 0 ? text : text.slice(0, space), pattern)
  const operands = space < 0 ? '' : text.slice(space + 1)
  const tail = /<(.*)>/.exec(operands)
  if (!tail) return [{ pattern, mnemonic, operands: compilePieces(operands, pattern), ...base }]
  const fixed: Record<string, number> = { ...base.fixed }
  for (const piece of compilePieces(tail[1]!, pattern)) {
    if (typeof piece === 'string') continue
    if (!piece.kind.absent)
      throw new Error(`${pattern.row.name}: '${text}' leaves out a slot without a default`)
    for (const [index, letter] of piece.letters.entries()) fixed[letter] = piece.kind.absent[index]!
  }
  const whole = operands.replace(/[<>]/g, '')
  return [
    { pattern, mnemonic, operands: compilePieces(operands.replace(/<.*>/, ''), pattern), ...base, fixed },
    { pattern, mnemonic, operands: compilePieces(whole, pattern), ...base },
  ]
}

/** @throws Error when a field of the row is neither written nor fixed by a form. */
function checkComplete(form: Form): Form {
  const given = new Set(Object.keys(form.fixed))
  for (const piece of [...form.mnemonic, ...form.operands]) {
    if (typeof piece !== 'string') for (const letter of piece.letters) given.add(letter)
  }
  const missing = form.pattern.fields.filter((field) => !given.has(field.letter))
  if (missing.length > 0) {
    throw new Error(
      `${form.pattern.row.name}: a spelling does not give ${missing.map((f) => f.letter).join(', ')}`,
    )
  }
  return form
}

/** Every spelling of a row: preferred aliases, then its own texts, then what is only read. */
export function compileForms(pattern: Pattern): readonly Form[] {
  const { row } = pattern
  const list = (asm: string | readonly string[]): readonly string[] => (typeof asm === 'string' ? [asm] : asm)
  const aliases = (row.aliases ?? []).flatMap((alias) =>
    list(alias.asm).flatMap((text) =>
      compileText(text, pattern, {
        fixed: (alias.set ?? {}) as Record<string, number>,
        when: (alias.when as Form['when']) ?? null,
        printed: alias.when !== undefined,
      }),
    ),
  )
  const own = list(row.asm).flatMap((text) =>
    compileText(text, pattern, { fixed: {}, when: null, printed: true }),
  )
  return [...aliases.filter((form) => form.printed), ...own, ...aliases.filter((form) => !form.printed)].map(
    checkComplete,
  )
}

/** The forms of every row, by row name. */
export const formsOf: ReadonlyMap<string, readonly Form[]> = new Map(
  patterns.map((pattern) => [pattern.row.name, compileForms(pattern)]),
)
