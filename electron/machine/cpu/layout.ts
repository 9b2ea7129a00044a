import { sysregs } from '../../../shared/arch/sysregs.ts'

/**
 * The state of one PE as 64-bit words in shared memory: the one table that engines, snapshots and hashes read.
 * A register with a synchronisation class has two words: the architectural value (what MRS returns) and the effective
 * one (what instructions use). Everything here is part of the state hash.
 */
const words = new Map<string, number>()
const lengths = new Map<string, number>()
let next = 0

function place(name: string, length = 1): number {
  const at = next
  words.set(name, at)
  lengths.set(name, length)
  next += length
  return at
}

/** Longest queue of asynchronous tag faults that have not yet landed, and longest list of pending register writes (sync/). */
export const FAULT_QUEUE_LENGTH = 32
export const PENDING_WRITES_LENGTH = 32

export const X0 = place('x', 31)
export const PC = place('pc')
/** PSTATE in SPSR format, M[3:0] included. */
export const PSTATE = place('pstate')
export const INSTRUCTIONS = place('instructions')
export const CYCLES = place('cycles')
/** Event register of WFE and SEV: 0 or 1. */
export const EVENT = place('event')
/** Count that the physical counter does not read below: the model time at which the PE's turn began. */
export const TIME_BASE = place('timeBase')
/** Physical count at which WFIT or WFET ends at the latest; 0 while the PE waits in neither. */
export const WAIT_UNTIL = place('waitUntil')
/** Physical count up to which event streams have set the event register and WFE has cleared it. */
export const EVENTS_SEEN = place('eventsSeen')
/** Physical SError: see `serror` in asynchronous.ts; 0 while there is none. */
export const SERROR = place('serror')
/** Interrupt lines of the timers as they were last told, a bit a timer: CNTP, CNTV, CNTHP, CNTHV. */
export const TIMER_LINES = place('timerLines')
/** Instructions retired when an exception was last taken, and exceptions since without another: an endless run is a lockup. */
export const RETIRED_AT_FAULT = place('retiredAtFault')
export const FAULTS_IN_A_ROW = place('faultsInARow')
/** Local exclusive monitor: physical address + 1 (0: open), size in bytes, and the value loaded (two words for a pair). */
export const MONITOR = place('monitor', 4)
/** Number of pending asynchronous tag faults, then the entries, oldest first (sync/fault-queue.ts has their format). */
export const FAULTS = place('faults', 1 + FAULT_QUEUE_LENGTH)
/** Number of pending register writes, then two words for each, oldest first (sync/pending-writes.ts). */
export const PENDING_WRITES = place('pending writes', 1 + 2 * PENDING_WRITES_LENGTH)
/** State of the generator by which a `seeded` machine chooses, and where the machine stands in the window of the switch. */
export const SYNC_RANDOM = place('sync random')
export const SYNC_WINDOW = place('sync window')
/** V0-V31 as pairs of words: a world switch carries them although arithmetic on them is a later matter. */
export const V0 = place('v', 64)

const architectural = new Map<string, number>()
const effective = new Map<string, number>()
for (const [name, row] of Object.entries(sysregs)) {
  if (row.reset === undefined || row.alias !== undefined || architectural.has(name)) continue
  architectural.set(name, place(name))
}
for (const [name, row] of Object.entries(sysregs)) {
  const at = architectural.get(name)
  if (at === undefined) continue
  effective.set(name, row.sync ? place(`${name} effective`) : at)
}

/** Words of one PE's state. */
export const STATE_WORDS = next

/** Word of a register's architectural value. @throws for a name without storage: a bug of ours. */
export function slotOf(name: string): number {
  const at = architectural.get(name)
  if (at === undefined) throw new Error(`${name} has no storage`)
  return at
}

/** Word that instructions read when they use the register indirectly; the architectural one where there is no class. */
export function effectiveSlotOf(name: string): number {
  const at = effective.get(name)
  if (at === undefined) return slotOf(name)
  return at
}

export const hasStorage = (name: string): boolean => architectural.has(name)
export const storedRegisters = (): string[] => [...architectural.keys()]

/** The layout by name, for snapshots and hashes: first word and number of words. */
export function layout(): { name: string; word: number; words: number }[] {
  return [...words].map(([name, word]) => ({ name, word, words: lengths.get(name) ?? 1 }))
}
