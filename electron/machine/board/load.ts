import { ProblemError } from '../../../shared/base/result.ts'
import type { SemihostingHost } from '../devices/semihosting.ts'
import type { Mark } from '../observe/marks.ts'
import { isElf, loadElf } from './load-elf.ts'
import { loadImage } from './load-image.ts'
import type { Views } from './shared-memory.ts'
import { type BoardOptions, COMMAND_LINE_MAX } from './tree.ts'

/** A file by its name for messages. */
export interface NamedBytes {
  bytes: Uint8Array
  file: string
}

/** What the board is given to run: an ELF program, an arm64 Image, or a raw binary. */
export interface Program extends NamedBytes {
  /** Initial RAM disk, for Images and raw binaries. */
  initrd?: NamedBytes
  /** /chosen/bootargs. */
  commandLine?: string
}

/** What loading a program left behind: where PE 0 starts, with what in X0, and the marks of the image. */
export interface Loaded {
  entry: bigint
  x0: bigint
  marks: Map<number, Mark[]>
  host: SemihostingHost
}

/** What a program is told of itself by semihosting. @param heap free memory: first byte, and the one behind the last */
export function toldBySemihosting(program: Program, heap: readonly [number, number]): SemihostingHost {
  const { file, commandLine = '' } = program
  return { commandLine: `${file} ${commandLine}`.trimEnd(), heap }
}

/**
 * Puts a program and the device tree into RAM as QEMU's virt board does with `-kernel`.
 * @throws ProblemError when the file is nothing that this board can start, or does not fit into RAM
 */
export function loadProgram(views: Views, program: Program, board: BoardOptions): Loaded {
  if (program.bytes.length === 0) {
    throw new ProblemError(program.file, 'the file is empty', 'Give a program.')
  }
  const { length } = new TextEncoder().encode(program.commandLine ?? '')
  if (length > COMMAND_LINE_MAX) {
    throw new ProblemError(
      'command line',
      `its ${length} bytes do not fit into the device tree`,
      `Give at most ${COMMAND_LINE_MAX} bytes.`,
    )
  }
  return isElf(program.bytes) ? loadElf(views, program, board) : loadImage(views, program, board)
}
