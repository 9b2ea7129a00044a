import { nearestName } from '../../shared/base/nearest.ts'
import { ProblemError } from '../../shared/base/result.ts'
import { parseArguments } from './arguments.ts'
import { writeBugReport } from './bug-report.ts'
import { bugText, problemText, usageErrorText, verbHelp } from './text.ts'
import { exits, type Terminal, UsageError, type Verb } from './verb.ts'

const spellings: Record<string, string> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-V': 'version',
}

/** Runs one command line. Never throws: what goes wrong is a message on `err` and an exit status. */
export async function runCommand(
  verbs: readonly Verb[],
  args: string[],
  terminal: Terminal,
): Promise<number> {
  try {
    const [word, ...rest] = args
    const verb = findVerb(verbs, word)
    const parsed = parseArguments(verb, rest)
    if (parsed.has('help')) {
      terminal.out(verbHelp(verb))
      return exits.ran
    }
    return await verb.run(parsed, terminal)
  } catch (error) {
    return reportError(error, args, terminal)
  }
}

export function findVerb(verbs: readonly Verb[], word: string | undefined): Verb {
  if (word === undefined)
    throw new UsageError('a command is missing', '`switchyard help` lists the commands.')
  const verb = verbs.find(({ name }) => name === (spellings[word] ?? word))
  if (verb) return verb
  const near = nearestName(
    word,
    verbs.map(({ name }) => name),
  )
  throw new UsageError(
    `there is no command '${word}'`,
    near ? `Did you mean ${near}?` : '`switchyard help` lists the commands.',
  )
}

/** Says what went wrong. @returns the exit status */
export function reportError(error: unknown, args: string[], terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.err(usageErrorText(error))
    return exits.usage
  }
  if (error instanceof ProblemError) {
    terminal.err(problemText(error.problem))
    return exits.failed
  }
  terminal.err(bugText(error instanceof Error ? error.message : String(error), writeBugReport(error, args)))
  return exits.bug
}
