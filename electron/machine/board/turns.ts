import type { Pe } from './pe.ts'
import { nextTurn, turnLength } from './schedule.ts'
import {
  clock,
  command,
  control,
  endMachine,
  FOREVER,
  stopKind,
  type Views,
  waiting,
} from './shared-memory.ts'
import { earliestDeadline, endEventWaits, inputWakes } from './waiting.ts'

/**
 * Turns of the deterministic schedule, for whoever drives the PEs: a worker each, or one thread for all. Everything that
 * decides lies in shared words, so that the two come to the same states. A turn is opened, run to its end in as many pieces as
 * the driver likes, and passed on.
 */
export interface TurnRules {
  /** Instructions of a turn at most. */
  quantum: number
  /** For what is UNKNOWN after CPU_ON. */
  seed: number
}

/**
 * WFEs that end for no reason, in rounds in a row without anything else, before the machine counts as locked up. Each is a look
 * at memory that some program makes between two WFEs without anybody sending an event.
 */
const FUTILE_ROUNDS = 10_000

/**
 * Opens the turn of the PE whose turn it is, unless it is under way.
 * @param before called when a turn is about to begin, with the number of those begun before
 * @returns false when the PE does not run: it is off, or looked and waits on; the turn is to be passed
 */
export function openTurn(pe: Pe, rules: TurnRules, before?: (turn: number) => void): boolean {
  const { clock: times, control: cells } = pe.views
  if (times[clock.TURN_LEFT] !== 0n) return true
  if (!pe.powered(rules.seed)) return false
  pe.beginTurn()
  const interruptible = pe.waits.kind() === waiting.WFI
  if (!pe.waits.wakes()) return false
  if (interruptible) cells[control.FUTILE] = 0
  before?.(Number(times[clock.TURNS]!))
  times[clock.TURNS]!++
  times[clock.TURN_LEFT] = BigInt(turnLength(cells, rules.quantum))
  return true
}

/**
 * Executes at most `most` instructions of an open turn.
 * @returns whether the turn is over and to be passed
 * @throws MachineStop when the guest ends the machine
 */
export function runTurn(pe: Pe, most: number): boolean {
  const { views, engine } = pe
  const { clock: times } = views
  const turn = Number(times[clock.TURN_LEFT]!)
  const before = pe.core.instructions
  const granted = Math.min(turn, most, pe.injections.room(before))
  let over = true
  try {
    engine.run(granted)
    // Cut off from outside: the turn is not passed on, so that this does not change what the machine does.
    over = engine.executed() === turn || (engine.leave && !engine.interrupted)
  } finally {
    const executed = engine.executed()
    Atomics.add(times, clock.INSTRUCTIONS, BigInt(executed))
    times[clock.TURN_LEFT] = over ? 0n : BigInt(turn - executed)
    pe.injections.arrive(before, pe.core.instructions)
    if (over) pe.endTurn()
  }
  if (over && pe.waits.kind() === waiting.NO) views.control[control.FUTILE] = 0
  return over
}

/**
 * Passes the turn to the next PE that can run. When all wait, model time goes on to the earliest deadline; without one every
 * WFE ends, some times in a row; then the machine is locked up.
 * @returns false while nobody can run before something comes from outside
 */
export function passTurn(views: Views, from: number): boolean {
  const { control: cells, clock: times, shared } = views
  for (;;) {
    const next = nextTurn(views)
    if (next >= 0) {
      Atomics.store(cells, control.TURN, next)
      Atomics.notify(cells, control.TURN)
      return true
    }
    if (Atomics.load(cells, control.COMMAND) === command.STOP) return true
    const deadline = earliestDeadline(views)
    if (deadline < FOREVER) {
      Atomics.store(times, clock.MODEL, deadline)
      cells[control.FUTILE] = 0
    } else if (cells[control.FUTILE]! < FUTILE_ROUNDS && endEventWaits(views)) {
      cells[control.FUTILE]!++
    } else if (inputWakes(views)) {
      return false
    } else {
      endMachine(cells, shared.pes, stopKind.LOCKUP, 0, from)
      return true
    }
  }
}
