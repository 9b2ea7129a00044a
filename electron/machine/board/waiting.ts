import { EVENT } from '../cpu/layout.ts'
import { canSignal } from '../devices/uart.ts'
import { clock, control, FOREVER, OFF, peControl, peWord, type Views, waiting } from './shared-memory.ts'

/** What of waiting PEs can be seen from their words alone, by whoever decides who runs next. */

/** Whether a PE is on and either does not wait or has a reason to look whether its wait has ended, at model time `now`. */
export function mayRun(views: Views, pe: number, now: bigint): boolean {
  const { control: cells } = views
  if (Atomics.load(cells, peWord(pe, peControl.POWER)) === OFF) return false
  // In this order: a PE that takes note of a signal is awake before it clears the word.
  if (Atomics.load(cells, peWord(pe, peControl.SIGNALLED)) !== 0) return true
  const kind = Atomics.load(cells, peWord(pe, peControl.WAITING))
  if (kind === waiting.NO) return true
  if (Atomics.load(views.clock, clock.DEADLINE + pe) <= now) return true
  return kind === waiting.WFE && Atomics.load(views.state(pe), EVENT) !== 0n
}

/**
 * Whether every PE that is on waits, and neither time nor anything that has happened ends a wait. PEs may run meanwhile: one
 * that is seen running signals another, which was seen waiting, and then waits itself. Its wait is counted, so that a look
 * without a new wait in between saw all of them at one moment.
 */
export function nothingWakes(views: Views): boolean {
  const waits = Atomics.load(views.control, control.WAITS)
  for (let pe = 0; pe < views.shared.pes; pe++) {
    if (mayRun(views, pe, -1n)) return false
    if (isOn(views, pe) && Atomics.load(views.clock, clock.DEADLINE + pe) < FOREVER) return false
  }
  return Atomics.load(views.control, control.WAITS) === waits
}

/** Whether bytes from outside may come and would raise an interrupt. */
export const inputWakes = (views: Views): boolean =>
  Atomics.load(views.control, control.INPUT_OPEN) !== 0 && canSignal(views)

/** The earliest count at which the wait of some PE may end by time alone; FOREVER where none does. */
export function earliestDeadline(views: Views): bigint {
  let earliest = FOREVER
  for (let pe = 0; pe < views.shared.pes; pe++) {
    const deadline = Atomics.load(views.clock, clock.DEADLINE + pe)
    if (isOn(views, pe) && deadline < earliest) earliest = deadline
  }
  return earliest
}

/** Whether some PE waits in WFE, which may end for no reason. */
export function eventWaits(views: Views): boolean {
  for (let pe = 0; pe < views.shared.pes; pe++) {
    if (isOn(views, pe) && Atomics.load(views.control, peWord(pe, peControl.WAITING)) === waiting.WFE)
      return true
  }
  return false
}

/** Ends every WFE, which the architecture permits for any reason. @returns whether there was one */
export function endEventWaits(views: Views): boolean {
  let found = false
  for (let pe = 0; pe < views.shared.pes; pe++) {
    if (!isOn(views, pe) || Atomics.load(views.control, peWord(pe, peControl.WAITING)) !== waiting.WFE)
      continue
    Atomics.store(views.state(pe), EVENT, 1n)
    found = true
  }
  return found
}

const isOn = (views: Views, pe: number): boolean =>
  Atomics.load(views.control, peWord(pe, peControl.POWER)) !== OFF
