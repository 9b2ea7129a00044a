import { beforeEach, describe, expect, it } from 'vitest'
import { descriptor, EL, place, SCTLR, Tables, TestMachine, tagged } from '../../../test/support/machine.ts'
import { control } from '../board/shared-memory.ts'
import { PS } from '../cpu/core.ts'

const { PAGE, BLOCK, EL0, READ_ONLY, PXN, UXN, attribute } = descriptor
const NORMAL = attribute(1n)
const TAGGED = attribute(2n)

/** T0SZ = T1SZ = 25, 4 KiB granules, 40-bit IPS, TBI0 and TBI1. */
const TCR = 25n | (25n << 16n) | (2n << 30n) | (2n << 32n) | (3n << 37n)
const HCR_RW = 1n << 31n
const VM = 1n

const va = {
  code: 0x10_0000n,
  data: 0x20_0000n,
  user: 0x20_1000n,
  readOnly: 0x20_2000n,
  device: 0x20_3000n,
} as const

let machine: TestMachine
let tables: Tables

/** EL1 with its MMU on: code executable at EL1 only, data pages as named; SPAN set so that entries leave PAN alone. */
beforeEach(() => {
  machine = new TestMachine()
  tables = new Tables(machine, place.tables)
  tables
    .map(va.code, place.code | PAGE | NORMAL | READ_ONLY | UXN)
    .map(va.data, place.data | PAGE | TAGGED | PXN | UXN)
    .map(va.user, (place.data + 0x1000n) | PAGE | TAGGED | EL0 | PXN | UXN)
    .map(va.readOnly, place.data | PAGE | TAGGED | READ_ONLY | PXN | UXN)
    .map(va.device, (place.data + 0x2000n) | PAGE | attribute(0n) | PXN | UXN)
    .map(va.data + 0x2_0000n, place.data | PAGE | TAGGED | PXN | UXN)
  machine
    .set('TTBR0_EL1', place.tables)
    .set('TTBR1_EL1', place.tables)
    .set('TCR_EL1', TCR)
    .set('MAIR_EL1', 0xf0_ff00n)
    .set('HCR_EL2', HCR_RW | (1n << 56n))
    .set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN)
    .set('VBAR_EL1', va.code + 0x800n)
    .pstate(EL[1])
})

/** Runs code through its EL1 mapping. */
const run = (text: string) => machine.runFrom(va.code, va.code, machine.load(text))

describe('a data abort (ESR_ELx, FAR_ELx)', () => {
  const cases: [name: string, text: string, address: bigint, esr: bigint, far?: bigint][] = [
    ['load, unmapped at level 3', 'ldr x0, [x1]', va.data + 0x8000n, 0x9600_0007n],
    ['store, unmapped at level 3', 'str x0, [x1]', va.data + 0x8000n, 0x9600_0047n],
    ['unmapped at level 1', 'ldr x0, [x1]', 0x1_0000_0000n, 0x9600_0005n],
    ['outside the range', 'ldr x0, [x1]', 0x80_0000_0000n, 0x9600_0004n],
    ['store to a read-only page', 'str x0, [x1]', va.readOnly, 0x9600_004fn],
    ['atomic: a read would not fault, so WnR = 1', 'ldadd x0, x2, [x1]', va.readOnly, 0x9600_004fn],
    [
      'atomic, unmapped: a read would fault, so WnR = 0',
      'ldadd x0, x2, [x1]',
      va.data + 0x8000n,
      0x9600_0007n,
    ],
    ['compare and swap, unmapped', 'cas x0, x2, [x1]', va.data + 0x8000n, 0x9600_0007n],
    ['exclusive, unaligned, before translation', 'ldxr x0, [x1]', va.data + 0x8004n, 0x9600_0021n],
    [
      'load pair, second half on an unmapped page',
      'ldp x0, x2, [x1]',
      va.device + 0xff8n + 0x1000n,
      0x9600_0007n,
    ],
    ['unaligned Device access', 'ldr x0, [x1]', va.device + 4n, 0x9600_0021n],
    [
      'crossing into an unmapped page names that page',
      'ldr x0, [x1]',
      va.data + 0x2_0ffcn,
      0x9600_0007n,
      va.data + 0x2_1000n,
    ],
    ['crossing out of a Device page is unaligned there', 'ldr x0, [x1]', va.device + 0xffcn, 0x9600_0021n],
  ]
  it.each(cases)('%s', (_, text, address, esr, far) => {
    machine.setX({ 1: address })
    expect(run(text)).toMatchObject({ el: 1, vector: 0x200, esr, far: far ?? address, elr: va.code })
  })

  it('SCTLR_EL1.A checks plain accesses before translation', () => {
    machine.set('SCTLR_EL1', SCTLR.M | SCTLR.A | SCTLR.SPAN).setX({ 1: va.data + 0x8004n })
    expect(run('ldr x0, [x1]')).toMatchObject({ esr: 0x9600_0021n })
  })

  it('keeps the top byte in FAR under TBI', () => {
    machine.setX({ 1: (va.data + 0x8000n) | (0xabn << 56n) })
    expect(run('ldr x0, [x1]')).toMatchObject({
      esr: 0x9600_0007n,
      far: (va.data + 0x8000n) | (0xabn << 56n),
    })
  })

  it('changes nothing: no write-back, no half of a pair', () => {
    machine.setX({ 0: 5n, 1: va.readOnly + 0x10n, 2: 6n }).write64(place.data + 0x10n, 77n)
    expect(run('stp x0, x2, [x1], #16')).toMatchObject({ esr: 0x9600_004fn })
    expect(machine.x(1)).toBe(va.readOnly + 0x10n)
    expect(machine.read64(place.data + 0x10n)).toBe(77n)
  })
})

describe('an instruction abort', () => {
  it('names level and address; a lower EL enters at 0x400', () => {
    machine.setX({ 0: va.data })
    run('br x0')
    machine.step()
    expect(machine.get('ESR_EL1')).toBe(0x8600_000fn)
    expect(machine.get('FAR_EL1')).toBe(va.data)
    machine.pstate(EL[0])
    expect(run('nop')).toMatchObject({ esr: 0x8200_000fn, vector: 0x400, far: va.code })
  })
})

describe('a guarded page', () => {
  it('is known from its fetch, from the TLB too', () => {
    run('nop')
    expect(machine.pe.mmu.guarded).toBe(false)
    tables.map(va.code, place.code | PAGE | NORMAL | READ_ONLY | UXN | (1n << 50n))
    machine.pe.mmu.invalidate()
    for (let times = 0; times < 2; times++) {
      machine.pe.mmu.guarded = false
      run('nop')
      expect(machine.pe.mmu.guarded).toBe(true)
    }
  })
})

describe('PAN, UAO and unprivileged accesses', () => {
  it('PAN denies EL1 what EL0 may read, LDTR goes by EL0', () => {
    machine.pstate(EL[1] | BigInt(PS.PAN)).setX({ 1: va.user, 2: va.data })
    expect(run('ldr x0, [x2]')).toBeNull()
    expect(run('ldtr x0, [x1]')).toBeNull()
    expect(run('ldr x0, [x1]')).toMatchObject({ esr: 0x9600_000fn, far: va.user })
  })

  it('LDTR faults where EL0 may not read; UAO makes it an ordinary load', () => {
    machine.setX({ 1: va.data })
    expect(run('ldtr x0, [x1]')).toMatchObject({ esr: 0x9600_000fn })
    machine.pstate(EL[1] | BigInt(PS.UAO))
    expect(run('ldtr x0, [x1]')).toBeNull()
  })

  it('PAN denies LDTR that UAO made privileged, and nothing while the MMU is off', () => {
    machine.pstate(EL[1] | BigInt(PS.PAN | PS.UAO)).setX({ 1: va.user })
    expect(run('ldtr x0, [x1]')).toMatchObject({ esr: 0x9600_000fn, far: va.user })
    machine
      .set('SCTLR_EL1', SCTLR.SPAN)
      .pstate(EL[1] | BigInt(PS.PAN))
      .setX({ 1: place.data })
    expect(machine.run('ldr x0, [x1]')).toBeNull()
  })

  it('entry with SPAN = 0 sets PAN', () => {
    machine.set('SCTLR_EL1', SCTLR.M)
    run('svc #0')
    expect(machine.core.ps & PS.PAN).toBe(PS.PAN)
  })
})

describe('stage 2', () => {
  const IPA_DATA = 0x5000_0000n
  let second: Tables

  beforeEach(() => {
    second = new Tables(machine, place.tables + 0x8_0000n)
    const { S2_READ, S2_WRITE, S2_NORMAL } = descriptor
    second.map(0x4000_0000n, 0x4000_0000n | BLOCK | S2_READ | S2_WRITE | S2_NORMAL, 2)
    second.map(0x4010_0000n & ~0x1f_ffffn, 0x4000_0000n | BLOCK | S2_READ | S2_WRITE | S2_NORMAL, 2)
    second.map(IPA_DATA, place.data | PAGE | S2_READ | S2_NORMAL)
    tables
      .map(va.data, IPA_DATA | PAGE | TAGGED | PXN | UXN)
      .map(va.user, 0x5000_3000n | PAGE | TAGGED | PXN | UXN)
    machine
      .set('VTTBR_EL2', second.root)
      .set('VTCR_EL2', 25n | (1n << 6n) | (2n << 16n))
      .set('HCR_EL2', HCR_RW | VM | (1n << 56n))
  })

  it('a fault goes to EL2 with HPFAR_EL2 and the syndrome of the access', () => {
    machine.setX({ 1: va.user + 0x128n })
    // ISV, SAS 8 bytes, SRT 0, SF; translation fault of level 3.
    expect(run('ldr x0, [x1]')).toMatchObject({
      el: 2,
      vector: 0x400,
      esr: 0x93c0_8007n,
      far: va.user + 0x128n,
    })
    expect(machine.get('HPFAR_EL2')).toBe((0x5000_3000n >> 12n) << 4n)
  })

  it('a permission fault of a store has WnR; pairs and tag stores have no ISV', () => {
    machine.setX({ 1: va.data })
    expect(run('strb w7, [x1, #3]')).toMatchObject({ el: 2, esr: 0x9307_004fn })
    machine.pstate(EL[1])
    expect(run('stp x0, x2, [x1]')).toMatchObject({ el: 2, esr: 0x9200_004fn })
    machine.pstate(EL[1])
    expect(run('stg x1, [x1]')).toMatchObject({ el: 2, esr: 0x9200_004fn })
    machine.pstate(EL[1])
    expect(run('ldrsh w3, [x1, #2]')).toBeNull()
  })

  it('a fault on a stage 1 descriptor has S1PTW and the IPA of the descriptor', () => {
    tables.map(0x4000_0000n, 0x6000_0000n | 3n, 1)
    machine.setX({ 1: 0x4000_1000n })
    expect(run('str x0, [x1]')).toMatchObject({ el: 2, esr: 0x9200_00c6n, far: 0x4000_1000n })
    expect(machine.get('HPFAR_EL2')).toBe((0x6000_0000n >> 12n) << 4n)
  })

  it('stage 1 permission is judged before stage 2', () => {
    tables.map(va.readOnly, IPA_DATA | PAGE | TAGGED | READ_ONLY | PXN | UXN)
    machine.setX({ 1: va.readOnly })
    expect(run('str x0, [x1]')).toMatchObject({ el: 1, esr: 0x9600_004fn })
  })

  it('drops Tagged where stage 2 is not Write-Back: no check, LDG gives 0', () => {
    machine.set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(1n)).setTags(place.data, 5)
    machine.setX({ 1: tagged(va.data, 3n) })
    expect(run('ldr x0, [x1]')).toMatchObject({ el: 1, esr: 0x9600_0011n })
    second.map(IPA_DATA, place.data | PAGE | descriptor.S2_READ | (5n << 2n))
    machine.pstate(EL[1]).pe.mmu.invalidate()
    expect(run('ldr x0, [x1]\n ldg x2, [x1]')).toBeNull()
    expect(machine.x(2)).toBe(0n)
  })
})

describe('the TLB', () => {
  it('keeps a translation until TLBI', () => {
    machine
      .write64(place.data, 1n)
      .write64(place.data + 0x5000n, 2n)
      .setX({ 1: va.data })
    run('ldr x0, [x1]')
    tables.map(va.data, (place.data + 0x5000n) | PAGE | TAGGED | PXN | UXN)
    run('ldr x2, [x1]')
    run('tlbi vmalle1\n dsb nsh\n isb\n ldr x3, [x1]')
    expect([machine.x(0), machine.x(2), machine.x(3)]).toEqual([1n, 1n, 2n])
  })

  it('does not cache a fault', () => {
    machine.setX({ 1: va.data + 0x8000n })
    expect(run('ldr x0, [x1]')).not.toBeNull()
    tables.map(va.data + 0x8000n, place.data | PAGE | TAGGED | PXN | UXN)
    machine.pstate(EL[1])
    expect(run('ldr x0, [x1]')).toBeNull()
  })

  it('belongs to the contents of the control registers: another TTBR0_EL1 needs no TLBI, the old one finds its own again', () => {
    const other = new Tables(machine, place.tables + 0x4_0000n)
    other.map(va.code, place.code | PAGE | NORMAL | READ_ONLY | UXN)
    other.map(va.data, (place.data + 0x5000n) | PAGE | TAGGED | PXN | UXN)
    machine.write64(place.data, 1n).write64(place.data + 0x5000n, 2n)
    machine.setX({ 1: va.data, 4: other.root, 5: place.tables })
    run('ldr x0, [x1]\n msr ttbr0_el1, x4\n isb\n ldr x2, [x1]\n msr ttbr0_el1, x5\n isb\n ldr x3, [x1]')
    expect([machine.x(0), machine.x(2), machine.x(3)]).toEqual([1n, 2n, 1n])
  })

  it('a broadcast TLBI counts for the other PEs: Inner and Outer Shareable, and every one of EL1 with HCR_EL2.FB', () => {
    const generation = () => machine.views.control[control.TLB_GENERATION]!
    const before = generation()
    run('tlbi vmalle1')
    expect(generation()).toBe(before)
    run('tlbi vmalle1is')
    expect(generation()).toBe(before + 1)
    run('tlbi vmalle1os')
    expect(generation()).toBe(before + 2)
    machine.set('HCR_EL2', HCR_RW | (1n << 9n))
    run('tlbi vmalle1')
    expect(generation()).toBe(before + 3)
  })
})

describe('what only looks', () => {
  const ACCESSED = 1n << 10n

  it('a debugger sees through descriptors that it leaves as they are', () => {
    machine.set('TCR_EL1', TCR | (1n << 39n))
    tables.map(va.data, (place.data | PAGE | TAGGED) & ~ACCESSED)
    const { mmu } = machine.pe
    expect(mmu.look(va.data, machine.core.controls())).toMatchObject({
      physical: Number(place.data),
      fault: null,
    })
    expect(machine.read64(tables.entry(va.data)) & ACCESSED).toBe(0n)
    machine.setX({ 1: va.data })
    run('ldr x0, [x1]')
    expect(machine.read64(tables.entry(va.data)) & ACCESSED).toBe(ACCESSED)
  })

  it('cache maintenance needs no permission above EL0 but to invalidate, and reports CM with WnR', () => {
    machine.setX({ 0: va.readOnly, 1: va.data + 0x8000n })
    expect(run('dc civac, x0\n dc cvau, x0\n ic ivau, x0')).toBeNull()
    expect(run('dc ivac, x0')).toMatchObject({ esr: 0x9600_014fn, far: va.readOnly })
    machine.pstate(EL[1])
    expect(run('dc cvac, x1')).toMatchObject({ esr: 0x9600_0147n, far: va.data + 0x8000n })
  })
})

describe('tag checks', () => {
  beforeEach(() => {
    machine.set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(1n)).setTags(place.data, 5, 5, 6)
  })

  it('compare every granule and report the first that fails', () => {
    machine.setX({ 1: tagged(va.data + 0x1cn, 5n) })
    expect(run('ldr x0, [x1]')).toMatchObject({ esr: 0x9600_0011n, far: tagged(va.data + 0x20n, 5n) })
  })

  it('leave out SP with an immediate offset, not with write-back', () => {
    machine.set('SP_EL1', tagged(va.data, 9n))
    expect(run('ldr x0, [sp, #8]\n str x0, [sp]')).toBeNull()
    expect(run('str x0, [sp, #16]!')).toMatchObject({ esr: 0x9600_0051n })
  })

  it('TCO, ATA = 0, TBI = 0, TCMA and an untagged page each leave them out', () => {
    const mismatch = tagged(va.data, 3n)
    const ends = (address = mismatch) => machine.setX({ 1: address }) && run('ldr x0, [x1]') === null
    expect(ends()).toBe(false)
    machine.pstate(EL[1] | BigInt(PS.TCO))
    expect(ends()).toBe(true)
    machine.pstate(EL[1]).set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.TCF(1n))
    expect(ends()).toBe(true)
    machine
      .set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(1n))
      .set('TCR_EL1', TCR | (1n << 57n))
    expect(ends(va.data)).toBe(true)
    expect(ends()).toBe(false)
    machine.pstate(EL[1]).set('HCR_EL2', HCR_RW).set('TCR_EL1', TCR)
    expect(ends()).toBe(true)
    machine.set('HCR_EL2', HCR_RW | (1n << 56n)).setX({ 2: 0n })
    expect(ends()).toBe(false)
  })

  it('asymmetric: reads fault, writes are recorded', () => {
    machine
      .set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(3n))
      .setX({ 0: 7n, 1: tagged(va.data, 3n) })
    expect(run('str x0, [x1]')).toBeNull()
    expect(machine.get('TFSR_EL1')).toBe(1n)
    expect(machine.read64(place.data)).toBe(7n)
    expect(run('swp x0, x2, [x1]')).toMatchObject({ esr: 0x9600_0011n })
  })

  it('DC ZVA only writes: WnR = 1, and asynchronous in the asymmetric mode', () => {
    machine.setX({ 1: tagged(va.data + 8n, 3n) })
    expect(run('dc zva, x1')).toMatchObject({ esr: 0x9600_0051n })
    machine.pstate(EL[1]).set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(3n))
    expect(run('dc zva, x1')).toBeNull()
    expect(machine.get('TFSR_EL1')).toBe(1n)
  })

  it('LDTR uses EL0 settings and reports in TFSRE0_EL1; VA bit 55 chooses the bit', () => {
    machine.set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.ATA0 | SCTLR.TCF(2n) | SCTLR.TCF0(2n))
    machine.setTags(place.data + 0x1000n, 5)
    tables.map(
      0xffff_ff80_0020_1000n & 0x7f_ffff_ffffn,
      (place.data + 0x1000n) | PAGE | TAGGED | EL0 | PXN | UXN,
    )
    machine.setX({ 1: tagged(va.user, 3n), 2: tagged(0xffff_ff80_0020_1000n, 3n) })
    run('ldtr x0, [x1]\n ldr x0, [x2]')
    expect([machine.get('TFSRE0_EL1'), machine.get('TFSR_EL1')]).toEqual([1n, 2n])
  })
})
