import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readExperiment } from '../../../shared/model/experiment-text.ts'
import type { CheckReport } from '../../../shared/model/findings.ts'
import { planRun } from '../../lab/plan-run.ts'
import { knownNames } from '../../lab/resources.ts'
import { check } from './check.ts'
import { type CheckedPlan, CheckStopped, runBase, tryAll } from './execute.ts'
import { boundedLimits } from './layers.ts'
import { sameViolation } from './minimise.ts'
import { withoutStep } from './patch.ts'

const resources = fileURLToPath(new URL('../../../resources/', import.meta.url))
const long = process.env.SWITCHYARD_LONG === '1'
const MINUTE = 60_000

const idle = async (): Promise<void> => {}

function checkedOf(name: string, set: string[]): CheckedPlan {
  const text = readFileSync(join(resources, 'experiments', `${name}.json`), 'utf8')
  const reading = readExperiment(text, ['machine.sync=explore', ...set], knownNames(resources))
  if (reading.experiment === null) throw new Error(JSON.stringify(reading.problems))
  const { checked } = planRun(reading.experiment, resources)
  if (checked === null) throw new Error('nothing to check')
  return checked
}

const checkOf = (name: string, set: string[], breathe = idle): Promise<CheckReport> =>
  check(checkedOf(name, set), `experiment ${name}`, breathe)
const kinds = ({ findings }: CheckReport): string[] =>
  [...new Set(findings.map(({ kind, register }) => `${kind} ${register}`))].toSorted()
const vhe = 'hypervisor.mode=vhe'
const v12 = [vhe, 'hypervisor.policy=v12']

describe('a check by exploration', () => {
  it.each([1, 3])(
    'finds the missing ISB of v12 under VHE in as many choices as %i draws leave open',
    async (draws) => {
      const report = await checkOf('contract', [...v12, `host.draws=${draws}`])
      expect(kinds(report)).toEqual(['unsynchronised-host-state GCR_EL1'])
      expect(report.verdict).toMatchObject({
        word: 'violated',
        choices: draws + 1,
        exhaustive: true,
        control: null,
      })
    },
    MINUTE,
  )
  it.each([
    [
      'contract-deferred',
      ['hypervisor.policy=deferred-shared-tail'],
      [
        'guest-state-lost GCR_EL1',
        'guest-state-lost RGSR_EL1',
        'host-state-lost GCR_EL1',
        'host-state-lost RGSR_EL1',
      ],
    ],
    [
      'contract',
      ['hypervisor.policy=no-gcr'],
      ['foreign-tag-source GCR_EL1', 'guest-state-lost GCR_EL1', 'host-state-lost GCR_EL1'],
    ],
    [
      'contract',
      [vhe, 'hypervisor.policy=tfsr-alias'],
      ['guest-state-lost TFSR_EL1', 'host-state-lost TFSR_EL2'],
    ],
  ])(
    'goes on behind what breaks every execution: %s %s',
    async (name, set, expected) => {
      expect(kinds(await checkOf(name, set))).toEqual(expected)
    },
    MINUTE,
  )
  it(
    'gives each cause a step, and the decision at the step where it was made',
    async () => {
      const [finding] = (await checkOf('contract', v12)).findings
      const last = finding?.steps.at(-1)
      expect(last?.instruction).toMatch(/^irg/)
      expect(finding?.choices).toContainEqual(
        expect.objectContaining({
          position: last?.position,
          kind: 'write-used',
          register: 'GCR_EL1',
          taken: 0,
        }),
      )
      // The write of the host at boot can be taken out, and the host still draws under the mask of the guest.
      expect(finding?.steps.every(({ position }) => position > 10_000)).toBe(true)
      for (const { step } of finding?.explanation ?? []) expect(finding?.steps[step ?? 0]).toBeDefined()
    },
    MINUTE,
  )
  it.each(
    [
      ['contract', v12],
      ['contract-fault', ['hypervisor.policy=no-itfsb']],
      ['contract-timer', ['hypervisor.policy=loadput-tfsr']],
      ['contract-deferred', ['hypervisor.policy=deferred-shared-tail']],
    ].filter((_, i) => long || i % 2 === 1) as [string, string[]][],
  )(
    'without any step of a witness but the last nothing is found: %s %s',
    async (name, set) => {
      const checked = checkedOf(name, set)
      const { findings } = await check(checked, name, idle)
      expect(findings.length).toBeGreaterThan(0)
      for (const finding of findings) {
        for (const step of finding.steps.slice(0, -1)) {
          const image = withoutStep(checked.plan, step)
          if (image === null) continue // the completion of a fault, where no instruction is to blame
          const plan = { ...checked, plan: { ...image, stop: { ...image.stop, instructions: 400_000 } } }
          const { broken } = await tryAll(plan, await runBase(plan, idle), idle, boundedLimits)
          const again = broken.some(({ violation }) => sameViolation(violation, finding))
          expect(again, `${finding.kind} ${finding.register} without ${step.instruction}`).toBe(false)
        }
      }
    },
    MINUTE,
  )
  it(
    'weighs a none by its control: without the ISB it is violated',
    async () => {
      const { verdict, findings, pending } = await checkOf('contract', [vhe, 'hypervisor.policy=v13'])
      expect(findings).toEqual([])
      expect(verdict).toMatchObject({
        word: 'none',
        control: { removed: expect.stringMatching(/^isb at /), violated: true },
      })
      expect(verdict.text).toMatch(/^no violation in \d+ choices? \(exhaustive for this window and scope\)$/)
      expect(pending.length).toBeGreaterThan(0)
    },
    MINUTE,
  )
  it(
    'finds both sides of a fault that was in flight',
    async () => {
      expect(kinds(await checkOf('contract-fault', ['hypervisor.policy=no-itfsb']))).toEqual([
        'tag-fault-lost TFSR_EL1',
        'tag-fault-misattributed TFSR_EL1',
      ])
    },
    MINUTE,
  )
  it(
    'advises about a slot that nobody loads, apart from the verdict',
    async () => {
      const { advice, verdict } = await checkOf('contract', [vhe, 'hypervisor.policy=dead-slot'])
      expect(advice.map(({ kind, register }) => `${kind} ${register}`)).toEqual(['dead-save TFSRE0_EL1'])
      expect(verdict.word).toBe('none')
      expect((await checkOf('contract', [vhe])).advice).toEqual([])
    },
    MINUTE,
  )
  it(
    'advises about an offset that no instruction uses, and says that its slot is live',
    async () => {
      const { advice, verdict } = await checkOf('contract', v12)
      expect(advice).toMatchObject([
        { kind: 'dead-offset', register: 'TFSRE0_EL1', place: expect.stringMatching(/^CPU_TFSRE0_EL1 at /) },
      ])
      expect(advice[0]?.text).toMatch(/the slot itself is live: \d+ instructions/)
      expect(verdict.word).toBe('violated')
    },
    MINUTE,
  )
  it.each([
    ['nvhe', 'mainline', [/^isb at guest_exit/]],
    ['nvhe', 'extra-isb', [/^isb at guest_enter/, /^isb at guest_exit/]],
    ['vhe', 'extra-isb', [/^isb at guest_enter/]],
    ['vhe', 'mainline', []],
  ] as const)(
    'advises about an ISB without which nothing is found either: %s %s',
    async (mode, policy, places) => {
      const set = [`hypervisor.mode=${mode}`, `hypervisor.policy=${policy}`]
      const { advice, verdict } = await checkOf('contract', set)
      expect(verdict.word).toBe('none')
      expect(advice).toHaveLength(places.length)
      for (const [i, place] of places.entries()) {
        expect(advice[i]).toMatchObject({ kind: 'needless-barrier', register: 'GCR_EL1' })
        expect(advice[i]?.place).toMatch(place)
        expect(advice[i]?.text).toMatch(
          /in 1 choice of experiment contract, EOS=1; .* GCR_EL1 by exception return/,
        )
      }
    },
    MINUTE,
  )
  it(
    'goes on where every execution is broken: what comes later belongs to the set',
    async () => {
      expect(kinds(await checkOf('contract', ['hypervisor.policy=no-gcr']))).toEqual([
        'foreign-tag-source GCR_EL1',
        'guest-state-lost GCR_EL1',
        'host-state-lost GCR_EL1',
      ])
    },
    MINUTE,
  )
  it(
    'judges as many samples of seeded as are asked for',
    async () => {
      const seeded = (set: string[]) => checkOf('contract-exs', ['machine.sync=seeded', ...set])
      const { verdict } = await seeded(['machine.syncSamples=3'])
      expect(verdict).toMatchObject({ mode: 'seeded', choices: 3, exhaustive: false })
      expect((await seeded([])).verdict.choices).toBe(16)
    },
    MINUTE,
  )
  it('stops when nobody wants it any more', async () => {
    const stopped = checkOf('contract', v12, async () => {
      throw new CheckStopped()
    })
    await expect(stopped).rejects.toBeInstanceOf(CheckStopped)
  })
})
