import type { CostClass } from '../../../shared/arch/cost.ts'
import { disassemble } from '../../../shared/asm/disassemble.ts'
import type { Assembled, AssembledSection } from '../../../shared/asm/link.ts'
import { hex } from '../../../shared/base/hex.ts'
import { decode } from '../../../shared/isa/decoder.ts'

const EXECUTABLE = 4

/** One instruction of an assembled image. */
export interface CodeLine {
  address: number
  word: number
  /** As objdump writes it, with targets by name: `guest_exit+0x88`. */
  text: string
  /**
   * The text by which two images are compared: no addresses, no distances; a literal by its value. A branch within its
   * routine reads `<here>`, and `target` says where it goes.
   */
  normalised: string
  /** Address of a branch's target in the same routine. */
  target: number | null
  /** Operation class that a cost profile charges; null for a word that is no instruction. */
  cost: CostClass | null
}

/** Whether a disassembled instruction is a barrier. */
export const isBarrier = (text: string): boolean => /^(isb|dsb|dmb|sb|esb|ssbb|pssbb)\b/.test(text)

/** The instructions from one label to the next. */
export interface Routine {
  name: string
  /** Source that its label stands in, relative to resources/. */
  file: string
  code: CodeLine[]
}

/** All code of an image, by its labels, in the order of the image. Data between instructions is left out. */
export function routinesOf(image: Assembled): Routine[] {
  const names = labelNames(image)
  const files = new Map(image.symbols.map(({ name, file }) => [name, file]))
  const kinds = new Map(image.mapping.map(({ address, kind }) => [address, kind]))
  const literal = literalReader(image)
  const routines: Routine[] = []
  for (const section of image.sections) {
    if ((section.flags & EXECUTABLE) === 0) continue
    let kind = 'code'
    let current: Routine | null = null
    const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength)
    for (let offset = 0; offset + 4 <= section.bytes.length; offset += 4) {
      const address = section.address + BigInt(offset)
      kind = kinds.get(address) ?? kind
      const name = names.get(address)
      if (name !== undefined) current = null
      if (kind !== 'code') continue
      if (current === null) {
        const start = name ?? `${section.name}+${hex(offset)}`
        current = { name: start, file: files.get(start) ?? '', code: [] }
        routines.push(current)
      }
      current.code.push(lineAt(view.getUint32(offset, true), address, names, literal))
    }
  }
  for (const routine of routines) {
    routine.code = withoutPadding(routine.code)
    normaliseTargets(routine)
  }
  return routines.filter(({ code }) => code.length > 0)
}

/** What an alignment puts behind an instruction that never falls through is no code: it changes with the length of what stands before. */
function withoutPadding(code: readonly CodeLine[]): CodeLine[] {
  let reachable = true
  return code.filter(({ text }) => {
    if (!reachable && text === 'nop') return false
    reachable = !/^(b|br|ret|eret|sb)( |$)/.test(text)
    return true
  })
}

/** The last of the labels at an address: an alias before it names the same place. */
function labelNames({ symbols, sections }: Assembled): Map<bigint, string> {
  const placed = new Set(sections.map(({ name }) => name))
  return new Map(
    symbols
      .filter(({ name, section }) => section !== null && placed.has(section) && !name.startsWith('$'))
      .map(({ name, value }) => [value, name]),
  )
}

type Literal = (address: bigint, bytes: number) => bigint | null

function literalReader({ sections }: Assembled): Literal {
  const holds = (section: AssembledSection, address: bigint, bytes: number): boolean =>
    address >= section.address && address + BigInt(bytes) <= section.address + BigInt(section.bytes.length)
  return (address, bytes) => {
    const section = sections.find((one) => one.address !== 0n && holds(one, address, bytes))
    if (section === undefined) return null
    const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength)
    const at = Number(address - section.address)
    return bytes === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true))
  }
}

const TARGET = /0x[0-9a-f]+ <([^>]*)>/
const TARGET_END = /0x[0-9a-f]+( <[^>]*>)?$/
const NUMBERED = /^@(\d+)$/

function lineAt(word: number, address: bigint, names: Map<bigint, string>, literal: Literal): CodeLine {
  const row = decode(word)?.row ?? null
  const text = disassemble(word, address, (target) => names.get(target) ?? null)
  // The same once more, with every target told as a number: what is relative to the PC is found by that alone.
  const targets = disassemble(word, address, (target) => `@${target}`)
  const target = NUMBERED.exec(TARGET.exec(targets)?.[1] ?? '')?.[1]
  const line = {
    address: Number(address),
    word,
    text,
    normalised: text,
    target: null,
    cost: row?.cost ?? null,
  }
  if (target === undefined) return line
  const place = BigInt(target)
  if (row?.name.includes('(literal')) {
    const bytes = /^ldr x/.test(text) ? 8 : 4
    const value = literal(place, bytes)
    const shown = value === null ? '?' : (names.get(value) ?? hex(value))
    return {
      ...line,
      text: text.replace(TARGET_END, `=${shown}`),
      normalised: targets.replace(TARGET, `=${shown}`),
    }
  }
  return {
    ...line,
    normalised: targets.replace(TARGET, `<${names.get(place) ?? place}>`),
    target: Number(place),
  }
}

/** A branch within the routine keeps its target as an address; one that leaves it has a name in its text. */
function normaliseTargets({ name, code }: Routine): void {
  const first = code[0]!.address
  const last = code.at(-1)!.address
  for (const line of code) {
    if (line.target === null) continue
    if (line.target >= first && line.target <= last + 4) {
      line.normalised = line.normalised.replace(/<[^>]*>/, '<here>')
      line.text = line.text.replace(TARGET_END, `${name}+${hex(line.target - first)}`)
    } else {
      line.normalised = line.normalised.replace(/<\d+>/, '<elsewhere>')
      line.text = line.text.replace(/0x[0-9a-f]+ <([^>]*)>$/, '$1')
      line.target = null
    }
  }
}
