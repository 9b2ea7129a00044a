import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type AtlasOptions, allMutants, type MutantResult, mutationAtlas, tallyOf } from './atlas.ts'
import { commute, effectsOf, isRepeatable } from './effects.ts'

const resources = fileURLToPath(new URL('../../../resources', import.meta.url))
const long = process.env.SWITCHYARD_LONG === '1'
const MINUTE = 60_000

async function atlas(name: string, options: Partial<AtlasOptions>): Promise<MutantResult[]> {
  const policy = { name, text: null, include: `hyp/policies/${name}.inc` }
  const told: number[] = []
  const { results } = await mutationAtlas(
    resources,
    policy,
    { ...allMutants, ...options },
    async () => {},
    (_result, done) => void told.push(done),
  )
  expect(told).toEqual(results.map((_, i) => i + 1))
  return results
}
const small = ['contract', 'contract-fault', 'contract-plain']

describe('the mutation atlas', { timeout: long ? 60 * MINUTE : MINUTE }, () => {
  it('catches the exit ISB taken out under VHE, and under nVHE names the event that orders it', async () => {
    const results = await atlas('mainline', { operators: ['drop-barrier'], scenarios: ['contract'] })
    const exit = (mode: string) =>
      results.find((one) => one.mode === mode && one.place === 'guest_exit')?.fate
    expect(exit('vhe')).toEqual({
      kind: 'caught',
      scenario: 'contract',
      by: 'unsynchronised-host-state GCR_EL1',
    })
    expect(exit('nvhe')).toEqual({
      kind: 'equivalent',
      reason: 'ordered by a named event',
      detail: 'GCR_EL1: exception return from EL2',
    })
  })

  it('says of a share of the mutants what catches them, or why nothing can', async () => {
    const results = await atlas('mainline', { every: 11, scenarios: small })
    expect(results.length).toBeGreaterThan(20)
    for (const { fate, text, operator } of results) {
      expect(text).not.toBe('')
      if (fate.kind === 'caught') expect(small).toContain(fate.scenario)
      if (fate.kind === 'equivalent' && operator === 'drop') expect(fate.reason).toBe('no reader')
    }
    const { caught, score } = tallyOf(results)
    expect(caught).toBeGreaterThan(12)
    expect(score).toBeGreaterThanOrEqual(0.95)
    // A gate that is open for a VM without MTE as well gives everybody his own back, and costs time only.
    for (const { operator, text, fate } of results)
      if (fate.kind === 'survived') expect(`${operator} ${text}`).toMatch(/^wrong-gate .* always open$/)
  })

  it('calls a save that nobody loads equivalent to none', async () => {
    const results = await atlas('dead-slot', { operators: ['drop'], modes: ['vhe'], scenarios: ['contract'] })
    const dead = results.filter(({ text }) => text.includes('str x3, [x1, #504]'))
    expect(dead.map(({ fate }) => fate)).toEqual([
      { kind: 'equivalent', reason: 'no reader', detail: 'what it saves is loaded in no scenario' },
    ])
  })

  it('catches at least 95 % of all that are not equivalent, in each mode', async ({ skip }) => {
    skip(!long, 'only in the long run')
    for (const mode of ['nvhe', 'vhe'] as const) {
      const results = await atlas('mainline', { modes: [mode] })
      const { score, mutants } = tallyOf(results)
      expect(mutants).toBeGreaterThan(120)
      expect(score, mode).toBeGreaterThanOrEqual(0.95)
    }
  })
})

describe('the effects of an instruction', () => {
  const of = (text: string) => effectsOf(text)!
  it('decide whether two can change places', () => {
    const can = (a: string, b: string) => commute(of(a), of(b))
    expect(can('msr rgsr_el1, x2', 'msr gcr_el1, x3')).toBe(true)
    expect(can('mrs x2, rgsr_el1', 'str x2, [x1, #480]')).toBe(false)
    expect(can('str x2, [x1, #480]', 'ldr x3, [x1, #488]')).toBe(true)
    // Two contexts may be one.
    expect(can('str x2, [x1, #480]', 'ldr x3, [x29, #488]')).toBe(false)
    expect(can('ldr x2, [x29, #480]', 'ldr x2, [x29, #488]')).toBe(false)
    expect(effectsOf('isb')).toBeNull()
  })

  it('decide whether one may be executed twice', () => {
    expect(isRepeatable(of('mrs x2, gcr_el1'))).toBe(true)
    expect(isRepeatable(of('ldr x2, [x2, #8]'))).toBe(false)
  })
})
