/** The ways out of a guest that mainline's guests do not take by themselves, or that must look as the PE itself would do it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configText, planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { slotOf } from '../../electron/machine/cpu/layout.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { buildImage, run } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)
const modes = ['nvhe', 'vhe'] as const

function experimentOf(name: string, set: string[] = []) {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, set, known)
  expect(problems).toEqual([])
  return experiment!
}

describe.each(modes)('%s', { timeout: 60_000 }, (mode) => {
  const set = [`hypervisor.mode=${mode}`]

  it('has every kind of exit in contract-exits', async () => {
    const { image, ...plan } = planRun(experimentOf('contract-exits', set), resources).plan
    const { switches, end } = await run(image.bytes, plan)
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    const kinds = new Set(switches.map(({ exit }) => exit))
    expect([...kinds].sort()).toEqual(['HVC', 'IRQ', 'data abort', 'system register'])
  })

  it('fixes a trap up in the run loop and enters again', async () => {
    const { image, ...plan } = planRun(experimentOf('contract-reentry', set), resources).plan
    const { switches, console } = await run(image.bytes, plan)
    // Two VMs with two yields and an end each, and in each of the runs before them one first use of an FP register.
    expect(switches.map(({ exit }) => exit)).toEqual(Array(6).fill(['FP access', 'HVC']).flat())
    expect(console).toMatch(/; switches 6$/m)
    expect(console).not.toMatch(/bad [1-9]/)
  })

  it('answers one call at EL2 without a switch', async () => {
    const { image, ...plan } = planRun(experimentOf('contract-exs', set), resources).plan
    const { switches, console } = await run(image.bytes, plan)
    // Of the keeper's five calls and its end: the abort, time, UNDEFINED, yield and the end leave EL2.
    expect(switches.map(({ exit }) => exit)).toEqual(['data abort', 'HVC', 'HVC', 'HVC', 'HVC'])
    expect(console).toMatch(/; switches 5$/m)
  })

  it('repairs an illegal exception return, and no instruction of the guest has run', async () => {
    const exits = async (illegal: number) => {
      const experiment = experimentOf('contract-exs', [...set, `host.illegalEvery=${illegal}`])
      const { image, ...plan } = planRun(experiment, resources).plan
      const { switches, end, console } = await run(image.bytes, plan)
      expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
      expect(console).not.toMatch(/bad [1-9]/)
      return {
        guest: switches.reduce((sum, { guestInstructions }) => sum + guestInstructions, 0),
        all: end.pes[0]!.instructions,
      }
    }
    const [calm, met] = [await exits(0), await exits(1)]
    expect(met.guest).toBe(calm.guest)
    expect(met.all).toBeGreaterThan(calm.all)
  })

  it('panics with the host’s registers back where the guest’s pair was half in place', async () => {
    const experiment = experimentOf('contract-exs', set)
    const macros = readFileSync(join(resources, 'hyp/shared/mte.inc'), 'utf8')
    const between = '\tmsr\trgsr_el1, \\tmp\n.endif\n.if POLICY_GCR_SWITCH\n'
    expect(macros.split(between)).toHaveLength(2)
    const broken = macros.replace(between, between.replace('.if POLICY_GCR', '\tbrk\t#0\n.if POLICY_GCR'))
    const image = buildImage(configText(experiment), { 'hyp/shared/mte.inc': broken }, mode)
    const { image: _, ...plan } = planRun(experiment, resources).plan
    const { console, end, views } = await run(image, plan)
    expect(end.reason).toEqual({ kind: 'exit', code: 3, by: 'semihosting' })
    expect(console).toMatch(/EL2 panic: ESR_EL2 0x00000000f2000000/)
    const state = views.state(0)
    expect(state[slotOf('GCR_EL1')]).toBe(0x8001n)
    expect(state[slotOf('RGSR_EL1')]! & 0xffff00n).not.toBe(0x123400n)
  })
})
