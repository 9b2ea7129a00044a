import { gunzipSync } from 'node:zlib'
import { ProblemError } from '../../shared/base/result.ts'
import type { NamedBytes } from '../machine/board/load.ts'

/** More than any kernel; a small file cannot make us allocate everything. */
const MAX_BYTES = 256 << 20

/**
 * The kernel inside a compressed file: gzip (Image.gz), or the EFI self-decompressing form of Linux (vmlinuz.efi) with gzip
 * inside. Any other file is returned as it is.
 * @throws ProblemError
 */
export function unpacked({ bytes, file }: NamedBytes): Uint8Array {
  const payload = isGzip(bytes) ? bytes : selfDecompressing(bytes, file)
  if (payload === null) return bytes
  try {
    return gunzipSync(payload, { maxOutputLength: MAX_BYTES })
  } catch (error) {
    throw new ProblemError(
      file,
      `its gzip data cannot be unpacked (${(error as Error).message})`,
      'Check the file, or unpack it yourself.',
    )
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Header of Linux's zboot: "MZ", "zimg" at 4, offset and size of the payload at 8 and 12, the method's name at 24. */
function selfDecompressing(bytes: Uint8Array, file: string): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 64 || view.getUint16(0) !== 0x4d5a || view.getUint32(4) !== 0x7a69_6d67) return null
  const [at, size] = [view.getUint32(8, true), view.getUint32(12, true)]
  const name = new TextDecoder('latin1').decode(bytes.subarray(24, 56)).replace(/\0.*$/s, '')
  if (name !== 'gzip') {
    throw new ProblemError(
      file,
      `its kernel is compressed by ${JSON.stringify(name)}`,
      'Use the Image itself.',
    )
  }
  if (at + size > bytes.length) {
    throw new ProblemError(file, 'it ends before its compressed kernel does', 'Copy the file again.')
  }
  return bytes.subarray(at, at + size)
}
