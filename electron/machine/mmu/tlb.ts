/**
 * A direct-mapped cache of page translations. An entry belongs to a context (the contents of all registers that decide a
 * translation), so that a world switch neither flushes nor confuses it. TLB maintenance empties it: the architecture allows
 * invalidating more than was asked for.
 */
const ENTRIES = 2048

/** The entries in use, as parallel columns: a PE's part of a snapshot. */
export interface TlbState {
  at: number[]
  low: number[]
  high: number[]
  context: number[]
  flags: number[]
  physical: number[]
}

export class Tlb {
  private readonly low = new Int32Array(ENTRIES)
  private readonly high = new Int32Array(ENTRIES)
  private readonly context = new Int32Array(ENTRIES)
  readonly flags = new Int32Array(ENTRIES)
  /** Physical address of each page, below 2^48. */
  readonly physical = new Float64Array(ENTRIES)

  /**
   * @param low  VA bits 31:12
   * @param high VA bits 55:32
   * @returns the entry's index, or -1
   */
  find(low: number, high: number, context: number): number {
    const at = (low ^ (high << 5) ^ (context * 61)) & (ENTRIES - 1)
    return this.low[at] === low && this.high[at] === high && this.context[at] === context ? at : -1
  }

  fill(low: number, high: number, context: number, physical: number, flags: number): number {
    const at = (low ^ (high << 5) ^ (context * 61)) & (ENTRIES - 1)
    this.low[at] = low
    this.high[at] = high
    this.context[at] = context
    this.physical[at] = physical
    this.flags[at] = flags
    return at
  }

  /** What a guest that changes its tables without maintenance may still see. */
  save(): TlbState {
    const saved: TlbState = { at: [], low: [], high: [], context: [], flags: [], physical: [] }
    for (let at = 0; at < ENTRIES; at++) {
      if (this.context[at] === 0) continue
      saved.at.push(at)
      saved.low.push(this.low[at]!)
      saved.high.push(this.high[at]!)
      saved.context.push(this.context[at]!)
      saved.flags.push(this.flags[at]!)
      saved.physical.push(this.physical[at]!)
    }
    return saved
  }

  restore(saved: TlbState): void {
    this.clear()
    for (const [i, at] of saved.at.entries()) {
      this.low[at] = saved.low[i]!
      this.high[at] = saved.high[i]!
      this.context[at] = saved.context[i]!
      this.flags[at] = saved.flags[i]!
      this.physical[at] = saved.physical[i]!
    }
  }

  /** Forgets every translation; contexts are numbered from 1, so 0 never matches. */
  clear(): void {
    this.context.fill(0)
  }
}
