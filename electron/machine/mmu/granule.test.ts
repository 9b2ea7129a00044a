import { describe, expect, it } from 'vitest'
import { controlsFor, DescriptorMemory, request } from '../../../test/support/translation.ts'
import { translatePage } from './stage1.ts'
import { walkStage2 } from './stage2.ts'

const AF = 1n << 10n
const TABLE = 0x1_0000n

/**
 * The manual's tables (DDI 0487, D8.2.5 to D8.2.10) written out: VA bits that index each level, and the levels of blocks.
 * 48-bit addresses.
 */
const granules = [
  { name: '4 KiB', tg0: 0n, tg1: 2n, fields: [[47, 39], [38, 30], [29, 21], [20, 12]], blocks: [1, 2] },
  { name: '16 KiB', tg0: 2n, tg1: 1n, fields: [[47, 47], [46, 36], [35, 25], [24, 14]], blocks: [2] },
  { name: '64 KiB', tg0: 1n, tg1: 3n, fields: [null, [47, 42], [41, 29], [28, 16]], blocks: [2] },
] as const // biome-ignore format: one granule a line

/** Start levels by TxSZ, as the manual's tables say: the largest TxSZ of each level. */
const starts: Readonly<Record<string, readonly [level: number, from: number, to: number][]>> = {
  '4 KiB': [[0, 16, 24], [1, 25, 33], [2, 34, 42], [3, 43, 48]],
  '16 KiB': [[0, 16, 16], [1, 17, 27], [2, 28, 38], [3, 39, 48]],
  '64 KiB': [[1, 16, 21], [2, 22, 34], [3, 35, 47]],
} // biome-ignore format: one granule a line

const bitsOf = (va: bigint, high: number, low: number): bigint =>
  (va >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n)

/** A walk down to `leafLevel`, each level's table at a place of its own. */
function tablesFor(
  fields: readonly (readonly [number, number] | null)[],
  va: bigint,
  startLevel: number,
  leafLevel: number,
  leaf: bigint,
) {
  const words = new Map<number, bigint>()
  for (let level = startLevel; level <= leafLevel; level++) {
    const [high, low] = fields[level]!
    const at = TABLE * BigInt(level + 1) + bitsOf(va, high, low) * 8n
    words.set(Number(at), level === leafLevel ? leaf : (TABLE * BigInt(level + 2)) | 3n)
  }
  return new DescriptorMemory(words)
}

describe.each(granules)('granule $name', ({ name, tg0, tg1, fields, blocks }) => {
  it('begins stage 1 at the level that the size gives, in both halves, and ends in pages', () => {
    for (const [level, from, to] of starts[name]!) {
      for (let size = from; size <= to; size++) {
        const range = (1n << BigInt(64 - size)) - 1n
        for (const half of [0, 1] as const) {
          const va = half
            ? BigInt.asUintN(64, ~range) | (0x5_a5a5_a5a5_a000n & range)
            : 0x5_a5a5_a5a5_a000n & range
          const input = va & range
          const [, pageLow] = fields[3]
          const memory = tablesFor(fields, input, level, 3, 0x5a_0000_0000n | AF | 3n)
          const controls = controlsFor(1, {
            TCR_EL1: BigInt(size) | (BigInt(size) << 16n) | (tg0 << 14n) | (tg1 << 30n) | (5n << 32n),
            [`TTBR${half}_EL1`]: TABLE * BigInt(level + 1),
            MAIR_EL1: 0xffn,
            SCTLR_EL1: 1n,
          })
          const expected = 0x5a_0000_0000n | (va & ((1n << BigInt(pageLow)) - 1n))
          expect(translatePage(controls, va, half, memory, request('r')), `TxSZ ${size}`).toMatchObject({
            fault: null,
            physical: Number(expected & ~0xfffn),
          })
          expect(memory.reads, `TxSZ ${size}`).toBe(4 - level)
        }
      }
    }
  })

  it('has blocks at the levels that the manual gives, and no other', () => {
    for (let level = starts[name]![0]![0]; level <= 3; level++) {
      const va = 0x1234_5678_9000n
      const memory = tablesFor(fields, va, starts[name]![0]![0], level, 0x8000_0000_0000n | AF | 1n)
      const controls = controlsFor(1, {
        TCR_EL1: 16n | (tg0 << 14n) | (5n << 32n),
        TTBR0_EL1: TABLE * BigInt(starts[name]![0]![0] + 1),
        MAIR_EL1: 0xffn,
        SCTLR_EL1: 1n,
      })
      const { fault, physical } = translatePage(controls, va, 0, memory, request('r'))
      if (!(blocks as readonly number[]).includes(level)) {
        expect(fault, `level ${level}`).toMatchObject({ fsc: 4 + level, stage: 1 })
        continue
      }
      const [, low] = fields[level]!
      expect([fault, physical]).toEqual([null, Number(0x8000_0000_0000n | (va & ((1n << BigInt(low)) - 1n)))])
    }
  })

  it('concatenates up to sixteen first tables of stage 2, and no more', () => {
    // SL0 counts from the granule's own level: D8.2.6, D8.2.8, D8.2.10.
    const levels = name === '4 KiB' ? [2, 1, 0, 3] : [3, 2, 1]
    for (const [sl0, level] of levels.entries()) {
      const [, low] = fields[level]!
      const full = low + (name === '4 KiB' ? 9 : name === '16 KiB' ? 11 : 13)
      for (let bits = 16; bits <= 48; bits++) {
        const ipa = (1n << BigInt(bits - 1)) | 0x5000n
        const index = ipa >> BigInt(low)
        const base = 0x100_0000n
        const words = new Map([[Number(base + index * 8n), 0x9_0000_0000n | AF | (level === 3 ? 3n : 1n)]])
        const { stage2 } = controlsFor(1, {
          HCR_EL2: 1n,
          VTCR_EL2: BigInt(64 - bits) | (BigInt(sl0) << 6n) | (tg0 << 14n) | (5n << 16n),
          VTTBR_EL2: base,
        })
        const result = walkStage2(stage2!, Number(ipa), new DescriptorMemory(words), request('m'), false)!
        const sizes = bits >= (name === '64 KiB' ? 17 : 16) && bits <= 48
        const legal = sizes && bits > low && bits <= full + 4
        const blockThere = level === 3 || (blocks as readonly number[]).includes(level)
        const status = !legal ? 4 : blockThere ? null : 4 + level
        expect(result.fault?.fsc ?? null, `level ${level}, ${bits} bits`).toBe(status)
      }
    }
  })
})

it('the reserved encodings of TG0 and TG1 are the 4 KiB granule', () => {
  const granule = (tcr: bigint) => controlsFor(1, { TCR_EL1: tcr }).halves.map((half) => half!.granule)
  expect(granule(3n << 14n)).toEqual([12, 12])
  expect(granule((1n << 14n) | (1n << 30n))).toEqual([16, 14])
})
