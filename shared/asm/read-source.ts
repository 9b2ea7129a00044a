/** The first pass: expands the source, defines symbols, and gives everything its size and place in a section. */

import { nearestName } from '../base/nearest.ts'
import { type Assembly, attempt, beginInstruction, here, reserveInstruction } from './assembly.ts'
import { assign, directives } from './directives.ts'
import { AsmError } from './error.ts'
import {
  callMacro,
  condition,
  conditionNames,
  type Expansion,
  enterFile,
  expansionDirectives,
  isActive,
  newExpansion,
  nextStatement,
} from './expansion.ts'
import { addLiteral, LITERAL, placeRemainingLiterals } from './literals.ts'
import { SHF } from './sections.ts'
import type { Statement } from './statements.ts'
import { define, defineLocal, symbolNamed } from './symbols.ts'

export function readSource(assembly: Assembly, source: { file: string; text: string }): void {
  const expansion = newExpansion()
  enterFile(expansion, source.file, source.text, null)
  for (let more = true; more; ) {
    attempt(assembly, null, 0, () => {
      const statement = nextStatement(assembly, expansion)
      more = statement !== null
      if (statement === null) return
      assembly.statement = statement
      readStatement(assembly, expansion, statement)
    })
  }
  const last = assembly.statement
  placeRemainingLiterals(assembly, (_section, place) => attempt(assembly, last, 0, place))
}

const WORDS = /[A-Za-z_.$][\w.$]*/g
const LABEL = /^(?:([A-Za-z_.$][\w.$]*)|(\d+))\s*:\s*/
const ASSIGNMENT = /^([A-Za-z_.$][\w.$]*)\s*={1,2}\s*(?!=)/
const ALIAS = /^([A-Za-z_][\w.$]*)\s+\.req\s+(\w+)$/i

/** Reads the labels of a statement, then the directive, macro call or instruction. */
function readStatement(assembly: Assembly, expansion: Expansion, statement: Statement): void {
  let at = 0
  for (let label = LABEL.exec(statement.text); label !== null; label = LABEL.exec(statement.text.slice(at))) {
    if (isActive(expansion)) defineLabel(assembly, label[1], label[2], at)
    at += label[0].length
  }
  const text = statement.text.slice(at)
  if (text === '') return
  assembly.sequence++
  const word = /^[^\s,="]+/.exec(text)?.[0] ?? text[0]!
  const operandText = text.slice(word.length)
  const operands = operandText.trimStart()
  const operandsAt = at + word.length + operandText.length - operands.length
  const name = word.toLowerCase()

  if (name.startsWith('.') && condition(assembly, expansion, name, operands, operandsAt)) return
  if (!isActive(expansion)) return
  const assignment = ASSIGNMENT.exec(text)
  if (assignment !== null) {
    const used = assignment[0].length
    assign(assembly, assignment[1]!, { text: text.slice(used), at: at + used }, 'set', at)
    return
  }
  const alias = ALIAS.exec(text)
  if (alias !== null) {
    assembly.registerAliases.set(alias[1]!.toLowerCase(), resolveAliases(assembly, alias[2]!))
    return
  }
  if (callMacro(assembly, expansion, word, operands, operandsAt)) return
  if (!name.startsWith('.')) {
    readInstruction(assembly, name, operands, operandsAt, at)
    return
  }
  const expand = Object.hasOwn(expansionDirectives, name) ? expansionDirectives[name] : undefined
  const directive = Object.hasOwn(directives, name) ? directives[name] : undefined
  if (expand !== undefined) expand(assembly, expansion, operands, operandsAt)
  else if (directive === undefined) throw unknownDirective(word, at)
  else {
    const start = { section: assembly.section, offset: assembly.section.size }
    directive(assembly, operands, operandsAt)
    if (start.section === assembly.section && assembly.section.size > start.offset)
      noteLine(assembly, start.offset)
  }
}

function unknownDirective(word: string, at: number): AsmError {
  const known = [...Object.keys(directives), ...Object.keys(expansionDirectives), ...conditionNames]
  const near = nearestName(word, known)
  return new AsmError(
    `\`${word}\` is not a directive`,
    at,
    near === null ? 'See the list of supported directives.' : `Did you mean \`${near}\`?`,
  )
}

function defineLabel(
  assembly: Assembly,
  name: string | undefined,
  digits: string | undefined,
  at: number,
): void {
  const definition = { sequence: ++assembly.sequence, value: here(assembly) }
  if (digits !== undefined) defineLocal(assembly.symbols, String(Number(digits)), definition)
  else {
    define(assembly.symbols, name!, 'label', definition, at)
    symbolNamed(assembly.symbols, name!).labelFile = assembly.statement.file
  }
}

function noteLine({ lines, section, statement }: Assembly, offset: number): void {
  if ((section.flags & SHF.ALLOC) !== 0)
    lines.push({ section, offset, file: statement.file, line: statement.line })
}

/** Replaces register aliases, outside strings and with the length of the rest unchanged. */
function resolveAliases({ registerAliases }: Assembly, operands: string): string {
  if (registerAliases.size === 0) return operands
  return operands.replace(/[A-Za-z_.$][\w.$]*/g, (word) => registerAliases.get(word.toLowerCase()) ?? word)
}

function readInstruction(
  assembly: Assembly,
  mnemonic: string,
  text: string,
  operandsAt: number,
  at: number,
): void {
  if (!/^[a-z][\w.]*$/.test(mnemonic)) {
    throw new AsmError(
      `\`${mnemonic}\` is neither an instruction nor a macro`,
      at,
      'Check the start of the statement.',
    )
  }
  beginInstruction(assembly)
  for (const word of new Set(text.match(WORDS))) assembly.words.set(word, (assembly.words.get(word) ?? 0) + 1)
  let operands = resolveAliases(assembly, text)
  const wanted = mnemonic === 'ldr' || mnemonic === 'ldrsw' ? /^([^,[\]]+?)\s*,\s*=\s*/.exec(operands) : null
  const literal =
    wanted === null
      ? null
      : addLiteral(
          assembly,
          mnemonic,
          wanted[1]!,
          operands.slice(wanted[0].length),
          operandsAt + wanted[0].length,
        )
  if (wanted !== null) operands = `${wanted[1]}, ${LITERAL}`
  const offset = reserveInstruction(assembly)
  noteLine(assembly, offset)
  const { section, sequence, statement } = assembly
  assembly.fixups.push({
    kind: 'instruction',
    section,
    offset,
    mnemonic,
    operands,
    at: operandsAt,
    sequence,
    literal,
    statement,
  })
}
