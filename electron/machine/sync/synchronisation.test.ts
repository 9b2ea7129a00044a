import { describe, expect, it } from 'vitest'
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

/** When indirect writes take effect. Source: DDI 0487 M.a.a, D24.1.2.2 and D10.7.1. */

const latest = (options: TestMachineOptions = {}) => new TestMachine({ sync: 'latest', ...options })

/** x1 is an address with tag 0; GCR_EL1 excludes tag 1, X10 holds a mask that excludes 1 to 7. ADDG by one tag shows which. */
function withExcludes(machine: TestMachine): TestMachine {
  return machine
    .set('SCTLR_EL2', SCTLR.ATA)
    .set('SCTLR_EL1', SCTLR.ATA | SCTLR.SPAN)
    .set('HCR_EL2', (1n << 56n) | (1n << 31n))
    .set('GCR_EL1', 2n)
    .setX({ 1: place.data, 10: 0xfen })
}
const tagOf = (address: bigint) => (address >> 56n) & 15n
const drawn = (machine: TestMachine) => tagOf(machine.x(0))
const ADDG = 'addg x0, x1, #0, #1'

describe('GCR_EL1 written by MSR', () => {
  it('eager: the next instruction uses it', () => {
    const machine = withExcludes(new TestMachine())
    machine.run(`msr gcr_el1, x10\n ${ADDG}`)
    expect(drawn(machine)).toBe(8n)
  })

  it('latest: tag instructions use the old value until a context synchronisation event, MRS reads the new one', () => {
    const machine = withExcludes(latest())
    machine.run(`msr gcr_el1, x10\n mrs x2, gcr_el1\n ${ADDG}`)
    expect([machine.x(2), drawn(machine)]).toEqual([0xfen, 2n])
    machine.run(`dsb sy\n dmb sy\n ${ADDG}`)
    expect(drawn(machine)).toBe(2n)
    machine.run(`isb\n ${ADDG}`)
    expect(drawn(machine)).toBe(8n)
  })

  it('latest: exception return and entry synchronise', () => {
    const returned = withExcludes(latest())
      .set('SPSR_EL2', EL[1])
      .set('ELR_EL2', place.data + 0x1000n)
    returned.load(ADDG, place.data + 0x1000n)
    returned.run('msr gcr_el1, x10\n eret')
    returned.step()
    expect([returned.core.el, drawn(returned)]).toEqual([1, 8n])
    const entered = withExcludes(latest()).pstate(EL[1])
    entered.load(ADDG, place.vectors + 0xc00n)
    entered.run('msr gcr_el1, x10\n hvc #0')
    entered.step()
    expect([entered.core.el, drawn(entered)]).toEqual([2, 8n])
  })

  it('latest: with FEAT_ExS, EOS = 0 and EIS = 0 do not synchronise', () => {
    const exs = { features: { exs: true } }
    const returned = withExcludes(latest(exs))
      .set('SPSR_EL2', EL[1])
      .set('ELR_EL2', place.data + 0x1000n)
    returned.load(ADDG, place.data + 0x1000n)
    returned.run('msr gcr_el1, x10\n eret')
    returned.step()
    expect(drawn(returned)).toBe(2n)
    const entered = withExcludes(latest(exs)).pstate(EL[1])
    entered.load(ADDG, place.vectors + 0xc00n)
    entered.run('msr gcr_el1, x10\n hvc #0')
    entered.step()
    expect(drawn(entered)).toBe(2n)
    const synchronised = withExcludes(latest(exs))
      .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS)
      .pstate(EL[1])
    synchronised.load(ADDG, place.vectors + 0xc00n)
    synchronised.run('msr gcr_el1, x10\n hvc #0')
    synchronised.step()
    expect(drawn(synchronised)).toBe(8n)
  })

  it('latest: of two writes only the newest arrives', () => {
    const machine = withExcludes(latest()).setX({ 11: 0x6n })
    machine.run(`msr gcr_el1, x10\n msr gcr_el1, x11\n isb\n ${ADDG}`)
    expect(drawn(machine)).toBe(3n)
  })
})

describe('RGSR_EL1 written by MSR', () => {
  const irg = (release: 'ddi0487-m' | 'xml-2020-09') => {
    const machine = withExcludes(latest({ release }))
      .set('GCR_EL1', 0n)
      .set('RGSR_EL1', 0x100n)
      .setX({ 12: 0xbeef03n })
    machine.run('msr rgsr_el1, x12\n irg x0, x1\n mrs x2, rgsr_el1')
    return [drawn(machine), machine.x(2)]
  }

  it('is in program order since the release that says so', () => {
    expect(irg('ddi0487-m')).toEqual([1n, 0xebee01n])
  })

  it('is late before; what IRG writes is ordered all the same', () => {
    expect(irg('xml-2020-09')).toEqual([1n, 0x100001n])
  })
})

/** EL1 with asynchronous checks of a page with tag 5, and x1 pointing there with tag 3. */
function faulting(machine: TestMachine, sctlr = 0n): TestMachine {
  const tables = new Tables(machine, place.tables)
  tables
    .map(
      0x4001_0000n,
      place.code | descriptor.PAGE | descriptor.attribute(1n) | descriptor.UXN | descriptor.READ_ONLY,
    )
    .map(0x4004_0000n, place.data | descriptor.PAGE | descriptor.attribute(2n))
  return machine
    .set('TTBR0_EL1', place.tables)
    .set('TCR_EL1', 25n | (25n << 16n) | (2n << 30n) | (2n << 32n) | (3n << 37n))
    .set('MAIR_EL1', 0xf0_ff00n)
    .set('HCR_EL2', (1n << 56n) | (1n << 31n))
    .set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN | SCTLR.ATA | SCTLR.TCF(2n) | sctlr)
    .setTags(place.data, 5)
    .setX({ 1: tagged(place.data, 3n) })
    .pstate(EL[1])
}

describe('an asynchronous tag check fault', () => {
  it('eager: is seen by the next MRS', () => {
    const machine = faulting(new TestMachine())
    machine.run('str x0, [x1]\n mrs x2, tfsr_el1')
    expect(machine.x(2)).toBe(1n)
  })

  it('latest: is seen after DSB and ISB; by DSB alone it is only completed', () => {
    const machine = faulting(latest())
    machine.run(
      'str x0, [x1]\n mrs x2, tfsr_el1\n isb\n mrs x3, tfsr_el1\n dsb sy\n mrs x4, tfsr_el1\n isb\n mrs x5, tfsr_el1',
    )
    expect([2, 3, 4, 5].map((n) => machine.x(n))).toEqual([0n, 0n, 0n, 1n])
  })

  it.each([
    ['sy', 1n],
    ['ish', 1n],
    ['nsh', 1n],
    ['osh', 1n],
    ['ld', 1n],
    ['ishld', 1n],
    ['nshld', 1n],
    ['oshld', 1n],
    ['st', 0n],
    ['ishst', 0n],
    ['nshst', 0n],
    ['oshst', 0n],
  ])('latest: DSB %s completes it: %s', (option, seen) => {
    const machine = faulting(latest())
    machine.run(`str x0, [x1]\n dsb ${option}\n isb\n mrs x2, tfsr_el1`)
    expect(machine.x(2)).toBe(seen)
  })

  it('latest: DMB completes nothing', () => {
    const machine = faulting(latest())
    machine.run('str x0, [x1]\n dmb sy\n isb\n mrs x2, tfsr_el1')
    expect(machine.x(2)).toBe(0n)
  })

  it('latest: a clear without DSB is overtaken, with DSB it stays', () => {
    const overtaken = faulting(latest())
    overtaken.run('str x0, [x1]\n msr tfsr_el1, xzr\n dsb sy\n isb\n mrs x2, tfsr_el1')
    expect(overtaken.x(2)).toBe(1n)
    const ordered = faulting(latest())
    ordered.run('str x0, [x1]\n dsb sy\n msr tfsr_el1, xzr\n isb\n dsb sy\n isb\n mrs x2, tfsr_el1')
    expect(ordered.x(2)).toBe(0n)
  })

  const entered = (sctlr1: bigint, sctlr2: bigint, text: string) => {
    const machine = faulting(latest(), sctlr1).set('SCTLR_EL2', sctlr2)
    machine.run(`str x0, [x1]\n ${text}`)
    return machine
  }

  it('latest: ITFSB of the entered EL completes it, and the entry makes it visible', () => {
    expect(entered(0n, SCTLR.ITFSB, 'hvc #0').get('TFSR_EL1')).toBe(1n)
    expect(entered(SCTLR.ITFSB, 0n, 'hvc #0').get('TFSR_EL1')).toBe(0n)
    expect(entered(SCTLR.ITFSB, 0n, 'svc #0').get('TFSR_EL1')).toBe(1n)
    expect(entered(0n, SCTLR.ITFSB, 'svc #0').get('TFSR_EL1')).toBe(0n)
  })

  it('latest: entry to EL1 leaves a fault of TFSR_EL2 pending, entry to EL2 does not', () => {
    const pending = () => {
      const machine = faulting(latest(), SCTLR.ITFSB)
      machine.core.sync.tagFault(2, 0)
      return machine
    }
    const one = pending()
    one.run('svc #0')
    expect([one.get('TFSR_EL2'), one.core.sync.pendingFaults()]).toEqual([0n, 1])
    const two = pending().set('SCTLR_EL2', SCTLR.ITFSB)
    two.run('hvc #0')
    expect([two.get('TFSR_EL2'), two.core.sync.pendingFaults()]).toEqual([1n, 0])
  })

  it('latest: a full queue merges faults of one kind and loses none', () => {
    const machine = faulting(latest())
    for (let i = 0; i < 100; i++) machine.core.sync.tagFault(1, 0)
    machine.core.sync.tagFault(0, 1)
    machine.core.sync.completeFaults(2)
    machine.core.sync.contextEvent()
    expect([machine.get('TFSR_EL1'), machine.get('TFSRE0_EL1'), machine.core.sync.pendingFaults()]).toEqual([
      1n,
      2n,
      0,
    ])
  })
})

describe('what is never late', () => {
  it('PSTATE.TCO acts on the next instruction', () => {
    const machine = faulting(latest())
    machine.run('msr tco, #1\n str x0, [x1]\n msr tco, #0\n dsb sy\n isb\n mrs x2, tfsr_el1')
    expect(machine.x(2)).toBe(0n)
  })

  it('eager keeps both words of every register equal', () => {
    const machine = withExcludes(new TestMachine())
    machine.run('msr gcr_el1, x10\n msr rgsr_el1, x10\n msr tfsr_el1, x10')
    for (const name of ['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1'])
      expect(machine.effective(name)).toBe(machine.get(name))
  })
})
