/**
 * The switch contract beside the bundled hypervisors, one execution each: what it finds under each policy, with the image's
 * marks and without them. The sets are those of the laboratory's rows where one execution shows them.
 */
import { describe, expect, it } from 'vitest'
import { checked, kindsOf, resource, setOf } from '../support/contract.ts'

const MINUTE = 60_000
const vhe = 'hypervisor.mode=vhe'
const policy = (name: string): string => `hypervisor.policy=${name}`
const late = 'machine.sync=latest'
const eager = 'machine.sync=eager'

const pair = (kind: string): string[] => [`${kind} GCR_EL1`, `${kind} RGSR_EL1`]

interface Row {
  experiment: string
  set: string[]
  /** Kinds with registers. */
  finds: string[]
}

const rows: Row[] = [
  { experiment: 'contract', set: [], finds: [] },
  { experiment: 'contract', set: [vhe], finds: [] },
  { experiment: 'contract', set: [vhe, policy('v13')], finds: [] },
  { experiment: 'contract', set: [policy('v12')], finds: [] },
  { experiment: 'contract', set: [vhe, policy('v12')], finds: ['unsynchronised-host-state GCR_EL1'] },
  { experiment: 'contract', set: [vhe, policy('v12'), eager], finds: [] },
  {
    experiment: 'contract',
    set: [vhe, policy('v12'), 'machine.release=xml-2020-09'],
    finds: pair('unsynchronised-host-state'),
  },
  { experiment: 'contract', set: [vhe, policy('v12'), 'host.probe=none'], finds: [] },
  { experiment: 'contract', set: [vhe, policy('v12'), 'machine.ras=false'], finds: [] },
  { experiment: 'contract', set: [vhe, policy('v12'), 'host.tagAccess=false'], finds: [] },
  { experiment: 'contract-tco', set: [], finds: ['host-state-lost PSTATE.TCO'] },
  { experiment: 'contract-tco', set: [policy('tco-restore')], finds: [] },
  { experiment: 'contract-fault', set: [late], finds: [] },
  {
    experiment: 'contract-fault',
    set: [policy('no-itfsb')],
    finds: ['tag-fault-lost TFSR_EL1', 'tag-fault-misattributed TFSR_EL1'],
  },
  {
    experiment: 'contract-fault',
    set: [policy('no-itfsb'), 'vcpus.1.faultAt=el0'],
    finds: ['tag-fault-lost TFSRE0_EL1', 'tag-fault-misattributed TFSRE0_EL1'],
  },
  {
    experiment: 'contract-fault',
    set: [policy('no-itfsb'), 'vcpus.1.faultAt=el1-high'],
    finds: ['tag-fault-lost TFSR_EL1', 'tag-fault-misattributed TFSR_EL1'],
  },
  { experiment: 'contract-fault', set: [policy('no-itfsb'), 'machine.ras=false'], finds: [] },
  { experiment: 'contract-fault', set: [policy('no-itfsb'), eager], finds: [] },
  { experiment: 'contract-h9', set: [], finds: ['tag-fault-misattributed TFSRE0_EL1'] },
  { experiment: 'contract-h9', set: ['host.tco=1'], finds: [] },
  { experiment: 'contract-h9', set: ['hypervisor.mode=nvhe'], finds: [] },
  {
    experiment: 'contract-h9',
    set: ['hypervisor.mode=nvhe', policy('loadput-tfsre0')],
    finds: ['tag-fault-misattributed TFSRE0_EL1'],
  },
  { experiment: 'contract-timer', set: [vhe, policy('loadput-tfsr')], finds: [] },
  {
    experiment: 'contract-timer',
    set: [policy('loadput-tfsr')],
    finds: ['tag-fault-lost TFSR_EL1', 'tag-fault-misattributed TFSR_EL1'],
  },
  { experiment: 'contract-deferred', set: [], finds: [] },
  { experiment: 'contract-deferred', set: [vhe], finds: [] },
  {
    experiment: 'contract-deferred',
    set: [policy('deferred-shared-tail')],
    finds: [...pair('guest-state-lost'), ...pair('host-state-lost')],
  },
  {
    experiment: 'contract-deferred',
    set: [vhe, policy('deferred-shared-tail')],
    finds: [...pair('guest-state-lost'), ...pair('host-state-lost')],
  },
  { experiment: 'contract-exs', set: [], finds: [] },
  { experiment: 'contract-exs', set: [policy('eos-clear')], finds: ['unsynchronised-guest-state GCR_EL1'] },
  { experiment: 'contract-injected', set: [], finds: [] },
  {
    experiment: 'contract-injected',
    set: [policy('inject-no-tco')],
    finds: ['injected-state-wrong PSTATE.TCO'],
  },
  ...[[], [vhe]].flatMap((mode): Row[] => [
    {
      experiment: 'contract',
      set: [...mode, policy('no-gcr')],
      finds: ['foreign-tag-source GCR_EL1', 'guest-state-lost GCR_EL1', 'host-state-lost GCR_EL1'],
    },
    {
      experiment: 'contract',
      set: [...mode, policy('no-rgsr')],
      finds: ['foreign-tag-source RGSR_EL1', 'guest-state-lost RGSR_EL1', 'host-state-lost RGSR_EL1'],
    },
    {
      experiment: 'contract',
      set: [...mode, policy('late-restore')],
      finds: ['foreign-tag-source GCR_EL1', 'host-state-lost GCR_EL1'],
    },
  ]),
  {
    experiment: 'contract',
    set: [vhe, policy('tfsr-alias')],
    finds: ['guest-state-lost TFSR_EL1', 'host-state-lost TFSR_EL2'],
  },
  { experiment: 'contract', set: [policy('tfsr-alias')], finds: [] },
  { experiment: 'contract-recycled', set: [], finds: [] },
  { experiment: 'contract-recycled', set: [policy('no-sanitise')], finds: ['stale-tags-visible tags'] },
  { experiment: 'contract-plain', set: [], finds: [] },
  {
    experiment: 'contract-plain',
    set: [policy('no-id-mask')],
    finds: ['mte-visible-without-mte ID_AA64PFR1_EL1'],
  },
  { experiment: 'contract-plain', set: [policy('no-tid5')], finds: ['mte-visible-without-mte GMID_EL1'] },
  {
    experiment: 'contract-plain',
    set: [policy('ata-always')],
    finds: [
      'mte-visible-without-mte GCR_EL1',
      'mte-visible-without-mte RGSR_EL1',
      'mte-visible-without-mte TFSRE0_EL1',
      'mte-visible-without-mte TFSR_EL1',
      'mte-visible-without-mte checks',
      'mte-visible-without-mte tags',
      'tag-fault-lost TFSR_EL1',
      'tag-fault-misattributed TFSR_EL1',
    ],
  },
]

describe('a policy', () => {
  it.each(rows)(
    '$experiment $set finds $finds, with marks and without',
    ({ experiment, set, finds }) => {
      const marked = checked(experiment, set).finish()
      expect(kindsOf(marked)).toEqual([...finds].sort())
      expect(setOf(checked(experiment, set, { unmarked: true }).finish())).toEqual(setOf(marked))
      for (const { trail } of marked) {
        expect(trail.length).toBeGreaterThan(0)
        expect(trail.map(({ moment }) => moment)).toEqual(
          trail.map(({ moment }) => moment).sort((a, b) => a - b),
        )
        expect(trail.every(({ text }) => text !== '')).toBe(true)
      }
    },
    MINUTE,
  )
})

describe('an edited switch', () => {
  const MACROS = 'hyp/shared/mte.inc'
  const LISTS = 'hyp/shared/sysregs.inc'
  const INJECTION = 'hyp/shared/inject.S'

  /** What is found with one line of a source replaced. */
  function edited(file: string, line: string, by: string, set: string[], experiment = 'contract'): string[] {
    const text = resource(file)
    expect(text.split(line)).toHaveLength(2)
    return kindsOf(checked(experiment, set, { include: { [file]: text.replace(line, by) } }).finish())
  }

  it.each([
    ['the guest’s RGSR_EL1 is not saved', '\tstr\t\\tmp, [\\g, #CTX_RGSR]', '', 'guest-state-lost RGSR_EL1'],
    ['the host’s GCR_EL1 is not saved', '\tstr\t\\tmp, [\\h, #CTX_GCR]', '', 'host-state-lost GCR_EL1'],
    [
      'the guest gets the host’s slot',
      '\tldr\t\\tmp, [\\g, #CTX_GCR]',
      '\tldr\t\\tmp, [\\h, #CTX_GCR]',
      'guest-state-lost GCR_EL1',
    ],
    [
      'the host gets the guest’s slot',
      '\tldr\t\\tmp, [\\h, #CTX_RGSR]',
      '\tldr\t\\tmp, [\\g, #CTX_RGSR]',
      'host-state-lost RGSR_EL1',
    ],
  ])(
    '%s',
    (_what, line, by, kind) => {
      for (const set of [[], [vhe]]) expect(edited(MACROS, line, by, set)).toEqual([kind])
    },
    MINUTE,
  )

  it.each([
    ['TFSRE0_EL1 is not saved', '\tsysreg_save tfsre0_el1, CTX_TFSRE0\n.endif\n.endm', '.endif\n.endm'],
  ])(
    '%s',
    (_what, line, by) => {
      expect(edited(LISTS, line, by, [])).toEqual(['guest-state-lost TFSRE0_EL1'])
      expect(edited(LISTS, line, by, [vhe])).toEqual(['guest-state-lost TFSRE0_EL1'])
    },
    MINUTE,
  )

  it.each([
    ['\tvcpu_set elr, CTX_ELR, x2, x0', '', ['ELR_EL1']],
    ['\tvcpu_set spsr, CTX_SPSR, x3, x0', '', ['SPSR_EL1']],
    ['\torr\tx4, x4, #PSTATE_TCO', '', ['PSTATE.TCO']],
    ['\tmov\tx4, #PSTATE_EL1H', '\tmov\tx4, #(PSTATE_EL1H & ~0x80)', ['PSTATE.DAIF']],
    ['\tlsl\tx4, x4, #9', '\tlsl\tx4, x4, #10', ['PC']],
    ['\tldr\tx5, =0xf1400000', '\tldr\tx5, =0xf1c00000', []],
  ])(
    'an injection with %j as %j differs in %j',
    (line, by, fields) => {
      const wrong = fields.map((field) => `injected-state-wrong ${field}`)
      const found = edited(INJECTION, line, by, [], 'contract')
      expect(found.filter((one) => one.startsWith('injected'))).toEqual(wrong)
    },
    MINUTE,
  )
})
