import { slotOf } from '../../cpu/layout.ts'
import type { Group } from './priorities.ts'

/**
 * What software does with a CPU interface, physical (ICC_*) or virtual (ICV_*): the same registers under the same
 * encodings. Values are register values without their RES0 bits.
 */
export interface Interface {
  /** IAR: acknowledges the most urgent interrupt of the group. @returns its INTID, or 1023 */
  acknowledge(group: Group): number
  /** EOIR: priority drop, and deactivation unless EOImode is 1. */
  end(group: Group, intid: number): void
  /** DIR. */
  deactivate(intid: number): void
  /** HPPIR: the INTID of the most urgent pending interrupt if it is of this group, else 1023. */
  pending(group: Group): number
  /** RPR. */
  running(): number
  priorityMask(): number
  setPriorityMask(value: number): void
  binaryPoint(group: Group): number
  setBinaryPoint(group: Group, value: number): void
  /** CTLR. */
  control(): number
  setControl(value: number): void
  enabled(group: Group): number
  enable(group: Group, value: number): void
  activePriorities(group: Group): number
  setActivePriorities(group: Group, value: number): void
}

/** ICC_CTLR_EL1 and ICV_CTLR_EL1: A3V, IDbits (24), PRIbits; EOImode and CBPR are stored. */
export const CONTROL_FIXED = 0x8c00
export const CBPR = 1
export const EOI_MODE = 2

/** The part of a PE's core that the interfaces use. */
export interface InterfacePe {
  readonly pe: number
  readonly el: number
  readonly state: BigUint64Array
  /** One bit of a word of the state. */
  bit(slot: number, bit: number): 0 | 1
  readonly recorder: { touch(name: string, cause: 'msr'): void }
}

/** A register with storage: its row's name and its word in the state of a PE. */
interface Stored {
  readonly name: string
  readonly slot: number
}

/** @throws for a row without storage: a bug of ours */
export const stored = (name: string): Stored => ({ name, slot: slotOf(name) })

/** Stored registers of one PE as 32-bit halves. */
export class Registers {
  private readonly pe: InterfacePe
  private readonly halves: Uint32Array

  constructor(pe: InterfacePe) {
    this.pe = pe
    const { state } = pe
    this.halves = new Uint32Array(state.buffer, state.byteOffset, state.length * 2)
  }

  low(slot: number): number {
    return this.halves[slot * 2]! | 0
  }

  high(slot: number): number {
    return this.halves[slot * 2 + 1]! | 0
  }

  setLow({ name, slot }: Stored, value: number): void {
    this.halves[slot * 2] = value
    this.pe.recorder.touch(name, 'msr')
  }

  setHigh({ name, slot }: Stored, value: number): void {
    this.halves[slot * 2 + 1] = value
    this.pe.recorder.touch(name, 'msr')
  }

  /** Both halves as one change. */
  set({ name, slot }: Stored, low: number, high: number): void {
    this.halves[slot * 2] = low
    this.halves[slot * 2 + 1] = high
    this.pe.recorder.touch(name, 'msr')
  }
}
