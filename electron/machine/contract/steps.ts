import { disassemble } from '../../../shared/asm/disassemble.ts'
import type { Step } from '../../../shared/model/findings.ts'
import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'

/** A step before anybody reads it: its instruction is still a word. null: no instruction, an interrupt. */
export interface RawStep extends Omit<Step, 'instruction'> {
  word: number | null
}

/** Whose write it is where the switch brought a value that no owner is known to have left. */
export const NOBODY: Owner = -4

export function ownerName(owner: Owner | null): string {
  switch (owner) {
    case HOST:
      return 'the host'
    case HOST_TASK:
      return 'the host’s task'
    case NOBODY:
    case null:
      return 'nobody known'
    case UNKNOWN_OWNER:
      return 'an unknown owner'
    default:
      return `vCPU ${owner}`
  }
}

export function stepOf({ word, ...step }: RawStep): Step {
  return { ...step, ...placeText({ word, ...step }) }
}

/** An instruction and its address. */
export const placeText = ({ word, pc }: RawStep): { pc: bigint; instruction: string } => ({
  pc,
  instruction: word === null ? 'interrupt' : instructionText(word, pc),
})

export const instructionText = (word: number, pc: bigint): string => disassemble(word, pc)

/** In the order of the run, each place once; where one place has two sentences, both are kept. */
export function trailOf(steps: readonly (RawStep | null | undefined)[]): Step[] {
  const known = steps.filter((step) => step !== null && step !== undefined)
  const ordered = known
    .map((step, i) => ({ step, i }))
    .sort((a, b) => a.step.moment - b.step.moment || a.i - b.i)
    .map(({ step }) => step)
  const trail: Step[] = []
  for (const step of ordered) {
    const last = trail.at(-1)
    if (last && last.moment === step.moment && last.pe === step.pe) {
      if (!last.text.includes(step.text)) last.text = `${last.text} ${step.text}`
    } else {
      trail.push(stepOf(step))
    }
  }
  return trail
}
