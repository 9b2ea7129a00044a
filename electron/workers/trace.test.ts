/** What a run records, against the machine's own final state and the guests' own counts. */
import { beforeAll, describe, expect, it } from 'vitest'
import { eventKinds, HOST, HOST_TASK, phases, type RegisterRow } from '../../shared/model/trace.ts'
import { allProbes, buildImage, handoverConfig, run } from '../../test/guests/run-guest.ts'
import { effectiveSlotOf, slotOf } from '../machine/cpu/layout.ts'

type Run = Awaited<ReturnType<typeof run>>
const runs: { name: string; pes: number; sync: 'eager' | 'latest'; kind: 'deterministic' | 'parallel' }[] = [
  { name: 'deterministic, latest', pes: 2, sync: 'latest', kind: 'deterministic' },
  { name: 'parallel, eager', pes: 2, sync: 'eager', kind: 'parallel' },
]

describe.each(runs)('handover, $name', { timeout: 120_000 }, ({ pes, sync, kind }) => {
  let recorded: Run
  beforeAll(async () => {
    recorded = await run(buildImage(handoverConfig()), {
      pes,
      sync,
      schedule: { kind, quantum: 250, seed: 11 },
      probes: allProbes,
    })
    expect(recorded.end.reason).toMatchObject({ kind: 'exit', code: 0 })
  }, 120_000)

  it('has one row for every switch that the host counted', () => {
    const said = Number(/switches (\d+)/.exec(recorded.console)![1])
    expect(recorded.switches).toHaveLength(said)
    expect(recorded.end.pes.map((pe) => pe.switches)).toEqual(
      [0, 1].map((pe) => recorded.switches.filter((row) => row.pe === pe).length),
    )
  })

  it('attributes every cycle of a switch to one phase', () => {
    for (const row of recorded.switches) {
      const latency = row.guestCycle - row.startCycle + (row.endCycle - row.exitCycle)
      expect(row.phases.reduce((sum, cycles) => sum + cycles, 0)).toBe(latency)
      expect(Math.min(...row.phases)).toBeGreaterThanOrEqual(0)
      expect(
        row.startCycle < row.guestCycle && row.guestCycle < row.exitCycle && row.exitCycle < row.endCycle,
      ).toBe(true)
      expect(row.startNs).toBeLessThanOrEqual(row.endNs)
      expect(row.instructions).toBeGreaterThan(300)
      // One cycle an instruction, exceptions apart: their entry is no instruction.
      expect(row.instructions).toBeLessThanOrEqual(latency)
      expect(row.guestInstructions).toBeGreaterThan(0)
      expect(row.exit).not.toBe('')
    }
  })

  it('keeps the switches of a PE apart and in order', () => {
    for (let pe = 0; pe < pes; pe++) {
      const rows = recorded.switches.filter((row) => row.pe === pe)
      expect(rows.length).toBeGreaterThan(50)
      for (let i = 1; i < rows.length; i++)
        expect(rows[i]!.startCycle).toBeGreaterThanOrEqual(rows[i - 1]!.endCycle)
    }
  })

  it('spends the least on MTE for the VM without it', () => {
    const mte = (vcpu: number): number[] =>
      recorded.switches.filter((row) => row.vcpu === vcpu).map((row) => row.phases[phases.indexOf('MTE')]!)
    const plain = Math.max(...mte(3))
    for (const vcpu of [0, 1, 2]) expect(Math.min(...mte(vcpu))).toBeGreaterThan(plain)
  })

  it('names the exits by their syndrome', () => {
    const exits = new Set(recorded.switches.map((row) => row.exit))
    expect(exits).toContain('HVC')
    for (const row of recorded.switches.filter(({ exit }) => exit === 'HVC'))
      expect(row.esr >> 26n).toBe(0x16n)
  })

  it('has every vCPU on both PEs at some time', () => {
    for (let vcpu = 0; vcpu < 4; vcpu++) {
      const places = new Set(recorded.switches.filter((row) => row.vcpu === vcpu).map((row) => row.pe))
      expect(places.size, `v${vcpu}`).toBe(2)
    }
  })

  it('has a fault row for every fault that the guests counted', () => {
    const count = (owner: number, kind_: string): number =>
      recorded.faults.filter((fault) => fault.owner === owner && fault.kind === kind_).length
    const said = [...recorded.console.matchAll(/v(\d) \w+ rounds \d+ sync (\d+) async (\d+)/g)]
    expect(said).toHaveLength(4)
    for (const [, vcpu, syncCount, asyncCount] of said) {
      expect(count(Number(vcpu), 'sync'), `v${vcpu} sync`).toBe(Number(syncCount))
      // TFSR_EL1 accumulates: one count may stand for several accesses.
      const rows = count(Number(vcpu), 'async')
      expect(rows, `v${vcpu} async`).toBeGreaterThanOrEqual(Number(asyncCount))
      expect(rows > 0).toBe(Number(asyncCount) > 0)
    }
    const host = Number(/host sync \d+ async (\d+)/.exec(recorded.console)![1])
    expect(count(HOST, 'async') + count(HOST_TASK, 'async')).toBeGreaterThanOrEqual(host)
    expect(count(HOST, 'sync') + count(HOST_TASK, 'sync')).toBe(0)
  })

  it('has tags that differ in every fault row, and the mode that makes the kind', () => {
    const modeOf = new Map([
      [0, 'sync'],
      [1, 'async'],
      [2, 'asym'],
      [HOST, 'async'],
      [HOST_TASK, 'async'],
    ])
    for (const fault of recorded.faults) {
      expect(fault.pointerTag).not.toBe(fault.memoryTag)
      expect(BigInt(fault.pointerTag)).toBe((fault.address >> 56n) & 15n)
      expect(fault.granule % 16).toBe(0)
      expect(fault.mode).toBe(modeOf.get(fault.owner))
      if (fault.mode === 'asym') expect(fault.kind).toBe(fault.write ? 'async' : 'sync')
      else expect(fault.kind).toBe(fault.mode)
    }
  })

  it.each(['architectural', 'effective'] as const)(
    'replays the registers to their last value: %s',
    (slot) => {
      for (let pe = 0; pe < pes; pe++) {
        const state = recorded.views.state(pe)
        for (const name of allProbes.registers) {
          const rows = recorded.registers.filter(
            (row) => row.pe === pe && row.register === name && row.slot === slot,
          )
          if (slot === 'effective' && rows.length === 0) {
            // One word: eager mode, or a register without a class.
            expect(sync === 'eager' || slotOf(name) === effectiveSlotOf(name)).toBe(true)
            continue
          }
          const word = slot === 'effective' ? effectiveSlotOf(name) : slotOf(name)
          expect(rows.at(-1)!.value, `${name} of PE${pe}`).toBe(state[word]!)
          expect(rows[0]!.cause).toBe('initial')
          for (let i = 1; i < rows.length; i++)
            expect(rows[i]!.cycle).toBeGreaterThanOrEqual(rows[i - 1]!.cycle)
        }
      }
    },
  )

  it('gives GCR_EL1 to the vCPU whose exclude set it holds', () => {
    const exclude = new Map([
      [0, 0x00f1n],
      [1, 0xff0en],
      [2, 0x0f01n],
      [HOST, 0x0001n],
    ])
    const written = recorded.registers.filter(
      (row: RegisterRow) => row.register === 'GCR_EL1' && row.slot === 'architectural' && row.cause === 'msr',
    )
    const owners = new Set(written.map((row) => row.owner))
    expect([...owners].sort()).toEqual([HOST, 0, 1, 2])
    // A VM begins with what the host gives it for UNKNOWN and sets its own; afterwards every load brings that back.
    for (const row of written) expect([0xc0den, exclude.get(row.owner)]).toContain(row.value & 0xffffn)
  })

  it('has events in order, with marks, barriers and draws', () => {
    const seen = new Set<string>()
    for (let pe = 0; pe < pes; pe++) {
      let last = 0
      for (const columns of recorded.events.filter((events) => events.pe === pe)) {
        for (let i = 0; i < columns.cycle.length; i++) {
          expect(columns.cycle[i]!).toBeGreaterThanOrEqual(last)
          last = columns.cycle[i]!
          seen.add(eventKinds[columns.kind[i]!]!)
        }
      }
    }
    expect([...seen].sort()).toEqual(['dsb', 'exception', 'exception-return', 'isb', 'mark', 'tag-draw'])
  })
})
