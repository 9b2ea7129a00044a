/** Directives that emit data, choose sections and define symbols. */
import {
  type Assembly,
  beginInstruction,
  bound,
  constant,
  countOf,
  emitBytes,
  emitValue,
  here,
  lazy,
  placeOf,
  reserveInstruction,
} from './assembly.ts'
import { AsmError } from './error.ts'
import { parseExpression, symbolsIn } from './expression.ts'
import { placeLiterals } from './literals.ts'
import { alignSection, defaultSection, mark, newSection, reserve, type Section, SHF } from './sections.ts'
import { type Piece, splitOperands, stringBytes } from './statements.ts'
import { define, symbolNamed, valueAt } from './symbols.ts'

/** @param at index of `text` in the statement. */
type Handler = (assembly: Assembly, text: string, at: number) => void

const SIZE_MAX = 0xffff_ffff

function values(size: number): Handler {
  return (assembly, text, at) => {
    for (const piece of splitOperands(text, at)) emitValue(assembly, lazy(assembly, piece), size)
  }
}

function strings(terminated: boolean): Handler {
  return (assembly, text, at) => {
    for (const piece of splitOperands(text, at)) {
      const bytes = stringBytes(piece)
      emitBytes(assembly, terminated ? [...bytes, 0] : bytes)
    }
  }
}

function oneOf(pieces: Piece[], index: number, at: number, what: string): Piece {
  const piece = pieces[index]
  if (piece === undefined || piece.text === '') {
    throw new AsmError(`${what} is missing`, at, `Write ${what} after the directive.`)
  }
  return piece
}

const optional = (pieces: Piece[], index: number): Piece | null =>
  pieces[index] !== undefined && pieces[index].text !== '' ? pieces[index] : null

const space: Handler = (assembly, text, at) => {
  const pieces = splitOperands(text, at)
  const count = countOf(assembly, oneOf(pieces, 0, at, 'a count of bytes'), SIZE_MAX)
  const fill = optional(pieces, 1)
  mark(assembly.section, 'data')
  reserve(assembly.section, count, fill === null ? 0 : Number(BigInt.asUintN(8, constant(assembly, fill))))
}

const fill: Handler = (assembly, text, at) => {
  const pieces = splitOperands(text, at)
  const count = countOf(assembly, oneOf(pieces, 0, at, 'a repeat count'), SIZE_MAX)
  const sizePiece = optional(pieces, 1)
  const size = sizePiece === null ? 1 : Math.min(8, countOf(assembly, sizePiece, SIZE_MAX))
  const valuePiece = optional(pieces, 2)
  const value = valuePiece === null ? 0n : constant(assembly, valuePiece)
  const { section } = assembly
  mark(section, 'data')
  // GNU as takes the value from the low 32 bits only.
  const pattern = Array.from({ length: size }, (_, i) =>
    i < 4 ? Number((value >> BigInt(8 * i)) & 0xffn) : 0,
  )
  const offset = reserve(section, count * size, section.nobits && pattern.some((byte) => byte !== 0) ? 1 : 0)
  if (section.nobits || pattern.every((byte) => byte === 0)) return
  for (let at = offset; at < section.size; at += size) section.bytes.set(pattern, at)
}

function align(unit: 'bytes' | 'power'): Handler {
  return (assembly, text, at) => {
    const pieces = splitOperands(text, at)
    const first = optional(pieces, 0)
    const amount = first === null ? 0 : countOf(assembly, first, unit === 'power' ? 31 : 0x8000_0000)
    const bytes = unit === 'power' ? 2 ** amount : Math.max(1, amount)
    if (!Number.isInteger(Math.log2(bytes))) {
      throw new AsmError(
        `${bytes} is not a power of two`,
        first?.at ?? at,
        'Write 4, 8, 16, … or use .p2align.',
      )
    }
    const fillPiece = optional(pieces, 1)
    const limitPiece = optional(pieces, 2)
    const fillValue = fillPiece === null ? null : Number(BigInt.asUintN(8, constant(assembly, fillPiece)))
    alignSection(
      assembly.section,
      bytes,
      fillValue,
      limitPiece === null ? null : countOf(assembly, limitPiece, SIZE_MAX),
    )
  }
}

const org: Handler = (assembly, text, at) => {
  const pieces = splitOperands(text, at)
  const piece = oneOf(pieces, 0, at, 'an offset')
  const fillPiece = optional(pieces, 1)
  const value = valueAt(assembly.symbols, lazy(assembly, piece))
  const { section } = assembly
  if ('unknown' in value || (value.section !== null && value.section !== section)) {
    throw new AsmError(
      'the offset is not known here',
      piece.at,
      'Use a number or a label above in the same section.',
    )
  }
  const target = BigInt.asIntN(64, value.value)
  if (target < BigInt(section.size)) {
    throw new AsmError(
      '.org cannot move backwards',
      piece.at,
      `The section already has ${section.size} bytes.`,
    )
  }
  if (target > BigInt(SIZE_MAX))
    throw new AsmError('the offset is too large', piece.at, 'Offsets count from the section.')
  mark(section, 'data')
  const filler = fillPiece === null ? 0 : Number(BigInt.asUintN(8, constant(assembly, fillPiece)))
  reserve(section, Number(target) - section.size, filler)
}

const instructionWords: Handler = (assembly, text, at) => {
  const { statement } = assembly
  for (const piece of splitOperands(text, at)) {
    beginInstruction(assembly)
    const value = lazy(assembly, piece)
    const offset = reserveInstruction(assembly)
    assembly.fixups.push({ kind: 'data', section: assembly.section, offset, size: 4, value, statement })
  }
}

const includeBinary: Handler = (assembly, text, at) => {
  const pieces = splitOperands(text, at)
  const pathPiece = oneOf(pieces, 0, at, 'a path in quotes')
  const path = new TextDecoder().decode(new Uint8Array(stringBytes(pathPiece)))
  const bytes = assembly.options.readBinary?.(path, assembly.statement.file) ?? null
  if (bytes === null)
    throw new AsmError(`there is no file \`${path}\``, pathPiece.at, 'Check the path of the .incbin.')
  const skipPiece = optional(pieces, 1)
  const countPiece = optional(pieces, 2)
  const skip = skipPiece === null ? 0 : countOf(assembly, skipPiece, bytes.length)
  const count = countPiece === null ? bytes.length - skip : countOf(assembly, countPiece, bytes.length - skip)
  emitBytes(assembly, bytes.subarray(skip, skip + count))
}

function enter(assembly: Assembly, section: Section): void {
  assembly.previous = assembly.section
  assembly.section = section
}

function plainSection(name: string): Handler {
  return (assembly, text, at) => {
    if (text !== '' && text !== '0') {
      throw new AsmError('numbered subsections are not supported', at, `Use .section ${name}.part instead.`)
    }
    enter(assembly, assembly.sections.get(name)!)
  }
}

/** The section of `name, "flags", %type`, made on first mention. */
function sectionOf(assembly: Assembly, text: string, at: number): Section {
  const pieces = splitOperands(text, at)
  const namePiece = oneOf(pieces, 0, at, 'a section name')
  const name = namePiece.text.replace(/^"(.*)"$/, '$1')
  if (!/^[\w.$-]+$/.test(name)) {
    throw new AsmError(
      `\`${name}\` is not a section name`,
      namePiece.at,
      'Use letters, digits, `.`, `_` and `$`.',
    )
  }
  const known = assembly.sections.get(name)
  const standard = known ?? defaultSection(name, assembly.section.budget)
  let { flags, nobits } = standard
  const flagsPiece = pieces[1]
  if (flagsPiece !== undefined) {
    const letters = /^"(.*)"$/.exec(flagsPiece.text)?.[1]
    const bits: Record<string, number> = {
      a: SHF.ALLOC,
      w: SHF.WRITE,
      x: SHF.EXECINSTR,
      M: SHF.MERGE,
      S: SHF.STRINGS,
    }
    if (letters === undefined || [...letters].some((letter) => bits[letter] === undefined)) {
      throw new AsmError(
        `the section flags ${flagsPiece.text} are not known`,
        flagsPiece.at,
        'Use "a", "w", "x" in quotes.',
      )
    }
    flags = [...letters].reduce((all, letter) => all | bits[letter]!, 0)
    if (/^\.(text|data|bss)$/.test(name)) flags |= standard.flags
    const type = pieces[2]?.text.replace(/^[%@]|^"|"$/g, '')
    if (type !== undefined && !['progbits', 'nobits', 'note', 'init_array', 'fini_array'].includes(type)) {
      throw new AsmError(
        `the section type ${pieces[2]!.text} is not known`,
        pieces[2]!.at,
        'Use %progbits or %nobits.',
      )
    }
    if (type !== undefined) nobits = type === 'nobits'
    if (known !== undefined && (known.flags !== flags || known.nobits !== nobits)) {
      throw new AsmError(
        `${name} was declared with other flags`,
        flagsPiece.at,
        'Repeat the flags of its first mention.',
      )
    }
  }
  if (known !== undefined) return known
  const section = newSection(name, flags, nobits, assembly.section.budget)
  assembly.sections.set(name, section)
  return section
}

const assignment =
  (kind: 'set' | 'equiv'): Handler =>
  (assembly, text, at) => {
    const match = /^([A-Za-z_.$][\w.$]*)\s*,\s*/.exec(text)
    if (match === null) throw new AsmError('a name and a value are needed', at, 'Write .set name, value.')
    assign(assembly, match[1]!, { text: text.slice(match[0].length), at: at + match[0].length }, kind, at)
  }

/** Gives a symbol the value of an expression; one that is known already is taken now, so `.set n, n + 1` counts. */
export function assign(
  assembly: Assembly,
  name: string,
  value: Piece,
  kind: 'set' | 'equiv',
  at: number,
): void {
  if (name === '.') {
    org(assembly, value.text, value.at)
    return
  }
  const expression = parseExpression(value.text, value.at)
  const now = valueAt(assembly.symbols, bound(assembly, expression))
  // A later definition of this very name must not be what the expression refers to.
  const later = { expression, sequence: assembly.sequence - 1, here: here(assembly) }
  define(
    assembly.symbols,
    name,
    kind,
    { sequence: assembly.sequence, value: 'unknown' in now ? later : now },
    at,
  )
  const { file, line } = assembly.statement
  symbolNamed(assembly.symbols, name).assigned ??= { file, line, names: symbolsIn(expression) }
}

function symbolNames(mark: (assembly: Assembly, name: string) => void): Handler {
  return (assembly, text, at) => {
    for (const piece of splitOperands(text, at)) {
      if (!/^[A-Za-z_.$][\w.$]*$/.test(piece.text)) {
        throw new AsmError(
          `\`${piece.text}\` is not a symbol`,
          piece.at,
          'Write symbol names separated by commas.',
        )
      }
      mark(assembly, piece.text)
    }
  }
}

const typeOf: Handler = (assembly, text, at) => {
  const match = /^([A-Za-z_.$][\w.$]*)\s*,?\s*[%@#"]?(\w+)"?$/.exec(text)
  if (match === null)
    throw new AsmError('a symbol and its type are needed', at, 'Write .type name, %function.')
  const type = match[2]!.toLowerCase()
  symbolNamed(assembly.symbols, match[1]!).type =
    type === 'function' || type === 'stt_func'
      ? 'function'
      : type === 'object' || type === 'stt_object'
        ? 'object'
        : 'none'
}

const sizeOf: Handler = (assembly, text, at) => {
  const [name, value] = splitOperands(text, at)
  if (name === undefined || value === undefined) {
    throw new AsmError('a symbol and its size are needed', at, 'Write .size name, . - name.')
  }
  symbolNamed(assembly.symbols, name.text).size = lazy(assembly, value)
}

/** The text of a message in quotes, or as it stands. */
const messageOf = (text: string): string => text.replace(/^"(.*)"$/s, '$1')

const nothing: Handler = () => {}

export const directives: Record<string, Handler> = {
  '.byte': values(1),
  '.2byte': values(2),
  '.hword': values(2),
  '.short': values(2),
  '.4byte': values(4),
  '.word': values(4),
  '.long': values(4),
  '.int': values(4),
  '.8byte': values(8),
  '.quad': values(8),
  '.xword': values(8),
  '.dword': values(8),
  '.octa': values(16),
  '.ascii': strings(false),
  '.asciz': strings(true),
  '.string': strings(true),
  '.space': space,
  '.skip': space,
  '.zero': space,
  '.fill': fill,
  '.align': align('power'),
  '.p2align': align('power'),
  '.balign': align('bytes'),
  '.org': org,
  '.inst': instructionWords,
  '.incbin': includeBinary,
  '.text': plainSection('.text'),
  '.data': plainSection('.data'),
  '.bss': plainSection('.bss'),
  '.section': (assembly, text, at) => enter(assembly, sectionOf(assembly, text, at)),
  '.pushsection': (assembly, text, at) => {
    if (assembly.stack.length >= 1000)
      throw new AsmError('too many .pushsection', at, 'Add the missing .popsection.')
    const section = sectionOf(assembly, text, at)
    assembly.stack.push({ section: assembly.section, previous: assembly.previous })
    enter(assembly, section)
  },
  '.popsection': (assembly, _text, at) => {
    const top = assembly.stack.pop()
    if (top === undefined) throw new AsmError('.popsection without .pushsection', at, 'Remove it.')
    assembly.section = top.section
    assembly.previous = top.previous
  },
  '.previous': (assembly) => enter(assembly, assembly.previous),
  '.set': assignment('set'),
  '.equ': assignment('set'),
  '.equiv': assignment('equiv'),
  '.global': symbolNames((assembly, name) => {
    symbolNamed(assembly.symbols, name).global = true
  }),
  '.globl': symbolNames((assembly, name) => {
    symbolNamed(assembly.symbols, name).global = true
  }),
  '.weak': symbolNames((assembly, name) => {
    symbolNamed(assembly.symbols, name).weak = true
  }),
  '.local': symbolNames((assembly, name) => {
    symbolNamed(assembly.symbols, name).global = false
  }),
  '.hidden': nothing,
  '.protected': nothing,
  '.internal': nothing,
  '.extern': nothing,
  '.type': typeOf,
  '.size': sizeOf,
  '.ltorg': (assembly) => placeLiterals(assembly),
  '.pool': (assembly) => placeLiterals(assembly),
  '.arch': nothing,
  '.arch_extension': nothing,
  '.cpu': nothing,
  '.file': nothing,
  '.loc': nothing,
  '.ident': nothing,
  '.print': nothing,
  '.cfi_startproc': nothing,
  '.cfi_endproc': nothing,
  '.cfi_sections': nothing,
  '.unreq': (assembly, text, at) => {
    if (!assembly.registerAliases.delete(text.toLowerCase())) {
      throw new AsmError(`\`${text}\` is not a register alias`, at, 'Define it first: name .req x0.')
    }
  },
  '.error': (_assembly, text, at) => {
    throw new AsmError(messageOf(text) || '.error', at, 'The source stops here by its own .error directive.')
  },
  '.err': (_assembly, _text, at) => {
    throw new AsmError('.err', at, 'The source stops here by its own .err directive.')
  },
  '.warning': (assembly, text, at) => {
    assembly.warnings.push({
      place: placeOf(assembly.statement, at),
      cause: messageOf(text),
      remedy: 'The source warns by its own .warning.',
    })
  },
}
