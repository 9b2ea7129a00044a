import { type Loaded, loadProgram } from '../machine/board/load.ts'
import type { Views } from '../machine/board/shared-memory.ts'
import { resetRtc } from '../machine/devices/rtc.ts'
import { resetUart } from '../machine/devices/uart.ts'
import type { MachinePlan } from './plan.ts'
import { unpacked } from './unpack.ts'

/**
 * Gives the devices their reset values, and puts a plan's program and device tree into the machine's memory. The clock of the
 * board shows the host's time where the machine's time is the host's, and counts from 1970 in deterministic runs.
 * @throws ProblemError when the program is unusable
 */
export function loadPlan(views: Views, plan: MachinePlan): Loaded {
  const { image, pes, memoryBytes, features, schedule, clock } = plan
  resetUart(views)
  resetRtc(views, clock === 'host' ? Math.floor(Date.now() / 1000) : 0)
  return loadProgram(
    views,
    { ...image, bytes: unpacked(image) },
    { pes, ramBytes: memoryBytes, features, seed: schedule.seed },
  )
}
