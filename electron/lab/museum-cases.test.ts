/** Every case of the museum, both ways: broken is violated, fixed is not. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import type { MuseumVariant } from '../../shared/model/museum.ts'
import { packageRoot } from '../base/package-root.ts'
import { runBase, tryAll } from '../workers/check/execute.ts'
import { museumCases } from './museum.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'

const resources = join(packageRoot(), 'resources')
const cases = museumCases(resources)
const MINUTE = 60_000
const idle = async (): Promise<void> => {}

/** @returns how many there are; a set without any must be of all executions */
async function violations({ text, set }: MuseumVariant): Promise<number> {
  const reading = readExperiment(text, set, knownNames(resources))
  if (reading.experiment === null) throw new Error(JSON.stringify(reading.problems))
  const { checked } = planRun(reading.experiment, resources)
  if (checked === null) throw new Error('a case that is not checked')
  const tried = await tryAll(checked, await runBase(checked, idle), idle)
  if (tried.broken.length === 0) expect(tried.incomplete).toBe(null)
  return tried.broken.length
}

describe('the museum', () => {
  it('has a dozen cases of ten hazards', () => {
    expect(cases.length).toBeGreaterThanOrEqual(12)
    expect(new Set(cases.flatMap(({ hazards }) => hazards)).size).toBeGreaterThanOrEqual(10)
    for (const { story } of cases) expect(story).toMatch(/^# .+\n.*## Sources\n.*## Limits of the model\n/s)
  })
  it.each(cases.map((each) => [each.name, each] as const))(
    '%s is violated when broken, and not when fixed',
    async (_, { broken, fixed }) => {
      expect(await violations(broken)).toBeGreaterThan(0)
      expect(await violations(fixed)).toBe(0)
    },
    MINUTE,
  )
})
