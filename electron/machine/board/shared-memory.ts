import { STATE_WORDS } from '../cpu/layout.ts'
import { GIC_WORDS } from '../devices/gic/layout.ts'
import { RAM_BASE } from './map.ts'

/**
 * The one shared WebAssembly memory of a machine: control words, PE states, devices, tags and RAM. Every PE's worker and
 * the client that controls them hold views of it; nothing else is shared.
 */
export interface SharedMachine {
  readonly memory: WebAssembly.Memory
  readonly pes: number
  readonly ramBytes: number
}

/** Words of the control block (Int32). Per-PE words follow: see peWord. */
export const control = {
  /** Deterministic schedule: the PE whose turn it is. */
  TURN: 0,
  /** See `command`. Written by the client, and by a PE that ends the machine. */
  COMMAND: 1,
  /** Which end it was, see `stopKind`; its exit code or detail; the PE that caused it. */
  STOP_KIND: 2,
  STOP_CODE: 3,
  STOP_PE: 4,
  CONSOLE_LOCK: 5,
  CONSOLE_WRITTEN: 6,
  CONSOLE_READ: 7,
  INPUT_WRITTEN: 8,
  INPUT_READ: 9,
  SWITCHES: 10,
  /** Counts the pauses that were asked for, so that a PE answers each of them once. */
  PAUSES: 11,
  /** Counts the snapshots that a paused machine was put back to: each PE takes its state over. */
  RESTORES: 12,
  /** Deterministic schedule: position in the round's order, the generator's state; the order itself begins at ORDER. */
  POSITION: 13,
  RANDOM: 14,
  /** Counts writes to pages of code, and broadcast TLB maintenance: a PE that sees a new number looks what changed. */
  CODE_GENERATION: 15,
  TLB_GENERATION: 16,
  /** Counts what PEs announced to each other: see safe-points.ts. */
  ANNOUNCEMENTS: 17,
  /** 1 once a page of RAM is guarded: see reference/monitors.ts. */
  GUARDED: 18,
  /** Deterministic schedule: rounds in a row in which nothing but a WFE that ended for no reason went on. */
  FUTILE: 19,
  /** 1 while bytes can still come from outside to the UART's receiver. */
  INPUT_OPEN: 20,
  /** Counts the waits that PEs have begun or gone back to (WFI, WFE): see `nothingWakes`. */
  WAITS: 23,
  /**
   * Input bytes that the client has put into the ring, as INPUT_WRITTEN counts them: those between the two arrive where a turn
   * of the deterministic schedule begins.
   */
  INPUT_OFFERED: 24,
  ORDER: 32,
} as const

export const command = { RUN: 0, PAUSE: 1, STOP: 2 } as const

export const stopKind = {
  NONE: 0,
  EXIT: 1,
  PSCI_OFF: 2,
  PSCI_RESET: 3,
  LOCKUP: 4,
  MODEL_ERROR: 5,
  SWITCHES: 6,
  INSTRUCTIONS: 7,
  SECONDS: 8,
  STOPPED: 9,
  FAILED: 10,
} as const

const PE_CONTROL = 64
const PE_CONTROL_WORDS = 16
export const peControl = {
  /** Non-zero: look at the control words before the next instruction. */
  ATTENTION: 0,
  /** PSCI: 0 off, 1 on, 2 on requested (entry and context words are valid). */
  POWER: 1,
  /** What the PE waits in, see `waiting`. */
  WAITING: 2,
  /** 1 while the worker is parked in a pause. */
  PARKED: 3,
  /** Batches posted and not yet taken over by the client: a worker that is far ahead waits. */
  UNACKNOWLEDGED: 4,
  /** 1 when the PE's interrupt signals may have changed since it last looked: one that waits gets a turn to look. */
  SIGNALLED: 5,
  /** 1 while the PE may be inside an instruction, and the latest announcement that it has followed: see safe-points.ts. */
  RUNNING: 10,
  SEEN: 11,
  /** Never changes: an atomic operation on it is a full barrier. */
  FENCE: 12,
} as const
/** Values of POWER. */
export const OFF = 0
export const ON = 1
export const ON_REQUESTED = 2
/** Another PE is writing the entry and context words. */
export const ON_CLAIMED = 3

/** The timed forms wait as those without: see WAIT_UNTIL in cpu/layout.ts. */
export const waiting = { NO: 0, WFI: 1, WFE: 2 } as const

/** 64-bit words per PE for PSCI CPU_ON: entry address and context id. */
export const PE_MAILBOX = 256
const CONTROL_BYTES = 4096

/**
 * A word of `codePages`, one per page of RAM. VERSION counts the writes to a page that some PE has decoded instructions from,
 * and is 0 for the others. WATCHED: data and tags of the page are still those of the last snapshot; the first write clears it.
 */
export const pageWord = { WATCHED: 1, VERSION: ~1, ONE: 2 } as const

/**
 * 64-bit words of the clock block: model time at the last quantum's end, executed instructions of all PEs (faulting ones
 * count), turns begun, instructions that the present turn has left (0: the next turn is not drawn yet). From DEADLINE on, per
 * PE: the count at which one that waits looks whether it is woken; FOREVER where time alone never wakes it.
 */
export const clock = { MODEL: 0, INSTRUCTIONS: 1, TURNS: 2, TURN_LEFT: 3, DEADLINE: 16 } as const
export const FOREVER = 2n ** 62n
const CLOCK_BYTES = 4096

export const CONSOLE_BYTES = 1 << 16
export const INPUT_BYTES = 1 << 12
export const DEVICE_WORDS = 64
/** Locks of guarded blocks of memory, shared by all blocks whose number has the same low bits. */
const BLOCK_LOCKS = 1024

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to

function offsets(pes: number, ramBytes: number) {
  const states = CONTROL_BYTES + CLOCK_BYTES
  const stateBytes = alignUp(STATE_WORDS * 8, 4096)
  const devices = states + stateBytes * pes
  const gic = devices + 4096
  const console = gic + alignUp(GIC_WORDS * 4, 4096)
  const input = console + CONSOLE_BYTES
  const codePages = input + INPUT_BYTES
  const blockLocks = codePages + ramBytes / 1024
  const guards = blockLocks + BLOCK_LOCKS * 4
  const tags = alignUp(guards + ramBytes / 4096, 65536)
  const ram = alignUp(tags + ramBytes / 16, 65536)
  return {
    states,
    stateBytes,
    devices,
    gic,
    console,
    input,
    codePages,
    blockLocks,
    guards,
    tags,
    ram,
    end: ram + ramBytes,
  }
}

/** @param ramBytes a multiple of 2 MiB, at most 3 GiB */
export function allocateShared(pes: number, ramBytes: number): SharedMachine {
  const pages = alignUp(offsets(pes, ramBytes).end, 65536) / 65536
  return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), pes, ramBytes }
}

/** Typed views of a shared machine's regions. */
export type Views = ReturnType<typeof viewsOf>

export function viewsOf(shared: SharedMachine) {
  const buffer = shared.memory.buffer as unknown as SharedArrayBuffer
  const at = offsets(shared.pes, shared.ramBytes)
  return {
    shared,
    ramBase: RAM_BASE,
    ramBytes: shared.ramBytes,
    /** Everything before the console: control, clock, PE states, devices. A snapshot holds it as it is. */
    words: new Uint8Array(buffer, 0, at.console),
    control: new Int32Array(buffer, 0, CONTROL_BYTES / 4),
    mailbox: new BigUint64Array(buffer, PE_MAILBOX * 8, 32),
    clock: new BigInt64Array(buffer, CONTROL_BYTES, 32),
    state: (pe: number) => new BigUint64Array(buffer, at.states + pe * at.stateBytes, STATE_WORDS),
    devices: new BigUint64Array(buffer, at.devices, DEVICE_WORDS),
    /** The same words in cells of 32 bits: devices/cells.ts says whose they are. */
    deviceCells: new Int32Array(buffer, at.devices, DEVICE_WORDS * 2),
    /** The interrupt controller's state: devices/gic/layout.ts. */
    gic: new Int32Array(buffer, at.gic, GIC_WORDS),
    console: new Uint8Array(buffer, at.console, CONSOLE_BYTES),
    input: new Uint8Array(buffer, at.input, INPUT_BYTES),
    /** See `pageWord`. A write to a page whose word is not 0 tells `codeWritten`. */
    codePages: new Int32Array(buffer, at.codePages, shared.ramBytes / 4096),
    /** What accesses to each page of RAM look at besides: see reference/monitors.ts. */
    blockLocks: new Int32Array(buffer, at.blockLocks, BLOCK_LOCKS),
    guards: new Uint8Array(buffer, at.guards, shared.ramBytes / 4096),
    /** One byte per 16-byte granule: single-copy atomic, so neighbouring STGs on two PEs never lose a tag. */
    tags: new Uint8Array(buffer, at.tags, shared.ramBytes / 16),
    ram: new DataView(buffer, at.ram, shared.ramBytes),
    ram8: new Uint8Array(buffer, at.ram, shared.ramBytes),
    ram16: new Uint16Array(buffer, at.ram, shared.ramBytes / 2),
    ram32: new Uint32Array(buffer, at.ram, shared.ramBytes / 4),
    ram64: new BigUint64Array(buffer, at.ram, shared.ramBytes / 8),
  }
}

/** Says that bytes of RAM, by offset, were written by somebody else than a PE. */
export function markWritten(codePages: Int32Array, offset: number, length: number): void {
  const last = Math.floor((offset + length - 1) / 4096)
  for (let page = Math.floor(offset / 4096); page <= last; page++) {
    Atomics.and(codePages, page, ~pageWord.WATCHED)
  }
}

/** Follows a page of code from now on. @returns its version */
export function followCode(codePages: Int32Array, page: number): number {
  if ((Atomics.load(codePages, page) & pageWord.VERSION) === 0) Atomics.or(codePages, page, pageWord.ONE)
  return codeVersion(codePages, page)
}

export const codeVersion = (codePages: Int32Array, page: number): number =>
  Atomics.load(codePages, page) & pageWord.VERSION

/** Word of a PE's control block. */
export const peWord = (pe: number, word: number): number => PE_CONTROL + pe * PE_CONTROL_WORDS + word

/**
 * An interrupt signal or an error of a PE may have changed: it looks before its next instruction, and wakes to look when it
 * waits. Called by whoever changes them, for the PE's own too.
 */
export function signalPe(cells: Int32Array, pe: number): void {
  Atomics.store(cells, peWord(pe, peControl.SIGNALLED), 1)
  Atomics.store(cells, peWord(pe, peControl.ATTENTION), 1)
  Atomics.notify(cells, peWord(pe, peControl.SIGNALLED))
}

/** Makes every PE look at the control words before its next instruction, and wakes those that wait. */
export function alertAll(cells: Int32Array, pes: number): void {
  for (let pe = 0; pe < pes; pe++) {
    Atomics.store(cells, peWord(pe, peControl.ATTENTION), 1)
    Atomics.notify(cells, peWord(pe, peControl.POWER))
    Atomics.notify(cells, peWord(pe, peControl.SIGNALLED))
  }
  Atomics.notify(cells, control.TURN)
  Atomics.notify(cells, control.COMMAND)
}

/** Ends the machine for the first reason given; later ones do not overwrite it. */
export function endMachine(cells: Int32Array, pes: number, kind: number, code: number, pe: number): void {
  if (Atomics.compareExchange(cells, control.STOP_KIND, stopKind.NONE, kind) === stopKind.NONE) {
    Atomics.store(cells, control.STOP_CODE, code)
    Atomics.store(cells, control.STOP_PE, pe)
  }
  Atomics.store(cells, control.COMMAND, command.STOP)
  alertAll(cells, pes)
}
