import { type Loaded, loadProgram } from '../machine/board/load.ts'
import type { Views } from '../machine/board/shared-memory.ts'
import type { MachinePlan } from './plan.ts'
import { unpacked } from './unpack.ts'

/** Puts a plan's program and device tree into the machine's memory. @throws ProblemError when the program is unusable */
export function loadPlan(views: Views, plan: MachinePlan): Loaded {
  const { image, pes, memoryBytes, features, schedule } = plan
  return loadProgram(
    views,
    { ...image, bytes: unpacked(image) },
    { pes, ramBytes: memoryBytes, features, seed: schedule.seed },
  )
}
