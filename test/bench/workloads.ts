import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { nominalCosts, readCostProfile } from '../../electron/lab/cost-profile.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { startMachine } from '../../electron/workers/machine-client.ts'
import type { MachineEnd, MachineEvents, MachinePlan } from '../../electron/workers/plan.ts'
import { assemble } from '../../shared/asm/assemble.ts'
import { writeElf } from '../../shared/asm/elf-write.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { projectRoot, runCommand } from '../support/command-line.ts'

/** One thing that is measured: `once` runs it and gives the figure. */
export interface Workload {
  name: string
  unit: 'instructions/s' | 'switches/s' | 'ms'
  once(): Promise<number>
}

const resources = join(projectRoot, 'resources')
const spawnPe = (workerData: unknown): Worker =>
  new Worker(new URL('../../electron/workers/pe-worker.ts', import.meta.url), { workerData })
const silent: MachineEvents = { trace() {}, console() {}, status() {} }

function bootPlan(file: string, text: string, stop: MachinePlan['stop']): MachinePlan {
  return {
    image: { bytes: writeElf(assemble({ file, text }, { include: () => null })), file },
    pes: 1,
    memoryBytes: 64 << 20,
    features: { mte: 3, mteAsync: true, ras: true, exs: false },
    sync: 'eager',
    release: 'ddi0487-m',
    schedule: { kind: 'parallel', quantum: 1000, seed: 1 },
    costs: nominalCosts(readCostProfile(resources, 'unit')),
    clock: 'host',
    probes: { registers: [], switches: false, faults: false, events: false },
    stop,
  }
}

function experimentPlan(name: string): MachinePlan {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, [], knownNames(resources))
  if (!experiment) throw new Error(`${name}: ${problems[0]?.cause}`)
  return planRun(experiment, resources).plan
}

async function runToEnd(plan: MachinePlan): Promise<MachineEnd> {
  const machine = await startMachine(plan, silent, spawnPe)
  const end = await machine.ended
  if (end.reason.kind === 'failed') throw new Error(end.reason.message)
  return end
}

const perSecond = (end: MachineEnd, what: 'instructions' | 'switches'): number =>
  (end.pes.reduce((sum, pe) => sum + pe[what], 0) * 1e9) / end.hostNs

const alu = `_start: mov x0, #1
1:      add x1, x1, x0
        eor x2, x2, x1, lsl #3
        lsr x3, x2, #5
        subs x4, x4, #1
        b 1b
`
const tags = `_start: adr x0, here
1:      irg x1, x0
        addg x2, x1, #16, #1
        subp x3, x2, x1
        gmi x4, x1, x4
        b 1b
        .balign 16
here:   .quad 0, 0
`
const endless = '_start: b _start\n'

async function stopMs(): Promise<number> {
  const machine = await startMachine(bootPlan('endless.S', endless, {}), silent, spawnPe)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const asked = performance.now()
  await machine.stop()
  return performance.now() - asked
}

async function commandMs(): Promise<number> {
  const asked = performance.now()
  const { status } = await runCommand(['version'])
  if (status !== 0) throw new Error('the command line does not start')
  return performance.now() - asked
}

export const workloads: Workload[] = [
  {
    name: 'boot, integer loop',
    unit: 'instructions/s',
    once: async () =>
      perSecond(await runToEnd(bootPlan('alu.S', alu, { instructions: 3_000_000 })), 'instructions'),
  },
  {
    name: 'boot, tag arithmetic',
    unit: 'instructions/s',
    once: async () =>
      perSecond(await runToEnd(bootPlan('tags.S', tags, { instructions: 1_000_000 })), 'instructions'),
  },
  {
    name: 'handover, deterministic',
    unit: 'switches/s',
    once: async () => perSecond(await runToEnd(experimentPlan('handover')), 'switches'),
  },
  { name: 'stop in an endless loop', unit: 'ms', once: stopMs },
  { name: 'start of the command line', unit: 'ms', once: commandMs },
]
