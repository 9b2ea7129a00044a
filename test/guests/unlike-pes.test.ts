/** PEs that differ in features: the hypervisor offers what all of them have, and nobody is disturbed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { run } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = { guests: ['alloc', 'user', 'plain'], policies: ['mainline'], profiles: ['unit', 'n2-like'] }

function planOf(set: string[]) {
  const text = readFileSync(join(resources, 'experiments/handover.json'), 'utf8')
  const { experiment, problems } = readExperiment(text, set, known)
  expect(problems).toEqual([])
  const { image, ...plan } = planRun(experiment!, resources).plan
  return { image: image.bytes, plan }
}

it.each([
  ['RAS and FEAT_ExS on one of them', ['machine.perPe=[{"pe":0,"ras":false},{"pe":1,"exs":true}]']],
  [
    'FEAT_MTE3 and VHE on one of them',
    [
      'machine.perPe=[{"pe":1,"mte":2,"vhe":"off"}]',
      'host.checks=sync',
      'vcpus.0.checks=async',
      'vcpus.1.checks=sync',
      'vcpus.2.checks=async',
    ],
  ],
])('%s', { timeout: 60_000 }, async (_, set) => {
  const { image, plan } = planOf(set)
  const { end, console } = await run(image, plan)
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  expect([...console.matchAll(/bad (\d+)/g)].map(([, bad]) => bad)).toEqual(['0', '0', '0', '0', '0'])
})
