import { readFileSync, statSync } from 'node:fs'
import { type ElfImage, readElf } from '../../shared/asm/elf-read.ts'
import { ProblemError } from '../../shared/base/result.ts'

/**
 * A VM between two runs. The host of the first leaves vCPU 0 at the symbol saved_vm of its image (the layout is
 * resources/hosts/migrate.S): registers by KVM's numbers, which pages there are, a tag byte for each granule, data. The image of the second has
 * the same symbol, and its host takes the VM from there.
 */
export const SAVED_VM_BYTES = 8192 + 65_536
const MAGIC = 'SWYDVM02'
const SYMBOL = 'saved_vm'

const symbolOf = (image: ElfImage): number | null => {
  const symbol = image.symbols.find(({ name }) => name === SYMBOL)
  return symbol === undefined ? null : Number(symbol.value)
}

const isSaved = (bytes: Uint8Array): boolean =>
  bytes.length === SAVED_VM_BYTES && Buffer.from(bytes.subarray(0, 8)).toString('latin1') === MAGIC

/**
 * What a machine has saved.
 * @param ram the machine's memory, at the end of the run
 * @param ramBase the address where it begins
 * @returns null where its host was not asked to save, or did not come so far
 */
export function savedVm(elf: Uint8Array, ram: Uint8Array, ramBase: number): Uint8Array | null {
  const address = symbolOf(readElf(elf, 'image'))
  if (address === null) return null
  const bytes = ram.slice(address - ramBase, address - ramBase + SAVED_VM_BYTES)
  return isSaved(bytes) ? bytes : null
}

/** The image with a VM to go on from. @throws ProblemError when the image cannot take one */
export function withSavedVm(elf: Uint8Array, file: string, saved: Uint8Array): Uint8Array {
  const image = readElf(elf, file)
  const address = symbolOf(image)
  const section = image.sections.find(
    (one) => address !== null && Number(one.address) <= address && address < Number(one.address) + one.size,
  )
  if (address === null || section === undefined || section.bytes.length === 0) {
    throw new ProblemError(
      file,
      `the image has no place "${SYMBOL}" for a saved VM`,
      'Use a bundled hypervisor and host, or remove host.restore.',
    )
  }
  // A section's bytes are a view of the file's.
  const at = section.bytes.byteOffset - elf.byteOffset
  const patched = elf.slice()
  patched.set(saved, at + address - Number(section.address))
  return patched
}

/** A file that a run has saved its VM to. @throws ProblemError when it is none */
export function readSavedVm(file: string): Uint8Array {
  const remedy = 'Name a file that `switchyard save-vm EXPERIMENT --out FILE` has written.'
  let bytes: Uint8Array
  try {
    if (statSync(file).size !== SAVED_VM_BYTES) throw new ProblemError(file, 'this is no saved VM', remedy)
    bytes = readFileSync(file)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError(file, `the file cannot be read: ${(error as NodeJS.ErrnoException).code}`, remedy)
  }
  if (!isSaved(bytes)) throw new ProblemError(file, 'this is no saved VM', remedy)
  return bytes
}
