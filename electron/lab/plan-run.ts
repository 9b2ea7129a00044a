import { basename } from 'node:path'
import { featureSet, leastOf } from '../../shared/arch/features.ts'
import { defaultParameters, defaultScope } from '../../shared/arch/synchronisation.ts'
import type { Experiment } from '../../shared/model/experiment.ts'
import { canonicalExperiment, peFeatures } from '../../shared/model/experiment-defaults.ts'
import type { CheckedPlan } from '../workers/check/execute.ts'
import type { MachinePlan } from '../workers/plan.ts'
import { nominalCosts, readCostProfile } from './cost-profile.ts'
import { sha256 } from './hash.ts'
import { imageOf, OWN_POLICY } from './image.ts'
import { type DeadOffset, deadOffsetAdvice, deadOffsets } from './policy/dead-offset.ts'
import { readSavedVm, withSavedVm } from './saved-vm.ts'

export interface PlannedRun {
  plan: MachinePlan
  /** SHA-256 hex of the canonical experiment, and of the ELF image. */
  experimentHash: string
  imageHash: string
  /** What the switch contract is to judge; null where nobody asked: sync eager and latest are runs, not checks, and so is a long seeded one. */
  checked: CheckedPlan | null
}

/**
 * An experiment as a machine's plan: its configuration written as assembly, the image assembled, costs and features looked
 * up. The same experiment and resources give the same bytes.
 * @throws ProblemError that names file, line and column when the sources cannot be assembled
 */
export function planRun(experiment: Experiment, resources: string): PlannedRun {
  const { machine, hypervisor, vcpus, schedule, probes, stop } = experiment
  const { assembled, ...built } = imageOf(hypervisor, (policy) => configText(experiment, policy), resources)
  const { restore } = experiment.host
  const image =
    restore === undefined
      ? built
      : { ...built, bytes: withSavedVm(built.bytes, built.file, readSavedVm(restore)) }
  const plan: MachinePlan = {
    image,
    pes: machine.pes,
    memoryBytes: machine.memory,
    features: {
      mte: machine.mte,
      mteAsync: machine.mteAsync,
      ras: machine.ras,
      exs: machine.exs,
      pauth: machine.pauth,
      vhe: machine.vhe,
    },
    perPe: Object.fromEntries(machine.perPe.map(({ pe, ...own }) => [pe, own])),
    sync: machine.sync === 'explore' ? 'latest' : machine.sync,
    release: machine.release,
    syncParameters: { scope: machine.syncScope, window: machine.syncWindow, seed: machine.syncSeed },
    schedule,
    injections: experiment.inject,
    costs: nominalCosts(readCostProfile(resources, experiment.cost.profile)),
    clock: schedule.kind === 'deterministic' ? 'model' : 'host',
    probes: { registers: probes.registers, switches: true, faults: true, events: probes.events },
    stop,
  }
  const mode = machine.sync
  const checked: CheckedPlan | null =
    schedule.kind === 'deterministic' && (mode === 'explore' || (mode === 'seeded' && isShort(stop)))
      ? {
          plan,
          mode,
          samples: machine.syncSamples,
          vcpus,
          hypervisor: isForeign(hypervisor) ? null : hypervisor.mode,
          advice:
            assembled === null
              ? []
              : deadOffsets(assembled, policyFiles(hypervisor)).map((offset) =>
                  deadOffsetAdvice(named(offset, hypervisor)),
                ),
        }
      : null
  return {
    plan,
    experimentHash: sha256(canonicalExperiment(experiment)),
    imageHash: sha256(image.bytes),
    checked,
  }
}

/** The mode of an experiment's synchronisation model with the parameters that are not the usual ones: what a result holds for. */
export function syncText(
  { sync: runs, syncParameters }: Pick<MachinePlan, 'sync' | 'syncParameters'>,
  mode: Experiment['machine']['sync'] = runs,
): string {
  const sync = mode
  const { scope, window, seed } = { ...defaultParameters, ...syncParameters }
  if (sync === 'eager') return sync
  return [
    sync,
    ...(sync === 'seeded' ? [`seed ${seed}`] : []),
    ...(window === defaultParameters.window ? [] : [`window ${window}`]),
    ...(scope.join() === defaultScope.join() ? [] : [`scope ${scope.join(' ') || 'empty'}`]),
  ].join(', ')
}

/** An ELF file from elsewhere: HCR_EL2.E2H says which mode it is. The experiment's vCPUs say which of its VMs have MTE, in the order of their VMIDs. */
const isForeign = ({ source }: Experiment['hypervisor']): boolean =>
  source !== undefined && !/\.(inc|S)$/.test(source)

/** A policy of one's own by its file's name, not by the one that it is included as. */
const named = (offset: DeadOffset, { source = '' }: Experiment['hypervisor']): DeadOffset => ({
  ...offset,
  place: offset.place.replace(OWN_POLICY, basename(source)),
})

/** The sources that are the policy's own. */
const policyFiles = ({ policy, source }: Experiment['hypervisor']): ReadonlySet<string> =>
  new Set([source === undefined ? `hyp/policies/${policy}.inc` : OWN_POLICY])

/** A sample costs as much as the run: long ones are not repeated unasked. */
const isShort = ({ switches }: Experiment['stop']): boolean => switches !== undefined && switches <= 1000

const checkModes = { none: 0, sync: 1, async: 2, asym: 3 } as const
/** FAULT_ and PLACE_ constants of resources/hyp/shared/layout.inc. */
const faultWays = { load: 1, store: 2, 'task-store': 4 } as const
const faultPlaces = { el1: 0, 'el1-high': 1, el0: 2 } as const

/**
 * config.inc: its symbols are described in resources/hyp/README.md.
 * @param policyFile what it includes as the policy; the one that the experiment names when left out
 */
export function configText(
  { machine, hypervisor, host, vcpus }: Experiment,
  policyFile = `hyp/policies/${hypervisor.policy}.inc`,
): string {
  const common = leastOf(Array.from({ length: machine.pes }, (_, pe) => peFeatures(machine, pe)))
  const symbols: [string, number][] = [
    ['CFG_PES', machine.pes],
    ['CFG_VCPUS', vcpus.length],
    ['CFG_MTE', common.mte],
    ['CFG_MTE_ASYNC', featureSet(common).has('FEAT_MTE_ASYNC') ? 1 : 0],
    ['CFG_RAS', common.ras ? 1 : 0],
    ['CFG_PAUTH', common.pauth ? 1 : 0],
    ['CFG_HYP_DRAWS', hypervisor.draws],
    ['CFG_TIMERS', hypervisor.timers ? 1 : 0],
    ['CFG_HOST_EXCLUDE', host.exclude],
    ['CFG_HOST_OTHER', host.otherExclude],
    ['CFG_HOST_RRND', host.rrnd],
    ['CFG_HOST_CHECKS', checkModes[host.checks]],
    ['CFG_HOST_TCF0', checkModes[(host.task ?? host).checks]],
    ['CFG_HOST_TASK', host.task === null ? 0 : 1],
    ['CFG_TASK_EXCLUDE', host.task?.exclude ?? 0],
    ['CFG_TASK_FAULTS', host.task?.faultEvery ?? 0],
    ['CFG_HOST_SEED', host.seed],
    ['CFG_HOST_FAULTS', host.faultEvery],
    ['CFG_HOST_FAULT_BY', host.faultBy.reduce((bits, way) => bits | faultWays[way], 0)],
    ['CFG_HOST_FAULT_LOADED', host.faultAt === 'loaded' ? 1 : 0],
    ['CFG_HOST_READS_TFSR', host.readsTfsr ? 1 : 0],
    ['CFG_HOST_CHECKS_TCO', host.checksTco ? 1 : 0],
    ['CFG_HOST_TIMER', host.timer],
    ['CFG_HOST_PENDING', host.pendingEvery],
    ['CFG_HOST_ILLEGAL', host.illegalEvery],
    ['CFG_SAVE_AT', host.saveAt],
    ['CFG_RESTORE', host.restore === undefined ? 0 : 1],
    ['CFG_MOVE_LOADED', host.moveLoaded ? 1 : 0],
    ['CFG_HOST_ONE_REG', host.oneReg ? 1 : 0],
    ['CFG_ONE_REG', host.oneReg || host.saveAt > 0 || host.restore !== undefined ? 1 : 0],
    ['CFG_HOST_DRAWS', host.probe === 'tag-draw' ? host.draws : 0],
    ['CFG_HOST_SIGNS', host.signs ? 1 : 0],
    ['CFG_HOST_ATA', host.tagAccess ? 1 : 0],
    ['CFG_HOST_TCO', host.tco],
  ]
  const rows = vcpus.map(
    (vcpu) =>
      `\tcfg_vcpu guest=${vcpu.guest}, mte=${vcpu.mte ? 1 : 0}, checks=${checkModes[vcpu.checks]}, exclude=${vcpu.exclude}, ` +
      `rrnd=${vcpu.rrnd}, seed=${vcpu.seed}, rounds=${vcpu.rounds}, faults=${vcpu.faultEvery}, place=${faultPlaces[vcpu.faultAt]}`,
  )
  return [
    ...symbols.map(([name, value]) => `.set ${name}, ${value}`),
    '.macro vcpu_config',
    ...rows,
    '.endm',
    `\t.include "${policyFile}"`,
    '',
  ].join('\n')
}
