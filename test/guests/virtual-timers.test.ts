/** Timers and the virtual GIC handed over: a guest is interrupted in its own time, and a step taken out is noticed by it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configText, planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { buildImage, run, sortedLines } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const modes = ['nvhe', 'vhe'] as const
/** Four VMs on two PEs: three use their timers, each in its own time, and move between the PEs. */
const text = JSON.stringify({
  name: 'timers',
  machine: { pes: 2, mte: 3, pauth: true, sync: 'eager' },
  hypervisor: { timers: true },
  host: { signs: true },
  vcpus: [
    { guest: 'ticker', mte: false, rounds: 6 },
    { guest: 'ticker', rounds: 6 },
    { guest: 'signer', rounds: 6 },
    { guest: 'ticker', rounds: 6 },
  ],
  stop: { instructions: 8_000_000 },
})

function experimentOf(set: string[]) {
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  expect(problems).toEqual([])
  return experiment!
}

/** With a place of a source replaced. */
async function runWith(mode: 'nvhe' | 'vhe', path: string, from: string, to: string) {
  const experiment = experimentOf([`hypervisor.mode=${mode}`])
  const source = readFileSync(join(resources, path), 'utf8')
  expect(source.split(from), `${path}: ${from}`).toHaveLength(2)
  const image = buildImage(configText(experiment), { [path]: source.replace(from, to) }, mode)
  const { image: _, ...plan } = planRun(experiment, resources).plan
  return run(image, plan)
}

const disturbed = (console: string): boolean => /bad [1-9]/.test(console) || !/switches \d+$/m.test(console)

/** Each under one mode, in the long run under both. */
const long = process.env.SWITCHYARD_LONG === '1'

describe.each(modes)('%s', { timeout: 120_000 }, (mode) => {
  it('each ticker has its ticks, and nobody is disturbed', async () => {
    const { image, ...plan } = planRun(experimentOf([`hypervisor.mode=${mode}`]), resources).plan
    const { console, end } = await run(image.bytes, plan)
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    expect(console.match(/ticker rounds 6 .*? bad 0/g)).toHaveLength(3)
    expect(disturbed(console)).toBe(false)
  })

  it.each(
    [
      ['its compare value', '\ttimer_access set, cval, \\t\n', ''],
      ['its control', '\ttimer_access set, ctl, \\t\n', ''],
      [
        'its interrupt',
        '\tldr\t\\t, [\\vcpu, #VCPU_LR0]\n\tmsr\tich_lr0_el2',
        '\tmov\t\\t, xzr\n\tmsr\tich_lr0_el2',
      ],
      ['its mask', '\tldr\t\\t, [\\vcpu, #VCPU_VMCR]\n', '\tmov\t\\t, #VMCR_RESET\n'],
    ].filter((_, i) => long || i % 2 === (mode === 'vhe' ? 1 : 0)),
  )('without %s a guest notices', async (_name, from, to) => {
    const { console } = await runWith(mode, 'hyp/shared/timer-gic.inc', from, to)
    expect(disturbed(console)).toBe(true)
  })

  it('prints the same on QEMU', async ({ skip }) => {
    skip(noQemu, noQemuReason)
    const { image, ...plan } = planRun(experimentOf([`hypervisor.mode=${mode}`]), resources).plan
    const there = await runOnQemu(image.bytes, plan.pes)
    const here = await run(image.bytes, plan)
    expect(there.code).toBe(0)
    expect(sortedLines(there.console)).toEqual(sortedLines(here.console))
  })
})
