import { PENDING_WRITES, PENDING_WRITES_LENGTH } from '../cpu/layout.ts'
import { NEVER } from './chooser.ts'

/** A direct write that some reader may not have to see yet. */
export interface PendingWrite {
  /**
   * Number of the register in lateRegisters: `value` is what was written, in the bits that may be late. Or ALIAS and above, a
   * register with several names: `value` is what it held before, which an access by another name may still see.
   */
  register: number
  value: bigint
  /** The name that was written, as a packed encoding; ALIAS entries only. */
  name: number
  /** Instruction count of the PE from which on the write has arrived; NEVER: a later event decides. */
  due: number
}

/** Register numbers from here on are names: see `PendingWrite.register`. */
export const ALIAS = 128

/** Register in bits 7:0, name in 23:8, above them `due + 1`; 0 is NEVER. 2^40 instructions are days. */
const encode = ({ register, name, due }: PendingWrite): bigint =>
  BigInt(register) | (BigInt(name) << 8n) | (due === NEVER ? 0n : BigInt.asUintN(40, BigInt(due + 1)) << 24n)

/**
 * The writes of one PE since its last context synchronisation event that are not certain for every reader, in the PE's state
 * words, oldest first. What a reader may see of a register is its effective word, or any of these: it can only move on.
 */
export class PendingWrites {
  private readonly state: BigUint64Array
  private readonly halves: Uint32Array

  constructor(state: BigUint64Array) {
    this.state = state
    this.halves = new Uint32Array(state.buffer, state.byteOffset, state.length * 2)
  }

  get length(): number {
    return this.halves[PENDING_WRITES * 2]!
  }

  full(): boolean {
    return this.length === PENDING_WRITES_LENGTH
  }

  entries(): PendingWrite[] {
    return Array.from({ length: this.length }, (_, i) => {
      const word = this.state[PENDING_WRITES + 1 + 2 * i]!
      const due = Number(word >> 24n)
      return {
        register: Number(word & 0xffn),
        name: Number((word >> 8n) & 0xffffn),
        value: this.state[PENDING_WRITES + 2 + 2 * i]!,
        due: due === 0 ? NEVER : due - 1,
      }
    })
  }

  /** Replaces the whole list. @param writes at most PENDING_WRITES_LENGTH */
  set(writes: readonly PendingWrite[]): void {
    const before = this.length
    for (const [i, write] of writes.entries()) this.place(i, write)
    for (let i = writes.length; i < before; i++) {
      this.state[PENDING_WRITES + 1 + 2 * i] = 0n
      this.state[PENDING_WRITES + 2 + 2 * i] = 0n
    }
    this.state[PENDING_WRITES] = BigInt(writes.length)
  }

  push(write: PendingWrite): void {
    const count = this.length
    this.place(count, write)
    this.state[PENDING_WRITES] = BigInt(count + 1)
  }

  private place(i: number, write: PendingWrite): void {
    this.state[PENDING_WRITES + 1 + 2 * i] = encode(write)
    this.state[PENDING_WRITES + 2 + 2 * i] = write.value
  }
}
