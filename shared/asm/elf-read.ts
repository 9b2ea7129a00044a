/** Reads ELF64 little-endian AArch64 executables (System V ABI, "ELF for the Arm 64-bit Architecture"). */
import { hex } from '../base/hex.ts'
import { ProblemError } from '../base/result.ts'

export interface ElfSegment {
  /** Physical address (p_paddr). */
  address: bigint
  /** What the file holds; memory beyond it up to `memorySize` is zero. */
  bytes: Uint8Array
  memorySize: number
  /** PF_X 1, PF_W 2, PF_R 4. */
  flags: number
}

export interface ElfSection {
  name: string
  address: bigint
  /** Empty for SHT_NOBITS. */
  bytes: Uint8Array
  size: number
  /** SHF_WRITE 1, SHF_ALLOC 2, SHF_EXECINSTR 4. */
  flags: number
  /** SHT_PROGBITS 1, SHT_SYMTAB 2, SHT_NOBITS 8, … */
  type: number
}

export interface ElfSymbol {
  name: string
  value: bigint
  size: number
  type: 'none' | 'object' | 'function' | 'section' | 'file' | 'other'
  /** Null for absolute and undefined symbols. */
  section: string | null
  global: boolean
}

export interface ElfImage {
  entry: bigint
  /** In ascending order of address, without overlaps. */
  segments: ElfSegment[]
  sections: ElfSection[]
  symbols: ElfSymbol[]
}

/** More memory than this is refused: no machine of the lab has it. */
const MEMORY_MAX = 4n * 1024n * 1024n * 1024n
const ADDRESS_MAX = 1n << 52n
const HEADER_SIZE = 64
const SECTION_SIZE = 64
const SEGMENT_SIZE = 56
const SYMBOL_SIZE = 24
const MACHINES: Record<number, string> = {
  2: 'SPARC',
  3: 'x86 (i386)',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S/390',
  40: '32-bit Arm',
  42: 'SuperH',
  43: 'SPARC V9',
  50: 'Itanium',
  62: 'x86-64',
  94: 'Xtensa',
  243: 'RISC-V',
  247: 'BPF',
  258: 'LoongArch',
}
const FILE_TYPES: Record<number, string> = {
  0: 'of no type',
  1: 'a relocatable object',
  3: 'a shared object',
  4: 'a core dump',
}
const SYMBOL_TYPES = ['none', 'object', 'function', 'section', 'file'] as const
const REBUILD =
  'Build it again, for example with aarch64-linux-gnu-ld, and check that the file was copied whole.'

/** @throws ProblemError naming the header or offset at fault. Memory used is bounded by the length of `bytes`. */
export function readElf(bytes: Uint8Array, file: string): ElfImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  checkIdentity(bytes, view, file)
  const header = {
    entry: view.getBigUint64(24, true),
    segments: {
      offset: view.getBigUint64(32, true),
      size: view.getUint16(54, true),
      count: view.getUint16(56, true),
    },
    sections: {
      offset: view.getBigUint64(40, true),
      size: view.getUint16(58, true),
      count: view.getUint16(60, true),
    },
    names: view.getUint16(62, true),
  }
  const segments = readSegments(bytes, view, file, header.segments)
  const textAt = nameReader(file, bytes.length)
  const sections = readSections(bytes, view, file, header.sections, header.names, textAt)
  const symbols = readSymbols(file, sections, header.sections.offset, view, textAt)
  return { entry: header.entry, segments, sections, symbols }
}

function checkIdentity(bytes: Uint8Array, view: DataView, file: string): void {
  if (bytes.length < 4 || view.getUint32(0, false) !== 0x7f454c46) {
    throw new ProblemError(`${file}: offset 0`, 'this is not an ELF file', 'Give an AArch64 ELF executable.')
  }
  if (bytes.length < 20 || (bytes[4] === 2 && bytes.length < HEADER_SIZE)) {
    throw new ProblemError(
      `${file}: ELF header`,
      `the file is truncated after ${bytes.length} bytes`,
      REBUILD,
    )
  }
  const little = bytes[5] === 1
  const machine = view.getUint16(18, little)
  if (machine !== 183) {
    const name = MACHINES[machine] ?? `machine number ${machine}`
    throw new ProblemError(
      `${file}: ELF header, e_machine`,
      `the program is for ${name}`,
      'Build it for AArch64 (EM_AARCH64, 183).',
    )
  }
  if (bytes[4] !== 2) {
    throw new ProblemError(
      `${file}: ELF header, EI_CLASS`,
      'this is a 32-bit ELF file',
      'Build it as ELF64 (LP64).',
    )
  }
  if (!little) {
    throw new ProblemError(
      `${file}: ELF header, EI_DATA`,
      bytes[5] === 2 ? 'the program is big-endian' : `the byte order ${bytes[5]} is not known`,
      'Build it little-endian.',
    )
  }
  const type = view.getUint16(16, true)
  if (type !== 2) {
    throw new ProblemError(
      `${file}: ELF header, e_type`,
      `this is ${FILE_TYPES[type] ?? `an ELF file of type ${type}`}, not an executable`,
      type === 1
        ? 'Link it first: aarch64-linux-gnu-ld -o image.elf object.o.'
        : 'Link a static executable (ET_EXEC).',
    )
  }
}

interface Table {
  offset: bigint
  size: number
  count: number
}

/** The offset of a table that lies wholly in the file. */
function tableOffset(
  bytes: Uint8Array,
  place: string,
  { offset, size, count }: Table,
  expected: number,
): number {
  if (count === 0) return 0
  if (size !== expected) throw new ProblemError(place, `entries have ${size} bytes, not ${expected}`, REBUILD)
  if (offset + BigInt(size * count) > BigInt(bytes.length)) {
    throw new ProblemError(
      place,
      `${count} entries at offset ${hex(offset)} reach beyond the end of the file`,
      REBUILD,
    )
  }
  return Number(offset)
}

function slice(bytes: Uint8Array, place: string, offset: bigint, size: bigint): Uint8Array {
  if (offset + size > BigInt(bytes.length)) {
    throw new ProblemError(
      place,
      `${size} bytes at offset ${hex(offset)} reach beyond the end of the file (${bytes.length} bytes)`,
      REBUILD,
    )
  }
  return bytes.subarray(Number(offset), Number(offset + size))
}

function readSegments(bytes: Uint8Array, view: DataView, file: string, table: Table): ElfSegment[] {
  const start = tableOffset(bytes, `${file}: program header table`, table, SEGMENT_SIZE)
  const segments: ElfSegment[] = []
  let total = 0n
  for (let i = 0; i < table.count; i++) {
    const at = start + i * SEGMENT_SIZE
    const size = view.getBigUint64(at + 40, true)
    if (view.getUint32(at, true) !== 1 || size === 0n) continue
    const place = `${file}: program header ${i} at offset ${hex(at)}`
    const address = view.getBigUint64(at + 24, true)
    const fileSize = view.getBigUint64(at + 32, true)
    if (fileSize > size) {
      throw new ProblemError(
        place,
        `its file size ${fileSize} is larger than its memory size ${size}`,
        REBUILD,
      )
    }
    total += size
    if (total > MEMORY_MAX) {
      throw new ProblemError(
        place,
        `the segments need more than 4 GiB of memory (${total} bytes)`,
        'Make .bss smaller.',
      )
    }
    if (address + size > ADDRESS_MAX) {
      throw new ProblemError(
        place,
        `${hex(address)} is beyond the 52-bit physical address space`,
        'Link with physical load addresses (AT in the link script).',
      )
    }
    const contents = slice(bytes, place, view.getBigUint64(at + 8, true), fileSize)
    segments.push({ address, bytes: contents, memorySize: Number(size), flags: view.getUint32(at + 4, true) })
  }
  if (segments.length === 0) {
    throw new ProblemError(
      `${file}: program header table`,
      'nothing is loadable (no PT_LOAD)',
      'Link an executable.',
    )
  }
  segments.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  for (const [i, segment] of segments.entries()) {
    const before = segments[i - 1]
    if (before === undefined || before.address + BigInt(before.memorySize) <= segment.address) continue
    throw new ProblemError(
      `${file}: program header table`,
      `the segments at ${hex(before.address)} and ${hex(segment.address)} overlap`,
      'Give sections addresses of their own in the link script.',
    )
  }
  return segments
}

/**
 * Reads zero-terminated names. Entries may share text, so a small file could name gigabytes: what is read in all is
 * bounded by the size of the file.
 */
function nameReader(file: string, fileSize: number): (strings: Uint8Array, offset: number) => string {
  let budget = 4 * fileSize + 65536
  return (strings, offset) => {
    if (offset === 0 || offset >= strings.length) return ''
    const end = strings.indexOf(0, offset)
    const text = strings.subarray(offset, end < 0 ? strings.length : end)
    budget -= text.length
    if (budget < 0)
      throw new ProblemError(`${file}: string table`, 'the names are longer than the file', REBUILD)
    return new TextDecoder().decode(text)
  }
}

type NameReader = ReturnType<typeof nameReader>

function readSections(
  bytes: Uint8Array,
  view: DataView,
  file: string,
  table: Table,
  names: number,
  textAt: NameReader,
): ElfSection[] {
  const start = tableOffset(bytes, `${file}: section header table`, table, SECTION_SIZE)
  const sections: (ElfSection & { nameOffset: number })[] = []
  for (let i = 0; i < table.count; i++) {
    const at = start + i * SECTION_SIZE
    const place = `${file}: section header ${i} at offset ${hex(at)}`
    const type = view.getUint32(at + 4, true)
    const size = view.getBigUint64(at + 32, true)
    if (size > MEMORY_MAX) throw new ProblemError(place, `it claims ${size} bytes`, REBUILD)
    const empty = type === 0 || type === 8
    sections.push({
      name: '',
      nameOffset: view.getUint32(at, true),
      address: view.getBigUint64(at + 16, true),
      bytes: empty ? new Uint8Array(0) : slice(bytes, place, view.getBigUint64(at + 24, true), size),
      size: Number(size),
      flags: Number(BigInt.asUintN(32, view.getBigUint64(at + 8, true))),
      type,
    })
  }
  const strings = sections[names]?.bytes ?? new Uint8Array(0)
  return sections.map(({ nameOffset, ...section }) => ({ ...section, name: textAt(strings, nameOffset) }))
}

function readSymbols(
  file: string,
  sections: ElfSection[],
  tableAt: bigint,
  view: DataView,
  textAt: NameReader,
): ElfSymbol[] {
  const index = sections.findIndex((section) => section.type === 2)
  const table = sections[index]
  if (table === undefined) return []
  const place = `${file}: section header ${index} (.symtab)`
  if (table.size % SYMBOL_SIZE !== 0) {
    throw new ProblemError(place, `its size ${table.size} is not a multiple of ${SYMBOL_SIZE}`, REBUILD)
  }
  const link = view.getUint32(Number(tableAt) + index * SECTION_SIZE + 40, true)
  const strings = sections[link]?.bytes
  if (strings === undefined) throw new ProblemError(place, `its string table ${link} does not exist`, REBUILD)
  const data = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength)
  const symbols: ElfSymbol[] = []
  for (let at = SYMBOL_SIZE; at < table.size; at += SYMBOL_SIZE) {
    const info = data.getUint8(at + 4)
    const section = data.getUint16(at + 6, true)
    symbols.push({
      name: textAt(strings, data.getUint32(at, true)),
      value: data.getBigUint64(at + 8, true),
      size: Number(data.getBigUint64(at + 16, true)),
      type: SYMBOL_TYPES[info & 15] ?? 'other',
      section: section === 0 ? null : (sections[section]?.name ?? null),
      global: info >> 4 !== 0,
    })
  }
  return symbols
}
