import { describe, expect, it } from 'vitest'
import { controlsFor, DescriptorMemory, request } from '../../../test/support/translation.ts'
import { translatePage } from './stage1.ts'
import { page, type Request } from './walk.ts'

/** T0SZ = T1SZ = 25, 4 KiB granules, 40-bit IPS; the tables of the lower half at 0x1000, of the upper one at 0x8000. */
const TCR = 25n | (25n << 16n) | (2n << 30n) | (2n << 32n)
const registers = {
  TCR_EL1: TCR,
  TTBR0_EL1: 0x1000n,
  TTBR1_EL1: 0x8000n,
  MAIR_EL1: 0xf0_ff00n,
  SCTLR_EL1: 1n,
}
const TABLE = 3n
const AF = 1n << 10n
const PAGE = AF | 3n
const BLOCK = AF | 1n
const NORMAL = 1n << 2n
const TAGGED = 2n << 2n
const DBM = 1n << 51n
const RO = 1n << 7n

type Descriptors = Readonly<Record<number, bigint>>

function walk(
  descriptors: Descriptors | DescriptorMemory,
  va = 0n,
  more: Readonly<Record<string, bigint>> = {},
  wanted: Request = request('r'),
  half: 0 | 1 = 0,
) {
  const memory = descriptors instanceof DescriptorMemory ? descriptors : new DescriptorMemory(descriptors)
  return translatePage(controlsFor(1, { ...registers, ...more }), va, half, memory, wanted)
}

const status = (...args: Parameters<typeof walk>): number | null => walk(...args).fault?.fsc ?? null

describe('stage 1 walk (AArch64.S1Walk)', () => {
  it('starts at the level that TxSZ gives and adds the page offset at every block size', () => {
    const from = (size: bigint, descriptors: Descriptors, va: bigint) =>
      walk(descriptors, va, { TCR_EL1: size | (2n << 32n) })
    // 48 bits: four levels.
    const four = {
      0x1008: 0x2000n | TABLE,
      0x2010: 0x3000n | TABLE,
      0x3018: 0x4000n | TABLE,
      0x4020: 0x5_6000n | PAGE,
    }
    expect(from(16n, four, 0x80_8060_4000n)).toMatchObject({ physical: 0x5_6000, fault: null })
    // 39 bits: the first table is of level 1; a 1 GiB block keeps VA bits 29:12.
    expect(from(25n, { 0x1010: 0x1_c000_0000n | BLOCK }, 0x9234_5000n).physical).toBe(0x1_d234_5000)
    // A 2 MiB block keeps VA bits 20:12.
    const two = { 0x1000: 0x2000n | TABLE, 0x2008: 0x4060_0000n | BLOCK }
    expect(from(25n, two, 0x3f_f000n).physical).toBe(0x407f_f000)
    // 30 bits: the first table is of level 2. 16 bits (FEAT_TTST): of level 3, and it is 128 bytes large.
    expect(from(34n, { 0x1008: 0x4020_0000n | BLOCK }, 0x20_0000n).physical).toBe(0x4020_0000)
    expect(from(48n, { 0x1078: 0x4020_0000n | PAGE }, 0xf000n).physical).toBe(0x4020_0000)
  })

  it('reports a translation fault with the level of the invalid descriptor', () => {
    expect(status({})).toBe(0x05)
    expect(status({ 0x1000: 0x2000n | TABLE })).toBe(0x06)
    expect(status({ 0x1000: 0x2000n | TABLE, 0x2000: 0x3000n | TABLE })).toBe(0x07)
    // Bits 1:0 = 01 are reserved at level 3, and a block at level 0.
    expect(status({ 0x1000: 0x2000n | TABLE, 0x2000: 0x3000n | TABLE, 0x3000: BLOCK })).toBe(0x07)
    expect(status({ 0x1000: BLOCK }, 0n, { TCR_EL1: 16n })).toBe(0x04)
  })

  it('faults at level 0 outside the range of TxSZ and outside its limits, for EPDn, and for E0PDn below EL1', () => {
    const good = { 0x1000: BLOCK | (1n << 6n), 0x8ff8: BLOCK }
    expect(status(good, 0x80_0000_0000n)).toBe(0x04)
    expect(status(good, 0xffff_ff7f_ffff_f000n, {}, request('r'), 1)).toBe(0x04)
    expect(status(good, 0xffff_ffff_ffff_f000n, {}, request('r'), 1)).toBeNull()
    for (const size of [0n, 15n, 49n, 63n]) expect(status(good, 0n, { TCR_EL1: size })).toBe(0x04)
    expect(status(good, 0n, { TCR_EL1: TCR | (1n << 7n) })).toBe(0x04)
    const e0pd = { TCR_EL1: TCR | (1n << 55n) }
    expect(status(good, 0n, {}, request('r', 0))).toBeNull()
    expect(status(good, 0n, e0pd, request('r', 0))).toBe(0x04)
    // What EL1 brings into the TLB does not let EL0 in, and PAN still sees EL0's page.
    expect(walk(good, 0n, e0pd).flags & (page.EL0_READ | page.EL0_WRITE | page.USER)).toBe(page.USER)
  })

  it('orders access flag and address size faults behind translation', () => {
    expect(status({ 0x1000: BLOCK & ~AF })).toBe(0x09)
    const size36 = { TCR_EL1: 25n | (1n << 32n) }
    expect(status({ 0x1000: (1n << 36n) | BLOCK }, 0n, size36)).toBe(0x01)
    expect(status({ 0x1000: (1n << 36n) | BLOCK })).toBeNull()
    // A table address beyond the size is reported at the level that holds it; TTBR at level 0.
    expect(status({ 0x1000: (1n << 36n) | TABLE }, 0n, size36)).toBe(0x01)
    expect(status({}, 0n, { TTBR0_EL1: 1n << 41n })).toBe(0x00)
    // 48 bits are implemented: IPS = 5 lets all of them through, and so do the encodings of larger sizes.
    for (const ips of [5n, 6n, 7n]) {
      const all = { 0x1000: (0xffff_c000_0000n & ~AF) | BLOCK }
      expect(walk(all, 0n, { TCR_EL1: 25n | (ips << 32n) }).physical).toBe(0xffff_c000_0000)
    }
  })

  it('ignores the bits of a base address below the size of its table', () => {
    expect(status({ 0x1000: BLOCK }, 0n, { TTBR0_EL1: 0x1ffen })).toBeNull()
    // Only two entries: 16-byte aligned.
    const small = { TCR_EL1: 33n | (2n << 32n), TTBR0_EL1: 0x1014n }
    expect(walk({ 0x1018: 0x4000_0000n | BLOCK }, 1n << 30n, small).physical).toBe(0x4000_0000)
  })

  it('reports an external abort on a walk with its level', () => {
    expect(status(new DescriptorMemory({}, 0x1000))).toBe(0x15)
    expect(status(new DescriptorMemory({ 0x1000: 0x2000n | TABLE }, 0x2000))).toBe(0x16)
  })

  it('takes memory types from MAIR: Device, Normal, Tagged', () => {
    const flags = (attribute: bigint) =>
      walk({ 0x1000: BLOCK | attribute }).flags & (page.DEVICE | page.TAGGED)
    expect(flags(0n)).toBe(page.DEVICE)
    expect(flags(NORMAL)).toBe(0)
    expect(flags(TAGGED)).toBe(page.TAGGED)
  })

  it('takes GP from the block or page, whatever stage 2 says; a stage 1 that is off guards nothing', () => {
    const guarded = (entry: bigint, more = {}) =>
      walk({ 0x1000: entry, 0x10_0000: BLOCK | (1n << 6n) }, 0n, more).flags & page.GUARDED
    const GP = 1n << 50n
    expect(guarded(BLOCK | NORMAL | GP)).toBe(page.GUARDED)
    expect(guarded(BLOCK | NORMAL)).toBe(0)
    const stage2 = { HCR_EL2: 1n, VTTBR_EL2: 0x10_0000n, VTCR_EL2: 25n | (1n << 6n) | (2n << 16n) }
    expect(guarded(BLOCK | NORMAL | GP, stage2)).toBe(page.GUARDED)
    expect(guarded(BLOCK | NORMAL | GP, { SCTLR_EL1: 0n })).toBe(0)
  })

  it('a contiguous bit changes nothing, right or wrong', () => {
    expect(walk({ 0x1000: BLOCK | (1n << 52n) | NORMAL })).toEqual(walk({ 0x1000: BLOCK | NORMAL }))
  })
})

describe('stage 1 permissions (DDI 0487, D8.4)', () => {
  const UXN = 1n << 54n
  const PXN = 1n << 53n
  const EL0 = 1n << 6n
  const letters = (flags: number): string =>
    [...'rwxRWX'].map((letter, i) => (flags & (1 << i) ? letter : '-')).join('')
  const block = (bits: bigint, more = {}) =>
    letters(walk({ 0x1000: BLOCK | NORMAL | bits }, 0n, more, request('m')).flags)

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
    const wxn = { SCTLR_EL1: 1n | (1n << 19n) }
    expect(block(0n, wxn)).toBe('rw---X')
    expect(block(EL0, wxn)).toBe('rw-RW-')
    expect(block(RO | EL0, wxn)).toBe('r-xR-X')
  })

  const el2 = (e2h: bigint, tcr: bigint) => ({
    HCR_EL2: e2h << 34n,
    SCTLR_EL2: 1n,
    TCR_EL2: tcr,
    TTBR0_EL2: 0x1000n,
    MAIR_EL2: 0xff00n,
  })
  const atEl2 = (bits: bigint, e2h: bigint, tcr: bigint, tableBits = 0n) => {
    const tables = new DescriptorMemory({
      0x1000: 0x2000n | TABLE | tableBits,
      0x2000: BLOCK | NORMAL | bits,
    })
    return letters(translatePage(controlsFor(2, el2(e2h, tcr)), 0n, 0, tables, request('m')).flags)
  }

  it('a single-range regime has no EL0, no AP[1], and XN in bit 54', () => {
    expect(atEl2(EL0, 0n, 25n)).toBe('rwx---')
    expect(atEl2(UXN, 0n, 25n)).toBe('rw----')
    expect(atEl2(PXN, 0n, 25n)).toBe('rwx---')
    // Of the tables' bits APTable[1] and XNTable count.
    expect(atEl2(0n, 0n, 25n, 1n << 62n)).toBe('r-x---')
    expect(atEl2(0n, 0n, 25n, (1n << 61n) | (1n << 59n))).toBe('rwx---')
    expect(atEl2(0n, 0n, 25n, 1n << 60n)).toBe('rw----')
    // HPD is bit 24 there.
    expect(atEl2(0n, 0n, 25n | (1n << 24n), 15n << 59n)).toBe('rwx---')
  })

  it('EL2&0 has both levels, as EL1&0', () => {
    expect(atEl2(EL0, 1n, TCR)).toBe('rw-RWX')
    expect(atEl2(RO | EL0 | PXN, 1n, TCR)).toBe('r--R-X')
  })

  it('tables take permission away: APTable, UXNTable, PXNTable; not with HPDn', () => {
    const through = (tableBits: bigint, tcr = TCR) =>
      letters(
        walk({ 0x1000: 0x2000n | TABLE | tableBits, 0x2000: BLOCK | NORMAL | EL0 }, 0n, { TCR_EL1: tcr })
          .flags,
      )
    expect(through(0n)).toBe('rw-RWX')
    expect(through(1n << 62n)).toBe('r-xR-X')
    expect(through(1n << 61n)).toBe('rwx--X')
    expect(through(3n << 61n)).toBe('r-x--X')
    expect(through(1n << 60n)).toBe('rw-RW-')
    expect(through((1n << 59n) | (1n << 62n))).toBe('r--R-X')
    expect(through(15n << 59n, TCR | (1n << 41n))).toBe('rw-RWX')
    expect(through(15n << 59n, TCR | (1n << 42n))).toBe('r-----')
  })

  it('PAN denies what EL0 may access; EPAN also what EL0 may execute', () => {
    const denied = (bits: bigint, more = {}) =>
      status({ 0x1000: BLOCK | NORMAL | bits }, 0n, more, request('r', 1, { pan: true }))
    expect(denied(0n)).toBeNull()
    expect(denied(EL0)).toBe(0x0d)
    const epan = { SCTLR_EL1: 1n | (1n << 57n) }
    expect(denied(UXN, epan)).toBeNull()
    expect(denied(0n, epan)).toBe(0x0d)
    expect(denied(0n, { SCTLR_EL1: 0n })).toBeNull()
  })

  it('faults with the level of the leaf, and names what was denied', () => {
    const readOnly = { 0x1000: 0x2000n | TABLE, 0x2000: BLOCK | NORMAL | RO }
    expect(walk(readOnly, 0n, {}, request('rw')).fault).toMatchObject({
      fsc: 0x0e,
      stage: 1,
      denied: page.PRIVILEGED_WRITE,
    })
    expect(status(readOnly, 0n, {}, request('m'))).toBeNull()
  })

  it('an unaligned access to Device memory is an alignment fault before it is a permission fault', () => {
    const unaligned = request('w', 1, { unaligned: true })
    expect(status({ 0x1000: BLOCK | RO }, 0n, {}, unaligned)).toBe(0x21)
    expect(status({ 0x1000: BLOCK | NORMAL | RO }, 0n, {}, unaligned)).toBe(0x0d)
    expect(status({ 0x1000: BLOCK & ~AF }, 0n, {}, unaligned)).toBe(0x09)
  })
})

describe('hardware management of stage 1 (FEAT_HAFDBS)', () => {
  const HA = 1n << 39n
  const HD = 1n << 40n
  const entry = (memory: DescriptorMemory) => memory.words.get(0x1000)!

  it('sets the access flag in place of the fault, whatever the access', () => {
    for (const access of ['r', 'w', 'x', 'm'] as const) {
      const memory = new DescriptorMemory({ 0x1000: (BLOCK & ~AF) | NORMAL })
      expect(status(memory, 0n, { TCR_EL1: TCR | HA }, request(access, 1, { dirties: false }))).toBeNull()
      expect(entry(memory)).toBe(BLOCK | NORMAL)
    }
  })

  it('leaves a descriptor alone that the access faults on', () => {
    const memory = new DescriptorMemory({ 0x1000: (BLOCK & ~AF) | NORMAL | RO })
    expect(status(memory, 0n, { TCR_EL1: TCR | HA }, request('w'))).toBe(0x0d)
    expect(entry(memory)).toBe((BLOCK & ~AF) | NORMAL | RO)
  })

  const clean = BLOCK | NORMAL | RO | DBM
  const both = { TCR_EL1: TCR | HA | HD }

  it('makes a clean page writable by the first write, and says so only then', () => {
    const memory = new DescriptorMemory({ 0x1000: clean })
    expect(walk(memory, 0n, both).flags & page.PRIVILEGED_WRITE).toBe(0)
    expect(entry(memory)).toBe(clean)
    expect(walk(memory, 0n, both, request('w')).flags & page.PRIVILEGED_WRITE).toBe(page.PRIVILEGED_WRITE)
    expect(entry(memory)).toBe(clean & ~RO)
  })

  it('AT and cache maintenance see a writable page and leave it clean', () => {
    const memory = new DescriptorMemory({ 0x1000: clean })
    expect(status(memory, 0n, both, request('w', 1, { dirties: false }))).toBeNull()
    expect(entry(memory)).toBe(clean)
  })

  it('needs HD with HA, and DBM', () => {
    for (const bits of [0n, HD, HA]) {
      expect(status({ 0x1000: clean }, 0n, { TCR_EL1: TCR | bits }, request('w'))).toBe(0x0d)
    }
    expect(status({ 0x1000: clean & ~DBM }, 0n, both, request('w'))).toBe(0x0d)
  })

  it('a clean page counts as writable for WXN and for what EL0 may write', () => {
    const executable = (bits: bigint, more: Readonly<Record<string, bigint>>) =>
      walk({ 0x1000: clean | bits }, 0n, { ...both, ...more }, request('m')).flags & page.PRIVILEGED_EXECUTE
    expect(executable(0n, {})).toBe(page.PRIVILEGED_EXECUTE)
    expect(executable(0n, { SCTLR_EL1: 1n | (1n << 19n) })).toBe(0)
    expect(executable(1n << 6n, {})).toBe(0)
  })

  it('a table that takes writing away keeps the page clean', () => {
    const memory = new DescriptorMemory({ 0x1000: 0x2000n | TABLE | (1n << 62n), 0x2000: clean })
    expect(status(memory, 0n, both, request('w'))).toBe(0x0e)
    expect(memory.words.get(0x2000)).toBe(clean)
  })

  it('never overwrites what another PE did meanwhile: it looks again', () => {
    const memory = new DescriptorMemory({ 0x1000: clean & ~AF })
    memory.meanwhile = () => {
      memory.meanwhile = null
      memory.words.set(0x1000, 0x8000_0000n | clean)
    }
    expect(walk(memory, 0n, both, request('w'))).toMatchObject({ physical: 0x8000_0000, fault: null })
    expect(entry(memory)).toBe(0x8000_0000n | (clean & ~RO))
    memory.meanwhile = () => void memory.words.set(0x1000, 0n)
    memory.words.set(0x1000, clean)
    expect(status(memory, 0n, both, request('w'))).toBe(0x05)
  })
})

describe('stage 1 off', () => {
  const off = (registers: Readonly<Record<string, bigint>>, va = 0x4123_4000n, wanted = request('r')) =>
    walk({}, va, { SCTLR_EL1: 0n, ...registers }, wanted)
  /** Stage 2 maps the second GiB to itself. */
  const flatStage2 = {
    VTCR_EL2: 25n | (1n << 6n) | (2n << 16n),
    VTTBR_EL2: 0x10_0000n,
  }

  it('is flat and Device, and permits everything', () => {
    expect(off({})).toMatchObject({ physical: 0x4123_4000, fault: null, attribute: 0, shareability: 2 })
    expect(off({}, 0x4123_4000n, request('x', 0)).fault).toBeNull()
    expect(off({}, 0x4123_4000n, request('w', 1, { pan: true })).fault).toBeNull()
    expect(off({}, 0x4123_4000n, request('w', 1, { unaligned: true })).fault?.fsc).toBe(0x21)
  })

  it('is Normal with HCR_EL2.DC, Tagged with DCT', () => {
    const attribute = (hcr: bigint) => {
      const memory = new DescriptorMemory({ 0x10_0008: 0x4000_0000n | BLOCK | (0xfn << 2n) | (1n << 6n) })
      const controls = controlsFor(1, { ...registers, ...flatStage2, HCR_EL2: hcr })
      return translatePage(controls, 0x4123_4000n, 0, memory, request('r')).attribute
    }
    expect(attribute(1n << 12n)).toBe(0xff)
    expect(attribute((1n << 12n) | (1n << 57n))).toBe(0xf0)
  })

  it('gives an address size fault at level 0 beyond the implemented size; TBI leaves out the top byte', () => {
    expect(off({}, 1n << 48n).fault?.fsc).toBe(0)
    expect(off({}, 0xffff_ffff_f000n).fault).toBeNull()
    expect(off({}, 0xaan << 56n).fault?.fsc).toBe(0)
    expect(off({ TCR_EL1: TCR | (1n << 37n) }, 0xaan << 56n).fault).toBeNull()
  })
})
