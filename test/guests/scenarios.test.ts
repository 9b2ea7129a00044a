/**
 * The scenarios of the switch contract (resources/experiments/contract*.json) under mainline: what each guest and the host
 * check for themselves finds nothing disturbed, whether writes act at once or as late as the architecture allows, and QEMU
 * prints the same. What the contract finds in them under other policies is tested in test/lab.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { experimentsIn, knownNames } from '../../electron/lab/resources.ts'
import { openOneThread } from '../../electron/workers/one-thread.ts'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { scopeItems } from '../../shared/arch/synchronisation.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { run, sortedLines } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)
const scenarios = experimentsIn(join(resources, 'experiments')).filter(({ name }) => /^contract/.test(name))

function planOf(text: string, set: string[] = []) {
  const { experiment, problems } = readExperiment(text, set, known)
  expect(problems).toEqual([])
  return planRun(experiment!, resources).plan
}

/** Who counted something bad: v0, v1, ..., host. */
function disturbed(console: string): string[] {
  const summary = /^switchyard: (.*)$/m.exec(console)![1]!
  const owners = [...summary.matchAll(/(v\d|host) (?:\w+ )?[^;]*bad (\d+)/g)]
  expect(owners).toHaveLength(summary.match(/v\d \w+ rounds/g)!.length + 1)
  return owners.filter(([, , count]) => count !== '0').map(([, owner]) => owner!)
}

/** What mainline itself lets happen: the hazard H9, and PSTATE.TCO as the exit left it. */
const hazards: Record<string, string[]> = { 'contract-h9 vhe': ['v0'], 'contract-tco vhe': ['host'] }

/** Under VHE what runs behind an exit is the host, and the hypervisor has no draws of its own. */
const modesOf = (name: string) =>
  name === 'contract-hyp-draws' ? (['nvhe'] as const) : (['nvhe', 'vhe'] as const)
const cases = scenarios.flatMap(({ name, text }) => modesOf(name).map((mode) => ({ name, text, mode })))

/** The machine in this thread: what it wrote, and how it ended. */
function runHere(plan: MachinePlan) {
  let console = ''
  const board = openOneThread(plan, {
    console: (bytes) => {
      console += Buffer.from(bytes).toString('latin1')
    },
  })
  while (board.next) board.advance()
  return { console, end: board.end() }
}

describe.each(cases)('$name, $mode', { timeout: 120_000 }, ({ name, text, mode }) => {
  it.each(['eager', 'latest'] as const)('disturbs nobody it should not, sync %s', (sync) => {
    const plan = planOf(text, [`machine.sync=${sync}`, `hypervisor.mode=${mode}`])
    const { end, console } = runHere({ ...plan, syncParameters: { scope: scopeItems } })
    expect(end).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    expect(console).not.toMatch(/dead|panic/)
    expect(disturbed(console)).toEqual(hazards[`${name} ${mode}`] ?? [])
  })
})

/** Each scenario in one mode, in the long run in both. */
const onQemu = cases.filter((_, i) => process.env.SWITCHYARD_LONG === '1' || i % 4 === 0 || i % 4 === 3)

it.for(onQemu)(
  '$name, $mode prints the same on QEMU',
  { timeout: 120_000 },
  async ({ text, mode }, { skip }) => {
    skip(noQemu, noQemuReason)
    // There nothing goes wrong by itself.
    const plan = planOf(text, ['machine.sync=eager', `hypervisor.mode=${mode}`, 'inject=[]'])
    const there = await runOnQemu(plan.image.bytes, plan.pes)
    expect(sortedLines(there.console)).toEqual(sortedLines(runHere(plan).console))
    expect(there.code).toBe(0)
  },
)

/** What the scenario of a row makes its owners find under the row's policy, and under the row's twins. */
const rows: { name: string; set: string[]; disturbed: string[] }[] = [
  { name: 'fault', set: ['hypervisor.policy=no-itfsb'], disturbed: ['v1', 'host'] },
  {
    name: 'fault',
    set: ['hypervisor.policy=no-itfsb', 'vcpus.1.faultAt=el1-high'],
    disturbed: ['v1', 'host'],
  },
  { name: 'fault', set: ['hypervisor.policy=no-itfsb', 'vcpus.1.faultAt=el0'], disturbed: ['v1', 'host'] },
  { name: 'fault', set: ['hypervisor.policy=no-itfsb', 'machine.ras=false'], disturbed: [] },
  { name: 'fault', set: ['hypervisor.policy=no-itfsb', 'machine.sync=eager'], disturbed: [] },
  { name: 'fault-host', set: ['hypervisor.policy=no-itfsb'], disturbed: ['v0', 'host'] },
  { name: 'fault-put', set: ['hypervisor.policy=no-itfsb'], disturbed: ['v0', 'v1'] },
  { name: 'hyp-draws', set: ['hypervisor.policy=v12'], disturbed: ['host'] },
  { name: 'hyp-draws', set: ['hypervisor.policy=v12', 'hypervisor.draws=0'], disturbed: [] },
  { name: 'h9', set: ['host.tco=1'], disturbed: [] },
  { name: 'h9', set: ['host.faultEvery=0'], disturbed: [] },
  { name: 'h9', set: ['hypervisor.mode=nvhe', 'hypervisor.policy=loadput-tfsre0'], disturbed: ['v0'] },
  { name: 'timer', set: ['hypervisor.policy=loadput-tfsr'], disturbed: ['v0', 'host'] },
  { name: 'timer', set: ['hypervisor.policy=loadput-tfsr', 'hypervisor.mode=vhe'], disturbed: [] },
  { name: 'deferred', set: ['hypervisor.policy=deferred-shared-tail'], disturbed: ['v0', 'v1', 'host'] },
  {
    name: 'deferred',
    set: ['hypervisor.policy=deferred-shared-tail', 'host.pendingEvery=0'],
    disturbed: [],
  },
  { name: 'exs', set: ['hypervisor.policy=eos-clear'], disturbed: ['v0'] },
  { name: 'exs', set: ['hypervisor.policy=eos-clear', 'machine.exs=false'], disturbed: [] },
  { name: 'injected', set: ['hypervisor.policy=inject-no-tco'], disturbed: ['v0'] },
  { name: 'injected', set: ['hypervisor.policy=inject-no-tco', 'vcpus.0.checks=none'], disturbed: ['v0'] },
  { name: 'recycled', set: ['hypervisor.policy=no-sanitise'], disturbed: ['v0', 'v1'] },
  { name: 'plain', set: ['hypervisor.policy=no-id-mask'], disturbed: ['v1'] },
  { name: 'plain', set: ['hypervisor.policy=no-tid5'], disturbed: ['v1'] },
  { name: 'plain', set: ['hypervisor.policy=ata-always'], disturbed: ['v1', 'host'] },
]

describe('what a row is about happens in its scenario', { timeout: 60_000 }, () => {
  it.each(rows)('contract-$name $set', ({ name, set, disturbed: owners }) => {
    const { text } = scenarios.find((entry) => entry.name === `contract-${name}`)!
    const { console, end } = runHere(planOf(text, set))
    expect(end).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    expect(disturbed(console)).toEqual(owners)
  })
})

describe('contract-serror', { timeout: 60_000 }, () => {
  const { text } = scenarios.find(({ name }) => name === 'contract-serror')!

  it.each(['nvhe', 'vhe'] as const)(
    '%s: leaves by the vector of SErrors, and by one with a deferred error',
    async (mode) => {
      const { image, ...plan } = planOf(text, [`hypervisor.mode=${mode}`])
      const exits = async (injections: typeof plan.injections) => {
        const { switches, end } = await run(image.bytes, { ...plan, injections })
        const errors = switches.filter(({ exit }) => exit === 'SError').length
        return { errors, switches: switches.length, end }
      }
      const met = await exits(plan.injections)
      const calm = await exits([])
      expect({ met: met.errors, calm: calm.errors }).toEqual({ met: 1, calm: 0 })
      // The SError's own, and the call that is made again behind the deferred one.
      expect(met.switches - calm.switches).toBe(2)
      const board = openOneThread(planOf(text, [`hypervisor.mode=${mode}`]), { console: () => {} })
      while (board.next) board.advance()
      expect(board.status().map(({ instructions }) => instructions)).toEqual(
        met.end.pes.map(({ instructions }) => instructions),
      )
    },
  )
})
