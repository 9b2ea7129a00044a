/** Writes an assembled image as an ELF64 little-endian AArch64 executable with sections and symbols. */
import type { Assembled, AssembledSection } from './link.ts'
import { SHF } from './sections.ts'

const HEADER_SIZE = 64
const SECTION_SIZE = 64
const SEGMENT_SIZE = 56
const SYMBOL_SIZE = 24
const PAGE = 4096n
const SHN_ABS = 0xfff1
const SYMBOL_TYPE = { none: 0, object: 1, function: 2 } as const

/** A string table; equal names share one entry. */
function stringTable(): { add(name: string): number; bytes(): Uint8Array } {
  const offsets = new Map([['', 0]])
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = [new Uint8Array(1)]
  let size = 1
  return {
    add(name) {
      const known = offsets.get(name)
      if (known !== undefined) return known
      const bytes = encoder.encode(`${name}\0`)
      offsets.set(name, size)
      parts.push(bytes)
      size += bytes.length
      return offsets.get(name)!
    },
    bytes() {
      const all = new Uint8Array(size)
      let at = 0
      for (const part of parts) {
        all.set(part, at)
        at += part.length
      }
      return all
    },
  }
}

interface Segment {
  flags: number
  members: AssembledSection[]
}

/** Code is one segment, everything else that is loaded the other; both keep the order of addresses. */
function segmentsOf(sections: AssembledSection[]): Segment[] {
  const loaded = sections.filter((section) => (section.flags & SHF.ALLOC) !== 0)
  const code = loaded.filter((section) => (section.flags & SHF.EXECINSTR) !== 0)
  const data = loaded.filter((section) => (section.flags & SHF.EXECINSTR) === 0)
  const writable = data.some((section) => (section.flags & SHF.WRITE) !== 0)
  return [
    { flags: 5, members: code },
    { flags: writable ? 6 : 4, members: data },
  ].filter((one) => one.members.length > 0)
}

/** `st_shndx` of each symbol, `.symtab` and `.strtab` contents, and how many symbols are local. */
function symbolTableOf({ symbols, mapping, sections }: Assembled): {
  table: Uint8Array
  names: Uint8Array
  locals: number
} {
  const names = stringTable()
  const index = new Map(sections.map((section, i) => [section.name, i + 1]))
  const marks = mapping.map(({ address, section, kind }) => ({
    name: kind === 'code' ? '$x' : '$d',
    value: address,
    section,
    global: false,
    type: 'none' as const,
    size: 0n,
  }))
  const all = [...marks, ...symbols]
  const ordered = [...all.filter((symbol) => !symbol.global), ...all.filter((symbol) => symbol.global)]
  const table = new Uint8Array(SYMBOL_SIZE * (ordered.length + 1))
  const view = new DataView(table.buffer)
  for (const [i, symbol] of ordered.entries()) {
    const at = SYMBOL_SIZE * (i + 1)
    view.setUint32(at, names.add(symbol.name), true)
    view.setUint8(at + 4, (symbol.global ? 0x10 : 0) | SYMBOL_TYPE[symbol.type])
    view.setUint16(at + 6, symbol.section === null ? SHN_ABS : index.get(symbol.section)!, true)
    view.setBigUint64(at + 8, symbol.value, true)
    view.setBigUint64(at + 16, symbol.size ?? 0n, true)
  }
  return { table, names: names.bytes(), locals: 1 + all.filter((symbol) => !symbol.global).length }
}

export function writeElf(assembled: Assembled): Uint8Array {
  const segments = segmentsOf(assembled.sections)
  const offsets = new Map<AssembledSection, number>()
  let end = HEADER_SIZE + SEGMENT_SIZE * segments.length
  const placedSegments = segments.map(({ flags, members }) => {
    const address = members[0]!.address
    // A segment lies in the file at its address modulo the page size, as loaders require.
    const offset = end + Number(BigInt.asUintN(64, address - BigInt(end)) % PAGE)
    let fileEnd = offset
    let memoryEnd = address
    for (const section of members) {
      offsets.set(section, section.nobits ? fileEnd : offset + Number(section.address - address))
      memoryEnd = section.address + BigInt(section.size)
      if (!section.nobits) fileEnd = offset + Number(memoryEnd - address)
    }
    end = fileEnd
    return { flags, address, offset, fileSize: fileEnd - offset, memorySize: memoryEnd - address }
  })
  const { table, names, locals } = symbolTableOf(assembled)
  const sectionNames = stringTable()
  const extra = (
    name: string,
    type: number,
    bytes: Uint8Array,
    align: number,
    link = 0,
    info = 0,
    entrySize = 0,
  ) => ({
    name,
    type,
    bytes,
    align,
    link,
    info,
    entrySize,
  })
  const others = assembled.sections.filter((section) => !offsets.has(section))
  for (const section of others) {
    offsets.set(section, end)
    end += section.bytes.length
  }
  const count = assembled.sections.length
  for (const name of ['.symtab', '.strtab', '.shstrtab', ...assembled.sections.map((one) => one.name)])
    sectionNames.add(name)
  const tables = [
    extra('.symtab', 2, table, 8, count + 2, locals, SYMBOL_SIZE),
    extra('.strtab', 3, names, 1),
    extra('.shstrtab', 3, sectionNames.bytes(), 1),
  ].map((one) => {
    const offset = Math.ceil(end / one.align) * one.align
    end = offset + one.bytes.length
    return { ...one, offset }
  })
  const sectionTable = Math.ceil(end / 8) * 8
  const file = new Uint8Array(sectionTable + SECTION_SIZE * (count + 4))
  const view = new DataView(file.buffer)

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true) // ET_EXEC
  view.setUint16(18, 183, true) // EM_AARCH64
  view.setUint32(20, 1, true)
  view.setBigUint64(24, assembled.entry, true)
  view.setBigUint64(32, BigInt(segments.length > 0 ? HEADER_SIZE : 0), true)
  view.setBigUint64(40, BigInt(sectionTable), true)
  for (const [i, value] of [
    HEADER_SIZE,
    SEGMENT_SIZE,
    segments.length,
    SECTION_SIZE,
    count + 4,
    count + 3,
  ].entries()) {
    view.setUint16(52 + 2 * i, value, true)
  }
  for (const [i, segment] of placedSegments.entries()) {
    const at = HEADER_SIZE + SEGMENT_SIZE * i
    view.setUint32(at, 1, true) // PT_LOAD
    view.setUint32(at + 4, segment.flags, true)
    const fields = [
      segment.offset,
      segment.address,
      segment.address,
      segment.fileSize,
      segment.memorySize,
      PAGE,
    ]
    for (const [j, value] of fields.entries()) view.setBigUint64(at + 8 + 8 * j, BigInt(value), true)
  }
  const writeHeader = (
    index: number,
    name: string,
    numbers: (number | bigint)[],
    link = 0,
    info = 0,
  ): void => {
    const at = sectionTable + SECTION_SIZE * index
    const [type, flags, address, offset, size, align, entrySize] = numbers.map(BigInt) as bigint[]
    view.setUint32(at, sectionNames.add(name), true)
    view.setUint32(at + 4, Number(type), true)
    for (const [j, value] of [flags, address, offset, size].entries())
      view.setBigUint64(at + 8 + 8 * j, value!, true)
    view.setUint32(at + 40, link, true)
    view.setUint32(at + 44, info, true)
    view.setBigUint64(at + 48, align!, true)
    view.setBigUint64(at + 56, entrySize!, true)
  }
  for (const [i, section] of assembled.sections.entries()) {
    const offset = offsets.get(section)!
    const flags = section.flags & (SHF.WRITE | SHF.ALLOC | SHF.EXECINSTR)
    writeHeader(i + 1, section.name, [
      section.nobits ? 8 : 1,
      flags,
      section.address,
      offset,
      section.size,
      section.align,
      0,
    ])
    file.set(section.bytes, offset)
  }
  for (const [i, one] of tables.entries()) {
    writeHeader(
      count + 1 + i,
      one.name,
      [one.type, 0, 0, one.offset, one.bytes.length, one.align, one.entrySize],
      one.link,
      one.info,
    )
    file.set(one.bytes, one.offset)
  }
  return file
}
