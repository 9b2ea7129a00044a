import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { costClasses } from '../../shared/arch/cost.ts'
import { defaultScope } from '../../shared/arch/synchronisation.ts'
import type { Experiment } from '../../shared/model/experiment.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { checkCostProfile, readCostProfile } from './cost-profile.ts'
import { configText, planRun, syncText } from './plan-run.ts'
import { experimentsIn, knownNames } from './resources.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)
const experimentOf = (text: string) => {
  const reading = readExperiment(text, [], known)
  expect(reading.problems).toEqual([])
  return reading.experiment!
}

describe('the resources', () => {
  it('name guests, policies and profiles', () => {
    expect(known.guests).toEqual(expect.arrayContaining(['alloc', 'keeper', 'plain', 'user']))
    expect(known.guests).not.toContain('end')
    expect(known.policies).toContain('mainline')
    expect(known.profiles).toContain('unit')
  })
  it.each(known.profiles)('profile %s has every class', (name) => {
    expect(Object.keys(readCostProfile(resources, name).classes).sort()).toEqual([...costClasses].sort())
  })
  it.each(experimentsIn(join(resources, 'experiments')).map((entry) => [entry.name, entry] as const))(
    'experiment %s can run',
    (name, entry) => {
      expect(experimentOf(entry.text).name).toBe(name)
      expect(entry.path).toContain(`${name}.json`)
    },
  )
})

describe('a plan', () => {
  const handover = readFileSync(join(resources, 'experiments/handover.json'), 'utf8')
  it('writes the experiment as config.inc', () => {
    // The one written by hand for binutils and QEMU, with its defaults spelled out and its comments left out.
    const byHand = readFileSync(join(resources, '../test/guests/handover-config.inc'), 'utf8')
    const meaning = (text: string) =>
      text
        .split('\n')
        .map((line) => line.replace(/\/\/.*/, '').trim())
        .filter((line) => line !== '')
        .map((line) => line.replace(/0x[0-9a-f]+/g, (digits) => String(Number(digits))).replace(/\s+/g, ' '))
        .map((line) => {
          if (!line.startsWith('cfg_vcpu')) return line
          const given = Object.fromEntries(
            line
              .slice(9)
              .split(', ')
              .map((part) => part.split('=')),
          )
          const row = {
            mte: '1',
            checks: '0',
            exclude: '0',
            rrnd: '0',
            seed: '1',
            rounds: '0',
            faults: '0',
            place: '0',
            ...given,
          }
          // A VM without MTE has no use for these.
          return row.mte === '0' ? { guest: row.guest, mte: row.mte, rounds: row.rounds } : row
        })
    expect(meaning(configText(experimentOf(handover)))).toEqual(meaning(byHand))
  })
  it('holds an image that is the same each time, and depends on what it is made of', () => {
    const one = planRun(experimentOf(handover), resources)
    const two = planRun(experimentOf(handover), resources)
    expect(two.imageHash).toBe(one.imageHash)
    expect(two.experimentHash).toBe(one.experimentHash)
    expect(one.imageHash).toMatch(/^[0-9a-f]{64}$/)
    expect(Buffer.from(one.plan.image.bytes.subarray(0, 4)).toString('latin1')).toBe('\x7fELF')
    const other = planRun(
      experimentOf(handover.replace('"exclude": "0x00f1"', '"exclude": "0x00f3"')),
      resources,
    )
    expect(other.imageHash).not.toBe(one.imageHash)
  })
  it('carries machine, costs, schedule and stop rules', () => {
    const { plan } = planRun(experimentOf(handover), resources)
    expect(plan).toMatchObject({
      pes: 2,
      memoryBytes: 2 ** 26,
      features: { mte: 3, mteAsync: true, ras: true, exs: false },
      sync: 'latest',
      release: 'ddi0487-m',
      schedule: { kind: 'deterministic', quantum: 250, seed: 1 },
      clock: 'model',
      probes: { switches: true, faults: true, events: true },
      stop: { switches: 2000, instructions: 20_000_000 },
    })
    expect(Object.keys(plan.costs).sort()).toEqual([...costClasses].sort())
  })

  it('carries the parameters of the synchronisation model, and a text that says them', () => {
    const experiment = experimentOf(handover)
    const of = (machine: Partial<Experiment['machine']>) =>
      planRun({ ...experiment, machine: { ...experiment.machine, ...machine } }, resources).plan
    const { plan } = planRun(experiment, resources)
    expect(plan.syncParameters).toEqual({ scope: defaultScope, window: 'run', seed: 1 })
    expect(syncText(plan)).toBe('latest')
    expect(syncText(of({ sync: 'eager', syncSeed: 9 }))).toBe('eager')
    expect(syncText(of({ sync: 'seeded', syncSeed: 9 }))).toBe('seeded, seed 9')
    expect(syncText(of({ syncWindow: 'switch', syncScope: ['GCR_EL1', 'TFSR'] }))).toBe(
      'latest, window switch, scope GCR_EL1 TFSR',
    )
    expect(syncText(of({ syncScope: [] }))).toBe('latest, scope empty')
  })
})

describe('a cost profile', () => {
  const classes = Object.fromEntries(costClasses.map((name) => [name, { nominal: 1, low: 1, high: 1 }]))
  const text = (change: Record<string, unknown>) =>
    JSON.stringify({ name: 'x', title: 'X', classes: { ...classes, ...change } })
  it.each([
    ['lacks a class', text({ isb: undefined }), 'class "isb" is missing'],
    ['has an unknown class', text({ issb: classes.isb }), 'there is no operation class "issb"'],
    ['has a fraction', text({ isb: { nominal: 1.5, low: 1, high: 2 } }), 'class "isb" needs whole numbers'],
    [
      'has its bounds the wrong way',
      text({ isb: { nominal: 3, low: 4, high: 5 } }),
      'class "isb" needs whole numbers',
    ],
    ['is not JSON', '{', 'this is not JSON'],
    ['has no classes', '{"name":"x","title":"X"}', 'classes are missing'],
  ])('that %s is refused', (_, profile, cause) => {
    expect(() => checkCostProfile('profiles/x.json', profile)).toThrow(cause)
  })
  it('that is whole is taken', () => {
    expect(checkCostProfile('profiles/x.json', text({})).classes.isb).toEqual({ nominal: 1, low: 1, high: 1 })
  })
})
