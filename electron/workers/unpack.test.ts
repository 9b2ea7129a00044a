import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpacked } from './unpack.ts'

const kernel = Uint8Array.from({ length: 5000 }, (_, i) => i % 251)
const unpack = (bytes: Uint8Array): number[] => [...unpacked({ bytes, file: 'k' })]

/** Linux's zboot: "MZ", "zimg", payload at 64, its size, and the method's name. */
function zboot(method: string, payload: Uint8Array, size = payload.length): Uint8Array {
  const file = new Uint8Array(64 + payload.length)
  const view = new DataView(file.buffer)
  file.set(new TextEncoder().encode('MZ\0\0zimg'))
  view.setUint32(8, 64, true)
  view.setUint32(12, size, true)
  file.set(new TextEncoder().encode(method), 24)
  file.set(payload, 64)
  return file
}

describe('unpacked', () => {
  it('unpacks gzip, alone and in a self-decompressing kernel', () => {
    expect(unpack(gzipSync(kernel))).toEqual([...kernel])
    expect(unpack(zboot('gzip', gzipSync(kernel)))).toEqual([...kernel])
  })

  it('leaves everything else alone', () => {
    const plainEfi = Uint8Array.of(0x4d, 0x5a, ...new Uint8Array(100))
    for (const bytes of [kernel, plainEfi, new Uint8Array(), Uint8Array.of(0x1f)])
      expect(unpacked({ bytes, file: 'k' })).toBe(bytes)
  })

  it.each([
    [gzipSync(kernel).subarray(0, 40), /k: its gzip data cannot be unpacked/],
    [zboot('zstd', kernel), /k: its kernel is compressed by "zstd"/],
    [zboot('gzip', gzipSync(kernel), 1 << 20), /k: it ends before its compressed kernel does/],
  ])('refuses what it cannot unpack: %#', (bytes, message) => {
    expect(() => unpacked({ bytes, file: 'k' })).toThrow(message)
  })
})
