import type { OldestReason } from '../../../shared/model/debug.ts'
import { eachDifference, pageBytes } from '../board/memory-pages.ts'
import type { Snapshot } from '../board/snapshot.ts'

interface Kept {
  snapshot: Snapshot
  /** Bytes that it holds and the one before it does not. */
  bytes: number
  /** The state was changed by hand here: what follows cannot be had from an earlier snapshot. */
  pinned: boolean
}

/**
 * Snapshots in order of time within a budget of bytes. When it is full, those go first whose neighbours are close for their
 * age: near the newest they stay dense, far back they thin out; at last the oldest goes, and with it what lies before the next.
 */
export class SnapshotStore {
  private readonly budget: number
  private kept: Kept[] = []
  /** Why the run cannot be followed back beyond the oldest snapshot. */
  reason: OldestReason

  /** @param budget bytes; one snapshot is kept whatever it takes */
  constructor(budget: number, reason: OldestReason) {
    this.budget = budget
    this.reason = reason
  }

  /** Keeps a snapshot, unless there is one of the same moment and this one is not pinned. */
  add(snapshot: Snapshot, pinned = false): void {
    const { kept } = this
    const behind = kept.findLastIndex((entry) => entry.snapshot.moment <= snapshot.moment)
    if (!pinned && kept[behind]?.snapshot.moment === snapshot.moment) return
    kept.splice(behind + 1, 0, { snapshot, bytes: 0, pinned })
    this.measure(behind + 1)
    this.measure(behind + 2)
    while (this.bytes > this.budget && kept.length > 1) this.thin()
  }

  get bytes(): number {
    return this.kept.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get count(): number {
    return this.kept.length
  }

  get newest(): Snapshot {
    return this.kept.at(-1)!.snapshot
  }

  get oldest(): Snapshot {
    return this.kept[0]!.snapshot
  }

  moments(): number[] {
    return this.kept.map(({ snapshot }) => snapshot.moment)
  }

  /** The latest snapshot that the test holds for; it holds for none behind the first for which it does not. */
  latest(test: (snapshot: Snapshot) => boolean): Snapshot | null {
    return this.kept.findLast(({ snapshot }) => test(snapshot))?.snapshot ?? null
  }

  /** Forgets what lies behind a moment. */
  dropAfter(moment: number): void {
    this.kept = this.kept.filter(({ snapshot }) => snapshot.moment <= moment)
  }

  private thin(): void {
    const { kept } = this
    const end = kept.at(-1)!.snapshot.moment
    let victim = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i < kept.length - 1; i++) {
      if (kept[i]!.pinned) continue
      const before = kept[i - 1]!.snapshot.moment
      const score = (kept[i + 1]!.snapshot.moment - before) / (end - before + 1)
      if (score < least) {
        least = score
        victim = i
      }
    }
    if (victim === 0) this.reason = 'budget of snapshots'
    kept.splice(victim, 1)
    this.measure(victim)
  }

  private measure(index: number): void {
    const entry = this.kept[index]
    if (entry === undefined) return
    const { snapshot } = entry
    const tlb = snapshot.pes.reduce((sum, pe) => sum + pe.tlb.at.length * 48, 0)
    let bytes = snapshot.words.length + snapshot.input.length + snapshot.code.byteLength + tlb
    eachDifference(this.kept[index - 1]?.snapshot.memory ?? null, snapshot.memory, (_page, contents) => {
      bytes += pageBytes(contents)
    })
    entry.bytes = bytes
  }
}
