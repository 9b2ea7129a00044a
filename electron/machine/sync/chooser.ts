import { SYNC_RANDOM } from '../cpu/layout.ts'

/**
 * What is chosen:
 * - write-used: which of the values since the last context synchronisation event a use of a register sees, oldest first;
 * - alias-read: the same for an MRS by another name than the one written;
 * - fault-seen: whether an MRS sees a pending fault's bit, and which kind of fault it was;
 * - completed-seen: whether an MRS without a context synchronisation event sees a completed fault;
 * - fault-before-write: how many pending faults of one kind land before an MSR of their register, which overwrites them;
 * - fault-vanishes: how many of one kind have no effect because a control of theirs was written (R_TJDMP).
 */
export type ChoiceKind =
  | 'write-used'
  | 'alias-read'
  | 'fault-seen'
  | 'completed-seen'
  | 'fault-before-write'
  | 'fault-vanishes'

export interface Choice {
  kind: ChoiceKind
  register: string
  /** One key per alternative; those with equal keys cannot be told apart. The first is the latest legal moment. */
  keys: readonly bigint[]
  /** Instruction count of the PE: what one instruction uses twice it sees alike. */
  instruction: number
}

/** Decides when writes and asynchronous tag faults arrive. All that it remembers lies in the PE's state, or with its driver. */
export interface Chooser {
  /** Instructions after which a write or fault that becomes pending now arrives if nothing closes it before. */
  delay(): number
  /** @returns index of an alternative. Asked only where at least two alternatives have different keys. */
  choose(choice: Choice): number
  /** A bounded list is full, so its oldest entry arrives now. Always legal, but no longer a choice. */
  overflow(): void
}

/** A delay that never ends by itself. */
export const NEVER = Number.POSITIVE_INFINITY

/** As late as the architecture allows. */
export const latest: Chooser = { delay: () => NEVER, choose: () => 0, overflow() {} }

/** Largest exponent of a delay: 2^16 instructions are more than any entry or exit sequence. */
const LONGEST = 16
const GOLDEN = 0x9e37_79b9_7f4a_7c15n

/**
 * Every pending write and fault arrives after a delay of its own: 0, 1, 2-3, 4-7 ... 2^15 to 2^16 - 1 instructions are equally
 * likely, so that a race of three instructions and one of a thousand are both met. Where an arrival has no moment of its own
 * (a completed fault, R_TJDMP) each alternative is equally likely. The generator is splitmix64 on a word of the PE's state.
 */
export function seeded(state: BigUint64Array): Chooser {
  /** An integer in [0, below), below 2^32. */
  const draw = (below: number): number => {
    const next = BigInt.asUintN(64, state[SYNC_RANDOM]! + GOLDEN)
    state[SYNC_RANDOM] = next
    let z = BigInt.asUintN(64, (next ^ (next >> 30n)) * 0xbf58_476d_1ce4_e5b9n)
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn)
    return Number((((z ^ (z >> 31n)) >> 32n) * BigInt(below)) >> 32n)
  }
  return {
    delay() {
      const exponent = draw(LONGEST + 1)
      if (exponent === 0) return 0
      const least = 2 ** (exponent - 1)
      return least + draw(least)
    },
    choose({ kind, keys }) {
      return kind === 'completed-seen' || kind === 'fault-vanishes' ? draw(keys.length) : 0
    },
    overflow() {},
  }
}
