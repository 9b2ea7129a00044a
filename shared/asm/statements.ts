/** From source text to statements: comments go, `;` and line ends separate, strings and character constants stay. */
import { AsmError } from './error.ts'
import { characterCode } from './expression.ts'

/** Where a macro, loop or include was expanded; `parent` is the expansion around it. */
export interface Trace {
  what: string
  file: string
  line: number
  parent: Trace | null
}

export interface Statement {
  text: string
  file: string
  /** 1-based. */
  line: number
  /** 1-based column of `text[0]`. */
  column: number
  trace: Trace | null
}

/** A piece of a statement with the index at which it begins. */
export interface Piece {
  text: string
  at: number
}

/** An unclosed comment or string ends at the end of its text; the statement that it leaves is refused later. */
export function scanStatements(
  text: string,
  file: string,
  firstLine = 1,
  trace: Trace | null = null,
): Statement[] {
  const statements: Statement[] = []
  let line = firstLine
  let lineStart = 0
  let start = 0 // of the piece of text not yet copied
  let pending = ''
  let began = { line, column: 1 }
  let at = 0

  const finish = (end: number): void => {
    const whole = pending + text.slice(start, end)
    const trimmed = whole.trimStart()
    if (trimmed !== '') {
      const column = began.column + whole.length - trimmed.length
      statements.push({ text: trimmed.trimEnd(), file, line: began.line, column, trace })
    }
    pending = ''
  }
  const begin = (next: number): void => {
    start = next
    began = { line, column: next - lineStart + 1 }
  }

  while (at < text.length) {
    const char = text[at]!
    if (char === '\n' || char === ';') {
      finish(at)
      at++
      if (char === '\n') {
        line++
        lineStart = at
      }
      begin(at)
    } else if (char === '"') {
      at = endOfString(text, at)
    } else if (char === "'") {
      at = endOfCharacter(text, at)
    } else if (char === '/' && text[at + 1] === '/') {
      finish(at)
      at = endOfLine(text, at)
      begin(at)
    } else if (char === '#' && text.slice(lineStart, at).trim() === '') {
      at = endOfLine(text, at)
      begin(at)
    } else if (char === '/' && text[at + 1] === '*') {
      const close = text.indexOf('*/', at + 2)
      const end = close < 0 ? text.length : close + 2
      const empty = (pending + text.slice(start, at)).trim() === ''
      // Blanks keep the columns of what follows; a statement may go on after a comment of several lines.
      pending += `${text.slice(start, at)}${' '.repeat(Math.min(end - at, 256))}`
      for (
        let newline = text.indexOf('\n', at);
        newline >= 0 && newline < end;
        newline = text.indexOf('\n', newline + 1)
      ) {
        line++
        lineStart = newline + 1
      }
      at = end
      if (empty) {
        pending = ''
        begin(at)
      }
      start = at
    } else {
      at++
    }
  }
  finish(text.length)
  return statements
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

/** The index after the string that opens at `at`; a string does not run over its line. */
export function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
    if (text[i] === '\n') return i
  }
  return text.length
}

/** The index after the character constant that opens at `at`: `'a`, `'a'`, `'\n'`. */
export function endOfCharacter(text: string, at: number): number {
  let end = at + 1
  if (end >= text.length || text[end] === '\n') return end
  end += text[end] === '\\' && end + 1 < text.length && text[end + 1] !== '\n' ? 2 : 1
  return text[end] === "'" ? end + 1 : end
}

/** Splits at commas outside strings, character constants, parentheses and brackets. Blank text has no operands. */
export function splitOperands(text: string, at: number): Piece[] {
  if (text.trim() === '') return []
  const pieces: Piece[] = []
  let depth = 0
  let start = 0
  let i = 0
  while (i < text.length) {
    const char = text[i]!
    if (char === '"') i = endOfString(text, i)
    else if (char === "'") i = endOfCharacter(text, i)
    else {
      if (char === '(' || char === '[') depth++
      else if (char === ')' || char === ']') depth--
      else if (char === ',' && depth <= 0) {
        pieces.push(trimmedPiece(text.slice(start, i), at + start))
        start = i + 1
      }
      i++
    }
  }
  pieces.push(trimmedPiece(text.slice(start), at + start))
  return pieces
}

function trimmedPiece(text: string, at: number): Piece {
  const trimmed = text.trimStart()
  return { text: trimmed.trimEnd(), at: at + text.length - trimmed.length }
}

const WORD = /[\w.$\\"']/

/**
 * Blanks as GNU as sees them when it splits macro arguments: one between two words, none beside punctuation, so that
 * `a + b` is one argument and `a b` two. Character constants become their codes.
 */
export function squeeze(text: string): string {
  let out = ''
  let previousIsWord = false
  let blank = false
  let i = 0
  while (i < text.length) {
    const char = text[i]!
    if (char === ' ' || char === '\t' || char === '\r') {
      blank = true
      i++
      continue
    }
    if (blank && previousIsWord && WORD.test(char)) out += ' '
    blank = false
    previousIsWord = WORD.test(char)
    if (char === '"') {
      const end = endOfString(text, i)
      out += text.slice(i, end)
      i = end
    } else if (char === "'") {
      const end = endOfCharacter(text, i)
      if (end > i + 1) out += String(characterCode(text.slice(i + 1, end)))
      i = end
      previousIsWord = false
    } else {
      out += char
      i++
    }
  }
  return out
}

/** The bytes of a quoted string with its escapes resolved; other text is UTF-8. */
export function stringBytes(piece: Piece): number[] {
  const { text, at } = piece
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) {
    throw new AsmError(
      'a string in double quotes was expected',
      at,
      'Write "text"; escapes are \\n \\t \\" \\\\ \\0 \\x41.',
    )
  }
  const bytes: number[] = []
  const body = text.slice(1, -1)
  const encoder = new TextEncoder()
  for (let i = 0; i < body.length; ) {
    if (body[i] !== '\\') {
      const char = String.fromCodePoint(body.codePointAt(i)!)
      bytes.push(...encoder.encode(char))
      i += char.length
      continue
    }
    const coded = /^\\(?:([0-7]{1,3})|x([0-9a-fA-F]+))/.exec(body.slice(i, i + 16))
    if (coded !== null) {
      bytes.push(
        (coded[1] !== undefined ? Number.parseInt(coded[1], 8) : Number.parseInt(coded[2]!, 16)) & 0xff,
      )
      i += coded[0].length
    } else {
      bytes.push(characterCode(body.slice(i, i + 2)) & 0xff)
      i += 2
    }
  }
  return bytes
}
