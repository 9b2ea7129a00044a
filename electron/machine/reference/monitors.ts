import type { SafePoints } from '../board/safe-points.ts'
import { control, peControl, peWord, signalPe, type Views, waiting } from '../board/shared-memory.ts'
import { EVENT, MONITOR } from '../cpu/layout.ts'

/** Exclusives reservation granule in bytes, as CTR_EL0.ERG says; a lock guards the blocks with its number. */
const BLOCK_SHIFT = 6

/**
 * Bits of a word of `guards`, one per page of RAM. STORES: an exclusive was used there, so a store looks at the monitors.
 * PAIRS: 16 bytes were accessed as one, so every access takes the block's lock or waits for it. ASKED is a bit while some PE
 * may still be inside an instruction that has not seen it, READY when none is.
 */
export const guard = { STORES: 1, PAIRS: 2, ASKED: 3, READY_SHIFT: 2 } as const

/** Tries to take a lock before the PE sleeps in between; it is held for some dozen host instructions. */
const SPINS = 1000
const LOOK_AGAIN = 1

/**
 * The exclusive monitors, and what makes 16 bytes single-copy atomic. A reservation lies in its PE's words: it is the local
 * monitor, and the global one as well, since a store of another PE to the same block of memory clears it there (DDI 0487,
 * B2, Synchronization and semaphores). Stores look only on pages where an exclusive was ever used; the first one there
 * waits until every PE has seen the mark. A PE's own store does not clear its reservation, but STXR compares the value too.
 */
export class Monitors {
  /** Whether any page is guarded: accesses of a machine without exclusives look no further. */
  guarding = false
  private readonly views: Views
  private readonly safePoints: SafePoints
  private readonly state: BigUint64Array
  private readonly others: { pe: number; state: BigUint64Array; halves: Int32Array }[]

  constructor(views: Views, pe: number, safePoints: SafePoints) {
    this.views = views
    this.safePoints = safePoints
    this.state = views.state(pe)
    this.look()
    safePoints.follow(() => this.look())
    this.others = Array.from({ length: views.shared.pes }, (_, other) => other)
      .filter((other) => other !== pe)
      .map((other) => {
        const state = views.state(other)
        return { pe: other, state, halves: new Int32Array(state.buffer, state.byteOffset, state.length * 2) }
      })
  }

  /**
   * Sees to it that accesses of all PEs to a page follow the bits.
   * @returns true when this PE waited for the others: what it knew of the page may be stale, and is to be found again
   */
  guard(page: number, bits: number): boolean {
    const { guards, control: cells } = this.views
    if (this.others.length === 0) return false
    const ready = bits << guard.READY_SHIFT
    if ((Atomics.load(guards, page) & ready) === ready) return false
    Atomics.or(guards, page, bits)
    Atomics.store(cells, control.GUARDED, 1)
    this.safePoints.announce()
    this.safePoints.settle()
    this.look()
    Atomics.or(guards, page, ready)
    return this.safePoints.concurrent
  }

  private look(): void {
    this.guarding = Atomics.load(this.views.control, control.GUARDED) !== 0
  }

  /** Reservation of `bytes` at an offset into RAM whose value was just loaded, in halves for a pair. */
  arm(at: number, bytes: number, low: bigint, high: bigint): void {
    const { state } = this
    state[MONITOR + 1] = BigInt(bytes)
    state[MONITOR + 2] = low
    state[MONITOR + 3] = high
    Atomics.store(state, MONITOR, BigInt(at + 1))
  }

  clear(): void {
    Atomics.store(this.state, MONITOR, 0n)
  }

  holds(at: number, bytes: number): boolean {
    return Atomics.load(this.state, MONITOR) === BigInt(at + 1) && this.state[MONITOR + 1] === BigInt(bytes)
  }

  /** After a restored state: pages with a reservation are guarded. */
  restored(): void {
    this.look()
    const at = Number(Atomics.load(this.state, MONITOR)) - 1
    if (at >= 0) this.guard(at >>> 12, guard.STORES)
  }

  /** Clears the reservations that other PEs hold in the block; each gets the event of a cleared global monitor. Block locked. */
  stored(at: number): void {
    const { control: cells } = this.views
    for (const { pe, state, halves } of this.others) {
      const reserved = Atomics.load(halves, MONITOR * 2) >>> 0
      if (reserved === 0 || (reserved - 1) >>> BLOCK_SHIFT !== at >>> BLOCK_SHIFT) continue
      if (Atomics.compareExchange(state, MONITOR, BigInt(reserved), 0n) !== BigInt(reserved)) continue
      Atomics.store(state, EVENT, 1n)
      if (Atomics.load(cells, peWord(pe, peControl.WAITING)) === waiting.WFE) signalPe(cells, pe)
    }
  }

  /** Keeps other PEs out of the guarded block of memory until `unlock`. */
  lock(at: number): void {
    if (!this.safePoints.concurrent) return
    const { blockLocks } = this.views
    const word = this.word(at)
    for (let spins = 0; Atomics.compareExchange(blockLocks, word, 0, 1) !== 0; spins++) {
      if (spins > SPINS) Atomics.wait(blockLocks, word, 1, LOOK_AGAIN)
    }
  }

  unlock(at: number): void {
    if (this.safePoints.concurrent) Atomics.store(this.views.blockLocks, this.word(at), 0)
  }

  /**
   * Waits until nobody is halfway through the block. A reader that saw one half of a new pair finds the lock taken, or the
   * pair complete, when it looks for the other half.
   */
  waitUnlocked(at: number): void {
    const { blockLocks } = this.views
    const word = this.word(at)
    for (let spins = 0; Atomics.load(blockLocks, word) !== 0; spins++) {
      if (spins > SPINS) Atomics.wait(blockLocks, word, 1, LOOK_AGAIN)
    }
  }

  private word(at: number): number {
    return (at >>> BLOCK_SHIFT) & (this.views.blockLocks.length - 1)
  }
}
