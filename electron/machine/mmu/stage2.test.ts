import { describe, expect, it } from 'vitest'
import { controlsFor, DescriptorMemory, request } from '../../../test/support/translation.ts'
import { translatePage } from './stage1.ts'
import { walkStage2 } from './stage2.ts'
import { page, type Request } from './walk.ts'

const AF = 1n << 10n
const TABLE = 3n
const PAGE = AF | 3n
const BLOCK = AF | 1n
const READ = 1n << 6n
const WRITE = 1n << 7n
const DBM = 1n << 51n
const WB = 0xfn << 2n
const VM = 1n
const vtcr = (t0sz: bigint, sl0: bigint, ps = 2n): bigint => t0sz | (sl0 << 6n) | (ps << 16n)

type Descriptors = Readonly<Record<number, bigint>> | DescriptorMemory
const memoryOf = (descriptors: Descriptors) =>
  descriptors instanceof DescriptorMemory ? descriptors : new DescriptorMemory(descriptors)

function walk(
  value: bigint,
  ipa: number,
  descriptors: Descriptors,
  wanted: Request = request('m'),
  hcr = VM,
) {
  const { stage2 } = controlsFor(1, { HCR_EL2: hcr, VTTBR_EL2: 0x10_0000n, VTCR_EL2: value })
  return walkStage2(stage2!, ipa, memoryOf(descriptors), wanted, false)!
}

describe('stage 2 walk (AArch64.S2Walk)', () => {
  it('starts at the level of SL0', () => {
    const table = { 0x10_0008: 0x2000n | TABLE, 0x2010: 0x3000n | TABLE, 0x3018: 0x7000n | PAGE | READ | WB }
    const three = walk(vtcr(25n, 1n), 0x4040_3000, table)
    expect(three).toMatchObject({ physical: 0x7000, fault: null })
    expect(three.granted & 3).toBe(page.PRIVILEGED_READ)
    const two = walk(vtcr(34n, 0n), 0x7f_f123, { 0x10_0018: 0x4060_0000n | BLOCK | WRITE | WB })
    expect(two).toMatchObject({ physical: 0x407f_f123, fault: null })
    expect(two.granted & 3).toBe(page.PRIVILEGED_WRITE)
    // 48 bits from level 0, and FEAT_TTST: 16 bits from level 3.
    const four = { 0x10_0008: 0x1000n | TABLE, 0x1008: 0xc000_0000n | BLOCK | READ }
    expect(walk(vtcr(16n, 2n, 5n), 0x80_4000_0000, four).physical).toBe(0xc000_0000)
    expect(walk(vtcr(48n, 3n), 0x1000, { 0x10_0008: 0x7000n | PAGE }).physical).toBe(0x7000)
  })

  it('indexes concatenated tables at the start level', () => {
    // 40 bits from level 1: two tables side by side; IPA bit 39 selects the second.
    const second = { 0x10_1008: 0x8000_0000n | BLOCK | READ | WB }
    expect(walk(vtcr(24n, 1n), 0x80_4000_0000, second)).toMatchObject({ physical: 0x8000_0000, fault: null })
    // 34 bits from level 2: sixteen tables.
    const last = { 0x10_fff8: 0x4000_0000n | BLOCK | READ | WB }
    expect(walk(vtcr(30n, 0n), 0x3_ffe0_0000, last)).toMatchObject({ physical: 0x4000_0000, fault: null })
  })

  it('a start level that does not fit T0SZ is a translation fault of level 0', () => {
    const everything = new Map(
      Array.from({ length: 1 << 14 }, (_, i) => [0x10_0000 + i * 8, BLOCK | READ] as const),
    )
    const status = (t0sz: bigint, sl0: bigint, tg0 = 0n) =>
      walk(vtcr(t0sz, sl0) | (tg0 << 14n), 0, new DescriptorMemory(everything)).fault?.fsc ?? null
    // 4 KiB: level 1 resolves 31 to 43 bits, level 2 22 to 34.
    expect([21n, 33n, 34n].map((t0sz) => status(t0sz, 1n))).toEqual([null, null, 0x04])
    expect([29n, 30n, 42n, 43n].map((t0sz) => status(t0sz, 0n))).toEqual([0x04, null, null, 0x04])
    // T0SZ outside 16 to 48, and SL0 = 3, which is reserved but for 4 KiB.
    expect([status(15n, 2n), status(49n, 3n), status(30n, 3n, 1n), status(30n, 3n, 2n)]).toEqual([4, 4, 4, 4])
  })

  it('reports each fault with its level and the IPA', () => {
    const fault = (descriptors: Descriptors, ipa = 0x1000, value = vtcr(25n, 1n), access = request('r')) =>
      walk(value, ipa, descriptors, access).fault
    expect(fault({})).toEqual({ fsc: 0x05, stage: 2, ipa: 0x1000, onWalk: false, denied: 0 })
    expect(fault({ 0x10_0000: 0x2000n | TABLE })).toMatchObject({ fsc: 0x06 })
    expect(fault({ 0x10_0000: (BLOCK & ~AF) | READ })).toMatchObject({ fsc: 0x09 })
    expect(fault({ 0x10_0000: BLOCK | WRITE })).toMatchObject({ fsc: 0x0d, denied: page.PRIVILEGED_READ })
    const far = { 0x10_0000: (1n << 36n) | BLOCK | READ }
    expect(fault(far, 0x1000, vtcr(25n, 1n, 1n))).toMatchObject({ fsc: 0x01 })
    expect(fault(far)).toBeNull()
    // Beyond the input size: level 0, as when nothing was looked up.
    expect(fault({}, 0x80_0000_0000)).toMatchObject({ fsc: 0x04, ipa: 0x80_0000_0000 })
    expect(fault(new DescriptorMemory({}, 0x10_0000), 0)).toMatchObject({ fsc: 0x15 })
    // VTTBR_EL2 beyond VTCR_EL2.PS.
    const { stage2 } = controlsFor(1, { HCR_EL2: VM, VTTBR_EL2: 1n << 40n, VTCR_EL2: vtcr(25n, 1n) })
    expect(walkStage2(stage2!, 0, new DescriptorMemory({}), request('r'), false)?.fault?.fsc).toBe(0)
  })

  it('XN[1:0] forbids execution at EL1 and at EL0 apart (FEAT_XNX)', () => {
    const executable = (xn: bigint) =>
      (walk(vtcr(25n, 1n), 0, { 0x10_0000: BLOCK | READ | (xn << 53n) }).granted >> 2) & 9
    expect([0n, 1n, 2n, 3n].map(executable)).toEqual([9, 8, 0, 1])
  })
})

describe('hardware management of stage 2', () => {
  const HA = 1n << 21n
  const HD = 1n << 22n
  const value = vtcr(25n, 1n) | HA | HD
  const clean = BLOCK | READ | DBM

  it('sets the access flag and, by a write, S2AP[1]', () => {
    const memory = new DescriptorMemory({ 0x10_0000: clean & ~AF })
    expect(walk(value, 0, memory, request('r')).granted & 3).toBe(page.PRIVILEGED_READ)
    expect(memory.words.get(0x10_0000)).toBe(clean)
    expect(walk(value, 0, memory, request('w')).granted & 3).toBe(3)
    expect(memory.words.get(0x10_0000)).toBe(clean | WRITE)
  })

  it('needs HD with HA, and DBM; AT changes nothing', () => {
    const status = (entry: bigint, control: bigint) =>
      walk(control, 0, { 0x10_0000: entry }, request('w')).fault?.fsc
    expect([
      status(clean, vtcr(25n, 1n)),
      status(clean, value & ~HA),
      status(clean, value & ~HD),
      status(clean & ~DBM, value),
    ]).toEqual([0x0d, 0x0d, 0x0d, 0x0d])
    const memory = new DescriptorMemory({ 0x10_0000: clean })
    expect(walk(value, 0, memory, request('w', 1, { dirties: false })).fault).toBeNull()
    expect(memory.words.get(0x10_0000)).toBe(clean)
  })

  const registers = {
    TCR_EL1: 25n | (2n << 32n) | (1n << 39n) | (1n << 40n),
    TTBR0_EL1: 0x1000n,
    MAIR_EL1: 0xffn,
    SCTLR_EL1: 1n,
    HCR_EL2: VM,
    VTTBR_EL2: 0x10_0000n,
    VTCR_EL2: value,
  }
  /** Stage 1 maps its first GiB to the second of stage 2; its own descriptors lie in the first of stage 2. */
  const nested = (stage1: bigint, tables: bigint, access: 'r' | 'w', vtcrValue = value) => {
    const memory = new DescriptorMemory({
      0x1000: 0x4000_0000n | stage1,
      0x10_0000: tables | WB,
      0x10_0008: 0x8000_0000n | BLOCK | READ | WRITE | WB,
    })
    const controls = controlsFor(1, { ...registers, VTCR_EL2: vtcrValue })
    const { fault } = translatePage(controls, 0n, 0, memory, request(access))
    return { fault, stage1: memory.words.get(0x1000), stage2: memory.words.get(0x10_0000) }
  }

  it('an update of a stage 1 descriptor needs permission to write there, which makes the page of tables dirty', () => {
    const notAccessed = BLOCK & ~AF
    // Read-only tables: a walk that updates nothing may pass, one that would update is a stage 2 fault on the walk.
    expect(nested(BLOCK, BLOCK | READ, 'r').fault).toBeNull()
    expect(nested(notAccessed, BLOCK | READ, 'r')).toMatchObject({
      fault: { fsc: 0x0d, stage: 2, ipa: 0x1000, onWalk: true },
      stage1: 0x4000_0000n | notAccessed,
    })
    expect(nested(notAccessed, clean, 'r')).toEqual({
      fault: null,
      stage1: 0x4000_0000n | BLOCK,
      stage2: clean | WRITE | WB,
    })
  })

  it('tables that describe themselves settle', () => {
    // Stage 1 and stage 2 share the descriptor at 0x10_0000: both set its access flag, and disagree about bit 7.
    const shared = (BLOCK & ~AF) | READ | DBM | WB | (1n << 7n)
    const memory = new DescriptorMemory({ 0x10_0000: shared })
    const controls = controlsFor(1, { ...registers, TTBR0_EL1: 0x10_0000n })
    expect(translatePage(controls, 0n, 0, memory, request('w')).fault).toBeNull()
    expect(memory.reads).toBeLessThan(20)
  })
})

describe('both stages', () => {
  const TAGGED = 2n << 2n
  const NORMAL = 1n << 2n
  const registers = {
    TCR_EL1: 25n | (2n << 32n),
    TTBR0_EL1: 0x1000n,
    MAIR_EL1: 0xf0_ff00n,
    SCTLR_EL1: 1n,
    VTTBR_EL2: 0x10_0000n,
    VTCR_EL2: vtcr(25n, 1n),
  }
  const nested = (entry: bigint, first = TAGGED, hcr = VM, wanted = request('m')) =>
    translatePage(
      controlsFor(1, { ...registers, HCR_EL2: hcr }),
      0x4000_0000n,
      0,
      // Stage 1 descriptors lie in the first GiB of IPA, the page in the second.
      new DescriptorMemory({
        0x1008: 0x4000_0000n | BLOCK | first,
        0x10_0000: BLOCK | READ | WRITE | WB,
        0x10_0008: entry,
      }),
      wanted,
    )

  it('combine memory types: only Write-Back keeps Tagged', () => {
    const flags = (attribute: bigint, first = TAGGED, hcr = VM) =>
      nested(0x8000_0000n | BLOCK | READ | WRITE | (attribute << 2n), first, hcr).flags &
      (page.TAGGED | page.DEVICE)
    expect(flags(0xfn)).toBe(page.TAGGED)
    expect(flags(0xfn, NORMAL)).toBe(0)
    expect(flags(0x5n)).toBe(0)
    expect(flags(0xan)).toBe(0)
    expect(flags(0x1n)).toBe(page.DEVICE)
    expect(flags(0xfn, 0n)).toBe(page.DEVICE)
    const CD = 1n << 32n
    expect(flags(0xfn, TAGGED, VM | CD)).toBe(0)
    // FWB: 6 forces Write-Back, 7 leaves it to stage 1, 5 is Non-cacheable, below 4 is Device.
    const FWB = VM | (1n << 46n)
    expect([6n, 7n, 5n, 3n].map((type) => flags(type, TAGGED, FWB))).toEqual([
      page.TAGGED,
      page.TAGGED,
      0,
      page.DEVICE,
    ])
    expect(flags(6n, NORMAL, FWB)).toBe(0)
  })

  it('each take permission away; stage 1 is blamed first', () => {
    const flags = (bits: bigint) => nested(0x8000_0000n | BLOCK | WB | bits).flags & 7
    expect(flags(READ | WRITE)).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_WRITE | page.PRIVILEGED_EXECUTE)
    expect(flags(READ)).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_EXECUTE)
    expect(flags(WRITE)).toBe(page.PRIVILEGED_WRITE | page.PRIVILEGED_EXECUTE)
    expect(flags(READ | WRITE | (1n << 54n))).toBe(page.PRIVILEGED_READ | page.PRIVILEGED_WRITE)
    const fault = (first: bigint) => nested(0x8000_0000n | BLOCK | WB | READ, first, VM, request('w')).fault
    expect(fault(NORMAL)).toMatchObject({ fsc: 0x0d, stage: 2, ipa: 0x4000_0000, onWalk: false })
    expect(fault(NORMAL | (1n << 7n))).toMatchObject({ fsc: 0x0d, stage: 1 })
  })

  it('an unaligned access is judged by the type of each stage in turn', () => {
    const fault = (entry: bigint, first: bigint) =>
      nested(entry, first, VM, request('w', 1, { unaligned: true })).fault
    expect(fault(0x8000_0000n | BLOCK | READ | (1n << 2n), NORMAL)).toMatchObject({ fsc: 0x21, stage: 2 })
    expect(fault(0n, 0n)).toMatchObject({ fsc: 0x21, stage: 1 })
    expect(fault(0x8000_0000n | BLOCK | READ | WB, NORMAL)).toMatchObject({ fsc: 0x0d, stage: 2 })
  })

  it('reports a fault on a stage 1 descriptor as S1PTW with the IPA of the descriptor', () => {
    const fault = (va: bigint, descriptors: Readonly<Record<number, bigint>>, hcr = VM) =>
      translatePage(
        controlsFor(1, { ...registers, HCR_EL2: hcr }),
        va,
        0,
        new DescriptorMemory(descriptors),
        request('r'),
      ).fault
    expect(fault(0n, {})).toMatchObject({ fsc: 0x05, stage: 2, ipa: 0x1000, onWalk: true })
    const writeOnly = { 0x10_0000: BLOCK | WRITE | WB }
    expect(fault(8n << 30n, writeOnly)).toMatchObject({ fsc: 0x0d, stage: 2, ipa: 0x1040, onWalk: true })
    // HCR_EL2.PTW: tables in Device memory.
    const device = { 0x1000: BLOCK | NORMAL, 0x10_0000: BLOCK | READ | WRITE }
    expect(fault(0n, device, VM | 4n)).toMatchObject({ fsc: 0x0d, onWalk: true })
    expect(fault(0n, device)).toBeNull()
  })
})
