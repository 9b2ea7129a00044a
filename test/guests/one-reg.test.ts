/**
 * A vCPU's registers by number (resources/hosts/one-reg.S): read and written back at every exit, while the vCPU is loaded, they
 * are the guest's own and nobody is disturbed. What is broken in them is noticed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../electron/lab/mutate/sites.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { runBase, tryAll } from '../../electron/workers/check/execute.ts'
import { withoutInstruction } from '../../electron/workers/check/patch.ts'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { run } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const idle = async () => {}
const long = process.env.SWITCHYARD_LONG === '1'
const everyExit = 'host.oneReg=true'

function planned(name: string, set: readonly string[]) {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, [everyExit, ...set], knownNames(resources))
  expect(problems).toEqual([])
  return planRun(experiment!, resources)
}

const badsIn = (console: string) => [...console.matchAll(/ bad (\d+)/g)].map(([, count]) => Number(count))

async function badsOf({ image, ...plan }: MachinePlan): Promise<number[]> {
  const { console, end } = await run(image.bytes, plan)
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  return badsIn(console)
}

/** Without the n-th instruction of a routine that reads so. */
function without(plan: MachinePlan, routine: string, text: RegExp, nth = 0): MachinePlan {
  const sites = codeOf(plan)
    .words(routine)
    .filter((one) => text.test(one.text))
  expect(sites.length, `${routine}: ${text}`).toBeGreaterThan(nth)
  return withoutInstruction(plan, sites[nth]!.pc)!
}

describe('registers by number', { timeout: 60_000 }, () => {
  it.each(
    [
      ['contract', 'nvhe', 'mainline'],
      ['contract', 'vhe', 'mainline'],
      ['contract', 'nvhe', 'loadput-tfsr'],
      ['contract-task', 'vhe', 'mainline'],
      ['contract-keys', 'nvhe', 'mainline'],
      ['contract-timers', 'vhe', 'mainline'],
      ['contract-timers', 'nvhe', 'mainline'],
    ].filter((_, i) => long || i % 2 === 0),
  )('%s, %s %s: all of them are as they were', async (name, mode, policy) => {
    const set = [`hypervisor.mode=${mode}`, `hypervisor.policy=${policy}`, 'machine.sync=latest']
    const bads = await badsOf(planned(name, set).plan)
    expect(bads.length).toBeGreaterThan(1)
    expect(new Set(bads)).toEqual(new Set([0]))
  })

  it.each(['nvhe', 'vhe'])('the contract finds nothing in it, %s', async (mode) => {
    const checked = planned('contract', [`hypervisor.mode=${mode}`]).checked!
    const { broken, choices, exhaustive } = await tryAll(checked, await runBase(checked, idle), idle)
    expect({ broken, exhaustive }).toEqual({ broken: [], exhaustive: true })
    expect(choices).toBeGreaterThan(0)
  })

  it('a register of MTE must be refused where the VM has none, and only there', async () => {
    const { plan } = planned('contract', ['hypervisor.mode=vhe', 'machine.sync=latest'])
    for (const nth of [0, 1]) {
      // Whether the register is MTE's, whether the VM has MTE.
      const bads = await badsOf(without(plan, 'one_reg_get_row', /^tbz/, nth))
      expect(Math.max(...bads), `tbz ${nth}`).toBeGreaterThan(0)
    }
  })

  it('reads and writes them on QEMU as well', async ({ skip }) => {
    skip(noQemu, noQemuReason)
    for (const mode of ['nvhe', 'vhe']) {
      const { plan } = planned('contract', [`hypervisor.mode=${mode}`, 'machine.sync=eager'])
      const there = await runOnQemu(plan.image.bytes, 1)
      expect(there.code).toBe(0)
      expect(new Set(badsIn(there.console))).toEqual(new Set([0]))
    }
  })
})
