/** Sections while they grow, and the layout of the link script: see `layOut`. */
import { AsmError } from './error.ts'
import type { Lazy } from './symbols.ts'

/** ELF section flags (System V ABI, "Section Attribute Flags"). */
export const SHF = { WRITE: 1, ALLOC: 2, EXECINSTR: 4, MERGE: 16, STRINGS: 32 } as const

export interface Literal {
  key: string
  width: 4 | 8
  value: Lazy
  /** Offset in the section once the pool is placed. */
  offset: number
}

export interface Section {
  name: string
  flags: number
  nobits: boolean
  align: number
  size: number
  bytes: Uint8Array
  /** What was emitted last: GNU as aligns an instruction that follows data in code. */
  mapping: 'none' | 'code' | 'data'
  marks: { offset: number; kind: 'code' | 'data' }[]
  literals: Literal[]
  /** What all sections of an assembly may still grow by together. */
  budget: { bytes: number }
  /** Known after layout. */
  address: bigint
}

export interface OutputSection {
  name: string
  address: bigint
  flags: number
  size: number
  align: number
  nobits: boolean
  members: Section[]
}

/** Bytes that all sections may hold together, and that one without contents may reserve. */
export const BYTES_MAX = 64 * 1024 * 1024
/** From the first to the last loaded byte, padding included. */
const SPAN_MAX = 256n * 1024n * 1024n
const RESERVED_MAX = 4 * 1024 * 1024 * 1024

export function newSection(name: string, flags: number, nobits: boolean, budget: Section['budget']): Section {
  const empty = new Uint8Array(nobits ? 0 : 256)
  return {
    name,
    flags,
    nobits,
    align: 1,
    size: 0,
    bytes: empty,
    mapping: 'none',
    marks: [],
    literals: [],
    budget,
    address: 0n,
  }
}

/** The flags and kind that a section has by its name alone. */
export function defaultSection(name: string, budget: Section['budget']): Section {
  const is = (stem: string): boolean => name === stem || name.startsWith(`${stem}.`)
  if (is('.text')) return newSection(name, SHF.ALLOC | SHF.EXECINSTR, false, budget)
  if (is('.data')) return newSection(name, SHF.ALLOC | SHF.WRITE, false, budget)
  if (is('.bss')) return newSection(name, SHF.ALLOC | SHF.WRITE, true, budget)
  if (is('.rodata')) return newSection(name, SHF.ALLOC, false, budget)
  return newSection(name, 0, false, budget)
}

export const isCode = (section: Section): boolean => (section.flags & SHF.EXECINSTR) !== 0

export function mark(section: Section, kind: 'code' | 'data'): void {
  if (section.mapping === kind) return
  section.mapping = kind
  section.marks.push({ offset: section.size, kind })
}

/** Grows the section by `count` bytes of value `fill` and returns the offset of the first. */
export function reserve(section: Section, count: number, fill = 0): number {
  const offset = section.size
  const end = offset + count
  if (section.nobits ? end > RESERVED_MAX : count > section.budget.bytes) {
    throw new AsmError(
      section.nobits
        ? `section ${section.name} would grow beyond 4 GiB`
        : `with section ${section.name} the image would grow beyond 64 MiB`,
      -1,
      'Reserve large areas in .bss, or correct the count.',
    )
  }
  section.size = end
  if (section.nobits) {
    if (fill !== 0)
      throw new AsmError(`${section.name} has no contents`, -1, 'Put initialised data into .data.')
    return offset
  }
  section.budget.bytes -= count
  if (end > section.bytes.length) {
    const grown = new Uint8Array(Math.max(end, section.bytes.length * 2))
    grown.set(section.bytes)
    section.bytes = grown
  }
  if (fill !== 0) section.bytes.fill(fill, offset, end)
  return offset
}

const NOP = [0x1f, 0x20, 0x03, 0xd5] as const

/**
 * Pads to a power of two. Without a fill value code is padded as GNU as does it: zeros up to a word, then NOPs.
 * Nothing happens when more than `limit` bytes would be needed.
 */
export function alignSection(
  section: Section,
  align: number,
  fill: number | null,
  limit: number | null,
): void {
  section.align = Math.max(section.align, align)
  const padding = (align - (section.size % align)) % align
  const nops = isCode(section) && fill === null
  mark(section, nops ? 'code' : 'data')
  if (limit !== null && limit !== 0 && padding > limit) return
  const offset = reserve(section, padding, fill ?? 0)
  if (!nops || section.nobits) return
  for (let at = offset + (padding & 3); at < section.size; at += 4) section.bytes.set(NOP, at)
}

/** The bytes of a placed section; the gaps between its members are zero. */
export function contents({ nobits, size, address, members }: OutputSection): Uint8Array {
  const bytes = new Uint8Array(nobits ? 0 : size)
  for (const section of members) {
    if (!section.nobits) bytes.set(section.bytes.subarray(0, section.size), Number(section.address - address))
  }
  return bytes
}

const alignUp = (value: bigint, align: number): bigint => {
  const unit = BigInt(align)
  return ((value + unit - 1n) / unit) * unit
}

/**
 * Places sections as the link script of the project does: code from `base` with .text.start first, at the next page
 * .rodata then .data, at the next page .bss, and `_end`. Sections that the script does not name follow those of their
 * kind, as GNU ld places them; sections without the alloc flag have address 0 and are not loaded.
 */
export function layOut(sections: Section[], base: bigint): { output: OutputSection[]; end: bigint } {
  const left = new Set(sections)
  const output: OutputSection[] = []
  let location = base

  const take = (belongs: (section: Section) => boolean): Section[] => {
    const taken = [...left].filter(belongs)
    for (const section of taken) left.delete(section)
    return taken
  }
  const place = (name: string, members: Section[], loaded = true): void => {
    if (members.every((section) => section.size === 0)) {
      for (const section of members) section.address = loaded ? location : 0n
      return
    }
    const align = Math.max(...members.map((section) => section.align))
    const address = loaded ? alignUp(location, align) : 0n
    let end = address
    for (const section of members) {
      section.address = alignUp(end, section.align)
      end = section.address + BigInt(section.size)
    }
    const nobits = members.every((section) => section.nobits)
    const size = Number(end - address)
    if (loaded && !nobits && end - base > SPAN_MAX) {
      throw new AsmError(
        `section ${name} would end more than 256 MiB behind the start of the image`,
        -1,
        'Reserve large areas in .bss, and align to less.',
      )
    }
    const flags = members.reduce((all, section) => all | section.flags, 0)
    output.push({ name, address, flags, size, align, nobits, members })
    if (loaded) location = end
  }
  const placeOrphans = (belongs: (section: Section) => boolean, loaded = true): void => {
    for (const section of take(belongs)) place(section.name, [section], loaded)
  }
  const allocated = (section: Section): boolean => (section.flags & SHF.ALLOC) !== 0

  const start = take((section) => section.name === '.text.start')
  place('.text', [...start, ...take((section) => section.name.startsWith('.text'))])
  const named = /^\.(rodata|data|bss)/
  placeOrphans((section) => allocated(section) && isCode(section) && !named.test(section.name))
  location = alignUp(location, 4096)
  place(
    '.rodata',
    take((section) => section.name.startsWith('.rodata')),
  )
  placeOrphans(
    (section) => allocated(section) && (section.flags & SHF.WRITE) === 0 && !named.test(section.name),
  )
  place(
    '.data',
    take((section) => section.name.startsWith('.data')),
  )
  placeOrphans((section) => allocated(section) && !section.nobits && !named.test(section.name))
  location = alignUp(location, 4096)
  place(
    '.bss',
    take((section) => section.name.startsWith('.bss')),
  )
  const end = location
  placeOrphans(allocated)
  placeOrphans(() => true, false)
  return { output, end }
}
