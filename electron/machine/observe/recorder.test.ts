import { describe, expect, it } from 'vitest'
import { eventKinds, HOST, HOST_TASK, type RegisterRow, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import { TestMachine } from '../../../test/support/machine.ts'
import { effectiveSlotOf, slotOf } from '../cpu/layout.ts'
import { markKinds } from './marks.ts'
import type { TagMismatch } from './observer.ts'
import { type Probes, Recorder } from './recorder.ts'

const registers = ['GCR_EL1', 'TFSR_EL1', 'HCR_EL2']
const { OWNER, VCPU_LOAD, VCPU_PUT, ENTRY, GUEST_ERET, RETURN } = markKinds
const PAIR = 1
const EL1 = 2
const EL2 = 4
const VCPU = 0x100

function recorder(options: Partial<Probes> & { marked?: boolean; late?: boolean } = {}) {
  const { marked = true, late = false, ...probes } = options
  const { core } = new TestMachine()
  const made = new Recorder(
    3,
    { registers: [], switches: false, faults: false, events: false, ...probes },
    marked,
    late,
    () => 7,
  )
  made.attach(core)
  const set = (name: string, value: bigint, word: 'architectural' | 'effective' | 'both' = 'both'): void => {
    if (word !== 'effective') core.state[slotOf(name)] = value
    if (word !== 'architectural') core.state[effectiveSlotOf(name)] = value
  }
  const mark = (kind: number, argument = 0): void => made.mark(core, [{ kind, argument }])
  const rows = (): RegisterRow[] => made.take()?.registers ?? []
  return { made, core, set, mark, rows }
}

const mismatch = (more: Partial<TagMismatch> = {}): TagMismatch => ({
  synchronous: true,
  tcf: 1,
  privileged: 1,
  address: 0x0500_0000_4000_1234n,
  granule: 0x4000_1230,
  pointerTag: 5,
  memoryTag: 6,
  write: false,
  bytes: 8,
  ...more,
})

describe('register rows', () => {
  it('begin with one row a register, once', () => {
    const { made, rows, set } = recorder({ registers })
    set('GCR_EL1', 0x1234n)
    made.begin()
    made.begin()
    expect(rows().map(({ register, cause, slot, value }) => [register, cause, slot, value])).toEqual([
      ['GCR_EL1', 'initial', 'architectural', 0x1234n],
      ['TFSR_EL1', 'initial', 'architectural', 0n],
      ['HCR_EL2', 'initial', 'architectural', expect.anything()],
    ])
  })

  it('follow when the value is new, or when another owner writes the same', () => {
    const { made, rows, set, mark, core } = recorder({ registers })
    made.begin()
    rows()
    set('GCR_EL1', 1n)
    core.cycles = 40
    core.pc = 0x4008_0010n
    made.touch('GCR_EL1', 'msr')
    made.touch('GCR_EL1', 'msr')
    expect(rows()).toEqual([
      {
        pe: 3,
        cycle: 40,
        ns: 7,
        register: 'GCR_EL1',
        slot: 'architectural',
        owner: HOST,
        cause: 'msr',
        value: 1n,
        pc: 0x4008_0010n,
      },
    ])
    core.state[4] = 2n
    mark(VCPU_LOAD, 4)
    mark(OWNER, VCPU | PAIR)
    made.touch('GCR_EL1', 'synchronised')
    expect(rows()).toEqual([])
    made.touch('GCR_EL1', 'msr')
    expect(rows()).toMatchObject([{ owner: 2, value: 1n }])
    made.touch('SCTLR_EL1', 'msr')
    expect(rows()).toEqual([])
  })

  it('belong to the owner of their group', () => {
    const { made, rows, set, mark, core } = recorder({ registers })
    made.begin()
    rows()
    core.state[9] = 1n
    mark(ENTRY, 9)
    const ownersAfter = (argument: number): number[] => {
      mark(OWNER, argument)
      const value = BigInt(argument)
      for (const name of registers) {
        set(name, value)
        made.touch(name, 'msr')
        set(name, value + 1n)
        made.touch(name, 'msr')
      }
      return rows()
        .filter((_row, i) => i % 2)
        .map((row) => row.owner)
    }
    expect(ownersAfter(VCPU | EL1)).toEqual([HOST, 1, HOST])
    expect(ownersAfter(VCPU | EL2)).toEqual([HOST, 1, 1])
    expect(ownersAfter(VCPU | PAIR)).toEqual([1, 1, 1])
    expect(ownersAfter(PAIR | EL2)).toEqual([HOST, 1, HOST])
    mark(VCPU_PUT)
    expect(ownersAfter(VCPU | PAIR)).toEqual([UNKNOWN_OWNER, 1, HOST])
  })

  it('tell the two words apart where writes are late', () => {
    const { made, rows, set } = recorder({ registers: ['GCR_EL1'], late: true })
    made.begin()
    expect(rows().map((row) => row.slot)).toEqual(['architectural', 'effective'])
    set('GCR_EL1', 5n, 'architectural')
    made.touch('GCR_EL1', 'msr')
    expect(rows()).toMatchObject([{ slot: 'architectural', value: 5n }])
    set('GCR_EL1', 5n, 'effective')
    made.touch('GCR_EL1', 'synchronised')
    expect(rows()).toMatchObject([{ slot: 'effective', cause: 'synchronised', value: 5n }])
  })

  it('of an image without marks have an unknown owner', () => {
    const { made, rows } = recorder({ registers: ['GCR_EL1'], marked: false })
    made.begin()
    expect(rows()).toMatchObject([{ owner: UNKNOWN_OWNER }])
  })
})

describe('fault rows', () => {
  it('hold the access, who made it and in which mode', () => {
    const { made, core } = recorder({ faults: true })
    core.cycles = 12
    core.pc = 0x4008_0020n
    core.setLevel(1, 1)
    made.tagFault(core, mismatch({ write: true, tcf: 3, synchronous: false }))
    expect(made.take()!.faults).toEqual([
      {
        pe: 3,
        cycle: 12,
        ns: 7,
        owner: HOST,
        el: 1,
        kind: 'async',
        mode: 'asym',
        pc: 0x4008_0020n,
        address: 0x0500_0000_4000_1234n,
        granule: 0x4000_1230,
        pointerTag: 5,
        memoryTag: 6,
        write: true,
        bytes: 8,
      },
    ])
  })

  it('belong to the host’s task at EL0, to the vCPU between entry and exit', () => {
    const { made, core, mark } = recorder({ faults: true, switches: true })
    core.setLevel(0, 0)
    made.tagFault(core, mismatch({ privileged: 0 }))
    core.setLevel(1, 1)
    made.tagFault(core, mismatch({ privileged: 0 }))
    core.state[1] = 3n
    mark(ENTRY, 1)
    mark(GUEST_ERET)
    made.exceptionReturn(core, 2)
    core.setLevel(0, 0)
    made.tagFault(core, mismatch({ privileged: 0 }))
    made.exceptionEntry(core, 2, 0n, 1, null)
    core.setLevel(2, 1)
    made.tagFault(core, mismatch())
    const rows = made.take()!.faults.map(({ owner, el }) => [owner, el])
    expect(rows).toEqual([
      [HOST_TASK, 0],
      [HOST, 0],
      [3, 0],
      [HOST, 2],
    ])
  })

  it('are counted even when they are not kept', () => {
    const { made, core } = recorder()
    made.tagFault(core, mismatch())
    made.tagFault(core, mismatch({ synchronous: false, tcf: 2 }))
    expect(made.faultCount).toEqual({ sync: 1, async: 1 })
    expect(made.take()).toBeNull()
  })
})

describe('batches', () => {
  it('are taken once, with everything since the last', () => {
    const { made, core, mark } = recorder({ switches: true, faults: true, events: true })
    let told = 0
    made.onSwitch = () => {
      told++
    }
    mark(ENTRY, 1)
    mark(GUEST_ERET)
    core.el = 1
    made.exceptionReturn(core, 2)
    made.exceptionEntry(core, 2, 0x5a00_0000n, 1, null)
    mark(RETURN)
    const batch = made.take()!
    expect(batch.switches).toHaveLength(1)
    expect([told, made.switchCount]).toEqual([1, 1])
    expect([...batch.events!.kind].map((kind) => eventKinds[kind])).toEqual([
      'mark',
      'mark',
      'exception-return',
      'exception',
      'mark',
    ])
    expect(batch.events!.detail[0]).toBe(BigInt(ENTRY) | (1n << 8n))
    expect(made.take()).toBeNull()
  })

  it('keep events in order beyond the first chunk, and say that they are full', () => {
    const { made, core } = recorder({ events: true })
    for (let i = 0; i < 20_000; i++) {
      core.cycles = i
      made.draw(core, i % 16)
      if (i === 8000) expect(made.full()).toBe(false)
    }
    expect(made.full()).toBe(true)
    const events = made.take()!.events!
    expect(events.cycle).toHaveLength(20_000)
    expect(events.cycle.every((cycle, i) => cycle === i)).toBe(true)
    expect(events.detail.every((tag, i) => tag === BigInt(i % 16))).toBe(true)
    expect(made.full()).toBe(false)
  })

  it('hold no switches of an image without marks', () => {
    const { made, core } = recorder({ switches: true, marked: false })
    made.exceptionReturn(core, 2)
    made.exceptionEntry(core, 2, 0n, 1, null)
    expect(made.take()).toBeNull()
    expect(made.executing(core)).toBe(UNKNOWN_OWNER)
  })
})
