import { command, control, peControl, peWord, type Views } from './shared-memory.ts'

/** Looks at another PE's words before the waiting PE goes to sleep between looks. */
const SPINS = 2000
/** Milliseconds of such a sleep: a PE that leaves, or a machine that ends, notifies nobody. */
const LOOK_AGAIN = 1

/**
 * When one PE may rely on what all others have seen, where PEs execute at the same time. A PE is at a safe point between two
 * instructions, and all the time while it is off, waits or is outside `ReferenceEngine.run`.
 *
 * `announce` says that something changed that every PE looks at before its next instruction (translations, decoded code,
 * guarded pages); `settle` waits until each of them has looked or is outside. A PE that waits counts as outside, so two that
 * wait for each other both go on, and nobody waits for one that sleeps, is paused or was lost (the machine then ends).
 */
export class SafePoints {
  /** What this PE does when it looks: forget what others made stale. */
  private readonly followers: (() => void)[] = []
  /** Whether PEs execute at the same time: without that, every PE but this one is outside. */
  readonly concurrent: boolean
  private readonly cells: Int32Array
  private readonly pe: number
  private readonly pes: number
  private readonly running: number
  private readonly seen: number
  /** The announcement to wait for, and the last one that was waited for. */
  private announced = 0
  private settled = 0

  constructor(views: Views, pe: number, concurrent: boolean) {
    this.cells = views.control
    this.pe = pe
    this.pes = views.shared.pes
    this.concurrent = concurrent && this.pes > 1
    this.running = peWord(pe, peControl.RUNNING)
    this.seen = peWord(pe, peControl.SEEN)
  }

  /** This PE executes from now on. It looks at ATTENTION afterwards, so that an announcer sees it run or it sees the announcement. */
  enter(): void {
    if (this.concurrent) Atomics.store(this.cells, this.running, 1)
  }

  leave(): void {
    if (this.concurrent) Atomics.store(this.cells, this.running, 0)
  }

  follow(look: () => void): void {
    this.followers.push(look)
  }

  /** Follows everything that was announced so far. */
  look(): void {
    const latest = this.concurrent ? Atomics.load(this.cells, control.ANNOUNCEMENTS) : 0
    for (const follower of this.followers) follower()
    if (!this.concurrent || latest === this.cells[this.seen]) return
    Atomics.store(this.cells, this.seen, latest)
    Atomics.notify(this.cells, this.seen)
  }

  /** Makes every other PE look before its next instruction. */
  announce(): void {
    const { cells } = this
    if (this.concurrent) this.announced = (Atomics.add(cells, control.ANNOUNCEMENTS, 1) + 1) | 0
    for (let pe = 0; pe < this.pes; pe++) {
      if (pe !== this.pe) Atomics.store(cells, peWord(pe, peControl.ATTENTION), 1)
    }
  }

  /** Waits until every other PE has looked since the last `announce` of this one. */
  settle(): void {
    if (this.announced === this.settled) return
    this.settled = this.announced
    this.leave()
    for (let pe = 0; pe < this.pes; pe++) if (pe !== this.pe) this.waitFor(pe)
    this.enter()
    this.look()
  }

  private waitFor(pe: number): void {
    const { cells, announced } = this
    const seen = peWord(pe, peControl.SEEN)
    for (let spins = 0; ; spins++) {
      if (Atomics.load(cells, peWord(pe, peControl.RUNNING)) === 0) return
      const latest = Atomics.load(cells, seen)
      if (((latest - announced) | 0) >= 0) return
      if (spins < SPINS) continue
      if (Atomics.load(cells, control.COMMAND) === command.STOP) return
      Atomics.wait(cells, seen, latest, LOOK_AGAIN)
    }
  }
}
