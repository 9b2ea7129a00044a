/**
 * The scenarios of the switch contract (resources/experiments/contract*.json) under mainline: what each guest and the host
 * check for themselves finds nothing disturbed, whether writes act at once or as late as the architecture allows, and QEMU
 * prints the same. What the contract finds in them under other policies is tested in test/lab.
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { experimentsIn, knownNames } from '../../electron/lab/resources.ts'
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
  expect(owners).toHaveLength(summary.match(/v\d /g)!.length + 1)
  return owners.filter(([, , count]) => count !== '0').map(([, owner]) => owner!)
}

/** What mainline itself lets happen: the hazard H9, where the fault lands at once. */
const hazards: Record<string, string[]> = { 'contract-h9 vhe eager': ['v0'] }

const cases = scenarios.flatMap(({ name, text }) =>
  (['nvhe', 'vhe'] as const).map((mode) => ({ name, text, mode })),
)

describe.each(cases)('$name, $mode', { timeout: 120_000 }, ({ name, text, mode }) => {
  it.each(['eager', 'latest'] as const)('disturbs nobody it should not, sync %s', async (sync) => {
    const { image, ...plan } = planOf(text, [`machine.sync=${sync}`, `hypervisor.mode=${mode}`])
    const syncParameters = { scope: scopeItems }
    const { end, console } = await run(image.bytes, { ...plan, sync, syncParameters })
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    expect(console).not.toMatch(/dead|panic/)
    expect(disturbed(console)).toEqual(hazards[`${name} ${mode} ${sync}`] ?? [])
  })

  it('prints the same on QEMU', async ({ skip }) => {
    skip(noQemu, noQemuReason)
    const { image, ...plan } = planOf(text, ['machine.sync=eager', `hypervisor.mode=${mode}`])
    const here = await run(image.bytes, plan)
    const there = await runOnQemu(image.bytes, plan.pes)
    expect(sortedLines(there.console)).toEqual(sortedLines(here.console))
    expect(there.code).toBe(0)
  })
})
