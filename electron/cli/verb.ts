/** One command of the program. Each file named after a verb exports one of these; index.ts lists them. */
export interface Verb {
  name: string
  /** One line for the list of commands. */
  summary: string
  operands: readonly Operand[]
  flags: Readonly<Record<string, Flag>>
  /** Lines of the help that neither an operand nor a flag can say. */
  notes?: readonly string[]
  /** A command line that works in the project's folder, without `npx switchyard`. */
  example: string
  /** @returns the exit status. Throws UsageError and ProblemError for what a person can mend. */
  run(args: Arguments, terminal: Terminal): Promise<number>
}

export interface Operand {
  /** In capitals, as in the usage line. */
  name: string
  doc: string
  optional?: boolean
}

export interface Flag {
  /** Name of its value in the usage line; absent for a switch. */
  value?: string
  short?: string
  /** May be given several times. */
  repeats?: boolean
  doc: string
}

/** A checked command line. */
export interface Arguments {
  operands: string[]
  has(flag: string): boolean
  /** The last value given. */
  value(flag: string): string | undefined
  values(flag: string): string[]
}

/** The world outside a verb: data goes to `out`, progress and messages to `err`. */
export interface Terminal {
  out(text: string | Uint8Array): void
  err(text: string): void
  /** Whether `err` is a screen whose last line can be rewritten. */
  readonly live: boolean
  readonly stdin: NodeJS.ReadStream
  readonly env: NodeJS.ProcessEnv
  /** Settles with the signal's name at the first Ctrl+C or SIGTERM; a second one ends the process at once. */
  readonly interrupted: Promise<NodeJS.Signals>
}

export const exits = { ran: 0, failed: 1, lockup: 3, usage: 64, bug: 70, limit: 124 } as const

/** 128 + the signal's number, as shells report it. */
export const exitOfSignal = (signal: NodeJS.Signals): number => (signal === 'SIGINT' ? 130 : 143)

/** A command line that nobody could have meant: exit 64. */
export class UsageError extends Error {
  readonly remedy: string
  constructor(cause: string, remedy: string) {
    super(cause)
    this.name = 'UsageError'
    this.remedy = remedy
  }
}
