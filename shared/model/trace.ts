/**
 * What leaves the machine: rows that a PE's worker batches and the store keeps. Cycles are model cycles since the run
 * began, per PE, exact integers below 2^53; ns is host time since the run began, sampled and never part of a state hash.
 */

/** Whose state it is: a vCPU's index, or one of the constants below. */
export type Owner = number
export const HOST: Owner = -1
export const HOST_TASK: Owner = -2
/** A foreign image without marks: said rather than guessed. */
export const UNKNOWN_OWNER: Owner = -3

/** Phases of a switch, in the order of SwitchRow.phases. Barriers and trap are attributed by instruction class, the rest by marks. */
export const phases = [
  'general registers',
  'EL1 system registers',
  'MTE',
  'other',
  'barriers',
  'trap',
] as const
export type Phase = (typeof phases)[number]

/** One guest entry and the exit that ends it. */
export interface SwitchRow {
  pe: number
  vcpu: number
  /** The host's last instruction before the entry sequence begins. */
  startCycle: number
  /** The guest's first instruction begins. */
  guestCycle: number
  /** The guest's exception begins. */
  exitCycle: number
  /** The host's next instruction begins. latency = (guestCycle - startCycle) + (endCycle - exitCycle). */
  endCycle: number
  /** Instructions retired by the switch itself, guest excluded. */
  instructions: number
  guestInstructions: number
  /** Model cycles per phase; their sum is the latency. */
  phases: number[]
  /** The exit: ESR_EL2, ELR_EL2 and the exception's class name (HVC, IRQ, data abort ...). */
  esr: bigint
  elr: bigint
  exit: string
  startNs: number
  endNs: number
}

/** Model cycles of a switch, guest excluded. */
export const latencyOf = (
  row: Pick<SwitchRow, 'startCycle' | 'guestCycle' | 'exitCycle' | 'endCycle'>,
): number => row.guestCycle - row.startCycle + (row.endCycle - row.exitCycle)

export type FaultKind = 'sync' | 'async'
export type CheckMode = 'none' | 'sync' | 'async' | 'asym'

/** One mismatching access. Never sampled away. */
export interface FaultRow {
  pe: number
  cycle: number
  ns: number
  owner: Owner
  /** EL whose settings judged the access: 0 for EL0 and unprivileged accesses. */
  el: number
  kind: FaultKind
  mode: CheckMode
  pc: bigint
  /** The address of the first failing byte, tag included. For an asynchronous fault the lab knows it, software could not. */
  address: bigint
  /** Physical address of the failing granule, 16-byte aligned. */
  granule: number
  pointerTag: number
  memoryTag: number
  write: boolean
  bytes: number
}

/**
 * Why a register's value changed: an MSR, an IRG draw, an asynchronous fault that landed, a write that took effect, at
 * a context synchronisation event at the latest (slot 'effective'), exception entry, or the value the run began with.
 */
export const changeCauses = ['initial', 'msr', 'irg', 'fault', 'synchronised', 'exception'] as const
export type ChangeCause = (typeof changeCauses)[number]

/** One change of one register on one PE; slot tells the architectural value (MRS) from the effective one (what instructions use). */
export interface RegisterRow {
  pe: number
  cycle: number
  ns: number
  register: string
  slot: 'architectural' | 'effective'
  owner: Owner
  cause: ChangeCause
  value: bigint
  pc: bigint
}

export const slots = ['architectural', 'effective'] as const

/**
 * Register changes of one PE as columns, in their order. register indexes the names that both ends know, slot indexes slots,
 * cause indexes changeCauses.
 */
export interface ChangeColumns {
  pe: number
  cycle: Float64Array
  ns: Float64Array
  value: BigUint64Array
  pc: BigUint64Array
  register: Uint8Array
  slot: Uint8Array
  owner: Int8Array
  cause: Uint8Array
}

/** @param names at most 256, those of all rows among them */
export function changeColumns(
  pe: number,
  rows: readonly RegisterRow[],
  names: readonly string[],
): ChangeColumns {
  return {
    pe,
    cycle: Float64Array.from(rows, (row) => row.cycle),
    ns: Float64Array.from(rows, (row) => row.ns),
    value: BigUint64Array.from(rows, (row) => row.value),
    pc: BigUint64Array.from(rows, (row) => row.pc),
    register: Uint8Array.from(rows, (row) => names.indexOf(row.register)),
    slot: Uint8Array.from(rows, (row) => slots.indexOf(row.slot)),
    owner: Int8Array.from(rows, (row) => row.owner),
    cause: Uint8Array.from(rows, (row) => changeCauses.indexOf(row.cause)),
  }
}

export function changeRows(columns: ChangeColumns, names: readonly string[]): RegisterRow[] {
  const { pe, cycle, ns, value, pc, register, slot, owner, cause } = columns
  return Array.from({ length: cycle.length }, (_, i) => ({
    pe,
    cycle: cycle[i]!,
    ns: ns[i]!,
    register: names[register[i]!]!,
    slot: slots[slot[i]!]!,
    owner: owner[i]!,
    cause: changeCauses[cause[i]!]!,
    value: value[i]!,
    pc: pc[i]!,
  }))
}

/** High-rate events, kept as compressed columns. */
export const eventKinds = [
  'exception',
  'exception-return',
  'isb',
  'dsb',
  'tag-draw',
  'mark',
  'schedule',
  'interrupt',
] as const
export type EventKind = (typeof eventKinds)[number]

/** Columns of equal length, ordered by cycle, all of one PE. kind indexes eventKinds; detail: ESR, tag drawn, mark kind:arg, 0 IRQ or 1 FIQ ... */
export interface EventColumns {
  pe: number
  cycle: Float64Array
  kind: Uint8Array
  el: Uint8Array
  pc: BigUint64Array
  detail: BigUint64Array
}

/** Events from one index to another (not included). */
export const eventsFrom = (
  { pe, cycle, kind, el, pc, detail }: EventColumns,
  from: number,
  to = cycle.length,
): EventColumns => ({
  pe,
  cycle: cycle.slice(from, to),
  kind: kind.slice(from, to),
  el: el.slice(from, to),
  pc: pc.slice(from, to),
  detail: detail.slice(from, to),
})

/** What a worker posts, at most every 50 ms and at every stop. */
export interface TraceBatch {
  switches: SwitchRow[]
  faults: FaultRow[]
  registers: RegisterRow[]
  events: EventColumns | null
}

/** Live state of one PE. */
export interface PeStatus {
  pe: number
  power: 'on' | 'off' | 'waiting'
  el: number
  instructions: number
  cycles: number
  switches: number
  owner: Owner
  pc: bigint
}

/** Why a machine stopped. Only `failed` is a bug of ours or a lost worker; a guest cannot cause it. */
export type StopReason =
  | { kind: 'exit'; code: number; by: 'semihosting' | 'PSCI SYSTEM_OFF' | 'PSCI SYSTEM_RESET' }
  | { kind: 'limit'; which: 'switches' | 'instructions' | 'seconds' }
  | { kind: 'stopped' }
  | { kind: 'lockup'; pe: number; message: string }
  | { kind: 'model-error'; pe: number; message: string }
  | { kind: 'failed'; message: string; stack?: string }
