/**
 * A statement that cannot be encoded. The assembler adds file and line.
 *
 * `column` is the 0-based offset into the operand text of the part at fault, or -1 for the mnemonic itself.
 * `message` says what is wrong, `remedy` what would be right.
 */
export class AsmError extends Error {
  readonly column: number
  readonly remedy: string

  constructor(message: string, column: number, remedy: string) {
    super(message)
    this.name = 'AsmError'
    this.column = column
    this.remedy = remedy
  }
}
