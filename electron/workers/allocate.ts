import { ProblemError } from '../../shared/base/result.ts'
import { allocateShared, type Views, viewsOf } from '../machine/board/shared-memory.ts'
import type { MachinePlan } from './plan.ts'

const MIB = 1 << 20
const MIN_MEMORY = 2 * MIB
const MAX_MEMORY = 3072 * MIB

/** @throws ProblemError when the board cannot be built so */
export function checkPlan(plan: MachinePlan): void {
  const { memoryBytes, pes } = plan
  if (memoryBytes < MIN_MEMORY || memoryBytes > MAX_MEMORY || memoryBytes % MIN_MEMORY !== 0) {
    throw new ProblemError(
      'machine.memory',
      `${memoryBytes} bytes is not a size that the board can have`,
      'Give a multiple of 2 MiB between 2M and 3072M.',
    )
  }
  if (!Number.isInteger(pes) || pes < 1 || pes > 16) {
    throw new ProblemError('machine.pes', `${pes} PEs is not possible`, 'Give a number from 1 to 16.')
  }
  const { kind, quantum } = plan.schedule
  if (kind === 'deterministic' && (!Number.isSafeInteger(quantum) || quantum < 1)) {
    throw new ProblemError(
      'schedule.quantum',
      `a turn of ${quantum} instructions is not possible`,
      'Give a whole number from 1.',
    )
  }
}

/** Allocates a machine's shared memory. @throws ProblemError that says how much was wanted */
export function allocate(plan: MachinePlan): Views {
  try {
    return viewsOf(allocateShared(plan.pes, plan.memoryBytes))
  } catch (error) {
    throw new ProblemError(
      'machine.memory',
      `${plan.memoryBytes / MIB} MiB could not be allocated (${(error as Error).message})`,
      'Give the machine less memory, or close other programs.',
    )
  }
}
