/** What became of one line of a patch. */
export interface LineVerdict {
  /** From 1. */
  line: number
  text: string
  status: 'accepted' | 'ignored' | 'rejected'
  /** What it was taken for, why it does not matter, or why it cannot be taken. */
  reason: string
}

/** Every line of an input with one verdict: nothing is left out of the account, and nothing is counted twice. */
export class LineLedger {
  private readonly texts: readonly string[]
  private readonly verdicts: (Omit<LineVerdict, 'line' | 'text'> | undefined)[]

  constructor(texts: readonly string[]) {
    this.texts = texts
    this.verdicts = new Array(texts.length)
  }

  accept(line: number, reason: string): void {
    this.put(line, 'accepted', reason)
  }

  ignore(line: number, reason: string): void {
    this.put(line, 'ignored', reason)
  }

  /** What was accepted or ignored before can still turn out to be wrong; a rejection stays. */
  reject(line: number, reason: string): void {
    this.put(line, 'rejected', reason)
  }

  private put(line: number, status: LineVerdict['status'], reason: string): void {
    if (this.verdicts[line - 1]?.status !== 'rejected') this.verdicts[line - 1] = { status, reason }
  }

  /** @param rest why a line that nobody spoke of does not matter */
  list(rest: string): LineVerdict[] {
    return this.texts.map((text, i) => ({
      line: i + 1,
      text,
      ...(this.verdicts[i] ?? { status: 'ignored' as const, reason: text.trim() === '' ? 'empty' : rest }),
    }))
  }
}
