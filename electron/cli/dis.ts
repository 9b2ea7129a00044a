import { readElf } from '../../shared/asm/elf-read.ts'
import { listing } from '../../shared/asm/listing.ts'
import { readInput } from './files.ts'
import { exits, type Verb } from './verb.ts'

export const dis: Verb = {
  name: 'dis',
  summary: 'disassembles an AArch64 ELF image',
  operands: [{ name: 'FILE', doc: 'an AArch64 ELF program' }],
  flags: {},
  example: 'dis prog.elf',
  async run({ operands }, terminal) {
    const file = operands[0]!
    terminal.out(listing(readElf(readInput(file), file)))
    return exits.ran
  },
}
