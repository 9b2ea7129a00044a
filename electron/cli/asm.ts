import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { AssemblyError, assemble } from '../../shared/asm/assemble.ts'
import { writeElf } from '../../shared/asm/elf-write.ts'
import { readInput, writeOutput } from './files.ts'
import { problemText } from './text.ts'
import { type Arguments, exits, UsageError, type Verb } from './verb.ts'

export const asm: Verb = {
  name: 'asm',
  summary: 'assembles an A64 program to an ELF image',
  operands: [{ name: 'FILE', doc: 'assembly in GNU syntax' }],
  flags: {
    output: { short: 'o', value: 'ELF', doc: 'the image to write' },
    include: { short: 'I', value: 'DIR', repeats: true, doc: 'a folder to look for included files in' },
    define: {
      short: 'D',
      value: 'NAME=VALUE',
      repeats: true,
      doc: 'give a symbol a value (1 without =VALUE)',
    },
  },
  example: 'asm prog.S -o prog.elf',
  async run(args, terminal) {
    const file = args.operands[0]!
    const output = args.value('output')
    if (!output) throw new UsageError('asm needs -o: where to write the image', 'Write -o prog.elf.')
    const text = readInput(file).toString('utf8')
    try {
      const program = assemble({ file, text }, assembleOptions(args))
      for (const warning of program.warnings) terminal.err(`warning: ${problemText(warning)}`)
      writeOutput(output, writeElf(program))
      return exits.ran
    } catch (error) {
      if (!(error instanceof AssemblyError)) throw error
      for (const problem of error.problems) terminal.err(problemText(problem))
      return exits.failed
    }
  },
}

function assembleOptions(args: Arguments) {
  const folders = args.values('include')
  const find = (path: string, from: string): Buffer | null => {
    const places = isAbsolute(path) ? [path] : [dirname(from), ...folders].map((folder) => join(folder, path))
    const found = places.find((place) => existsSync(place))
    return found ? readFileSync(found) : null
  }
  return {
    include: (path: string, from: string) => find(path, from)?.toString('utf8') ?? null,
    readBinary: find,
    defines: Object.fromEntries(args.values('define').map(definition)),
  }
}

function definition(text: string): [string, bigint] {
  const [, name, value = '1'] = /^([A-Za-z_.$][\w.$]*)(?:=(.*))?$/.exec(text) ?? []
  if (name && /^-?(0x[0-9a-f]+|0b[01]+|\d+)$/i.test(value)) {
    return [name, value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)]
  }
  throw new UsageError(`-D ${text} is not a definition`, 'Write -D NAME=NUMBER, such as -D ROUNDS=100.')
}
