import { readElf } from '../../../shared/asm/elf-read.ts'
import { hex } from '../../../shared/base/hex.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { marksOf } from '../observe/marks.ts'
import { type Loaded, type Program, toldBySemihosting } from './load.ts'
import { RAM_BASE } from './map.ts'
import { alignUp, endOfRam, mustFit, putBytes } from './placement.ts'
import type { Views } from './shared-memory.ts'
import { type BoardOptions, deviceTree, TREE_BYTES } from './tree.ts'

export const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46

/**
 * Puts an ELF program at its physical addresses and starts it with X0 = 0. The tree goes to the start of RAM where it fits
 * below the program, for those that look there.
 */
export function loadElf(views: Views, program: Program, board: BoardOptions): Loaded {
  const { bytes, file, initrd, commandLine } = program
  if (initrd !== undefined) {
    throw new ProblemError(
      `${file}: initrd ${initrd.file}`,
      'an ELF program is given no initrd, neither here nor by QEMU',
      'Make a raw binary of it (objcopy -O binary), or leave the initrd out.',
    )
  }
  const image = readElf(bytes, file)
  let lowest = endOfRam(views)
  let highest = RAM_BASE
  for (const segment of image.segments) {
    const address = Number(segment.address)
    const size = Number(segment.memorySize)
    mustFit(
      views,
      `${file}: segment at ${hex(address)}`,
      address,
      size,
      'Link the program for an address inside, or give the machine more memory.',
    )
    if (size > 0) lowest = Math.min(lowest, address)
    highest = Math.max(highest, address + size)
    putBytes(views, address, segment.bytes)
  }
  if (RAM_BASE + TREE_BYTES <= lowest) putBytes(views, RAM_BASE, deviceTree(board, { commandLine }))
  const host = toldBySemihosting(program, [alignUp(highest, 4096), endOfRam(views)])
  return { entry: image.entry, x0: 0n, marks: marksOf(image), host }
}
