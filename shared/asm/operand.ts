/** What an operand kind is made of. The kinds themselves are in operands.ts. */

export interface PrintContext {
  /** Address of the instruction. */
  address: bigint
  /** Name of an address, for branch targets. */
  symbol?: (address: bigint) => string | null
}

export interface ParseContext {
  /** Value of an expression as an unsigned 64-bit pattern. May throw AsmError with a column in the operand text. */
  value(expression: string): bigint
  /** Address of the instruction. */
  pc: bigint
}

/** Where a slot stands in a row: the widths of its fields in bits, and the number behind `*` in `{dec*8:i}` (else 1). */
export interface Place {
  widths: readonly number[]
  scale: number
}

/** A value for each letter of the slot; null leaves that letter to the other slots. A string says what was expected. */
export type Parsed = readonly (number | null)[] | string

/**
 * One operand kind: the text of a slot `{kind*scale:letters}` and the fields it stands for, in the order of the letters.
 * Print and parse are inverse: what print gives, parse takes; parse also takes the other spellings of the assembler.
 */
export interface Kind {
  doc: string
  /** How many letters the slot has. */
  letters: number
  /** The text takes in commas, up to the end or the closing bracket. */
  spansCommas?: true
  /** Values of the letters when an optional tail with this slot is left out. */
  absent?: readonly number[]
  /** Every text, for slots within a mnemonic. */
  texts?: readonly (readonly [string, readonly number[]])[]
  /** @returns null when these values have no text of this kind: another spelling is used. */
  print(fields: readonly number[], place: Place, context: PrintContext): string | null
  /** `known` holds the values that earlier slots gave to the letters. */
  parse(text: string, place: Place, context: ParseContext, known: readonly (number | undefined)[]): Parsed
}
