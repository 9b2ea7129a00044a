/**
 * What the rows call eager shows on QEMU too, with the same image: somebody counts something bad there that nobody counts under
 * the row's twin. What hangs on writes that come late does not show there: QEMU has none.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from '../guests/qemu.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)

/** Who counts something bad, there; null when nobody came to count. */
async function disturbedThere(name: string, set: readonly string[]): Promise<string[] | null> {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, [...set, 'inject=[]'], known)
  expect(problems).toEqual([])
  const { plan } = planRun(experiment!, resources)
  const { console } = await runOnQemu(plan.image.bytes, plan.pes)
  const summary = /^switchyard: (.*)$/m.exec(console)?.[1]
  if (summary === undefined) return null
  return [...summary.matchAll(/(v\d|host) (?:\w+ )?[^;]*bad (\d+)/g)]
    .filter(([, , count]) => count !== '0')
    .map(([, owner]) => owner!)
}

const vhe = 'hypervisor.mode=vhe'
const nvhe = 'hypervisor.mode=nvhe'
const policy = (name: string) => `hypervisor.policy=${name}`

/** Rows of the table: experiment, policy, mode, and whether it is eager. */
const rows: { row: string; name: string; set: string[]; twin: string[]; eager: boolean }[] = [
  { row: '1', name: 'contract', set: [vhe, policy('v12')], twin: [vhe], eager: false },
  { row: '2b', name: 'contract-tco', set: [], twin: [policy('tco-restore')], eager: true },
  { row: '3', name: 'contract-hyp-draws', set: [policy('v12')], twin: [], eager: false },
  { row: '5', name: 'contract-fault', set: [policy('no-itfsb')], twin: [], eager: false },
  { row: '5b', name: 'contract-fault-put', set: [policy('no-itfsb')], twin: [], eager: false },
  { row: '6', name: 'contract-h9', set: [], twin: ['host.tco=1'], eager: true },
  { row: '7', name: 'contract-timer', set: [policy('loadput-tfsr')], twin: [], eager: true },
  { row: '8', name: 'contract-deferred', set: [policy('deferred-shared-tail')], twin: [], eager: true },
  { row: '9', name: 'contract-exs', set: [policy('eos-clear')], twin: [], eager: false },
  { row: '10', name: 'contract-injected', set: [policy('inject-no-tco')], twin: [], eager: true },
  { row: '11', name: 'contract', set: [vhe, policy('no-gcr')], twin: [vhe], eager: true },
  { row: '11', name: 'contract', set: [nvhe, policy('no-rgsr')], twin: [nvhe], eager: true },
  { row: '12', name: 'contract-recycled', set: [policy('no-sanitise')], twin: [], eager: true },
  { row: '13', name: 'contract-plain', set: [policy('no-id-mask')], twin: [], eager: true },
  { row: '13', name: 'contract-plain', set: [policy('no-tid5')], twin: [], eager: true },
  { row: '13', name: 'contract-plain', set: [policy('ata-always')], twin: [], eager: true },
  { row: '16', name: 'contract', set: [vhe, policy('late-restore')], twin: [vhe], eager: true },
  { row: '16', name: 'contract', set: [vhe, policy('tfsr-alias')], twin: [vhe], eager: true },
]

/** QEMU's timers follow the clock of this machine, so where an interrupt falls is chance: what can show there gets some runs to. */
const EAGER_RUNS = 8

it.for(rows)(
  'row $row, $name $set: eager $eager',
  { timeout: 120_000 },
  async ({ name, set, twin, eager }, { skip }) => {
    skip(noQemu, noQemuReason)
    expect(await disturbedThere(name, twin)).toEqual([])
    let disturbed = await disturbedThere(name, set)
    for (let i = 1; eager && disturbed?.length === 0 && i < EAGER_RUNS; i++)
      disturbed = await disturbedThere(name, set)
    if (eager) expect(disturbed, `in none of ${EAGER_RUNS} runs`).not.toEqual([])
    else expect(disturbed).toEqual([])
  },
)
