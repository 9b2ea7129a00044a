import { describe, expect, it } from 'vitest'
import { explored } from '../../../test/support/explored.ts'
import {
  descriptor,
  place,
  SCTLR,
  Tables,
  TestMachine,
  type TestMachineOptions,
  tagged,
} from '../../../test/support/machine.ts'
import { HCR, masks, tag, tagOf, withChecks, withTags } from '../../../test/support/tag-setups.ts'

/**
 * The sentences of the synchronisation model, each as a test named by it. Sources: DDI 0487 M.a.a, D24.1.2.2 with Table
 * D24-1, D10.7.1 (R_JNNZS, R_TJDMP), the register pages of D24.2.
 */

const ALL = { features: { exs: true } } satisfies TestMachineOptions
const old = { release: 'xml-2020-09' } satisfies TestMachineOptions

const addg = (n: number): string => `addg x${n}, x1, #0, #1`
const { OLD, NEW, NEWER } = masks
const FAULT = 'str x0, [x20]'

/** The results of a program on every legal execution. */
const results = (
  options: TestMachineOptions,
  setup: (machine: TestMachine) => TestMachine,
  text: string,
  ...registers: number[]
) =>
  explored(options, (machine) => {
    setup(machine).run(text)
    return registers.map((n) => machine.x(n))
  }).results

const draws = (text: string, ...registers: number[]) =>
  results({}, withTags, text, ...registers).map((values) => values.map(tagOf))

describe('the model', () => {
  it('an indirect reader may use any write since the last context synchronisation event', () => {
    const text = `msr gcr_el1, x10\n msr gcr_el1, x11\n ${addg(0)}`
    expect(draws(text, 0)).toEqual([[OLD], [NEW], [NEWER]])
    expect(draws(`msr gcr_el1, x10\n isb\n msr gcr_el1, x11\n ${addg(0)}`, 0)).toEqual([[NEW], [NEWER]])
  })

  it('later readers do not use older writes', () => {
    const pairs = draws(`msr gcr_el1, x10\n msr gcr_el1, x11\n ${addg(2)}\n ${addg(3)}`, 2, 3)
    expect(pairs).toEqual([
      [OLD, OLD],
      [OLD, NEW],
      [OLD, NEWER],
      [NEW, NEW],
      [NEW, NEWER],
      [NEWER, NEWER],
    ])
  })

  it('k planted draws before the ISB give k + 1 distinct executions', () => {
    for (const k of [1, 2, 3, 4]) {
      const planted = Array.from({ length: k }, (_, i) => addg(i + 2)).join('\n')
      const found = explored({}, (machine) => {
        withTags(machine).run(`msr gcr_el1, x10\n ${planted}\n isb\n ${addg(0)}`)
        return [0, ...Array.from({ length: k }, (_, i) => i + 2)].map((n) => tag(machine, n))
      })
      expect([found.executions, found.results.length]).toEqual([k + 1, k + 1])
      for (const [last] of found.results) expect(last).toBe(NEW)
    }
  })

  it('direct reads are of the architectural value and synchronise nothing', () => {
    const text = `msr gcr_el1, x10\n mrs x2, gcr_el1\n mrs x3, gcr_el1\n ${addg(0)}`
    expect(results({}, withTags, text, 0, 2, 3).map(([a, b, c]) => [tagOf(a!), b, c])).toEqual([
      [OLD, 6n, 6n],
      [NEW, 6n, 6n],
    ])
  })

  it.each([
    'dsb sy',
    'dsb ish',
    'dmb sy',
    'sb',
    'tlbi alle1',
    'ic iallu',
    'nop',
    'mrs x5, gcr_el1',
    'wfe',
    'wfit x4',
  ])('not a context synchronisation event: %s', (text) => {
    // WFE with the event register set, so that it ends.
    const setup = (machine: TestMachine) => withTags(machine).run('sevl') ?? machine
    const found = explored({}, (machine) => {
      setup(machine)
      machine.run(`msr gcr_el1, x10\n ${text}\n ${addg(0)}`)
      return [tag(machine, 0)]
    })
    expect(found.results).toEqual([[OLD], [NEW]])
  })

  it('each register is chosen by itself: new RGSR_EL1 with old GCR_EL1 in one IRG is legal on every release', () => {
    // X12: the tag before the draw is 3, the offset 15; with the old pair the tag is 0.
    const irg = 'msr rgsr_el1, x12\n msr gcr_el1, x10\n irg x0, x1\n mrs x2, rgsr_el1'
    const pairs = (options: TestMachineOptions) => results(options, withTags, irg, 0, 2)
    const alone = (options: TestMachineOptions, text: string) => results(options, withTags, text, 0, 2)[0]!
    const newSeedOldMask = alone({}, 'msr rgsr_el1, x12\n isb\n irg x0, x1\n mrs x2, rgsr_el1')
    const newSeedNewMask = alone(
      {},
      'msr rgsr_el1, x12\n msr gcr_el1, x10\n isb\n irg x0, x1\n mrs x2, rgsr_el1',
    )
    expect(pairs({})).toEqual(expect.arrayContaining([newSeedOldMask, newSeedNewMask]))
    expect(pairs({})).toHaveLength(new Set([newSeedOldMask.join(), newSeedNewMask.join()]).size)
    const oldSeedOldMask = alone({}, 'irg x0, x1\n mrs x2, rgsr_el1')
    expect(pairs(old)).toEqual(expect.arrayContaining([newSeedOldMask, newSeedNewMask, oldSeedOldMask]))
  })

  it('IRG with tag access off is not a use of either register', () => {
    const off = (machine: TestMachine) => withTags(machine).set('SCTLR_EL2', SCTLR.EIS | SCTLR.EOS)
    for (const options of [{}, old]) {
      const found = explored(options, (machine) => {
        off(machine).run('msr gcr_el1, x10\n msr rgsr_el1, x12\n irg x0, x1\n addg x2, x1, #0, #1')
        return [tag(machine, 0), tag(machine, 2), machine.effective('GCR_EL1'), machine.get('GCR_EL1')]
      })
      expect(found).toEqual({ results: [[0n, 0n, 2n, 6n]], executions: 1 })
    }
  })

  it('IRG reads RGSR_EL1 in program order, or late under the older document; its own write is ordered', () => {
    const text = 'msr rgsr_el1, x12\n irg x0, x1\n irg x2, x1\n mrs x3, rgsr_el1'
    expect(results({}, withTags, text, 0, 2, 3)).toHaveLength(1)
    const found = results(old, withTags, text, 0, 2, 3)
    expect(found).toHaveLength(2)
    // Whatever the first one used, the second goes on from what it wrote.
    const chain = (start: string) =>
      results({}, withTags, `${start}irg x0, x1\n irg x2, x1\n mrs x3, rgsr_el1`, 0, 2, 3)[0]!
    expect(found).toEqual(expect.arrayContaining([chain(''), chain('msr rgsr_el1, x12\n isb\n')]))
  })
})

describe('asynchronous tag check faults', () => {
  const seen = (text: string, register = 2, setup = withChecks, options: TestMachineOptions = {}) =>
    results(options, setup, text, register).map(([value]) => value)

  it('DSB NSHST synchronises no tag fault; DSB NSH; ISB does', () => {
    expect(seen(`${FAULT}\n dsb nshst\n isb\n mrs x2, tfsr_el1`)).toEqual([0n, 1n])
    expect(seen(`${FAULT}\n dsb nsh\n isb\n mrs x2, tfsr_el1`)).toEqual([1n])
  })

  it.each(['dsb sy', 'dsb ld', 'dsb nshld', 'dsb ish'])(
    '%s completes: MSR is ordered, MRS is not before an ISB',
    (dsb) => {
      expect(seen(`${FAULT}\n ${dsb}\n mrs x2, tfsr_el1`)).toEqual([0n, 1n])
      expect(seen(`${FAULT}\n ${dsb}\n isb\n mrs x2, tfsr_el1`)).toEqual([1n])
      const cleared = `${FAULT}\n ${dsb}\n msr tfsr_el1, xzr\n dsb sy\n isb\n mrs x2, tfsr_el1`
      expect(seen(cleared)).toEqual([0n])
    },
  )

  it('a context synchronisation event alone completes nothing', () => {
    expect(seen(`${FAULT}\n isb\n mrs x2, tfsr_el1`)).toEqual([0n, 1n])
  })

  it('an MSR without a preceding DSB is not ordered after an older pending fault, which may land after it', () => {
    expect(seen(`${FAULT}\n msr tfsr_el1, xzr\n dsb sy\n isb\n mrs x2, tfsr_el1`)).toEqual([0n, 1n])
  })

  it('a bit seen once stays; a fault of a later access never lands before an earlier MRS', () => {
    const text = `${FAULT}\n mrs x2, tfsr_el1\n mrs x3, tfsr_el1`
    expect(results({}, withChecks, text, 2, 3)).toEqual([
      [0n, 0n],
      [0n, 1n],
      [1n, 1n],
    ])
    expect(seen(`mrs x2, tfsr_el1\n ${FAULT}`)).toEqual([0n])
  })

  it('one access is one fault, however many granules and pages mismatch', () => {
    const machine = withChecks(new TestMachine({ sync: 'latest' }))
    new Tables(machine, place.tables).map(
      0x4004_1000n,
      (place.data + 0x1000n) | descriptor.PAGE | descriptor.attribute(2n) | descriptor.EL0,
    )
    machine.setX({ 20: tagged(place.data + 0xff8n, 3n), 21: tagged(place.data + 8n, 3n) })
    machine.setTags(place.data + 0xff0n, 5).setTags(place.data + 0x1000n, 5)
    machine.run('stp x0, x0, [x20]\n stp x0, x0, [x21]')
    expect(machine.core.sync.pendingFaults()).toBe(2)
  })

  it('by the EL that made the access: an unprivileged store is of TFSRE0_EL1', () => {
    const text = 'sttr x0, [x20]\n dsb sy\n isb\n mrs x2, tfsr_el1\n mrs x3, tfsre0_el1'
    expect(results({}, withChecks, text, 2, 3)).toEqual([[0n, 1n]])
  })

  const controlOff = (text: string) => seen(`${FAULT}\n ${text}\n dsb sy\n isb\n mrs x2, tfsr_el1`)

  it('R_TJDMP: with a control written meanwhile it is judged by the old or the new value', () => {
    const withOff = (bits: bigint) => (machine: TestMachine) => {
      withChecks(machine)
      return machine.setX({ 15: machine.get('SCTLR_EL1') & ~bits })
    }
    const judged = (bits: bigint, before = '') =>
      seen(`${FAULT}\n ${before}msr sctlr_el1, x15\n dsb sy\n isb\n mrs x2, tfsr_el1`, 2, withOff(bits))
    expect(judged(SCTLR.TCF(3n))).toEqual([0n, 1n])
    expect(judged(SCTLR.ATA)).toEqual([0n, 1n])
    // Not by a control of other accesses, not after completion, and not when the new value reports it as well.
    expect(judged(SCTLR.TCF0(3n))).toEqual([1n])
    expect(judged(SCTLR.TCF(3n), 'dsb sy\n ')).toEqual([1n])
    expect(judged(0n)).toEqual([1n])
    expect(controlOff('msr tco, #1')).toEqual([1n])
  })

  it('R_TJDMP: HCR_EL2.ATA is such a control; a fault of EL2 is judged by SCTLR_EL2 alone', () => {
    const judged = (register: 1 | 2, write: string) =>
      explored({}, (machine) => {
        withTags(machine).setX({ 15: HCR.RW, 16: 0n })
        machine.set('SCTLR_EL1', SCTLR.ATA | SCTLR.TCF(2n)).set('SCTLR_EL2', SCTLR.ATA | SCTLR.TCF(2n))
        machine.core.sync.tagFault(register, 0)
        machine.run(`${write}\n dsb sy\n isb`)
        return [machine.get(`TFSR_EL${register}`)]
      }).results.map(([value]) => value)
    expect(judged(1, 'msr hcr_el2, x15')).toEqual([0n, 1n])
    expect(judged(2, 'msr hcr_el2, x15')).toEqual([1n])
    expect(judged(1, 'msr sctlr_el2, x16')).toEqual([1n])
    expect(judged(2, 'msr sctlr_el2, x16')).toEqual([0n, 1n])
    expect(judged(2, 'msr sctlr_el1, x16')).toEqual([1n])
  })

  it('asymmetric mode written meanwhile: a store would still be reported asynchronously, a load not', () => {
    const setup = (machine: TestMachine) => {
      withChecks(machine)
      return machine.setX({ 15: machine.get('SCTLR_EL1') | SCTLR.TCF(3n) })
    }
    const judged = (access: string) =>
      seen(`${access}\n msr sctlr_el1, x15\n dsb sy\n isb\n mrs x2, tfsr_el1`, 2, setup)
    expect(judged('str x0, [x20]')).toEqual([1n])
    expect(judged('ldr x5, [x20]')).toEqual([0n, 1n])
    expect(judged('ldadd x5, x6, [x20]')).toEqual([0n, 1n])
  })

  describe('exception entry', () => {
    const entered = (sctlr1: bigint, sctlr2: bigint, call: string, options: TestMachineOptions = {}) => {
      const handler = call === 'svc #0' ? place.vectors + 0x200n : place.vectors + 0xc00n
      const read = call === 'svc #0' ? 'mrs x2, tfsr_el1' : 'mrs x2, tfsr_el1\n mrs x3, tfsre0_el1'
      return explored(options, (machine) => {
        withChecks(machine, sctlr1)
        machine.set('SCTLR_EL2', SCTLR.ATA | sctlr2)
        machine.load(read, handler)
        machine.run(`${FAULT}\n sttr x0, [x20]\n ${call}`)
        machine.step().step()
        return call === 'svc #0' ? [machine.x(2)] : [machine.x(2), machine.x(3)]
      }).results
    }
    const always = SCTLR.EIS | SCTLR.EOS

    it('a pending fault of EL1 is flushed by an entry to EL2 with SCTLR_EL2.ITFSB = 1, before the handler’s first instruction', () => {
      expect(entered(0n, always | SCTLR.ITFSB, 'hvc #0')).toEqual([[1n, 1n]])
    })

    it('only the bit of the EL that is entered counts', () => {
      expect(entered(SCTLR.ITFSB, always, 'hvc #0')).toHaveLength(4)
      expect(entered(SCTLR.ITFSB, always, 'svc #0')).toEqual([[1n]])
      expect(entered(0n, always | SCTLR.ITFSB, 'svc #0')).toEqual([[0n], [1n]])
    })

    it('with EIS = 0 ITFSB completes them, but an MRS need not see them', () => {
      expect(entered(0n, SCTLR.ITFSB, 'hvc #0', ALL)).toHaveLength(4)
      expect(entered(0n, always | SCTLR.ITFSB, 'hvc #0', ALL)).toEqual([[1n, 1n]])
    })
  })

  it('hazard H9 needs an early landing: eager shows it, latest hides it', () => {
    // The guest's TFSRE0_EL1 is loaded while the host makes an unprivileged access; the save follows.
    const text = 'sttr x0, [x20]\n mrs x2, tfsre0_el1\n msr tfsre0_el1, xzr'
    const saved = (options: TestMachineOptions) => {
      const machine = withChecks(new TestMachine(options))
      machine.run(text)
      return machine.x(2)
    }
    expect(saved({ sync: 'eager' })).toBe(1n)
    expect(saved({ sync: 'latest' })).toBe(0n)
    expect(seen(text)).toEqual([0n, 1n])
    const seeds = Array.from({ length: 40 }, (_, seed) => saved({ sync: 'seeded', syncParameters: { seed } }))
    expect(new Set(seeds)).toEqual(new Set([0n, 1n]))
  })
})
