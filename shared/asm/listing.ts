/** Disassembly of an image for people: executable sections with the labels of its symbols. */
import { disassemble } from './disassemble.ts'
import type { ElfImage, ElfSection, ElfSymbol } from './elf-read.ts'

const EXECUTABLE = 4
const WORD = 4

/**
 * Every executable section as text: a line per label, then `address: word  instruction`. Words that mapping symbols
 * ($d) mark as data are shown as `.word`, bytes that fill no word as `.byte`. `name+0x8` is how targets are named.
 */
export function listing(image: ElfImage): string {
  const labels = image.symbols.filter((symbol) => symbol.section !== null && /^[^$]/.test(symbol.name))
  const byAddress = [...labels].sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
  const symbol = (address: bigint): string | null => nameOf(byAddress, address)
  const code = image.sections.filter(
    (section) => (section.flags & EXECUTABLE) !== 0 && section.bytes.length > 0,
  )
  return code.map((section) => sectionText(section, image.symbols, byAddress, symbol)).join('\n')
}

/** The last label at or before an address, with the distance. */
function nameOf(labels: ElfSymbol[], address: bigint): string | null {
  let low = 0
  let high = labels.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (labels[middle]!.value <= address) low = middle + 1
    else high = middle
  }
  const found = labels[low - 1]
  if (found === undefined) return null
  const distance = address - found.value
  return distance === 0n ? found.name : `${found.name}+0x${distance.toString(16)}`
}

function sectionText(
  section: ElfSection,
  symbols: ElfSymbol[],
  byAddress: ElfSymbol[],
  symbol: (address: bigint) => string | null,
): string {
  const end = section.address + BigInt(section.bytes.length)
  const inside = (one: ElfSymbol): boolean =>
    one.value >= section.address && one.value < end && one.section === section.name
  const labels = new Map<bigint, string[]>()
  for (const one of byAddress.filter(inside))
    labels.set(one.value, [...(labels.get(one.value) ?? []), one.name])
  const mapping = new Map<bigint, 'code' | 'data'>()
  for (const one of symbols.filter(inside)) {
    if (/^\$[xd](\.|$)/.test(one.name)) mapping.set(one.value, one.name[1] === 'x' ? 'code' : 'data')
  }
  const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength)
  const lines = [`Section ${section.name}:`]
  let kind: 'code' | 'data' = 'code'
  for (let offset = 0; offset < section.bytes.length; ) {
    const address = section.address + BigInt(offset)
    for (const name of labels.get(address) ?? [])
      lines.push('', `${address.toString(16).padStart(16, '0')} <${name}>:`)
    kind = mapping.get(address) ?? kind
    const length = lengthAt(section, offset, address, labels, mapping)
    const place = address.toString(16).padStart(8)
    if (length < WORD) {
      const bytes = [...section.bytes.subarray(offset, offset + length)].map((byte) =>
        byte.toString(16).padStart(2, '0'),
      )
      lines.push(
        `${place}:\t${bytes.join(' ').padEnd(8)}\t.byte ${bytes.map((byte) => `0x${byte}`).join(', ')}`,
      )
    } else {
      const word = view.getUint32(offset, true)
      const digits = word.toString(16).padStart(8, '0')
      lines.push(
        `${place}:\t${digits}\t${kind === 'code' ? disassemble(word, address, symbol) : `.word 0x${digits}`}`,
      )
    }
    offset += length
  }
  return `${lines.join('\n')}\n`
}

/** A word, or fewer bytes up to the next label, mark, word boundary or the end. */
function lengthAt(
  section: ElfSection,
  offset: number,
  address: bigint,
  labels: Map<bigint, string[]>,
  mapping: Map<bigint, 'code' | 'data'>,
): number {
  const most = Math.min(WORD - Number(address % 4n), section.bytes.length - offset)
  for (let length = 1; length < most; length++) {
    const next = address + BigInt(length)
    if (labels.has(next) || mapping.has(next)) return length
  }
  return most
}
