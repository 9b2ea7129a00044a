import { describe, expect, it } from 'vitest'
import { cells, find, readTree } from '../../../test/support/device-tree.ts'
import { loadProgram, type Program } from './load.ts'
import { imageHeader } from './load-image.ts'
import { RAM_BASE } from './map.ts'
import { allocateShared, type Views, viewsOf } from './shared-memory.ts'
import { TREE_BYTES } from './tree.ts'

const MIB = 1 << 20
const features = { mte: 3, mteAsync: true, ras: true, exs: false } as const

/** An Image of some bytes with the header's fields; its first word is a NOP. */
function image(
  fields: { textOffset?: bigint; imageBytes?: bigint; flags?: bigint },
  bytes = 128,
): Uint8Array {
  const file = new Uint8Array(bytes)
  const view = new DataView(file.buffer)
  view.setUint32(0, 0xd503201f, true)
  view.setBigUint64(8, fields.textOffset ?? 0n, true)
  view.setBigUint64(16, fields.imageBytes ?? BigInt(bytes), true)
  view.setBigUint64(24, fields.flags ?? 0b1010n, true)
  view.setUint32(56, 0x644d5241, true)
  return file
}

function load(program: Partial<Program> & { bytes: Uint8Array }, mebibytes = 256) {
  const views = viewsOf(allocateShared(1, mebibytes * MIB))
  const loaded = loadProgram(
    views,
    { file: 'kernel', ...program },
    { pes: 1, ramBytes: mebibytes * MIB, features, seed: 0 },
  )
  const { entry, x0 } = loaded
  return { views, entry: Number(entry), x0: Number(x0), chosen: chosen(views, Number(x0)) }
}

const chosen = (views: Views, at: number) =>
  find(readTree(views.ram8.slice(at - RAM_BASE, at - RAM_BASE + TREE_BYTES)), 'chosen')

describe('an Image or raw binary', () => {
  // Where QEMU 10.0.2 puts them: `info roms` of its monitor, and the words that its first instructions load into X0.
  it.each([
    {
      what: 'a raw binary',
      bytes: new Uint8Array(64),
      initrd: 0,
      mebibytes: 256,
      at: 0x4008_0000,
      tree: 0x4800_0000,
    },
    {
      what: 'with an initrd',
      bytes: new Uint8Array(4),
      initrd: 5_000_000,
      mebibytes: 256,
      at: 0x4008_0000,
      tree: 0x4860_0000,
    },
    {
      what: 'on 64 MiB',
      bytes: new Uint8Array(4),
      initrd: 5_000_000,
      mebibytes: 64,
      at: 0x4008_0000,
      tree: 0x4260_0000,
    },
    {
      what: 'on 128 MiB',
      bytes: new Uint8Array(4),
      initrd: 5_000_000,
      mebibytes: 128,
      at: 0x4008_0000,
      tree: 0x4460_0000,
    },
    {
      what: 'on 1 GiB',
      bytes: new Uint8Array(4),
      initrd: 0,
      mebibytes: 1024,
      at: 0x4008_0000,
      tree: 0x4800_0000,
    },
    {
      what: 'an Image at offset 0',
      bytes: image({}),
      initrd: 0,
      mebibytes: 256,
      at: 0x4020_0000,
      tree: 0x4800_0000,
    },
    {
      what: 'an Image with an offset',
      bytes: image({ textOffset: 0x8_0000n }),
      initrd: 0,
      mebibytes: 256,
      at: 0x4008_0000,
      tree: 0x4800_0000,
    },
    {
      what: 'an Image of before 3.17',
      bytes: image({ textOffset: 0n, imageBytes: 0n, flags: 0n }),
      initrd: 0,
      mebibytes: 256,
      at: 0x4008_0000,
      tree: 0x4800_0000,
    },
    {
      what: 'an Image that takes more than half',
      bytes: image({ imageBytes: 40n << 20n }),
      initrd: 1,
      mebibytes: 64,
      at: 0x4020_0000,
      tree: 0x42c0_0000,
    },
  ])('$what, initrd of $initrd bytes', ({ bytes, initrd, mebibytes, at, tree }) => {
    const ramdisk = { file: 'initrd', bytes: new Uint8Array(initrd).fill(7) }
    const loaded = load({ bytes, ...(initrd > 0 && { initrd: ramdisk }) }, mebibytes)
    expect([loaded.entry, loaded.x0].map((n) => n.toString(16))).toEqual(
      [at, tree].map((n) => n.toString(16)),
    )
    expect([...loaded.views.ram8.subarray(at - RAM_BASE, at - RAM_BASE + bytes.length)]).toEqual([...bytes])
    expect(loaded.chosen.properties.has('linux,initrd-start')).toBe(initrd > 0)
    if (initrd === 0) return
    const [, start] = cells(loaded.chosen, 'linux,initrd-start')
    const [, end] = cells(loaded.chosen, 'linux,initrd-end')
    expect(end! - start!).toBe(initrd)
    const inRam = loaded.views.ram8.subarray(start! - RAM_BASE - 1, end! - RAM_BASE + 1)
    expect([inRam[0], inRam[1], inRam.at(-2), inRam.at(-1)]).toEqual([0, 7, 7, 0])
  })

  it('passes the command line on', () => {
    const { chosen } = load({ bytes: image({}), commandLine: 'quiet' })
    expect(new TextDecoder().decode(chosen.properties.get('bootargs'))).toBe('quiet\0')
  })

  it('reads page size and byte order from the flags', () => {
    expect(imageHeader(image({ flags: 0n }))).toMatchObject({ bigEndian: false, pageBytes: null })
    expect([0b010n, 0b100n, 0b110n].map((flags) => imageHeader(image({ flags }))!.pageBytes)).toEqual([
      4096, 16384, 65536,
    ])
    expect(imageHeader(image({ flags: 1n }))!.bigEndian).toBe(true)
    expect(imageHeader(image({}).subarray(0, 63))).toBeNull()
  })

  it.each([
    [{ bytes: image({ flags: 1n }) }, 256, /flags of the Image header: the kernel is big-endian/],
    [
      { bytes: image({ imageBytes: 1n << 40n }) },
      256,
      /kernel: 1099511627776 bytes at 0x40200000: it lies outside/,
    ],
    [{ bytes: image({ textOffset: 1n << 63n }) }, 256, /it lies outside the board's memory/],
    [{ bytes: new Uint8Array(4 * MIB) }, 4, /at least 8M/],
    [
      { bytes: new Uint8Array(4), initrd: { file: 'rd', bytes: new Uint8Array(3 * MIB) } },
      4,
      /rd: 3145728 bytes at 0x40200000, behind kernel: it lies outside/,
    ],
    [
      { bytes: new Uint8Array(4), initrd: { file: 'rd', bytes: new Uint8Array(MIB) } },
      2,
      /rd: .*at least 6M/,
    ],
    [{ bytes: new Uint8Array(4), commandLine: 'x'.repeat(40_000) }, 256, /command line: its 40000 bytes/],
  ])('refuses what it cannot start: %#', (program, mebibytes, message) => {
    expect(() => load(program, mebibytes)).toThrow(message)
  })

  it('gives an ELF program no initrd, and says so', () => {
    const elf = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)
    expect(() => load({ bytes: elf, initrd: { file: 'rd', bytes: elf } })).toThrow(
      /kernel: initrd rd: an ELF program is given no initrd/,
    )
  })
})
