/**
 * The A64 assembler: GNU syntax in, a linked image out. For what it supports the bytes are those of GNU as and ld with
 * the link script that sections.ts describes.
 */
import { assembleWith } from './assembler.ts'
import type { AssembleOptions } from './assembly.ts'
import { encode } from './encode.ts'
import type { Assembled } from './link.ts'

export { type AssembleOptions, AssemblyError } from './assembly.ts'
export type { Assembled, AssembledSection, AssembledSymbol } from './link.ts'

/** @throws AssemblyError with up to 20 problems. */
export function assemble(source: { file: string; text: string }, options: AssembleOptions): Assembled {
  return assembleWith(encode, source, options)
}
