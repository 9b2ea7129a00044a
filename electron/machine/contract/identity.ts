import type { Owner } from '../../../shared/model/trace.ts'
import { NOBODY, type RawStep } from './steps.ts'

/**
 * Who wrote what a register holds. A token is one write: it goes with the value through MRS, stores, loads, moves and MSR,
 * and ends where anything else is done with the value. Tokens are compared by identity: equal values are not the same write.
 */
export interface Token {
  readonly register: string
  /** NOBODY: the switch brought it from memory where no owner is known to have left it. */
  readonly owner: Owner
  /** `initial`: there since the reset; `set`: the host gave an owner another value on purpose. */
  readonly what: 'initial' | 'write' | 'draw' | 'set'
  readonly step: RawStep | null
}

/** Why a bit of a TFSR register is 1. */
export type Cause =
  | { readonly kind: 'fault'; readonly id: number; readonly owner: Owner; readonly step: RawStep }
  | { readonly kind: 'write'; readonly token: Token }

/** Causes of TF0 and TF1; none: the bit is 0. */
export type Bits = readonly [readonly Cause[], readonly Cause[]]
export const clear: Bits = [[], []]

/** One asynchronous tag check fault that its owner has not dealt with. */
export interface Fault {
  readonly id: number
  readonly owner: Owner
  readonly register: number
  readonly bit: number
  readonly step: RawStep
  /**
   * `pending` and `completed` are not certain for an MRS yet; `landed` is in whatever the register held then; `gone`: under a
   * write of the register, or without effect because of a write of a control.
   */
  readonly state: 'pending' | 'completed' | 'landed' | 'gone'
  /** Who owned the register when it landed or went, and what happened. */
  readonly met: RawStep | null
  /** Its owner has seen the bit, or it was found to be lost. */
  readonly judged: boolean
}

/** A value on its way: in a general register, or in eight bytes of memory. */
export interface Carried {
  /** The register that it was read from, by the name of its storage. */
  readonly register: string
  readonly token: Token | null
  readonly bits: Bits | null
  /** The MRS; the store that saved it, the load that brought it back. */
  readonly read: RawStep | null
  readonly saved: RawStep | null
  /** What the reader saw, to be judged once it does more than move it. */
  readonly pending: PendingRead | null
}

/** A read at EL2 of which it is not yet known whether the switch saves or the host looks. */
export interface PendingRead {
  readonly owner: Owner
  readonly value: bigint
  /**
   * Own faults that had to be visible then, and those of the bits' causes that their owners had not dealt with, by id; null for
   * a register that holds no faults.
   */
  readonly faults: { readonly open: readonly Fault[]; readonly alive: readonly number[] } | null
  /** What the owner had left in the register. */
  readonly ghost: Token | null
  readonly step: RawStep
}

/** Whose side an owner is on: a vCPU is its own, the host and its tasks share theirs. */
export const sideOf = (owner: Owner): Owner => (owner >= 0 || owner === NOBODY ? owner : -1)

/** Where an owner's own state is kept: the host has one on every PE. */
export const placeOf = (owner: Owner, pe: number): number => (owner >= 0 ? owner : -1 - pe)
