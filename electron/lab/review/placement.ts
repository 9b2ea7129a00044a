import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ViolationKind } from '../../../shared/model/findings.ts'
import type { Breathe } from '../../workers/check/execute.ts'
import { modesIn, type PolicyMode } from '../policy/image.ts'
import { battery, violationsOf } from './battery.ts'
import type { ScenarioResult } from './review.ts'
import type { ReviewSubject } from './subject.ts'

/** Whether the save and restore of a register may move from every run to vcpu_load and vcpu_put. */
export interface Placement {
  register: string
  mode: PolicyMode
  /** `there`: it stands at load and put already. */
  answer: 'there' | 'none' | 'violated'
  /** Scenarios that were tried with it moved. */
  tried: number
  /** What was found then and not before. */
  violations: { scenario: string; kind: ViolationKind; register: string }[]
}

/** The registers whose place is a switch of the policy, and the switch. Under VHE all EL1 state is at load and put. */
const movable = [
  { register: 'TFSR_EL1', name: 'POLICY_TFSR_LOADPUT' },
  { register: 'TFSRE0_EL1', name: 'POLICY_TFSRE0_LOADPUT' },
] as const

/**
 * Moves each of the registers, in a copy of the policy, and tries every scenario again.
 * @param before what the scenarios showed with the subject as it is
 */
export async function placements(
  resources: string,
  subject: ReviewSubject,
  only: readonly string[] | null,
  before: readonly ScenarioResult[],
  breathe: Breathe,
  progress: (text: string) => void,
): Promise<Placement[]> {
  if (subject.kind !== 'policy') return []
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-review-'))
  try {
    const found: Placement[] = []
    for (const { register, name } of movable) {
      found.push(await underNvhe(register, name))
      if (modesIn(resources).includes('vhe'))
        found.push({ register, mode: 'vhe', answer: 'there', tried: 0, violations: [] })
    }
    return found
  } finally {
    rmSync(folder, { recursive: true })
  }

  async function underNvhe(register: string, name: string): Promise<Placement> {
    if (new RegExp(`^\\.set ${name},\\s+1`, 'm').test(subject.text))
      return { register, mode: 'nvhe', answer: 'there', tried: 0, violations: [] }
    const file = join(folder, `${name}.inc`)
    writeFileSync(file, `${subject.text}\n.set ${name}, 1\n`)
    const moved = battery(resources, `hypervisor.source=${JSON.stringify(file)}`, ['nvhe'], only)
    const violations: Placement['violations'] = []
    for (const [i, scenario] of moved.entries()) {
      progress(`${register} at vcpu_load, ${scenario.name} (${i + 1} of ${moved.length})`)
      const earlier = before
        .filter((one) => one.scenario === scenario.name && one.mode === 'nvhe')
        .flatMap(({ findings }) => findings.map(({ finding }) => finding))
      for (const { violation } of await violationsOf(scenario, breathe)) {
        const { kind, register: broken } = violation
        const again = earlier.some((one) => one.kind === kind && one.register === broken)
        if (
          !again &&
          !violations.some(
            (one) => one.scenario === scenario.name && one.kind === kind && one.register === broken,
          )
        )
          violations.push({ scenario: scenario.name, kind, register: broken })
      }
    }
    const answer = violations.length > 0 ? 'violated' : 'none'
    return { register, mode: 'nvhe', answer, tried: moved.length, violations }
  }
}
