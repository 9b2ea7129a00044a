import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Assembled } from '../../../shared/asm/link.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import type { Experiment } from '../../../shared/model/experiment.ts'
import { readExperiment } from '../../../shared/model/experiment-text.ts'
import { assembleMode } from '../image.ts'
import { configText } from '../plan-run.ts'
import { knownNames } from '../resources.ts'

export const policyModes = ['nvhe', 'vhe'] as const
export type PolicyMode = (typeof policyModes)[number]

/** A policy: a bundled one by its name, or a text that came from elsewhere. */
export interface PolicySource {
  /** What it is called in what is printed. */
  name: string
  /** The text of its .inc; null for a bundled policy, whose file is read. */
  text: string | null
}

/**
 * The machine that policies are compared on: one PE with everything that MTE has, a VM with MTE and one without. Both guests
 * make calls that the host answers at once, so that a round trip is seen.
 */
const referenceExperiment = {
  name: 'policy',
  title: 'What policies are compared on',
  machine: { pes: 1, memory: '64M' },
  schedule: { kind: 'deterministic', seed: 1 },
  vcpus: [
    { guest: 'alloc', mte: true, seed: 5, rounds: 0 },
    { guest: 'plain', mte: false, rounds: 0 },
  ],
}

/** The reference experiment with a bundled policy in one mode. @throws ProblemError for a policy that does not exist */
export function policyExperiment(resources: string, policy: string, mode: PolicyMode): Experiment {
  const text = JSON.stringify({ ...referenceExperiment, hypervisor: { mode, policy } })
  const { experiment, problems } = readExperiment(text, [], knownNames(resources))
  const [first] = problems
  if (experiment === null) throw new ProblemError(first!.path, first!.cause, first!.remedy)
  return experiment
}

/** The modes that this version has a hypervisor for. */
export const modesIn = (resources: string): PolicyMode[] =>
  policyModes.filter((mode) => existsSync(join(resources, `hyp/${mode}/image.S`)))

/**
 * Assembles the hypervisor of a mode with a policy, for the reference machine.
 * @throws ProblemError that names file, line and column of what cannot be assembled
 */
export function assemblePolicy(resources: string, { name, text }: PolicySource, mode: PolicyMode): Assembled {
  const experiment = policyExperiment(resources, text === null ? name : 'mainline', mode)
  const own = text === null ? null : { text, name }
  return assembleMode(mode, own, (file) => configText(experiment, file), resources)
}
