/**
 * The keys of pointer authentication through a switch: nothing is found under mainline; with a step of theirs taken out it is
 * found whose key is whose, and which ISB of them can be missed where.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../electron/lab/mutate/sites.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { type CheckedPlan, runBase, tryAll } from '../../electron/workers/check/execute.ts'
import { judgeBarriers } from '../../electron/workers/check/needless.ts'
import { withoutInstruction } from '../../electron/workers/check/patch.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const idle = async () => {}
const modes = ['nvhe', 'vhe'] as const

function planned(mode: string, set: readonly string[] = [], name = 'contract-keys'): CheckedPlan {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(
    text,
    [`hypervisor.mode=${mode}`, ...set],
    knownNames(resources),
  )
  expect(problems).toEqual([])
  return planRun(experiment!, resources).checked!
}

async function found(checked: CheckedPlan): Promise<string[]> {
  const { broken } = await tryAll(checked, await runBase(checked, idle), idle)
  return [...new Set(broken.map(({ violation }) => `${violation.kind} ${violation.register}`))].toSorted()
}

/** Without an instruction of a routine: the one and only that reads so from the n-th on. */
function without(checked: CheckedPlan, routine: string, text: RegExp): CheckedPlan {
  const sites = codeOf(checked.plan)
    .words(routine)
    .filter((one) => text.test(one.text))
  expect(sites.length, `${routine}: ${text}`).toBeGreaterThan(0)
  const plan = withoutInstruction(checked.plan, sites[0]!.pc)!
  // A guest that misses a key may never end.
  return { ...checked, plan: { ...plan, stop: { ...plan.stop, instructions: 400_000 } } }
}

describe('the keys', { timeout: 120_000 }, () => {
  it.each(modes)('are each owner’s own under mainline, %s', async (mode) => {
    expect(await found(planned(mode))).toEqual([])
  })

  it.each(modes)('a half that the exit does not give back is lost by the host, %s', async (mode) => {
    expect(await found(without(planned(mode), 'guest_exit', /^msr apibkeyhi_el1/))).toContain(
      'host-state-lost APIBKeyHi_EL1',
    )
  })

  it.each(modes)('a half that the exit does not save is lost by the guest, %s', async (mode) => {
    const names = await found(without(planned(mode), 'guest_exit', /^mrs x\d, apdakeylo_el1/))
    expect(names).toContain('guest-state-lost APDAKeyLo_EL1')
    expect(names.filter((name) => name.startsWith('host'))).toEqual([])
  })

  it('behind the exit of a VM without MTE only their own ISB stands before a VHE host signs', async () => {
    const late = without(planned('vhe'), 'guest_exit', /^isb/)
    expect(await found(late)).toEqual([
      'unsynchronised-host-state APIAKeyHi_EL1',
      'unsynchronised-host-state APIAKeyLo_EL1',
    ])
    expect(await found(without(planned('vhe', ['host.signs=false']), 'guest_exit', /^isb/))).toEqual([])
    expect(await found(without(planned('nvhe'), 'guest_exit', /^isb/))).toEqual([])
  })
})

describe('advice on the two ISBs of an exit', { timeout: 120_000 }, () => {
  const needless = async (checked: CheckedPlan): Promise<string[]> => {
    const judged = await judgeBarriers(checked, await runBase(checked, idle), idle)
    return judged
      .filter((one) => one.needless)
      .map(({ closed }) => closed[0]!.register.replace(/^AP.*/, 'keys'))
  }

  it('nVHE: either can be missed, since an exception return follows', async () => {
    expect(await needless(planned('nvhe', ['machine.pauth=true', 'host.signs=true'], 'contract'))).toEqual([
      'keys',
      'GCR_EL1',
    ])
  })

  it('VHE: neither can', async () => {
    expect(await needless(planned('vhe', ['machine.pauth=true', 'host.signs=true'], 'contract'))).toEqual([])
  })
})
