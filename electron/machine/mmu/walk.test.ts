import { describe, expect, it } from 'vitest'
import type { Controls } from './controls.ts'
import { page, permissionFault, translatePage, walkStage2 } from './walk.ts'

/** Descriptors by physical address; everything else reads as 0, and `hole` is no memory. */
function memory(descriptors: Record<string, bigint>, hole = -1) {
  const words = new Map(Object.entries(descriptors).map(([at, value]) => [Number(at), value]))
  return (physical: number): bigint | null => (physical === hole ? null : (words.get(physical) ?? 0n))
}

const half = (overrides: Partial<Controls['halves'][0]> = {}): Controls['halves'][0] => ({
  ttbr: 0x1000n,
  size: 25,
  walkDisabled: false,
  topByteIgnored: false,
  topByteIgnoredForCode: false,
  canonicalUnchecked: false,
  ...overrides,
})

const controls = (overrides: Partial<Controls> = {}): Controls => ({
  regime: 'EL1&0',
  context: 1,
  halves: [half(), half({ ttbr: 0x8000n })],
  mmuOn: true,
  stage2On: false,
  defaultCacheable: false,
  defaultTagged: false,
  mair: 0xf0_ff00n,
  writeNeverExecute: false,
  physicalSize: 40,
  alignmentCheck: false,
  spCheck: [false, false],
  tagAccess: [false, false],
  tcf: [0, 0],
  vttbr: 0x10_0000n,
  vtcr: 0n,
  walkProtected: false,
  ...overrides,
})

const TABLE = 3n
const AF = 1n << 10n
const PAGE = AF | 3n
const BLOCK = AF | 1n
const NORMAL = 1n << 2n
const TAGGED = 2n << 2n

describe('stage 1 walk (AArch64.S1Walk)', () => {
  it('starts at the level that TxSZ gives and adds the page offset at every block size', () => {
    const start = (size: number, descriptors: Record<string, bigint>, va: bigint) =>
      translatePage(controls({ halves: [half({ size }), null] }), va, 0, memory(descriptors))
    // 48 bits: four levels.
    const four = {
      0x1008: 0x2000n | TABLE,
      0x2010: 0x3000n | TABLE,
      0x3018: 0x4000n | TABLE,
      0x4020: 0x5_6000n | PAGE,
    }
    expect(start(16, four, 0x80_8060_4000n)).toMatchObject({
      physical: 0x5_6000,
      fault: null,
      stage1Level: 3,
    })
    // 39 bits: the first table is of level 1; a 1 GiB block keeps VA bits 29:12.
    expect(start(25, { 0x1010: 0x1_c000_0000n | BLOCK }, 0x9234_5000n)).toMatchObject({
      physical: 0x1_d234_5000,
      stage1Level: 1,
    })
    // A 2 MiB block keeps VA bits 20:12.
    const two = { 0x1000: 0x2000n | TABLE, 0x2008: 0x4060_0000n | BLOCK }
    expect(start(25, two, 0x3f_f000n)).toMatchObject({ physical: 0x407f_f000, stage1Level: 2 })
    // 30 bits: the first table is of level 2.
    expect(start(34, { 0x1008: 0x4020_0000n | BLOCK }, 0x20_0000n)).toMatchObject({
      physical: 0x4020_0000,
      stage1Level: 2,
    })
  })

  it('reports a translation fault with the level of the invalid descriptor', () => {
    const at = (descriptors: Record<string, bigint>) =>
      translatePage(controls(), 0n, 0, memory(descriptors)).fault?.fsc
    expect(at({})).toBe(0x05)
    expect(at({ 0x1000: 0x2000n | TABLE })).toBe(0x06)
    expect(at({ 0x1000: 0x2000n | TABLE, 0x2000: 0x3000n | TABLE })).toBe(0x07)
    // Bits 1:0 = 01 are reserved at level 3, and a block at level 0.
    expect(at({ 0x1000: 0x2000n | TABLE, 0x2000: 0x3000n | TABLE, 0x3000: BLOCK })).toBe(0x07)
    const blockAtLevel0 = controls({ halves: [half({ size: 16 }), null] })
    expect(translatePage(blockAtLevel0, 0n, 0, memory({ 0x1000: BLOCK })).fault?.fsc).toBe(0x04)
  })

  it('faults at level 0 outside the range of TxSZ, and for EPDn', () => {
    const good = memory({ 0x1000: BLOCK, 0x8ff8: BLOCK })
    const fault = (c: Controls, va: bigint, side: 0 | 1) =>
      translatePage(c, va, side, good).fault?.fsc ?? null
    expect(fault(controls(), 0x80_0000_0000n, 0)).toBe(0x04)
    expect(fault(controls(), 0xffff_ff7f_ffff_f000n, 1)).toBe(0x04)
    expect(fault(controls(), 0xffff_ffff_ffff_f000n, 1)).toBeNull()
    expect(fault(controls({ halves: [half({ walkDisabled: true }), null] }), 0n, 0)).toBe(0x04)
  })

  it('orders access flag and address size faults behind translation', () => {
    const fault = (entry: bigint, physicalSize = 40) =>
      translatePage(controls({ physicalSize }), 0n, 0, memory({ 0x1000: entry })).fault?.fsc ?? null
    expect(fault(BLOCK & ~AF)).toBe(0x09)
    expect(fault((1n << 36n) | BLOCK, 36)).toBe(0x01)
    expect(fault((1n << 36n) | BLOCK, 40)).toBeNull()
    // A table address beyond the size is reported at the level that holds it; TTBR at level 0.
    expect(fault((1n << 36n) | TABLE, 36)).toBe(0x01)
    const far = controls({ halves: [half({ ttbr: 1n << 41n }), null] })
    expect(translatePage(far, 0n, 0, memory({})).fault?.fsc).toBe(0x00)
  })

  it('reports an external abort on a walk with its level', () => {
    expect(translatePage(controls(), 0n, 0, memory({}, 0x1000)).fault?.fsc).toBe(0x15)
    const second = translatePage(controls(), 0n, 0, memory({ 0x1000: 0x2000n | TABLE }, 0x2000))
    expect(second.fault?.fsc).toBe(0x16)
  })

  it('takes memory types from MAIR: Device, Normal, Tagged', () => {
    const flags = (attribute: bigint) =>
      translatePage(controls(), 0n, 0, memory({ 0x1000: BLOCK | attribute })).flags &
      (page.DEVICE | page.TAGGED)
    expect(flags(0n)).toBe(page.DEVICE)
    expect(flags(NORMAL)).toBe(0)
    expect(flags(TAGGED)).toBe(page.TAGGED)
  })

  it('takes GP from the block or page, whatever stage 2 says; a stage 1 that is off guards nothing', () => {
    const guarded = (entry: bigint, c: Partial<Controls> = {}) =>
      translatePage(controls(c), 0n, 0, memory({ 0x1000: entry, 0x10_0000: BLOCK | (1n << 6n) })).flags &
      page.GUARDED
    const GP = 1n << 50n
    expect(guarded(BLOCK | NORMAL | GP)).toBe(page.GUARDED)
    expect(guarded(BLOCK | NORMAL)).toBe(0)
    expect(guarded(BLOCK | NORMAL | GP, { stage2On: true, vtcr: 25n | (1n << 6n) | (2n << 16n) })).toBe(
      page.GUARDED,
    )
    expect(guarded(BLOCK | NORMAL | GP, { mmuOn: false })).toBe(0)
  })
})

describe('stage 1 permissions (DDI 0487, D8.4)', () => {
  const UXN = 1n << 54n
  const PXN = 1n << 53n
  const EL0 = 1n << 6n
  const RO = 1n << 7n
  const letters = (flags: number): string =>
    [...'rwxRWX'].map((letter, i) => (flags & (1 << i) ? letter : '-')).join('')
  const block = (bits: bigint, c: Partial<Controls> = {}) =>
    letters(translatePage(controls(c), 0n, 0, memory({ 0x1000: BLOCK | NORMAL | bits })).flags)

  // Lower case: the privileged level; upper case: EL0.
  it.each([
    ['AP 00', 0n, 'rwx--X'],
    ['AP 01: writable at EL0 is not executable above', EL0, 'rw-RWX'],
    ['AP 10', RO, 'r-x--X'],
    ['AP 11', RO | EL0, 'r-xR-X'],
    ['UXN', RO | EL0 | UXN, 'r-xR--'],
    ['PXN', RO | EL0 | PXN, 'r--R-X'],
    ['both', UXN | PXN, 'rw----'],
  ])('EL1&0, %s', (_, bits, expected) => {
    expect(block(bits)).toBe(expected)
  })

  it('WXN forbids execution of what is writable at the EL', () => {
    expect(block(0n, { writeNeverExecute: true })).toBe('rw---X')
    expect(block(EL0, { writeNeverExecute: true })).toBe('rw-RW-')
    expect(block(RO | EL0, { writeNeverExecute: true })).toBe('r-xR-X')
  })

  it('a single-range regime has no EL0, no AP[1], and XN in bit 54', () => {
    const el2: Partial<Controls> = { regime: 'EL2', halves: [half(), null] }
    expect(block(EL0, el2)).toBe('rwx---')
    expect(block(UXN, el2)).toBe('rw----')
    expect(block(PXN, el2)).toBe('rwx---')
  })

  it('tables take permission away: APTable, UXNTable, PXNTable', () => {
    const through = (tableBits: bigint) => {
      const descriptors = { 0x1000: 0x2000n | TABLE | tableBits, 0x2000: BLOCK | NORMAL | EL0 }
      return letters(translatePage(controls(), 0n, 0, memory(descriptors)).flags)
    }
    expect(through(0n)).toBe('rw-RWX')
    expect(through(1n << 62n)).toBe('r-xR-X')
    expect(through(1n << 61n)).toBe('rwx--X')
    expect(through(3n << 61n)).toBe('r-x--X')
    expect(through(1n << 60n)).toBe('rw-RW-')
    expect(through((1n << 59n) | (1n << 62n))).toBe('r--R-X')
  })

  it('blames stage 1 at its level, else stage 2', () => {
    const readOnly = translatePage(controls(), 0n, 0, memory({ 0x1000: BLOCK | NORMAL | RO }))
    expect(permissionFault(readOnly, page.PRIVILEGED_WRITE)).toMatchObject({ fsc: 0x0d, stage: 1 })
    const both = controls({ stage2On: true, vtcr: 25n | (1n << 6n) | (2n << 16n) })
    const s2 = { 0x10_0000: BLOCK | (0xfn << 2n) | (1n << 6n) }
    const result = translatePage(both, 0n, 0, memory({ 0x1000: BLOCK | NORMAL, ...s2 }))
    expect(permissionFault(result, page.PRIVILEGED_WRITE)).toMatchObject({ fsc: 0x0d, stage: 2, ipa: 0 })
  })
})

describe('stage 2 walk (AArch64.S2Walk)', () => {
  const READ = 1n << 6n
  const WRITE = 1n << 7n
  const WB = 0xfn << 2n
  const vtcr = (t0sz: bigint, sl0: bigint, ps = 2n) => t0sz | (sl0 << 6n) | (ps << 16n)
  const walk = (value: bigint, ipa: number, descriptors: Record<string, bigint>, hole?: number) =>
    walkStage2(controls({ vtcr: value }), ipa, memory(descriptors, hole), false)

  it('starts at the level of SL0', () => {
    const table = { 0x10_0008: 0x2000n | TABLE, 0x2010: 0x3000n | TABLE, 0x3018: 0x7000n | PAGE | READ | WB }
    expect(walk(vtcr(25n, 1n), 0x4040_3000, table)).toMatchObject({
      physical: 0x7000,
      level: 3,
      readable: true,
      writable: false,
    })
    const two = { 0x10_0018: 0x4060_0000n | BLOCK | WRITE | WB }
    expect(walk(vtcr(34n, 0n), 0x7f_f123, two)).toMatchObject({
      physical: 0x407f_f123,
      level: 2,
      readable: false,
      writable: true,
    })
  })

  it('indexes concatenated tables at the start level', () => {
    // 40 bits from level 1: two tables side by side; IPA bit 39 selects the second.
    const second = { 0x10_1008: 0x8000_0000n | BLOCK | READ | WB }
    expect(walk(vtcr(24n, 1n), 0x80_4000_0000, second)).toMatchObject({ physical: 0x8000_0000, fault: null })
    // 34 bits from level 2: sixteen tables.
    const last = { 0x10_fff8: 0x4000_0000n | BLOCK | READ | WB }
    expect(walk(vtcr(30n, 0n), 0x3_ffe0_0000, last)).toMatchObject({ physical: 0x4000_0000, fault: null })
  })

  it('reports each fault with its level and the IPA', () => {
    const fault = (descriptors: Record<string, bigint>, ipa = 0x1000, value = vtcr(25n, 1n), hole?: number) =>
      walk(value, ipa, descriptors, hole).fault
    expect(fault({})).toEqual({ fsc: 0x05, stage: 2, ipa: 0x1000, onWalk: false })
    expect(fault({ 0x10_0000: 0x2000n | TABLE })).toMatchObject({ fsc: 0x06 })
    expect(fault({ 0x10_0000: (BLOCK & ~AF) | READ })).toMatchObject({ fsc: 0x09 })
    expect(fault({ 0x10_0000: (1n << 36n) | BLOCK | READ }, 0x1000, vtcr(25n, 1n, 1n))).toMatchObject({
      fsc: 0x01,
    })
    expect(fault({}, 0x80_0000_0000)).toMatchObject({ fsc: 0x05, ipa: 0x80_0000_0000 })
    expect(fault({}, 0, vtcr(25n, 1n), 0x10_0000)).toMatchObject({ fsc: 0x15 })
  })

  const nested = (entry: bigint, s1 = TAGGED, c: Partial<Controls> = {}) =>
    translatePage(
      controls({ stage2On: true, vtcr: vtcr(25n, 1n), ...c }),
      0x4000_0000n,
      0,
      // Stage 1 descriptors lie in the first GiB of IPA, the page in the second.
      memory({ 0x1008: 0x4000_0000n | BLOCK | s1, 0x10_0000: BLOCK | READ | WRITE | WB, 0x10_0008: entry }),
    )

  it('combines memory types: only Write-Back keeps Tagged', () => {
    const flags = (attribute: bigint, s1 = TAGGED) =>
      nested(0x8000_0000n | BLOCK | READ | WRITE | (attribute << 2n), s1).flags & (page.TAGGED | page.DEVICE)
    expect(flags(0xfn)).toBe(page.TAGGED)
    expect(flags(0xfn, NORMAL)).toBe(0)
    expect(flags(0x5n)).toBe(0)
    expect(flags(0xan)).toBe(0)
    expect(flags(0x1n)).toBe(page.DEVICE)
    expect(flags(0xfn, 0n)).toBe(page.DEVICE)
  })

  it('takes permission away, execution by XN', () => {
    const flags = (bits: bigint) => nested(0x8000_0000n | BLOCK | WB | bits).flags & 7
    expect(flags(READ | WRITE)).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_WRITE | page.PRIVILEGED_EXECUTE)
    expect(flags(READ)).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_EXECUTE)
    expect(flags(WRITE)).toBe(page.PRIVILEGED_WRITE | page.PRIVILEGED_EXECUTE)
    expect(flags(READ | WRITE | (1n << 54n))).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_WRITE)
  })

  it('reports a fault on a stage 1 descriptor as S1PTW with the IPA of the descriptor', () => {
    const c = controls({ stage2On: true, vtcr: vtcr(25n, 1n) })
    const unmapped = translatePage(c, 0n, 0, memory({}))
    expect(unmapped.fault).toEqual({ fsc: 0x05, stage: 2, ipa: 0x1000, onWalk: true })
    const unreadable = translatePage(c, 8n << 30n, 0, memory({ 0x10_0000: BLOCK | WRITE | WB }))
    expect(unreadable.fault).toEqual({ fsc: 0x0d, stage: 2, ipa: 0x1040, onWalk: true })
  })

  it('HCR_EL2.PTW makes a walk through Device memory a permission fault', () => {
    const device = memory({ 0x1000: BLOCK | NORMAL, 0x10_0000: BLOCK | READ | WRITE })
    const with2 = (walkProtected: boolean) => controls({ stage2On: true, vtcr: vtcr(25n, 1n), walkProtected })
    expect(translatePage(with2(true), 0n, 0, device).fault).toMatchObject({ fsc: 0x0d, onWalk: true })
    expect(translatePage(with2(false), 0n, 0, device).fault).toBeNull()
  })
})

describe('stage 1 off', () => {
  it('is flat and Device; Normal with HCR_EL2.DC, Tagged with DCT', () => {
    const off = (c: Partial<Controls>) =>
      translatePage(controls({ mmuOn: false, ...c }), 0x4123_4000n, 0, memory({}))
    expect(off({})).toMatchObject({ physical: 0x4123_4000, fault: null, attribute: 0 })
    expect(off({ defaultCacheable: true })).toMatchObject({ attribute: 0xff })
    expect(off({ defaultCacheable: true, defaultTagged: true }).flags & page.TAGGED).toBe(page.TAGGED)
  })

  it('gives an address size fault at level 0 beyond the implemented size', () => {
    expect(translatePage(controls({ mmuOn: false }), 1n << 40n, 0, memory({})).fault?.fsc).toBe(0)
  })
})
