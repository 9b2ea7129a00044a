/**
 * Literal pools: `ldr x0, =expression` loads from a word that is placed at the next .ltorg or at the end of the section.
 * Words of 4 and of 8 bytes have a pool each, placed in this order; equal ones are shared as GNU as shares them.
 */
import { type Assembly, bound, emitValue, here } from './assembly.ts'
import { AsmError } from './error.ts'
import { type Expression, parseExpression } from './expression.ts'
import { alignSection, type Literal, type Section } from './sections.ts'
import { boundDefinition, nextDefinition, valueAt } from './symbols.ts'

/** The name by which the encoder asks for the address of a literal. */
export const LITERAL = '.Lliteral'

/** Notes the literal of `mnemonic register, =expression`. */
export function addLiteral(
  assembly: Assembly,
  mnemonic: string,
  register: string,
  text: string,
  at: number,
): Literal {
  if (!/^(?:[wx](?:\d+|zr)|lr)$/i.test(register)) {
    throw new AsmError(
      `\`${register}\` cannot be loaded from a literal`,
      0,
      'Use a register such as x0 or w0.',
    )
  }
  const width = mnemonic === 'ldrsw' || /^w/i.test(register) ? 4 : 8
  const value = bound(assembly, parseExpression(text, at))
  const key = sharingKey(assembly, value.expression)
  const found =
    key === '' ? undefined : assembly.section.literals.find((one) => one.key === key && one.width === width)
  if (found !== undefined) return found
  const literal: Literal = { key, width, value, offset: -1 }
  assembly.section.literals.push(literal)
  return literal
}

/** Constants are equal by value and sign, addresses by symbol and distance; `.` is never equal to another one. */
function sharingKey(assembly: Assembly, expression: Expression): string {
  const value = valueAt(assembly.symbols, { expression, sequence: assembly.sequence, here: here(assembly) })
  if (!('unknown' in value) && value.section === null) return `${value.signed ? '-' : ''}${value.value}`
  const parts = addressParts(expression, assembly)
  if (parts === null) {
    throw new AsmError(
      'a literal must be a constant or a symbol with a distance',
      expression.column,
      'Compute the value with .set first, or write it with .quad and load from its label.',
    )
  }
  if (parts.name === '.') return ''
  const local = /^(\d+)([bf])$/.exec(parts.name)
  const { symbols, sequence } = assembly
  const definitions =
    (local === null
      ? symbols.named.get(parts.name)?.definitions
      : symbols.local.get(String(Number(local[1])))) ?? []
  const index =
    local?.[2] === 'f' ? nextDefinition(definitions, sequence) : boundDefinition(definitions, sequence)
  return `${local === null ? parts.name : `${Number(local[1])}:`}#${index}+${parts.distance}`
}

function addressParts(expression: Expression, assembly: Assembly): { name: string; distance: bigint } | null {
  if (expression.kind === 'symbol') return { name: expression.name, distance: 0n }
  if (expression.kind !== 'binary' || (expression.op !== '+' && expression.op !== '-')) return null
  const constantOf = (side: Expression): bigint | null => {
    const value = valueAt(assembly.symbols, {
      expression: side,
      sequence: assembly.sequence,
      here: here(assembly),
    })
    return 'unknown' in value || value.section !== null ? null : value.value
  }
  const right = constantOf(expression.right)
  const base = right === null ? expression.right : expression.left
  const distance = right ?? constantOf(expression.left)
  const parts =
    distance === null || (right === null && expression.op === '-') ? null : addressParts(base, assembly)
  if (parts === null || distance === null) return null
  const sum = expression.op === '-' ? parts.distance - distance : parts.distance + distance
  return { name: parts.name, distance: BigInt.asUintN(64, sum) }
}

/** Places the pools of the current section. */
export function placeLiterals(assembly: Assembly): void {
  const { section } = assembly
  const literals = section.literals
  section.literals = []
  for (const width of [4, 8] as const) {
    const pool = literals.filter((literal) => literal.width === width)
    if (pool.length === 0) continue
    alignSection(section, width, 0, null)
    for (const literal of pool) {
      literal.offset = section.size
      emitValue(assembly, literal.value, width)
    }
  }
}

/** Places the pools that are left at the end of the source. */
export function placeRemainingLiterals(
  assembly: Assembly,
  atEnd: (section: Section, place: () => void) => void,
): void {
  for (const section of assembly.sections.values()) {
    if (section.literals.length === 0) continue
    assembly.section = section
    atEnd(section, () => placeLiterals(assembly))
  }
}
