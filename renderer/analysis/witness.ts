import type { Finding, Step } from '../../shared/model/findings.ts'

/** What an instruction does to the state that a witness is about. */
export type StepRole =
  | 'writes'
  | 'reads'
  | 'draws'
  | 'accesses'
  | 'synchronises'
  | 'orders'
  | 'enters'
  | 'returns'
  | 'runs'

/** Registers with a name of their own for another EL's use are one here: gcr_el1 and gcr_el12. */
const base = (register: string): string => register.toLowerCase().replace(/_el\d+$|^pstate\./, '')

/** From the disassembly alone: what the step's instruction is. */
export function stepRole(instruction: string): StepRole {
  const name = instruction.trim().split(/\s/)[0]?.toLowerCase() ?? ''
  if (name === 'msr') return 'writes'
  if (name === 'mrs') return 'reads'
  if (/^(irg|addg|subg|gmi)$/.test(name)) return 'draws'
  if (/^(isb|sb)$/.test(name)) return 'synchronises'
  if (/^(dsb|dmb|ssbb|pssbb)$/.test(name)) return 'orders'
  if (/^(hvc|svc|smc)$/.test(name)) return 'enters'
  if (/^eret/.test(name)) return 'returns'
  if (/^(ld|st|cas|swp|prfm)/.test(name)) return 'accesses'
  return 'runs'
}

const touches = ({ instruction }: Step, register: string): boolean =>
  instruction
    .toLowerCase()
    .split(/[\s,]+/)
    .slice(1)
    .some((operand) => base(operand) === base(register))

/** Steps between which a write, or a fault, was pending: indices of the first and the last. */
export interface PendingWindow {
  from: number
  to: number
  what: 'write' | 'fault'
}

/**
 * The stretch of a witness that lies between a write and the use that missed it, or between an access and the moment at
 * which its fault landed. null where nothing of the finding was pending: such a bug shows under every timing.
 */
export function pendingWindow({ kind, register, steps, choices }: Finding): PendingWindow | null {
  const last = steps.length - 1
  if (kind === 'unsynchronised-host-state' || kind === 'unsynchronised-guest-state') {
    const from = steps.findLastIndex(
      (step, i) => i < last && stepRole(step.instruction) === 'writes' && touches(step, register),
    )
    return from < 0 ? null : { from, to: last, what: 'write' }
  }
  if (!kind.startsWith('tag-fault')) return null
  // Where nothing was decided, the fault was as late as it may be: until what completes it.
  const from = steps.findIndex((step) => stepRole(step.instruction) === 'accesses')
  const landed = steps.findIndex(
    (step, i) =>
      i > from &&
      choices.some(
        (choice) =>
          choice.pe === step.pe &&
          choice.position === step.position &&
          choice.taken > 0 &&
          choice.kind.startsWith('fault'),
      ),
  )
  const completed = steps.findIndex((step, i) => i > from && stepRole(step.instruction) === 'orders')
  const to = [landed, completed].find((step) => step >= 0) ?? last
  return from < 0 || from === last ? null : { from, to, what: 'fault' }
}

/** Instructions between a step and the one before it, on the machine as a whole. */
export const distance = (steps: readonly Step[], index: number): number =>
  index === 0 ? 0 : (steps[index] as Step).moment - (steps[index - 1] as Step).moment

/** Exception levels of a witness, highest first. */
export const levels = (steps: readonly Step[]): number[] =>
  [...new Set(steps.map((step) => step.el))].sort((a, b) => b - a)

/** The command line that shows a finding again. `session` is the file; a name with odd characters is quoted for a shell. */
export function replayCommand(session: string, run: number, finding: number): string {
  const file = /^[\w./-]+$/.test(session) ? session : `'${session.replaceAll("'", "'\\''")}'`
  return `npx switchyard replay ${file}#${run} --finding ${finding}`
}
