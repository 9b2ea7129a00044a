import { FAULT_QUEUE_LENGTH, FAULTS } from '../cpu/layout.ts'
import { NEVER } from './chooser.ts'

/** What tells one pending asynchronous tag fault from another; faults of equal kind are alike. */
export interface FaultKind {
  /** 0 TFSRE0_EL1, 1 TFSR_EL1, 2 TFSR_EL2. */
  register: number
  /** 0 TF0, 1 TF1. */
  bit: number
  /** Of a store that reads nothing: asymmetric mode reports it asynchronously, a load not. */
  store: boolean
  /** Made under the EL2&0 regime at EL0: SCTLR_EL2 judges it although it goes to TFSRE0_EL1. */
  host: boolean
}

export interface PendingFault extends FaultKind {
  /** Instruction count of the PE from which on it has landed; NEVER: a later event decides. */
  due: number
}

/** A fault with its place in the queue as that was read. */
export interface QueuedFault extends PendingFault {
  at: number
}

/** Above the kind's byte, `due + 1`; 0 is NEVER. */
const encode = ({ register, bit, store, host, due }: PendingFault): bigint =>
  BigInt(register | (bit << 2) | (store ? 8 : 0) | (host ? 16 : 0)) |
  (due === NEVER ? 0n : BigInt(due + 1) << 8n)

function decode(word: bigint): PendingFault {
  const kind = Number(word & 0xffn)
  const due = Number(word >> 8n)
  return {
    register: kind & 3,
    bit: (kind >> 2) & 1,
    store: (kind & 8) !== 0,
    host: (kind & 16) !== 0,
    due: due === 0 ? NEVER : due - 1,
  }
}

export const sameKind = (a: FaultKind, b: FaultKind): boolean =>
  a.register === b.register && a.bit === b.bit && a.store === b.store && a.host === b.host

/** Asynchronous tag faults of one PE that have not reached their TFSR register, in the PE's state words, oldest first. */
export class FaultQueue {
  private readonly state: BigUint64Array
  private readonly halves: Uint32Array

  constructor(state: BigUint64Array) {
    this.state = state
    this.halves = new Uint32Array(state.buffer, state.byteOffset, state.length * 2)
  }

  get length(): number {
    return this.halves[FAULTS * 2]!
  }

  full(): boolean {
    return this.length === FAULT_QUEUE_LENGTH
  }

  entries(): QueuedFault[] {
    return Array.from({ length: this.length }, (_, at) => ({ ...decode(this.state[FAULTS + 1 + at]!), at }))
  }

  /** Replaces the whole queue. @param faults at most FAULT_QUEUE_LENGTH */
  set(faults: readonly PendingFault[]): void {
    const before = this.length
    for (const [i, fault] of faults.entries()) this.state[FAULTS + 1 + i] = encode(fault)
    for (let i = faults.length; i < before; i++) this.state[FAULTS + 1 + i] = 0n
    this.state[FAULTS] = BigInt(faults.length)
  }

  push(fault: PendingFault): void {
    const count = this.length
    this.state[FAULTS + 1 + count] = encode(fault)
    this.state[FAULTS] = BigInt(count + 1)
  }
}
