import { readElf } from '../../../shared/asm/elf-read.ts'
import type { Program } from '../../machine/board/load.ts'
import { unpacked } from '../unpack.ts'

/** Names the places of a program by its symbols. */
export interface Symbols {
  /** `guest_exit+0x1c`; null for an address that no section of the program holds. */
  place(address: bigint): string | null
  /** The address of a symbol; null where there is none. */
  address(name: string): bigint | null
}

const none: Symbols = { place: () => null, address: () => null }

/**
 * The bundled images hold their guests' program once, and every VM has a copy of it at the same intermediate physical address:
 * a guest's code is named by where the image has it.
 */
const GUEST = { from: 'guest_image', to: 'guest_image_end', ipa: 0x8000_0000n }

/** @returns what names nothing where the program is no ELF file */
export function symbolsOf(program: Program): Symbols {
  const bytes = unpacked(program)
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45) return none
  const { symbols, segments } = readElf(bytes, program.file)
  const named = symbols
    .filter(
      ({ section, name, type }) =>
        section !== null && name !== '' && !/^(\$|\.L)/.test(name) && type !== 'file',
    )
    .sort((a, b) => Number(a.value - b.value) || Number(a.global) - Number(b.global))
  const byName = new Map(named.map(({ name, value }) => [name, value]))
  const isHeld = (at: bigint): boolean =>
    segments.some(({ address, bytes: held }) => at >= address && at < address + BigInt(held.length))
  const [from, to] = [byName.get(GUEST.from), byName.get(GUEST.to)]
  const ofGuest = (at: bigint): bigint | null =>
    from === undefined || to === undefined || at < GUEST.ipa || at >= GUEST.ipa + (to - from)
      ? null
      : at - GUEST.ipa + from
  return {
    place(address) {
      const at = isHeld(address) ? address : ofGuest(address)
      if (at === null) return null
      const symbol = nearest(named, at)
      if (symbol === null) return null
      const offset = at - symbol.value
      return offset === 0n ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`
    },
    address: (name) => byName.get(name) ?? null,
  }
}

/** The last symbol at or below an address, of symbols in order. */
function nearest<S extends { value: bigint }>(sorted: readonly S[], at: bigint): S | null {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]!.value <= at) low = middle + 1
    else high = middle
  }
  return sorted[low - 1] ?? null
}
