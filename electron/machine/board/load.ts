import { readElf } from '../../../shared/asm/elf-read.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { type Mark, marksOf } from '../observe/marks.ts'
import { deviceTree } from './fdt.ts'
import { RAM_BASE } from './map.ts'
import { markWritten, type Views } from './shared-memory.ts'

/** What loading a program left behind: where PE 0 starts, with what in X0, and the marks of the image. */
export interface Loaded {
  entry: bigint
  x0: bigint
  marks: Map<number, Mark[]>
}

/** Space that the board keeps for the device tree below an ELF image. */
const TREE_SPACE = 0x1_0000

/**
 * Puts an ELF image and the device tree into RAM as QEMU's virt board does: the image at its physical addresses with X0 = 0, and
 * the tree at the start of RAM where it fits below the image.
 * @throws ProblemError when the program is no AArch64 executable or does not fit into RAM
 */
export function loadProgram(views: Views, pes: number, bytes: Uint8Array, file: string): Loaded {
  const tree = deviceTree(pes, views.ramBytes)
  const put = (address: number, data: Uint8Array): void => {
    views.ram8.set(data, address - RAM_BASE)
    markWritten(views.codePages, address - RAM_BASE, data.length)
  }
  const end = RAM_BASE + views.ramBytes
  const image = readElf(bytes, file)
  let lowest = end
  for (const segment of image.segments) {
    const address = Number(segment.address)
    const last = address + Number(segment.memorySize)
    if (address < RAM_BASE || last > end) {
      throw new ProblemError(
        `${file}: segment at 0x${address.toString(16)}`,
        `it lies outside the board's memory, 0x${RAM_BASE.toString(16)} to 0x${end.toString(16)}`,
        'Link the program for an address inside, or give the machine more memory.',
      )
    }
    if (last > address) lowest = Math.min(lowest, address)
    put(address, segment.bytes)
  }
  if (RAM_BASE + Math.max(tree.length, TREE_SPACE) <= lowest) put(RAM_BASE, tree)
  return { entry: image.entry, x0: 0n, marks: marksOf(image) }
}
