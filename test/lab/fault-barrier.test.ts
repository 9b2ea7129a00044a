/**
 * Row 5's barriers: without ITFSB a DSB that waits for loads, with an ISB behind it, before TFSR_EL1 is saved brings the guest's
 * fault in; one that waits for stores only does not, whatever follows it (DDI 0487, D7.4.9 and B2.3.12).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { runBase, tryAll } from '../../electron/workers/check/execute.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-fault-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** no-itfsb with instructions before the save of TFSR_EL1 and TFSRE0_EL1. */
const policyWith = (before: readonly string[]): string => `\t.include "hyp/policies/no-itfsb.inc"
.set POLICY_OWN_SAVE_LIST, 1
.macro mte_sysregs_save
${before.map((line) => `\t${line}`).join('\n')}
	tfsr_save
	sysreg_save tfsre0_el1, CTX_TFSRE0
.endm
`

async function found(before: readonly string[], set: readonly string[]): Promise<string[]> {
  const file = join(folder, 'policy.inc')
  writeFileSync(file, policyWith(before))
  const text = readFileSync(join(resources, 'experiments/contract-fault.json'), 'utf8')
  const all = [...set, `hypervisor.source=${JSON.stringify(file)}`]
  const { experiment, problems } = readExperiment(text, all, knownNames(resources))
  expect(problems).toEqual([])
  const checked = planRun(experiment!, resources).checked!
  const { broken } = await tryAll(checked, await runBase(checked, idle), idle)
  return [...new Set(broken.map(({ violation }) => `${violation.kind} ${violation.register}`))].toSorted()
}
const idle = async () => {}
const both = (register: string) => [`tag-fault-lost ${register}`, `tag-fault-misattributed ${register}`]

const places = [
  { place: 'EL1', set: [], register: 'TFSR_EL1' },
  { place: 'EL0', set: ['vcpus.1.faultAt=el0'], register: 'TFSRE0_EL1' },
  { place: 'EL1 with VA bit 55 set', set: ['vcpus.1.faultAt=el1-high'], register: 'TFSR_EL1' },
]

const long = process.env.SWITCHYARD_LONG === '1'

describe.each(places.filter((_place, i) => long || i === 0))(
  'a fault at $place in flight at the HVC',
  { timeout: 60_000 },
  ({ set, register }) => {
    it.each([
      [[], both(register)],
      [['dsb nsh', 'isb'], []],
      [['dsb nshld', 'isb'], []],
      [['dsb sy', 'isb'], []],
      [['dsb nshst', 'isb'], both(register)],
      [['dmb sy', 'isb'], both(register)],
      [['isb'], both(register)],
    ])('with %j before the save', async (before, expected) => {
      expect(await found(before, set)).toEqual(expected)
    })
  },
)
