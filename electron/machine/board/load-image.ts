import { granulesOf } from '../../../shared/arch/identification-values.ts'
import { hex } from '../../../shared/base/hex.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { type Loaded, type Program, toldBySemihosting } from './load.ts'
import { RAM_BASE } from './map.ts'
import { alignUp, mustFit, putBytes } from './placement.ts'
import type { Views } from './shared-memory.ts'
import { type BoardOptions, deviceTree, TREE_BYTES } from './tree.ts'

const MIB = 1 << 20
/** Where a file without a header goes, relative to the start of RAM. */
const RAW_OFFSET = 0x8_0000
/** A loader's own first instructions may stand at the start of RAM: a lower text_offset counts from the next 2 MiB. */
const LOADER_BYTES = 0x1000
const HEADER_BYTES = 64
const MAGIC = 0x644d_5241 // "ARM\x64"

/** What the header of an arm64 Image says (Linux, Documentation/arch/arm64/booting). */
interface ImageHeader {
  textOffset: number
  /** Memory that the image takes, its zeroed data included; 0 in headers before Linux 3.17. */
  imageBytes: number
  bigEndian: boolean
  /** Bytes of a page of the kernel's translation tables; null where the header does not say. */
  pageBytes: number | null
}

/** @returns null for a file without the header */
export function imageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES || view.getUint32(56, true) !== MAGIC) return null
  const flags = view.getUint32(24, true)
  const page = (flags >>> 1) & 3
  return {
    textOffset: Number(view.getBigUint64(8, true)),
    imageBytes: Number(view.getBigUint64(16, true)),
    bigEndian: (flags & 1) !== 0,
    pageBytes: page === 0 ? null : 1024 << (2 * page),
  }
}

/**
 * Puts an arm64 Image or a raw binary into RAM and starts it at its first byte, with the address of the device tree in X0.
 * As QEMU places them: an Image at text_offset from a 2 MiB boundary, wherever else it could run; a raw binary at 512 KiB;
 * the initrd 128 MiB into RAM or at half of a smaller one, but behind the image; the tree at the next 2 MiB.
 */
export function loadImage(views: Views, program: Program, board: BoardOptions): Loaded {
  const { bytes, file, initrd, commandLine } = program
  const header = imageHeader(bytes)
  if (header) checkHeader(file, header, board)
  const sized = header !== null && header.imageBytes > 0
  const low = sized && header.textOffset < LOADER_BYTES ? 2 * MIB : 0
  const at = RAM_BASE + (sized ? header.textOffset + low : RAW_OFFSET)
  const size = Math.max(bytes.length, sized ? header.imageBytes : 0)
  const initrdBytes = initrd?.bytes.length ?? 0
  const remedy = moreMemory(at + size, initrdBytes)
  mustFit(views, `${file}: ${size} bytes at ${hex(at)}`, at, size, remedy)
  putBytes(views, at, bytes)

  const { initrdAt, treeAt } = behindImage(views.ramBytes, at + size, initrdBytes)
  const initrdEnd = initrdAt + initrdBytes
  if (initrd) {
    const place = `${initrd.file}: ${initrdBytes} bytes at ${hex(initrdAt)}, behind ${file}`
    mustFit(views, place, initrdAt, initrdBytes, remedy)
    putBytes(views, initrdAt, initrd.bytes)
  }
  mustFit(views, `device tree at ${hex(treeAt)}, behind ${initrd?.file ?? file}`, treeAt, TREE_BYTES, remedy)
  const chosen = { commandLine, ...(initrd && { initrd: [initrdAt, initrdEnd] as const }) }
  putBytes(views, treeAt, deviceTree(board, chosen))
  const host = toldBySemihosting(program, [alignUp(at + size, 4096), initrd ? initrdAt : treeAt])
  return { entry: BigInt(at), x0: BigInt(treeAt), marks: new Map(), host }
}

function checkHeader(file: string, header: ImageHeader, { features }: BoardOptions): void {
  if (header.bigEndian) {
    throw new ProblemError(
      `${file}: flags of the Image header`,
      'the kernel is big-endian, and this machine is little-endian only (ID_AA64MMFR0_EL1.BigEnd is 0)',
      'Build it with CONFIG_CPU_LITTLE_ENDIAN.',
    )
  }
  const { pageBytes } = header
  const granules = granulesOf(features)
  if (pageBytes === null || granules.includes(pageBytes)) return
  const possible = granules.map((size) => `${size / 1024} KiB`)
  throw new ProblemError(
    `${file}: flags of the Image header`,
    `the kernel wants pages of ${pageBytes / 1024} KiB, and the machine has ${possible.join(' and ')}`,
    `Build it for pages of ${possible.join(' or ')}.`,
  )
}

/** Where initrd and tree go on a board with so much RAM, behind an image that ends at `end`. */
function behindImage(
  ramBytes: number,
  end: number,
  initrdBytes: number,
): { initrdAt: number; treeAt: number } {
  const initrdAt = alignUp(Math.max(RAM_BASE + Math.min(ramBytes / 2, 128 * MIB), end), 4096)
  return { initrdAt, treeAt: alignUp(initrdAt + initrdBytes, 2 * MIB) }
}

/** Remedy for what does not fit: the least memory that would do, if the board can have it. */
function moreMemory(end: number, initrdBytes: number): string {
  for (let ram = 2 * MIB; ram <= 3072 * MIB; ram += 2 * MIB) {
    const { treeAt } = behindImage(ram, end, initrdBytes)
    if (treeAt + TREE_BYTES <= RAM_BASE + ram) return `Give the machine at least ${ram / MIB}M of memory.`
  }
  return 'It is too large for this board.'
}
