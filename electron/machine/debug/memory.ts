import { RAM_BASE } from '../board/map.ts'
import type { Pe } from '../board/pe.ts'
import { markWritten } from '../board/shared-memory.ts'

const PAGE = 4096

/** Offset into RAM behind a virtual address as the PE sees it now; null where no RAM is mapped. Changes nothing, faults never. */
export function ramOffset(pe: Pe, address: bigint): number | null {
  const { physical, fault } = pe.mmu.look(BigInt.asUintN(64, address), pe.core.controls())
  if (fault) return null
  const offset = Math.floor(physical / PAGE) * PAGE + Number(address & 0xfffn) - RAM_BASE
  return offset >= 0 && offset < pe.core.views.ramBytes ? offset : null
}

/** The instruction word at an address; null where none can be read. */
export function fetchWord(pe: Pe, address: bigint): number | null {
  const offset = address & 3n ? null : ramOffset(pe, address)
  return offset === null ? null : pe.core.views.ram32[offset / 4]!
}

/** Bytes at a virtual address, as many as are mapped to RAM from there on. */
export function readMemory(pe: Pe, address: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let done = 0
  for (const [offset, count] of stretches(pe, address, length)) {
    bytes.set(pe.core.views.ram8.subarray(offset, offset + count), done)
    done += count
  }
  return bytes.subarray(0, done)
}

/**
 * Writes bytes to RAM behind a virtual address, whatever the page's permissions; nothing when some are not mapped to RAM.
 * Decoded instructions follow.
 */
export function writeMemory(pe: Pe, address: bigint, bytes: Uint8Array): boolean {
  const parts = [...stretches(pe, address, bytes.length)]
  if (parts.reduce((sum, [, count]) => sum + count, 0) < bytes.length) return false
  const { ram8, codePages } = pe.core.views
  let done = 0
  for (const [offset, count] of parts) {
    ram8.set(bytes.subarray(done, done + count), offset)
    markWritten(codePages, offset, count)
    pe.mmu.codeWritten(Math.floor(offset / PAGE))
    done += count
  }
  return true
}

/** Allocation tags of the granules that a range touches; null where some are not in RAM. */
export function readTags(pe: Pe, address: bigint, length: number): Uint8Array | null {
  const tags: number[] = []
  for (const granule of granules(address, length)) {
    const offset = ramOffset(pe, granule)
    if (offset === null) return null
    tags.push(pe.core.views.tags[offset / 16]!)
  }
  return Uint8Array.from(tags)
}

/** Gives the granules of a range tags, repeating them in order. @returns false, and nothing is written, where some are not in RAM */
export function writeTags(pe: Pe, address: bigint, length: number, tags: Uint8Array): boolean {
  const offsets = [...granules(address, length)].map((granule) => ramOffset(pe, granule))
  if (tags.length === 0 || offsets.includes(null)) return false
  for (const [i, offset] of offsets.entries()) {
    pe.core.views.tags[offset! / 16] = tags[i % tags.length]! & 15
    markWritten(pe.core.views.codePages, offset!, 16)
  }
  return true
}

function* granules(address: bigint, length: number): Generator<bigint> {
  const end = address + BigInt(Math.max(length, 1))
  for (let granule = address & ~15n; granule < end; granule += 16n) yield BigInt.asUintN(64, granule)
}

/** The parts of a range by page: offset into RAM and bytes. Ends where nothing is mapped. */
function* stretches(pe: Pe, address: bigint, length: number): Generator<[offset: number, count: number]> {
  let at = address
  let left = length
  while (left > 0) {
    const offset = ramOffset(pe, at)
    if (offset === null) return
    const count = Math.min(left, PAGE - (offset % PAGE))
    yield [offset, count]
    at += BigInt(count)
    left -= count
  }
}
