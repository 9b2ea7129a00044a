import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Assembled } from '../../../shared/asm/link.ts'
import { comparePolicies, showPolicy } from './compare.ts'
import { policyLines } from './describe.ts'
import { diffRoutines, type PolicyDiff, type RoutineDiff } from './diff.ts'
import { assemblePolicy, policyModes } from './image.ts'
import { policyProse } from './prose.ts'
import { routinesOf } from './routines.ts'

const resources = fileURLToPath(new URL('../../../resources', import.meta.url))
const bundled = (name: string) => ({ name, text: null })
const lines = policyLines(resources)

function diff(a: string, b: string, mode: 'nvhe' | 'vhe'): PolicyDiff {
  return comparePolicies(resources, bundled(a), bundled(b), mode)[0]!
}
const changes = ({ rows }: RoutineDiff): string[] =>
  rows.flatMap(({ kind, a, b }) => {
    if (kind === 'same') return []
    return [...(a === null ? [] : [`- ${a}`]), ...(b === null ? [] : [`+ ${b}`])]
  })

/** The named point of each policy: the routines whose code differs from mainline's, in each mode that it is for. */
const points: Record<string, { nvhe?: string[]; vhe?: string[] }> = {
  'ata-always': { nvhe: ['vcpu_reset'], vhe: ['vcpu_reset'] },
  'dead-slot': { nvhe: ['guest_exit'], vhe: ['guest_exit'] },
  'deferred-shared-tail': { nvhe: ['guest_enter'], vhe: ['guest_enter'] },
  'eos-clear': { nvhe: ['hyp_init'], vhe: ['host_start'] },
  'extra-isb': { nvhe: ['guest_enter'], vhe: ['guest_enter'] },
  'inject-no-tco': { nvhe: ['vcpu_adjust_pc'], vhe: ['vcpu_adjust_pc'] },
  'late-restore': { nvhe: ['guest_exit', 'host_loop'], vhe: ['guest_exit', 'vcpu_run'] },
  'loadput-tfsr': { nvhe: ['sysregs_restore', 'sysregs_save', 'vcpu_load', 'vcpu_put'] },
  'loadput-tfsre0': {
    nvhe: [
      'host_faults_harvest',
      'host_task_harvest',
      'sysregs_restore',
      'sysregs_save',
      'vcpu_load',
      'vcpu_put',
    ],
  },
  'no-gcr': { nvhe: ['guest_enter', 'guest_exit'], vhe: ['guest_enter', 'guest_exit'] },
  'no-id-mask': { nvhe: ['exit_sysreg'], vhe: ['exit_sysreg'] },
  'no-itfsb': { nvhe: ['hyp_init', 'vcpu_run'], vhe: ['host_start'] },
  'no-rgsr': { nvhe: ['guest_enter', 'guest_exit'], vhe: ['guest_enter', 'guest_exit'] },
  'no-sanitise': { nvhe: ['vm_fault', 'vm_map'], vhe: ['vm_fault', 'vm_map'] },
  'no-tid5': { nvhe: ['vcpu_reset'], vhe: ['vcpu_reset'] },
  'tco-restore': { vhe: ['guest_enter', 'guest_exit'] },
  'tfsr-alias': { vhe: ['vcpu_load', 'vcpu_put'] },
  v12: { nvhe: ['guest_enter', 'guest_exit'], vhe: ['guest_enter', 'guest_exit'] },
  v13: { nvhe: ['guest_enter', 'guest_exit'], vhe: ['guest_enter', 'guest_exit'] },
}

describe('the bundled policies', () => {
  it('have a point each, and a page', () => {
    expect(lines.map(({ name }) => name)).toEqual(['mainline', ...Object.keys(points)])
    for (const { line } of lines) expect(line).toMatch(/^[A-Z].*\.$/)
  })

  it.each(Object.keys(points))('%s differs from mainline in its point only', (name) => {
    const { modes } = lines.find((line) => line.name === name)!
    expect(modes).toEqual(policyModes.filter((mode) => points[name]![mode] !== undefined))
    const named = [...policyProse(resources, name).matchAll(/`(POLICY_\w+)` from \d to \d/g)]
    for (const mode of policyModes) {
      const [before, after] = ['mainline', name].map((one) =>
        assemblePolicy(resources, bundled(one), mode),
      ) as [Assembled, Assembled]
      const base = new Map(before.constants.map((one) => [one.name, one.value]))
      const changed = after.constants.filter(
        (one) => one.name.startsWith('POLICY_') && one.value !== base.get(one.name),
      )
      expect(changed.map((one) => one.name).toSorted()).toEqual(named.map(([, one]) => one!).toSorted())
      const differing = diffRoutines(routinesOf(before), routinesOf(after))
      expect(differing.map(({ routine }) => routine).toSorted()).toEqual(points[name]![mode] ?? [])
    }
  })
})

describe('a difference', () => {
  it.each(policyModes)('of v12 and mainline is the gate and the ISB, %s', (mode) => {
    const { routines, barriers, deadOffsets, counts, costs } = diff('v12', 'mainline', mode)
    expect(routines.map(({ routine, parts }) => ({ routine, parts }))).toEqual([
      { routine: 'guest_enter', parts: ['enter'] },
      { routine: 'guest_exit', parts: ['exit'] },
    ])
    const [enter, exit] = routines.map(changes)
    expect(enter).toEqual([
      '- and x2, x2, #0x100000000000000',
      '- cbz x2, guest_enter+0x70',
      '+ tbz x2, #56, guest_enter+0x6c',
    ])
    expect(exit).toEqual([
      '- and x3, x3, #0x100000000000000',
      '- cbz x3, guest_exit+0x88',
      '+ tbz x3, #56, guest_exit+0x88',
      '+ isb',
    ])
    expect(barriers).toEqual({ added: ['isb in guest_exit'], removed: [] })
    expect(deadOffsets.a.map(({ symbol, slot }) => [symbol, slot])).toEqual([
      ['CPU_TFSRE0_EL1', 'CTX_TFSRE0'],
    ])
    expect(deadOffsets.b).toEqual([])
    expect(counts).toEqual({ mte: { alu: -2, isb: 1 }, plain: { alu: -2 }, put: {}, load: {} })
    expect(costs.map(({ profile, certain }) => [profile, certain])).toEqual([
      ['n2-like', 'dearer'],
      ['unit', 'cheaper'],
    ])
  })

  it('of a policy and itself is empty', () => {
    for (const { equal, routines, barriers } of comparePolicies(
      resources,
      bundled('v13'),
      bundled('v13'),
      null,
    )) {
      expect({ equal, routines, barriers }).toEqual({
        equal: true,
        routines: [],
        barriers: { added: [], removed: [] },
      })
    }
  })

  it('is asked for in modes that both are for', () => {
    const modes = (a: string, b: string) =>
      comparePolicies(resources, bundled(a), bundled(b), null).map(({ mode }) => mode)
    expect(modes('mainline', 'tco-restore')).toEqual(['vhe'])
    expect(() => modes('loadput-tfsr', 'tco-restore')).toThrow('the two are for different modes')
  })

  it('tells what a policy of one’s own declares and never uses', () => {
    const text = '\t.include "hyp/policies/mainline.inc"\n.set MY_GCR, CTX_GCR\n'
    const shown = showPolicy(resources, { name: 'mine.inc', text }, 'vhe')
    expect(shown.deadOffsets).toMatchObject([{ symbol: 'MY_GCR', slot: 'CTX_GCR' }])
    expect(shown.deadOffsets[0]!.slotUses).toBeGreaterThan(0)
  })
})

describe('beside the real KVM', () => {
  it.each(policyModes)('mainline accesses registers for MTE as often, %s', (mode) => {
    const { measured, counts } = showPolicy(resources, bundled('mainline'), mode)
    expect(measured.map(({ kernel }) => kernel)).toEqual(['6.12', '6.1'])
    const { rows, totals } = measured[0]!
    const forMte = (key: string) => {
      const { oursForMte, kvmForMte } = rows.find((row) => row.class === key)!
      return [oursForMte, kvmForMte]
    }
    const own = counts.mte!.classes
    const plain = counts.plain!.classes
    for (const key of ['mrs', 'msr', 'isb'] as const) {
      const [ours, kvm] = forMte(key)
      expect(ours).toBe((own[key] ?? 0) - (plain[key] ?? 0))
      expect(ours).toBe(kvm)
    }
    expect(forMte('dsb')).toEqual([0, 0])
    expect(forMte('load-store')[0]).toBe(forMte('load-store')[1])
    // What is counted in classes is the whole; the host's own HVC under nVHE is in the total alone.
    const sum = rows.reduce((all, { ours }) => all + ours, 0)
    expect(totals.total.ours - sum).toBe(mode === 'nvhe' ? 1 : 0)
    for (const { ours, kvm, explanation } of rows) if (ours !== kvm) expect(explanation).toMatch(/\w{3}/)
  })
})
