import { describe, expect, it } from 'vitest'
import { EL, SCTLR, TestMachine, type TestMachineOptions } from '../../../test/support/machine.ts'
import { HCR, masks, tag, withChecks, withTags } from '../../../test/support/tag-setups.ts'
import { seeded } from './chooser.ts'
import { ExploreLimit, Explorer } from './explore.ts'

const { OLD, NEW, NEWER } = masks
const latest = (options: TestMachineOptions = {}) => new TestMachine({ sync: 'latest', ...options })
const addg = 'addg x0, x1, #0, #1'

describe('the view of what is pending', () => {
  it('is empty where nothing is, and always in eager', () => {
    expect(withTags(latest()).pe.pending()).toEqual({ pe: 0, registers: [], faults: [] })
    const eager = withChecks(new TestMachine())
    eager.run('msr gcr_el1, x10\n str x0, [x20]')
    expect(eager.pe.pending()).toEqual({ pe: 0, registers: [], faults: [] })
  })

  it('lists a register with every value that its next use may see', () => {
    const machine = withTags(latest())
    machine.run('msr gcr_el1, x10\n msr gcr_el1, x11')
    expect(machine.pe.pending().registers).toEqual([
      {
        register: 'GCR_EL1',
        readers: 'uses',
        fields: ['Exclude'],
        architectural: 0xen,
        effective: 0x2n,
        candidates: [0x2n, 0x6n, 0xen],
        closedBy: ['ISB', 'exception entry to EL2', 'exception return from EL2'],
      },
    ])
    machine.run('isb')
    expect(machine.pe.pending().registers).toEqual([])
  })

  it('names the fields that differ; the other bits of the register are in force', () => {
    const machine = withTags(latest())
    const written = (machine.get('SCTLR_EL1') & ~SCTLR.ATA) | SCTLR.TCF(2n) | SCTLR.A
    machine.setX({ 15: written }).run('msr sctlr_el1, x15')
    const [pending] = machine.pe.pending().registers
    expect(pending).toMatchObject({ register: 'SCTLR_EL1', fields: ['ATA', 'TCF'], architectural: written })
    expect(pending!.effective & SCTLR.A).toBe(SCTLR.A)
    expect(pending!.effective & SCTLR.ATA).toBe(SCTLR.ATA)
  })

  it('says which events close it: with FEAT_ExS only those that synchronise', () => {
    const closedBy = (el: bigint, sctlr1: bigint, sctlr2: bigint) => {
      const machine = withTags(latest({ features: { exs: true } }))
      machine
        .set('SCTLR_EL1', SCTLR.ATA | sctlr1)
        .set('SCTLR_EL2', SCTLR.ATA | sctlr2)
        .pstate(el)
      machine.run('msr gcr_el1, x10')
      return machine.pe.pending().registers[0]!.closedBy
    }
    expect(closedBy(EL[2], 0n, 0n)).toEqual(['ISB'])
    expect(closedBy(EL[2], SCTLR.EIS, SCTLR.EOS)).toEqual(['ISB', 'exception return from EL2'])
    expect(closedBy(EL[1], SCTLR.EIS, SCTLR.EIS)).toEqual([
      'ISB',
      'exception entry to EL1',
      'exception entry to EL2',
    ])
    expect(closedBy(EL[1], SCTLR.EOS, 0n)).toEqual(['ISB', 'exception return from EL1'])
  })

  it('lists faults: pending until a completing event, completed until a context synchronisation event', () => {
    const machine = withChecks(latest(), SCTLR.ITFSB)
    machine.run('str x0, [x20]\n sttr x0, [x20]')
    const closedBy = ['DSB (full or LD)', 'exception entry to EL1']
    expect(machine.pe.pending().faults).toEqual([
      { register: 'TFSR_EL1', bit: 'TF0', state: 'pending', closedBy },
      { register: 'TFSRE0_EL1', bit: 'TF0', state: 'pending', closedBy },
    ])
    machine.run('dsb sy')
    const events = ['ISB', 'exception entry to EL1', 'exception entry to EL2', 'exception return from EL1']
    expect(machine.pe.pending().faults).toEqual([
      { register: 'TFSRE0_EL1', bit: 'TF0', state: 'completed', closedBy: events },
      { register: 'TFSR_EL1', bit: 'TF0', state: 'completed', closedBy: events },
    ])
    machine.run('isb')
    expect(machine.pe.pending().faults).toEqual([])
  })

  it('entry to EL1 is no event for a fault of TFSR_EL2', () => {
    const machine = withTags(latest())
      .set('SCTLR_EL1', SCTLR.ATA | SCTLR.ITFSB)
      .pstate(EL[1])
    machine.core.sync.tagFault(2, 0)
    expect(machine.pe.pending().faults[0]!.closedBy).toEqual(['DSB (full or LD)'])
    machine.set('SCTLR_EL2', SCTLR.ITFSB)
    expect(machine.pe.pending().faults[0]!.closedBy).toEqual(['DSB (full or LD)', 'exception entry to EL2'])
  })

  it('lists other names that need not see a write', () => {
    const machine = withTags(latest({ syncParameters: { scope: ['aliases'] } })).set(
      'HCR_EL2',
      HCR.RW | HCR.E2H,
    )
    machine.setX({ 3: 1n }).run('msr tfsr_el1, x3')
    expect(machine.pe.pending().registers).toMatchObject([
      {
        register: 'TFSR_EL2',
        readers: 'other names',
        fields: ['TF0'],
        architectural: 1n,
        candidates: [0n, 1n],
      },
    ])
  })
})

describe('the state words', () => {
  it('carry everything pending: another machine goes on from them', () => {
    const first = withChecks(latest())
    first.run('msr gcr_el1, x10\n str x0, [x20]\n str x0, [x20]\n dsb nshst')
    first.core.store()
    const second = withChecks(latest())
    second.core.state.set(first.core.state)
    second.core.load()
    expect(second.pe.pending()).toEqual(first.pe.pending())
    for (const machine of [first, second])
      machine.run(`${addg}\n dsb sy\n isb\n mrs x2, tfsr_el1\n addg x3, x1, #0, #1`)
    for (const machine of [first, second])
      expect([tag(machine, 0), machine.x(2), tag(machine, 3)]).toEqual([OLD, 1n, NEW])
  })

  it('carry the generator of a seeded machine', () => {
    const options = { sync: 'seeded', syncParameters: { seed: 5 } } satisfies TestMachineOptions
    const text = `msr gcr_el1, x10\n ${addg}\n isb\n msr gcr_el1, x11\n addg x2, x1, #0, #1\n isb\n`.repeat(
      10,
    )
    const play = (machine: TestMachine): TestMachine => {
      machine.run(text)
      machine.core.store()
      return machine
    }
    const first = play(withTags(new TestMachine(options)))
    const second = withTags(new TestMachine({ ...options, syncParameters: { seed: 99 } }))
    second.core.state.set(first.core.state)
    second.core.load()
    expect([...play(first).core.state]).toEqual([...play(second).core.state])
  })
})

describe('bounded lists', () => {
  const writes = Array.from({ length: 40 }, (_, i) => `msr gcr_el1, ${i % 2 ? 'x10' : 'x11'}`).join('\n')

  it('a full list of writes lets its oldest arrive, which is legal at any moment', () => {
    const machine = withTags(latest())
    machine.run(`${writes}\n ${addg}`)
    expect(machine.pe.pending().registers[0]!.candidates).toHaveLength(33)
    expect([NEW, NEWER]).toContain(tag(machine, 0))
    machine.run(`isb\n ${addg}`)
    expect(tag(machine, 0)).toBe(NEW)
  })

  it('what arrives so may be a control: it is in force then', () => {
    const machine = withTags(latest())
    machine.setX({ 15: machine.get('SCTLR_EL2') & ~SCTLR.ATA })
    machine.run(`msr sctlr_el2, x15\n ${addg}`)
    expect(tag(machine, 0)).toBe(OLD)
    machine.run(`${writes}\n ${addg}`)
    expect(tag(machine, 0)).toBe(0n)
  })

  it('a full queue of faults loses none that an MRS could tell', () => {
    const machine = withTags(latest())
    for (let i = 0; i < 40; i++) machine.core.sync.tagFault(i % 3, i % 2)
    expect(machine.core.sync.pendingFaults()).toBe(32)
    machine.run('dsb sy\n isb')
    expect(['TFSRE0_EL1', 'TFSR_EL1', 'TFSR_EL2'].map((name) => machine.get(name))).toEqual([3n, 3n, 3n])
  })

  it('explore says that its set would not be complete', () => {
    const machine = withTags(new TestMachine({ sync: 'explore', chooser: new Explorer() }))
    expect(() => machine.run(writes)).toThrow(ExploreLimit)
    const other = withTags(new TestMachine({ sync: 'explore', chooser: new Explorer() }))
    expect(() => {
      for (let i = 0; i < 33; i++) other.core.sync.tagFault(1, 0)
    }).toThrow(/more writes or faults/)
  })
})

describe('seeded', () => {
  it('draws delays log-uniformly: each octave up to 2^16 is as likely', () => {
    const chooser = seeded(new BigUint64Array(1024))
    const octaves = new Map<number, number>()
    for (let i = 0; i < 17_000; i++) {
      const delay = chooser.delay()
      const octave = delay === 0 ? 0 : Math.floor(Math.log2(delay)) + 1
      octaves.set(octave, (octaves.get(octave) ?? 0) + 1)
    }
    expect([...octaves.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, i) => i))
    for (const count of octaves.values()) {
      expect(count).toBeGreaterThan(800)
      expect(count).toBeLessThan(1200)
    }
  })

  it('lets a write arrive before its closing event in some runs, at it in others', () => {
    const text = `msr gcr_el1, x10\n ${'nop\n'.repeat(6)} ${addg}\n isb\n addg x2, x1, #0, #1`
    const drawn = Array.from({ length: 60 }, (_, seed) => {
      const machine = withTags(new TestMachine({ sync: 'seeded', syncParameters: { seed } }))
      machine.run(text)
      expect(tag(machine, 2)).toBe(NEW)
      return tag(machine, 0)
    })
    const early = drawn.filter((value) => value === NEW).length
    // Delays below 8 are 4 of 17 octaves.
    expect([early > 5, early < 30]).toEqual([true, true])
  })

  it('makes no difference outside its scope', () => {
    for (let seed = 0; seed < 20; seed++) {
      const machine = withTags(new TestMachine({ sync: 'seeded', syncParameters: { seed, scope: ['TFSR'] } }))
      machine.run(`msr gcr_el1, x10\n ${addg}`)
      expect(tag(machine, 0)).toBe(NEW)
    }
  })
})

it('explore asks for the chooser of its driver', () => {
  expect(() => new TestMachine({ sync: 'explore' })).toThrow(/driver/)
})
