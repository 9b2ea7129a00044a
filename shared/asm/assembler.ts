/** Both passes, with the instruction encoder given. */
import { type AssembleOptions, AssemblyError, type Encoder, newAssembly } from './assembly.ts'
import { type Assembled, link } from './link.ts'
import { readSource } from './read-source.ts'
import { define } from './symbols.ts'

/** @throws AssemblyError with up to 20 problems. */
export function assembleWith(
  encoder: Encoder,
  source: { file: string; text: string },
  options: AssembleOptions,
): Assembled {
  const assembly = newAssembly(options)
  for (const [name, value] of Object.entries(options.defines ?? {})) {
    const known = { value: BigInt.asUintN(64, BigInt(value)), section: null, signed: false }
    define(assembly.symbols, name, 'set', { sequence: 0, value: known }, 0)
  }
  readSource(assembly, source)
  const image = link(encoder, assembly)
  if (assembly.problems.length > 0) throw new AssemblyError(assembly.problems)
  return image
}
