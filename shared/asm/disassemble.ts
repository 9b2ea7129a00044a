import { hex } from '../base/hex.ts'
import { decode } from '../isa/decoder.ts'
import { notModelledName } from '../isa/not-modelled.ts'
import type { PrintContext } from './operand.ts'
import { type Form, formsOf, type Piece } from './syntax.ts'

/**
 * The text of one instruction as GNU objdump writes it: lower case, preferred aliases, one space behind the mnemonic.
 * Branch targets are absolute addresses with `0x`. What `symbol` names is added as `0x40080000 <name>`.
 *
 * @param word the instruction, signed or unsigned
 * @param address of the instruction
 * @returns `.inst 0x........ ; undefined` for a word that no row accepts, or `; FADD (vector), not modelled`
 */
export function disassemble(
  word: number,
  address: bigint,
  symbol?: (address: bigint) => string | null,
): string {
  const decoded = decode(word)
  if (decoded) {
    const context: PrintContext = symbol ? { address, symbol } : { address }
    for (const form of formsOf.get(decoded.row.name)!) {
      const text =
        form.printed && applies(form, decoded.fields) ? printForm(form, decoded.fields, context) : null
      if (text !== null) return text
    }
  }
  return `.inst ${hex(word >>> 0, 8)} ; ${notModelledName(word)?.concat(', not modelled') ?? 'undefined'}`
}

function applies(form: Form, fields: Record<string, number>): boolean {
  for (const letter in form.fixed) if (fields[letter] !== form.fixed[letter]) return false
  return form.when === null || form.when(fields)
}

function printForm(form: Form, fields: Record<string, number>, context: PrintContext): string | null {
  const mnemonic = printPieces(form.mnemonic, fields, context)
  const operands = printPieces(form.operands, fields, context)
  if (mnemonic === null || operands === null) return null
  return operands === '' ? mnemonic : `${mnemonic} ${operands}`
}

function printPieces(
  pieces: readonly Piece[],
  fields: Record<string, number>,
  context: PrintContext,
): string | null {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else {
      const values = piece.letters.map((letter) => fields[letter]!)
      const part = piece.kind.print(values, piece.place, context)
      if (part === null) return null
      text += part
    }
  }
  return text
}
