import { beforeEach, describe, expect, it } from 'vitest'
import {
  descriptor,
  EL,
  place,
  SCTLR,
  Tables,
  TestMachine,
  type TestMachineOptions,
  tagged,
} from '../../../test/support/machine.ts'

const { data } = place
const { PAGE, BLOCK, attribute } = descriptor
const NOWHERE = data + 0x2000n

let machine: TestMachine
/** EL2 with MMU on, flat, but for data: two Tagged pages with a hole behind them. */
function flat(options: TestMachineOptions = {}): TestMachine {
  const made = new TestMachine(options)
  const tables = new Tables(made, place.tables)
  tables.map(place.code, place.code | PAGE | attribute(1n) | descriptor.READ_ONLY)
  for (const page of [data, data + 0x1000n]) tables.map(page, page | PAGE | attribute(2n) | descriptor.UXN)
  tables.map(0x4020_0000n, 0x4020_0000n | BLOCK | attribute(1n), 2)
  return made
    .set('TTBR0_EL2', place.tables)
    .set('TCR_EL2', 25n | (2n << 16n) | (1n << 20n))
    .set('MAIR_EL2', 0xf0_ff00n)
    .set('SCTLR_EL2', SCTLR.M | SCTLR.ATA)
}
const lse2 = (): TestMachine => flat({ features: { lse2: true } })
beforeEach(() => {
  machine = flat()
})

const run = (text: string) => machine.pstate(EL[2]).run(text)

describe('an access that crosses into a page where nothing of the board is', () => {
  it.each([
    ['ldr x0, [x1]', 0x9600_0010n],
    ['str x0, [x1]', 0x9600_0050n],
  ])('%s is an external abort at that page, and changes nothing', (text, esr) => {
    new Tables(machine, place.tables).map(NOWHERE, 0x3000_0000n | PAGE | attribute(1n))
    machine.write64(NOWHERE - 8n, 7n).setX({ 0: 9n, 1: NOWHERE - 4n })
    expect(run(text)).toMatchObject({ el: 2, esr, far: NOWHERE })
    expect([machine.x(0), machine.read64(NOWHERE - 8n)]).toEqual([9n, 7n])
  })
})

describe('tag stores and loads', () => {
  it('STG, ST2G, STZG and LDG move tags; only the Z forms touch data', () => {
    machine
      .write64(data, 7n)
      .write64(data + 0x40n, 7n)
      .setX({ 1: data, 2: tagged(0n, 9n), 3: 0xabcn })
    run('stg x2, [x1]\n st2g x2, [x1, #32]\n stzg x2, [x1, #64]\n ldg x3, [x1]')
    expect(machine.tags(data, 6)).toEqual([9, 0, 9, 9, 9, 0])
    expect([machine.read64(data), machine.read64(data + 0x40n), machine.x(3)]).toEqual([
      7n,
      0n,
      tagged(0xabcn, 9n),
    ])
  })

  it('an unaligned tag store faults before translation, whatever ATA says', () => {
    machine.setX({ 1: NOWHERE + 8n }).set('SCTLR_EL2', SCTLR.M)
    expect(run('stg x1, [x1]')).toMatchObject({ esr: 0x9600_0061n, far: NOWHERE + 8n })
  })

  it('STGP is aligned to the granule, and then changes nothing', () => {
    machine.setX({ 0: 1n, 1: data + 8n, 2: 2n })
    expect(run('stgp x0, x2, [x1]')).toMatchObject({ esr: 0x9600_0061n, far: data + 8n })
    expect([machine.read64(data + 8n), machine.read64(data + 16n)]).toEqual([0n, 0n])
    machine.setX({ 1: tagged(data, 6n) })
    run('stgp x0, x2, [x1]')
    expect([machine.read64(data), machine.read64(data + 8n), machine.tags(data, 2)]).toEqual([1n, 2n, [6, 0]])
  })

  it('ST2G whose second granule is unmapped faults there and leaves the first', () => {
    machine.write64(NOWHERE - 16n, 7n).setX({ 1: tagged(NOWHERE - 16n, 4n) })
    expect(run('stz2g x1, [x1]')).toMatchObject({ esr: 0x9600_0047n, far: tagged(NOWHERE, 4n) })
    expect([machine.tags(NOWHERE - 16n, 1), machine.read64(NOWHERE - 16n)]).toEqual([[0], 7n])
  })

  it('ST2G across two mapped pages sets both', () => {
    machine.setX({ 1: tagged(data + 0xff0n, 4n) })
    expect(run('st2g x1, [x1]')).toBeNull()
    expect(machine.tags(data + 0xff0n, 2)).toEqual([4, 4])
  })

  it('with tag access off or a page that is not Tagged the tag is dropped, the zeroing is not', () => {
    machine
      .setTags(data, 3)
      .write64(data, 7n)
      .set('SCTLR_EL2', SCTLR.M)
      .setX({ 1: tagged(data, 9n), 3: tagged(5n, 7n) })
    run('stzg x1, [x1]\n ldg x3, [x1]')
    expect([machine.tags(data, 1), machine.read64(data), machine.x(3)]).toEqual([[3], 0n, 5n])
    machine.set('SCTLR_EL2', SCTLR.M | SCTLR.ATA).setX({ 1: tagged(0x4020_0000n, 9n) })
    run('stg x1, [x1]\n ldg x3, [x1]')
    expect([machine.tags(0x4020_0000n, 1), machine.x(3)]).toEqual([[0], 5n])
  })

  it('data stores leave tags alone', () => {
    machine.setTags(data, 9).setX({ 1: data })
    run('str x1, [x1]')
    expect(machine.tags(data, 1)).toEqual([9])
  })
})

describe('block instructions', () => {
  it('LDGM and STGM move sixteen tags, a nibble each, of an aligned block', () => {
    machine.setX({ 0: 0xfedc_ba98_7654_3210n, 1: data + 0x1f8n })
    run('stgm x0, [x1]\n ldgm x2, [x1]')
    expect(machine.tags(data + 0x100n, 16)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    expect([machine.tags(data, 1), machine.x(2)]).toEqual([[0], 0xfedc_ba98_7654_3210n])
  })

  it('STZGM sets one tag from Xt[3:0] and zeroes 64 bytes', () => {
    for (let i = 0n; i < 96n; i += 8n) machine.write64(data + i, 1n)
    machine.setX({ 0: 0xabc7n, 1: data + 0x8n })
    run('stzgm x0, [x1]')
    expect(machine.tags(data, 5)).toEqual([7, 7, 7, 7, 0])
    expect([machine.read64(data + 56n), machine.read64(data + 64n)]).toEqual([0n, 1n])
  })

  it('are UNDEFINED at EL0', () => {
    machine.setX({ 1: data }).set('SCTLR_EL1', SCTLR.SPAN)
    for (const text of ['ldgm x0, [x1]', 'stgm x0, [x1]', 'stzgm x0, [x1]']) {
      expect(machine.pstate(EL[0]).run(text)).toMatchObject({ el: 1, esr: 0x0200_0000n })
    }
  })

  it('DC GVA sets tags from the operand, GZVA zeroes too, ZVA only zeroes', () => {
    machine
      .write64(data + 0x40n, 7n)
      .write64(data, 7n)
      .setX({ 1: tagged(data + 0x33n, 0xbn), 2: tagged(data + 0x40n, 2n) })
    run('dc gva, x1\n dc gzva, x2')
    expect(machine.tags(data, 9)).toEqual([11, 11, 11, 11, 2, 2, 2, 2, 0])
    expect([machine.read64(data), machine.read64(data + 0x40n)]).toEqual([7n, 0n])
    run('dc zva, x1')
    expect([machine.read64(data), machine.tags(data, 1)]).toEqual([0n, [11]])
  })
})

describe('exclusives', () => {
  const status = (between: string, store = 'stxr w2, x3, [x1]') => {
    machine.write64(data, 7n).setX({ 1: data, 2: 9n, 3: 5n, 4: data + 8n, 5: data })
    expect(run(`ldxr x0, [x1]\n ${between}\n ${store}`)).toBeNull()
    return machine.x(2)
  }

  it('STXR succeeds after LDXR of the same location and size, once', () => {
    expect(status('nop')).toBe(0n)
    expect(machine.read64(data)).toBe(5n)
    run('stxr w2, x3, [x1]')
    expect(machine.x(2)).toBe(1n)
  })

  it.each([
    ['CLREX', 'clrex', 'stxr w2, x3, [x1]'],
    ['another location', 'nop', 'stxr w2, x3, [x4]'],
    ['another size', 'nop', 'stxr w2, w3, [x1]'],
    ['another value in between', 'str x4, [x5]', 'stxr w2, x3, [x1]'],
    ['a later LDXR elsewhere', 'ldxr x6, [x4]', 'stxr w2, x3, [x1]'],
  ])('STXR fails after %s, and stores nothing', (_, between, store) => {
    expect(status(between, store)).toBe(1n)
    expect(machine.read64(data)).not.toBe(5n)
  })

  it('pairs compare and store both halves', () => {
    machine
      .write64(data, 1n)
      .write64(data + 8n, 2n)
      .setX({ 1: data, 3: 5n, 4: 6n })
    run('ldxp x0, x2, [x1]\n stxp w5, x3, x4, [x1]')
    expect([machine.x(0), machine.x(2), machine.x(5)]).toEqual([1n, 2n, 0n])
    expect([machine.read64(data), machine.read64(data + 8n)]).toEqual([5n, 6n])
  })

  it('STXR without the monitor is not tag-checked, with it it is', () => {
    machine
      .set('SCTLR_EL2', SCTLR.M | SCTLR.ATA | SCTLR.TCF(1n))
      .setTags(data, 5)
      .setX({ 1: tagged(data, 3n), 6: tagged(data, 5n) })
    expect(run('stxr w2, x3, [x1]')).toBeNull()
    expect(machine.x(2)).toBe(1n)
    expect(run('ldxr x0, [x6]\n stxr w2, x3, [x1]')).toMatchObject({ esr: 0x9600_0051n })
  })
})

describe('atomics', () => {
  it.each([
    ['ldadd', 10n, 3n, 13n],
    ['ldclr', 0xffn, 0x0fn, 0xf0n],
    ['ldeor', 0xffn, 0x0fn, 0xf0n],
    ['ldset', 0xf0n, 0x0fn, 0xffn],
    ['ldumax', 1n, 2n, 2n],
    ['ldumin', 1n, 2n, 1n],
    ['swp', 1n, 2n, 2n],
  ])('%s', (name, old, operand, result) => {
    machine.write64(data, old).setX({ 1: data, 3: operand })
    run(`${name} x3, x0, [x1]`)
    expect([machine.x(0), machine.read64(data)]).toEqual([old, result])
  })

  it('compare signed values at the width of the access', () => {
    machine.write64(data, 0xffn).setX({ 1: data, 3: 1n })
    run('ldsmaxb w3, w0, [x1]')
    expect([machine.x(0), machine.read64(data)]).toEqual([0xffn, 1n])
  })

  it('CAS stores only what it expected to find', () => {
    machine.write64(data, 4n).setX({ 0: 3n, 1: data, 3: 9n })
    run('cas x0, x3, [x1]')
    expect([machine.x(0), machine.read64(data)]).toEqual([4n, 4n])
    run('cas x0, x3, [x1]')
    expect(machine.read64(data)).toBe(9n)
  })
})

describe('an access across two pages', () => {
  it('reads and writes both', () => {
    machine.setX({ 0: 0x1122_3344_5566_7788n, 1: data + 0xffdn })
    expect(run('str x0, [x1]\n ldr x2, [x1]')).toBeNull()
    expect(machine.x(2)).toBe(0x1122_3344_5566_7788n)
    expect(machine.read64(data + 0x1000n)).toBe(0x11_2233_4455n)
  })

  it('writes nothing when the second page is missing', () => {
    machine.write64(NOWHERE - 8n, 7n).setX({ 0: 1n, 1: NOWHERE - 4n })
    expect(run('str x0, [x1]')).toMatchObject({ esr: 0x9600_0047n, far: NOWHERE })
    expect(machine.read64(NOWHERE - 8n)).toBe(7n)
  })
})

describe('FEAT_LSE2', () => {
  const A = 1n << 1n
  const NAA = 1n << 6n
  const atomics = ['ldadd x0, x2, [x1]', 'swp x0, x2, [x1]', 'cas x2, x0, [x1]', 'ldxr x2, [x1]']
  const ordered = ['ldar x2, [x1]', 'stlr x0, [x1]', 'ldapr x2, [x1]', 'ldapur x2, [x1]', 'stlur x0, [x1]']
  const pairs = ['ldxp x2, x3, [x1]', 'casp x2, x3, x4, x5, [x1]', 'stgp x2, x3, [x1]']
  const fault = (text: string) => ({ esr: text.startsWith('st') ? 0x9600_0061n : 0x9600_0021n })

  function onLse2(text: string, offset: bigint, sctlr = 0n) {
    machine = lse2()
    machine.set('SCTLR_EL2', SCTLR.M | SCTLR.ATA | sctlr).setX({ 0: 5n, 1: data + offset, 2: 0n })
    return run(text)
  }

  it.each([...atomics, ...ordered])('lets %s be unaligned inside 16 bytes only', (text) => {
    for (const offset of [4n, 8n, 16n + 1n]) expect(onLse2(text, offset)).toBeNull()
    for (const offset of [9n, 15n]) expect(onLse2(text, offset)).toMatchObject(fault(text))
    expect(onLse2(text, 4n, A)).toMatchObject(fault(text))
  })

  it.each(ordered)('nAA lets %s cross 16 bytes, and a page', (text) => {
    for (const offset of [9n, 0xffcn]) expect(onLse2(text, offset, NAA)).toBeNull()
  })

  it.each([...atomics, ...pairs])('nAA does not excuse %s', (text) => {
    expect(onLse2(text, 9n, NAA)).toMatchObject(fault(text))
  })

  it.each(pairs)('%s is aligned to all of its 16 bytes', (text) => {
    expect(onLse2(text, 8n)).toMatchObject(fault(text))
  })

  it('reads, modifies and writes what lies across two doublewords', () => {
    machine = lse2()
    machine
      .set('SCTLR_EL2', SCTLR.M | SCTLR.ATA)
      .write64(data + 4n, 0x11_2233_4455_6677n)
      .setX({ 0: 1n, 1: data + 4n })
    run(
      'ldadd x0, x2, [x1]\n ldxr x3, [x1]\n add x3, x3, #1\n stxr w4, x3, [x1]\n mov x5, x3\n casal x5, xzr, [x1]',
    )
    expect([machine.x(2), machine.x(3), machine.x(4), machine.x(5)]).toEqual([
      0x11_2233_4455_6677n,
      0x11_2233_4455_6679n,
      0n,
      0x11_2233_4455_6679n,
    ])
    expect([machine.read64(data), machine.read64(data + 4n)]).toEqual([0n, 0n])
  })

  it('comes before translation where it faults, behind it where it does not', () => {
    machine = lse2()
    machine.set('SCTLR_EL2', SCTLR.M).setX({ 1: NOWHERE + 4n, 2: NOWHERE + 9n })
    expect(run('ldar x0, [x1]')).toMatchObject({ esr: 0x9600_0007n, far: NOWHERE + 4n })
    expect(run('ldar x0, [x2]')).toMatchObject({ esr: 0x9600_0021n, far: NOWHERE + 9n })
  })

  it('is told by ID_AA64MMFR2_EL1.AT, and without it every unaligned one faults and nAA is RES0', () => {
    machine.setX({ 1: data + 4n })
    run('mrs x3, id_aa64mmfr2_el1\n mov x4, #0x41\n msr sctlr_el1, x4\n mrs x4, sctlr_el1')
    expect([(machine.x(3) >> 32n) & 15n, machine.x(4) & NAA]).toEqual([0n, 0n])
    for (const text of [...atomics, ...ordered]) expect(run(text)).toMatchObject(fault(text))
    machine = lse2()
    run('mrs x3, id_aa64mmfr2_el1\n mov x4, #0x41\n msr sctlr_el1, x4\n mrs x4, sctlr_el1')
    expect([(machine.x(3) >> 32n) & 15n, machine.x(4) & NAA]).toEqual([1n, NAA])
  })
})

describe('tag checks that the recorder does not make', () => {
  it('LDAPUR and STLUR are checked like any access, but not with SP as base', () => {
    const checked = (text: string) => {
      machine = flat().set('SCTLR_EL2', SCTLR.M | SCTLR.ATA | SCTLR.TCF(1n))
      machine
        .setX({ 1: tagged(data, 6n) })
        .set('SP_EL2', tagged(data, 6n))
        .setTags(data, 5, 5)
      return run(text)
    }
    expect(checked('ldapurb w0, [x1, #3]')).toMatchObject({ esr: 0x9600_0011n, far: tagged(data + 3n, 6n) })
    expect(checked('stlur x0, [x1, #8]')).toMatchObject({ esr: 0x9600_0051n, far: tagged(data + 8n, 6n) })
    expect(checked('ldapurb w0, [sp, #3]')).toBeNull()
  })

  it('every granule of a list of 64 bytes', () => {
    machine.set('SCTLR_EL2', SCTLR.M | SCTLR.ATA | SCTLR.TCF(1n))
    machine.setX({ 1: tagged(data, 5n) }).setTags(data, 5, 5, 5, 6)
    expect(run('st1 {v0.16b-v3.16b}, [x1]')).toMatchObject({ far: tagged(data + 48n, 5n) })
    expect(machine.read64(data)).toBe(0n)
  })
})

describe('vector accesses across the end of a page', () => {
  it('move all bytes in order, and none when the second page is not there', () => {
    const across = data + 0x1000n - 20n
    for (let i = 0n; i < 8n; i++) machine.write64(data + 0xfe0n + i * 8n, 0x0101_0101_0101_0101n * (i + 1n))
    machine.setX({ 1: across, 2: data })
    expect(run('ld3 {v0.8b, v1.8b, v2.8b}, [x1]\n st3 {v0.8b, v1.8b, v2.8b}, [x2]')).toBeNull()
    const bytes = (at: bigint) =>
      Array.from({ length: 24 }, (_, i) => machine.views.ram8[Number(at - 0x4000_0000n) + i])
    expect(bytes(data)).toEqual(bytes(across))
    machine.setX({ 1: NOWHERE - 20n, 3: 0x77n })
    expect(run('dup v5.2d, x3\n ldp q5, q6, [x1]')).toMatchObject({ esr: 0x9600_0007n, far: NOWHERE })
    expect(run('fmov x4, d5')).toBeNull()
    expect(machine.x(4)).toBe(0x77n)
  })
})

describe('across a page of Device memory', () => {
  // With the MMU off every data access is to Device-nGnRnE.
  const device = () => new TestMachine().write64(data + 0xff8n, 3n).write64(data + 0x1000n, 4n)

  it('a pair of aligned elements is loaded', () => {
    const made = device().setX({ 1: data + 0xff8n })
    expect(made.pstate(EL[2]).run('ldp x2, x3, [x1]')).toBeNull()
    expect([made.x(2), made.x(3)]).toEqual([3n, 4n])
  })

  it('an unaligned one is an alignment fault, as is an unaligned register', () => {
    const pair = device().setX({ 1: data + 0xffcn })
    expect(pair.pstate(EL[2]).run('ldp x2, x3, [x1]')).toMatchObject({
      esr: 0x9600_0021n,
      far: data + 0xffcn,
    })
    expect(pair.pstate(EL[2]).run('ldr x2, [x1]')).toMatchObject({ esr: 0x9600_0021n, far: data + 0xffcn })
  })
})
