import { beforeEach, describe, expect, it } from 'vitest'
import { EL, place, SCTLR, type Taken, TestMachine } from '../../../test/support/machine.ts'
import { injectSError } from '../board/inject.ts'
import { signalPe } from '../board/shared-memory.ts'
import { HCR } from '../mmu/controls.ts'
import { PS } from './core.ts'
import { SIGNAL } from './interrupts.ts'
import { SERROR } from './layout.ts'

const ROUTE = { FMO: 1n << 3n, IMO: 1n << 4n, AMO: 1n << 5n } as const
const VIRTUAL = { VF: 1n << 6n, VI: 1n << 7n, VSE: 1n << 8n } as const
const ALL_ROUTES = ROUTE.FMO | ROUTE.IMO | ROUTE.AMO
const TEA = 1n << 37n
const IESB = 1n << 21n
const UNMASKED = 0x3c0n

const lines = { physical: 0, virtual: 0 }
let machine: TestMachine
beforeEach(() => {
  lines.physical = lines.virtual = 0
  machine = made()
})

const made = (features = {}): TestMachine =>
  new TestMachine({
    features,
    signals: { physical: () => lines.physical, virtual: () => lines.virtual },
  })
    .set('SCTLR_EL1', SCTLR.SPAN)
    .set('SCTLR_EL2', SCTLR.SPAN)

const signal = (physical: number, virtual = 0): void => {
  lines.physical = physical
  lines.virtual = virtual
  signalPe(machine.views.control, 0)
}

/** Runs NOPs at an EL with the given DAIF bits. */
const at = (el: 0 | 1 | 2, masks = 0n, text = 'nop\n nop'): Taken | null =>
  machine.pstate((EL[el] & ~UNMASKED) | masks).run(text)

const where = (taken: Taken | null): string => (taken ? `EL${taken.el}+${taken.vector.toString(16)}` : 'none')

/** One kind of asynchronous exception: how it becomes pending, its mask, its vector, its routing bit. */
const kinds = [
  {
    name: 'SError',
    raise: () => injectSError(machine.views, 0, 0x11),
    mask: BigInt(PS.A),
    vector: 0x180,
    route: ROUTE.AMO,
  },
  { name: 'IRQ', raise: () => signal(SIGNAL.IRQ), mask: BigInt(PS.I), vector: 0x80, route: ROUTE.IMO },
  { name: 'FIQ', raise: () => signal(SIGNAL.FIQ), mask: BigInt(PS.F), vector: 0x100, route: ROUTE.FMO },
] as const

describe.each(kinds)('a physical $name', ({ raise, mask, vector, route }) => {
  const host = HCR.E2H | HCR.TGE
  const taken = (el: 0 | 1 | 2, hcr: bigint, masks: bigint): string => {
    machine.set('HCR_EL2', hcr)
    raise()
    return where(at(el, masks))
  }
  const lower = (0x400 + vector).toString(16)
  const same = (0x200 + vector).toString(16)

  it.each([
    ['EL0, not routed', 0, 0n, `EL1+${lower}`, 'none'],
    ['EL1, not routed', 1, 0n, `EL1+${same}`, 'none'],
    ['EL2, not routed: it stays pending', 2, 0n, 'none', 'none'],
    ['EL0, routed: the mask does not count', 0, route, `EL2+${lower}`, `EL2+${lower}`],
    ['EL1, routed: the mask does not count', 1, route, `EL2+${lower}`, `EL2+${lower}`],
    ['EL2, routed', 2, route, `EL2+${same}`, 'none'],
    ['EL0 while TGE', 0, HCR.TGE, `EL2+${lower}`, `EL2+${lower}`],
    ['EL2 while TGE', 2, HCR.TGE, `EL2+${same}`, 'none'],
    ['EL0 of a VHE host: the mask counts', 0, host, `EL2+${lower}`, 'none'],
    ['EL2 of a VHE host', 2, host, `EL2+${same}`, 'none'],
    ['EL1 under VHE', 1, HCR.E2H | route, `EL2+${lower}`, `EL2+${lower}`],
    ['EL2 under VHE, not routed', 2, HCR.E2H, 'none', 'none'],
  ] as const)('at %s', (_, el, hcr, unmasked, masked) => {
    expect(taken(el, hcr, 0n)).toBe(unmasked)
    machine = made()
    expect(taken(el, hcr, mask)).toBe(masked)
    machine = made()
    // The other masks have no say.
    expect(taken(el, hcr, UNMASKED & ~mask)).toBe(unmasked)
  })

  it('is pending in ISR_EL1 although it is masked', () => {
    raise()
    for (const el of [1, 2] as const) {
      at(el, UNMASKED, 'mrs x1, isr_el1')
      expect(machine.x(1)).toBe(mask)
    }
  })

  it('is taken when the mask is cleared, by MSR DAIFClr, MSR DAIF and ERET', () => {
    raise()
    expect(at(1, UNMASKED, 'nop\n msr daifclr, #15\n nop')).toMatchObject({ el: 1, elr: place.code + 8n })
    raise()
    expect(at(1, UNMASKED, 'msr daif, xzr\n nop')).toMatchObject({ el: 1, elr: place.code + 4n })
    raise()
    machine.set('SPSR_EL1', 0n).set('ELR_EL1', place.code + 4n)
    expect(at(1, UNMASKED, 'eret\n nop')).toMatchObject({ el: 1, elr: place.code + 4n, spsr: 0n })
  })

  it('is taken when a write of HCR_EL2 routes it', () => {
    raise()
    machine.setX({ 3: route | (1n << 31n) })
    expect(at(2, 0n, 'nop\n msr hcr_el2, x3\n nop')).toMatchObject({ el: 2, elr: place.code + 8n })
  })
})

describe('the order of what is pending together', () => {
  it('is SError, FIQ, IRQ', () => {
    injectSError(machine.views, 0, 0)
    signal(SIGNAL.IRQ | SIGNAL.FIQ)
    const order = ['EL1+380', 'EL1+300', 'EL1+280']
    expect(where(at(1))).toBe(order[0])
    expect(where(at(1))).toBe(order[1])
    signal(SIGNAL.IRQ)
    expect(where(at(1))).toBe(order[2])
  })

  it('puts what goes to EL2 and what goes to EL1 in the same order', () => {
    machine.set('HCR_EL2', ROUTE.IMO)
    signal(SIGNAL.IRQ | SIGNAL.FIQ)
    expect(where(at(1, BigInt(PS.F)))).toBe('EL2+480')
    expect(where(at(1))).toBe('EL1+300')
  })

  it('an interrupt comes before the instruction, whatever that would do', () => {
    signal(SIGNAL.IRQ)
    expect(at(1, 0n, '.inst 0')).toMatchObject({ vector: 0x280, elr: place.code })
    expect(machine.core.instructions).toBe(0)
  })
})

describe('an interrupt leaves', () => {
  it('ESR_ELx alone', () => {
    machine.set('ESR_EL1', 0x1234n)
    signal(SIGNAL.IRQ)
    expect(at(1)).toMatchObject({ esr: 0x1234n, elr: place.code, spsr: 5n })
  })

  it('PSTATE as every entry does', () => {
    signal(SIGNAL.IRQ)
    machine.set('SCTLR_EL1', SCTLR.DSSBS)
    at(0)
    expect(machine.core.packPstate()).toBe(BigInt(PS.DAIF | PS.TCO | PS.PAN | PS.SSBS) | 5n)
  })
})

describe('virtual interrupts', () => {
  const virtuals = [
    { name: 'VSE', vector: 0x180, mask: BigInt(PS.A), bit: VIRTUAL.VSE, route: ROUTE.AMO },
    { name: 'VI', vector: 0x80, mask: BigInt(PS.I), bit: VIRTUAL.VI, route: ROUTE.IMO },
    { name: 'VF', vector: 0x100, mask: BigInt(PS.F), bit: VIRTUAL.VF, route: ROUTE.FMO },
  ] as const

  it.each(virtuals)(
    '$name goes to EL1 while its kind is routed to EL2 and not masked',
    ({ vector, mask, bit, route }) => {
      machine.set('HCR_EL2', bit | route)
      expect(where(at(1, mask))).toBe('none')
      expect(where(at(2))).toBe('none')
      expect(where(at(0, mask))).toBe('none')
      expect(where(at(1, UNMASKED & ~mask))).toBe(`EL1+${(0x200 + vector).toString(16)}`)
      machine.set('HCR_EL2', bit | route)
      expect(where(at(0))).toBe(`EL1+${(0x400 + vector).toString(16)}`)
    },
  )

  it.each(virtuals)('$name needs its route and no TGE', ({ bit, route }) => {
    machine.set('HCR_EL2', bit)
    expect(where(at(1))).toBe('none')
    machine.set('HCR_EL2', bit | route | HCR.TGE)
    expect(where(at(0))).toBe('none')
    machine.set('HCR_EL2', bit | route | HCR.TGE | HCR.E2H)
    expect(where(at(0))).toBe('none')
  })

  it('list registers signal them as HCR_EL2 does', () => {
    machine.set('HCR_EL2', ROUTE.IMO)
    signal(0, SIGNAL.IRQ)
    expect(where(at(1))).toBe('EL1+280')
    signal(0, SIGNAL.FIQ)
    expect(where(at(1))).toBe('none')
  })

  it('ISR_EL1 at EL1 shows the virtual view of each kind that is routed, elsewhere the physical one', () => {
    machine.set('HCR_EL2', ROUTE.IMO | VIRTUAL.VI | VIRTUAL.VF)
    signal(SIGNAL.FIQ)
    at(1, UNMASKED, 'mrs x1, isr_el1')
    at(2, UNMASKED, 'mrs x2, isr_el1')
    expect([machine.x(1), machine.x(2)]).toEqual([BigInt(PS.I | PS.F), BigInt(PS.F)])
    machine.set('HCR_EL2', ALL_ROUTES | VIRTUAL.VF)
    signal(SIGNAL.IRQ)
    // The physical IRQ cannot be masked at EL1 here, so it is read at EL2 only.
    at(2, UNMASKED, 'mrs x2, isr_el1')
    expect(machine.x(2)).toBe(BigInt(PS.I))
  })
})

describe('SError', () => {
  it('reports the injected syndrome once', () => {
    injectSError(machine.views, 0, 0x1c11)
    expect(at(1)).toMatchObject({ vector: 0x380, esr: (0x2fn << 26n) | (1n << 25n) | 0x1c11n })
    expect(where(at(1))).toBe('none')
  })

  it('has the IMPLEMENTATION DEFINED syndrome without FEAT_RAS', () => {
    machine = made({ ras: false })
    injectSError(machine.views, 0, 0x1c11)
    expect(at(1)).toMatchObject({ esr: (0x2fn << 26n) | (3n << 24n) })
  })

  it('a virtual one reports VSESR_EL2 and clears HCR_EL2.VSE', () => {
    machine.set('HCR_EL2', ROUTE.AMO | VIRTUAL.VSE).set('VSESR_EL2', 0x100_0abcn)
    expect(at(1)).toMatchObject({ el: 1, vector: 0x380, esr: (0x2fn << 26n) | (1n << 25n) | 0x100_0abcn })
    expect(machine.get('HCR_EL2') & VIRTUAL.VSE).toBe(0n)
    expect(where(at(1))).toBe('none')
  })
})

describe('ESB', () => {
  const A = BigInt(PS.A)

  it('defers a masked SError to DISR_EL1', () => {
    injectSError(machine.views, 0, 0x100_0123)
    expect(at(1, A, 'esb\n mrs x1, disr_el1\n mrs x2, isr_el1\n msr daifclr, #4\n nop')).toBeNull()
    expect([machine.x(1), machine.x(2)]).toEqual([0x8100_0123n, 0n])
    expect(machine.core.state[SERROR]).toBe(0n)
  })

  it('leaves one that is not masked to be taken', () => {
    machine.set('DISR_EL1', 0n)
    injectSError(machine.views, 0, 0x11)
    expect(at(1, 0n, 'esb\n nop')).toMatchObject({ vector: 0x380, elr: place.code })
    expect(machine.get('DISR_EL1')).toBe(0n)
  })

  it('at EL2 defers one that would go to EL1, whatever the mask', () => {
    injectSError(machine.views, 0, 0x11)
    expect(at(2, 0n, 'esb\n mrs x1, disr_el1')).toBeNull()
    expect(machine.x(1)).toBe(0x8000_0011n)
  })

  it('at EL1 defers the virtual one to VDISR_EL2, which EL1 reads and writes as DISR_EL1', () => {
    machine
      .set('HCR_EL2', ROUTE.AMO | VIRTUAL.VSE)
      .set('VSESR_EL2', 0x55n)
      .set('DISR_EL1', 7n)
    expect(at(1, A, 'esb\n mrs x1, disr_el1\n msr disr_el1, xzr')).toBeNull()
    expect(machine.x(1)).toBe(0x8000_0055n)
    expect([machine.get('VDISR_EL2'), machine.get('DISR_EL1')]).toEqual([0n, 7n])
    expect(machine.get('HCR_EL2') & VIRTUAL.VSE).toBe(0n)
  })

  it('leaves the virtual one alone at EL2, and where it is not masked', () => {
    machine.set('HCR_EL2', ROUTE.AMO | VIRTUAL.VSE).set('VDISR_EL2', 0n)
    expect(at(2, A, 'esb')).toBeNull()
    expect(machine.get('HCR_EL2') & VIRTUAL.VSE).toBe(VIRTUAL.VSE)
    expect(where(at(1, 0n, 'esb\n nop'))).toBe('EL1+380')
    expect(machine.get('VDISR_EL2')).toBe(0n)
  })

  it('is a NOP without FEAT_RAS', () => {
    machine = made({ ras: false })
    injectSError(machine.views, 0, 0x11)
    expect(at(1, A, 'esb\n nop')).toBeNull()
    expect(machine.core.state[SERROR]).not.toBe(0n)
    expect(at(1, A, 'mrs x1, disr_el1')).toMatchObject({ esr: 0x0200_0000n })
  })
})

describe('an error in flight', () => {
  const inFlight = () => injectSError(machine.views, 0, 0x22, true)

  it('is noticed at ESB', () => {
    inFlight()
    expect(at(1, 0n, 'nop\n mrs x1, isr_el1\n esb\n nop')).toMatchObject({
      vector: 0x380,
      elr: place.code + 12n,
    })
    expect(machine.x(1)).toBe(0n)
  })

  it('is noticed at an entry with SCTLR_ELx.IESB of the EL that is entered', () => {
    machine.set('HCR_EL2', ROUTE.AMO)
    inFlight()
    expect(where(at(1, 0n, 'svc #0'))).toBe('EL1+200')
    machine.step()
    expect(machine.core.el).toBe(1)
    machine.set('SCTLR_EL1', SCTLR.SPAN | IESB)
    expect(where(at(1, 0n, 'svc #0'))).toBe('EL1+200')
    machine.step()
    expect([machine.core.el, machine.get('ELR_EL2')]).toEqual([2, machine.get('VBAR_EL1') + 0x200n])
  })

  it('is noticed at a return with SCTLR_ELx.IESB of the EL that is left, in place of the return', () => {
    machine.set('SPSR_EL1', 5n).set('ELR_EL1', place.code + 4n)
    inFlight()
    expect(at(1, 0n, 'eret\n nop')).toBeNull()
    machine.set('SCTLR_EL1', SCTLR.SPAN | IESB).set('SPSR_EL1', 5n)
    expect(at(1, 0n, 'eret\n nop')).toMatchObject({ vector: 0x380, elr: place.code, spsr: 5n })
  })

  it('of a return is not noticed without FEAT_IESB', () => {
    machine = made({ ras: false })
    machine.setX({ 1: SCTLR.SPAN | IESB })
    at(1, 0n, 'msr sctlr_el1, x1')
    expect(machine.get('SCTLR_EL1') & IESB).toBe(0n)
  })
})

describe('synchronous exceptions by their routing controls', () => {
  it('HCR_EL2.TEA sends external aborts of EL0 and EL1 to EL2', () => {
    machine.setX({ 0: 0x6000_0000n })
    expect(at(1, UNMASKED, 'ldr x1, [x0]')).toMatchObject({ el: 1, esr: 0x9600_0010n })
    machine.set('HCR_EL2', TEA)
    expect(at(1, UNMASKED, 'ldr x1, [x0]')).toMatchObject({ el: 2, esr: 0x9200_0010n, far: 0x6000_0000n })
    expect(at(0, UNMASKED, 'ldr x1, [x0]')).toMatchObject({ el: 2, vector: 0x400 })
    expect(at(1, UNMASKED, 'udf #0')).toMatchObject({ el: 1 })
  })

  it('MDCR_EL2.TDE sends BRK of EL0 and EL1 to EL2', () => {
    machine.set('MDCR_EL2', 1n << 8n)
    expect(at(1, UNMASKED, 'brk #3')).toMatchObject({ el: 2, esr: 0xf200_0003n })
    expect(at(1, UNMASKED, 'svc #3')).toMatchObject({ el: 1 })
  })
})
