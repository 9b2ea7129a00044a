/**
 * The rows: an experiment, a policy, and the exact set of violations that exploration finds, with the twins of each
 * row that must find none. Nothing here knows how; the sets come out of the model.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../electron/lab/mutate/sites.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { check } from '../../electron/workers/check/check.ts'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { rows } from './rows.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)

async function checkOf(name: string, set: string) {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, set.split(' ').filter(Boolean), known)
  expect(problems).toEqual([])
  const { checked } = planRun(experiment!, resources)
  return check(checked!, name, async () => {})
}

describe('the rows, by exploration', { timeout: 120_000 }, () => {
  it.each(rows)('row %s: %s %s', async (_row, name, set, violations) => {
    const { findings, verdict } = await checkOf(name, set)
    const found = [...new Set(findings.map(({ kind, register }) => `${kind} ${register}`))].toSorted()
    expect(found).toEqual(violations.toSorted())
    // A none is worth something only where all was tried, and a control shows that it could have been found.
    const none = { word: 'none', exhaustive: true, control: { violated: true } }
    expect(verdict).toMatchObject(violations.length > 0 ? { word: 'violated' } : none)
  })
})

describe('row 4: no ISB between the guest’s MTE registers and its ERET', { timeout: 120_000 }, () => {
  const modes = ['nvhe', 'vhe']
  const syncs = ['eager', 'latest', 'seeded', 'explore'] as const
  function plannedFor(mode: string) {
    const text = readFileSync(join(resources, 'experiments/contract.json'), 'utf8')
    const { experiment } = readExperiment(text, [`hypervisor.mode=${mode}`], known)
    return planRun(experiment!, resources).checked!
  }
  it.each(modes)('has none there to begin with: %s', (mode) => {
    const { plan } = plannedFor(mode)
    const entry = codeOf(plan).words('guest_enter')
    const isRegister = ({ text }: { text: string }): boolean => /^msr (gcr|rgsr)_el1/.test(text)
    const behind = entry.slice(
      entry.findIndex(isRegister),
      entry.findIndex(({ text }) => text === 'eret'),
    )
    expect(behind.length).toBeGreaterThan(10)
    expect(behind.filter(({ text }) => text === 'isb')).toEqual([])
  })
  it.each(modes.flatMap((mode) => syncs.map((sync) => [mode, sync] as const)))(
    'is none of the findings: %s %s',
    async (mode, sync) => {
      const checked = plannedFor(mode)
      const plan: MachinePlan = { ...checked.plan, sync: sync === 'explore' ? 'latest' : sync }
      // Samples cost a run each; the usual number is for the long run.
      const samples = process.env.SWITCHYARD_LONG === '1' ? checked.samples : 3
      const { findings } = await check({ ...checked, plan, mode: sync, samples }, 'contract', async () => {})
      expect(findings).toEqual([])
    },
  )
})
