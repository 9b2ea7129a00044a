import type { CostClass } from '../arch/cost.ts'
import type { Feature } from '../arch/features.ts'
import type { Operations } from './operations.ts'

/** The field letters of a pattern, as a type: `'z001 nnnnn'` gives `'z' | 'n'`. 0, 1, dots and spaces are not letters. */
export type FieldLetters<B extends string> = B extends `${infer C}${infer Rest}`
  ? (C extends '0' | '1' | '.' | ' ' ? never : C) | FieldLetters<Rest>
  : never

/** Values of the fields of one decoded word: unsigned, one number per letter. */
export type Fields<B extends string = string> = { readonly [L in FieldLetters<B>]: number }

/**
 * One instruction encoding, declared once. Decoder, assembler, disassembler and both engines come from these rows.
 *
 * `bits` is the 32-bit pattern in manual order, 0 and 1 fixed, a letter for each field (bits of one letter need not be
 * adjacent; most significant first), a dot for a bit that the instruction ignores and assemblers leave 0, spaces free.
 *
 * `asm` is the syntax, most preferred first (see shared/asm/operands.ts for the slot kinds):
 * `'add {rsp:z,d}, {rsp:z,n}, #{hex:i}<, {lsl12:s}>'`. `{kind:letters}` is an operand slot, `<...>` an optional tail that is left
 * out when its slots hold their defaults. A slot in the mnemonic (`b.{cond:c}`, `ldadd{acqrel:a,r}b`) has a finite
 * set of texts.
 */
export interface Insn<B extends string = string> {
  /** The manual's name: `ADD (immediate)`. */
  name: string
  bits: B
  asm: string | readonly string[]
  /** Other spellings; `when` says for which words the disassembler prefers them, `set` gives fields that the text leaves out. */
  aliases?: readonly Alias<B>[]
  /** One line: what it does. */
  doc: string
  needs?: Feature
  cost: CostClass
  /** Further constraint on the fields; a word that fails it is unallocated as far as this row is concerned. */
  where?: (f: Fields<B>) => boolean
  sem: <V>(o: Operations<V>, f: Fields<B>) => void
}

export interface Alias<B extends string = string> {
  asm: string | readonly string[]
  set?: Partial<Record<FieldLetters<B>, number>>
  /** Absent: an input-only spelling that the disassembler never prints. */
  when?: (f: Fields<B>) => boolean
}

/** Declares one row; its only work is to infer the field letters so that `sem` is checked against them. */
export function insn<const B extends string>(row: Insn<B>): Insn {
  return row as unknown as Insn
}
