import { describe, expect, it } from 'vitest'
import { explored } from '../../../test/support/explored.ts'
import { EL, place, SCTLR, TestMachine, type TestMachineOptions } from '../../../test/support/machine.ts'
import { HCR, masks, tag, withChecks, withTags } from '../../../test/support/tag-setups.ts'

/** What the synchronisation model says about an exit from a guest and an entry to it. Source: DDI 0487 M.a.a, D24.1.2.2, D1.4. */

const { OLD, NEW } = masks
const handler = place.vectors + 0xc00n
const guest = place.data + 0x1000n
const always = SCTLR.EIS | SCTLR.EOS

/** From an HVC of a guest whose GCR_EL1 is the initial one; the host's is in X10, its first draw goes to X0. */
const exit = [
  'mrs x2, rgsr_el1',
  'mrs x3, gcr_el1',
  'msr rgsr_el1, x12',
  'msr gcr_el1, x10',
  'mov x4, x3',
  'nop',
]
const lastWrite = exit.indexOf('msr gcr_el1, x10')

/** The tags that the host may draw when a text stands before the instruction at a position of the exit sequence. */
function drawnByHost(text: string, position: number): bigint[] {
  const sequence = exit.toSpliced(position, 0, text).join('\n')
  return explored({}, (machine) => {
    withTags(machine).pstate(EL[1])
    // An HVC from EL2 goes to the vector of its own EL, which returns at once.
    machine.load('eret', place.vectors + 0x800n + 0x200n)
    machine.load(`${sequence}\n addg x0, x1, #0, #1\n b .`, handler)
    machine.run('hvc #0')
    for (let left = 40; left > 0 && machine.core.pc !== handler + BigInt(4 * lengthOf(sequence)); left--)
      machine.step()
    machine.step()
    return [tag(machine, 0)]
  }).results.map(([drawn]) => drawn!)
}
const lengthOf = (text: string): number => text.split('\n').length

describe('moving an ISB through the exit sequence', () => {
  const positions = Array.from({ length: exit.length + 1 }, (_, i) => i)
  const before = positions.filter((position) => position <= lastWrite)
  const after = positions.filter((position) => position > lastWrite)

  it.each(before)(
    'at %i, before the last MSR GCR_EL1: the host may draw with the guest’s mask',
    (position) => {
      expect(drawnByHost('isb', position)).toEqual([OLD, NEW])
    },
  )

  it.each(after)('at %i, after it: it may not', (position) => {
    expect(drawnByHost('isb', position)).toEqual([NEW])
  })

  it.each(after)('at %i: a DSB in its place still leaves it open', (position) => {
    expect(drawnByHost('dsb sy', position)).toEqual([OLD, NEW])
  })

  it.each(after)('at %i: taking and returning from an exception in its place does not', (position) => {
    expect(drawnByHost('hvc #1', position)).toEqual([NEW])
  })
})

describe('an exit without ITFSB that writes the host’s SCTLR_EL1 while a fault of the guest is pending', () => {
  /** X14 is the host's SCTLR_EL1: no checks. X2 is what the save sees, X3 what the host finds. */
  const save = 'mrs x2, tfsr_el1\n msr tfsr_el1, xzr\n'
  const found = (text: string, itfsb = 0n) =>
    explored({}, (machine) => {
      withChecks(machine).set('SCTLR_EL2', SCTLR.ATA | always | itfsb)
      machine.setX({ 14: machine.get('SCTLR_EL1') & ~SCTLR.TCF(3n) })
      machine.load(`${text}\n dsb sy\n isb\n mrs x3, tfsr_el1\n b .`, handler)
      machine.run('str x0, [x20]\n hvc #0')
      for (let left = 20; left > 0; left--) machine.step()
      return [machine.x(2), machine.x(3)]
    }).results

  it('has three outcomes: early in the guest’s save, late in the host’s register, or judged by the host’s control and lost', () => {
    expect(found(`${save} msr sctlr_el1, x14`)).toEqual([
      [0n, 0n],
      [0n, 1n],
      [1n, 0n],
    ])
  })

  it('is mended by ITFSB, or by a DSB and ISB before the save', () => {
    expect(found(`${save} msr sctlr_el1, x14`, SCTLR.ITFSB)).toEqual([[1n, 0n]])
    expect(found(`dsb nsh\n isb\n ${save} msr sctlr_el1, x14`)).toEqual([[1n, 0n]])
    expect(found(`dsb nshst\n isb\n ${save} msr sctlr_el1, x14`)).toHaveLength(3)
  })
})

describe('an ERET with SCTLR_EL2.EOS = 0', () => {
  /** The entry path with RAS: EL2 controls early, then DSB NSHST and ISB, then the pair of the guest. */
  const entry = `
    msr sctlr_el1, x14
    msr hcr_el2, x15
    dsb nshst
    isb
    msr rgsr_el1, x12
    msr gcr_el1, x10
    eret`

  function entered(machine: TestMachine, eos: bigint): TestMachine {
    withTags(machine)
      .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS | eos)
      .set('HCR_EL2', HCR.RW)
      .set('SPSR_EL2', EL[1])
      .set('ELR_EL2', guest)
    machine.setX({ 14: machine.get('SCTLR_EL1') & ~SCTLR.ATA0, 15: HCR.RW | HCR.ATA })
    machine.load('addg x0, x1, #0, #1\n nop', guest)
    machine.run(entry)
    return machine
  }
  const pending = (options: TestMachineOptions, eos: bigint) => {
    const view = entered(
      new TestMachine({ sync: 'latest', features: { exs: true }, ...options }),
      eos,
    ).pe.pending()
    return view.registers.map(({ register }) => register)
  }

  it('leaves late only what follows the last synchronising event of the entry path: the pair', () => {
    expect(pending({ release: 'xml-2020-09' }, 0n)).toEqual(['RGSR_EL1', 'GCR_EL1'])
    expect(pending({}, 0n)).toEqual(['GCR_EL1'])
  })

  it('with EOS = 1, or without FEAT_ExS, leaves nothing late: no ISB is missing there', () => {
    expect(pending({ release: 'xml-2020-09' }, always)).toEqual([])
    expect(pending({ release: 'xml-2020-09', features: { exs: false } }, 0n)).toEqual([])
  })

  it('lets the guest draw with the host’s mask', () => {
    const drawn = (eos: bigint) =>
      explored({ features: { exs: true } }, (machine) => [tag(entered(machine, eos).step(), 0)]).results
    expect(drawn(0n)).toEqual([[OLD], [NEW]])
    expect(drawn(SCTLR.EOS)).toEqual([[NEW]])
  })
})

describe('the window of the switch', () => {
  const latest = { sync: 'latest', syncParameters: { window: 'switch' } } satisfies TestMachineOptions
  const addg = 'addg x0, x1, #0, #1'

  it('writes outside it take effect at once', () => {
    const machine = withTags(new TestMachine(latest))
    machine.run(`msr gcr_el1, x10\n ${addg}`)
    expect(tag(machine, 0)).toBe(NEW)
  })

  it('opens with an exception entry to EL2 and closes with the first event after the return', () => {
    const machine = withTags(new TestMachine(latest))
      .set('SCTLR_EL2', SCTLR.ATA | always)
      .pstate(EL[1])
    machine.load(`msr gcr_el1, x10\n ${addg}\n eret`, handler)
    machine.load(
      'msr gcr_el1, x11\n addg x2, x1, #0, #1\n isb\n msr gcr_el1, x10\n addg x3, x1, #0, #1',
      place.code + 4n,
    )
    machine.load('hvc #0', place.code)
    machine.run('hvc #0')
    for (let left = 8; left > 0; left--) machine.step()
    // At EL2 late; at EL1 behind the return late until the ISB, then no longer.
    expect([0, 2, 3].map((n) => tag(machine, n))).toEqual([OLD, NEW, NEW])
  })

  it('faults that it leaves pending land when it closes', () => {
    const machine = withTags(new TestMachine(latest)).pstate(EL[1])
    machine.load('eret', handler)
    machine.load('isb', place.code + 4n)
    machine.load('hvc #0', place.code)
    machine.run('hvc #0')
    machine.core.sync.tagFault(1, 0)
    expect(machine.core.sync.pendingFaults()).toBe(1)
    machine.step().step()
    expect([machine.core.sync.pendingFaults(), machine.get('TFSR_EL1')]).toEqual([0, 1n])
  })
})
