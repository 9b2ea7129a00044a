import { Value } from 'typebox/value'
import { type FeatureChoice, featureSet } from '../arch/features.ts'
import { scopeItems } from '../arch/synchronisation.ts'
import { sysregs } from '../arch/sysregs.ts'
import { type Experiment, type ExperimentFile, experimentSchema } from './experiment.ts'

const units = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const

/** Bytes of a memory size: a number, or digits with K, M or G. */
export function memoryBytes(memory: number | string): number {
  if (typeof memory === 'number') return memory
  return Number(memory.slice(0, -1)) * units[memory.slice(-1) as keyof typeof units]
}

/** What a PE of an experiment's machine implements, but for what follows from the schedule (FEAT_LSE2). */
export function peFeatures(machine: Experiment['machine'], pe: number): FeatureChoice {
  const { mte, mteAsync, ras, exs, pauth, vhe } = machine
  const { pe: _, ...own } = machine.perPe.find((entry) => entry.pe === pe) ?? {}
  return { mte, mteAsync, ras, exs, pauth, vhe, ...own }
}

/** The registers recorded when an experiment names none: those of the MTE switch that the machine has. */
export function defaultProbes(machine: Experiment['machine']): string[] {
  const has = featureSet(machine)
  return ['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1', 'TFSR_EL2', 'SCTLR_EL1', 'HCR_EL2'].filter(
    (name) => {
      const needs = sysregs[name as keyof typeof sysregs].feature
      return needs === undefined || has.has(needs)
    },
  )
}

/** Fills in what a file that passed the schema leaves out, and resolves its notations. The file itself is not changed. */
export function fillDefaults(file: ExperimentFile): Experiment {
  const filled = Value.Default(experimentSchema, structuredClone(file)) as Experiment & ExperimentFile
  const { memory, syncScope } = filled.machine
  const machine = {
    ...filled.machine,
    memory: memoryBytes(memory),
    syncScope: scopeItems.filter((item) => syncScope.includes(item)),
  }
  return {
    name: filled.name,
    title: filled.title ?? filled.name,
    machine,
    hypervisor: filled.hypervisor,
    host: {
      ...filled.host,
      exclude: Number(filled.host.exclude),
      otherExclude: Number(filled.host.otherExclude ?? filled.host.exclude),
      task: filled.host.task ? { ...filled.host.task, exclude: Number(filled.host.task.exclude) } : null,
    },
    vcpus: filled.vcpus.map((vcpu) => ({ ...vcpu, exclude: Number(vcpu.exclude) })),
    schedule: filled.schedule,
    inject: filled.inject,
    cost: filled.cost,
    probes: { events: filled.probes.events, registers: filled.probes.registers ?? defaultProbes(machine) },
    stop: filled.stop,
  }
}

/**
 * The text that an experiment's hash is taken of: defaults filled in, keys in code-unit order, no space. Two files that
 * mean the same experiment have the same text, whatever their layout, comments, key order and notations.
 */
export function canonicalExperiment(experiment: Experiment): string {
  return canonicalJson(experiment)
}

/** JSON with object keys in code-unit order and no space; what is undefined is left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}
