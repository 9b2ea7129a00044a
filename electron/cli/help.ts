import { findVerb } from './main.ts'
import { helpText, verbHelp } from './text.ts'
import { exits, type Verb } from './verb.ts'

export function helpVerb(others: readonly Verb[]): Verb {
  const help: Verb = {
    name: 'help',
    summary: 'lists the commands, or says more about one',
    operands: [{ name: 'COMMAND', doc: 'the command to say more about', optional: true }],
    flags: {},
    example: 'help run',
    async run({ operands: [word] }, terminal) {
      const all = [...others, help]
      terminal.out(word === undefined ? helpText(all) : verbHelp(findVerb(all, word)))
      return exits.ran
    },
  }
  return help
}
