import { ProblemError } from '../../../shared/base/result.ts'
import type { BreakCondition, Halt, Oldest, Position } from '../../../shared/model/debug.ts'
import type { OneThreadBoard } from '../board/one-thread.ts'
import type { Snapshot } from '../board/snapshot.ts'
import { Breaks } from './breaks.ts'
import { checkConditions } from './check-conditions.ts'
import { SnapshotStore } from './snapshot-store.ts'
import type { Tap } from './tap.ts'

export interface TimelineOptions {
  /** Bytes that snapshots may take. */
  budget: number
  /** Instructions between snapshots while running on; going back executes so many again at most, where none was thinned. */
  interval: number
  /** Begins here: a snapshot of a machine with the same plan. */
  from?: Snapshot | undefined
}

export const timelineDefaults: TimelineOptions = { budget: 256 << 20, interval: 500_000 }

/** Instructions between two looks at whether a run shall be left. */
const SLICE = 200_000

/** Distances to a place that was gone to at which snapshots are kept, since the next step is often one back. */
const APPROACH = [50_000, 5000, 500]

/**
 * A deterministic run that can be followed in both directions: forward by running, back by the snapshot before and running
 * again. Everything that runs takes a limit, so that its caller can look up in between; a run that stopped by its limit goes on
 * with the same call.
 */
export class Timeline {
  readonly board: OneThreadBoard
  private readonly taps: readonly Tap[]
  private readonly interval: number
  private readonly store: SnapshotStore
  private edited = false
  private furthest: number

  /** @param taps of the board's PEs. The board's present state is the oldest that can be gone back to */
  constructor(board: OneThreadBoard, taps: readonly Tap[], options: Partial<TimelineOptions> = {}) {
    const { budget, interval, from } = { ...timelineDefaults, ...options }
    this.board = board
    this.taps = taps
    this.interval = interval
    if (from) board.put(from)
    this.store = new SnapshotStore(
      budget,
      from ? 'the snapshot that it was opened from' : 'beginning of the run',
    )
    this.store.add(board.take())
    this.furthest = board.moment
  }

  get moment(): number {
    return this.board.moment
  }

  position(pe: number): Position {
    return { pe, instructions: this.board.pes[pe]!.core.instructions, moment: this.moment }
  }

  /** The earliest place that can be gone back to, as a PE counts. */
  oldest(pe: number): Oldest {
    const { moment, instructions } = this.store.oldest
    return { position: { pe, instructions: instructions[pe]!, moment }, reason: this.store.reason }
  }

  snapshots(): { count: number; bytes: number; moments: number[] } {
    return { count: this.store.count, bytes: this.store.bytes, moments: this.store.moments() }
  }

  /** The present as a snapshot, for a fork. */
  snapshot(): Snapshot {
    this.settleEdit()
    return this.board.take()
  }

  /** Says that the state was changed by hand: what lay ahead is no more. */
  changed(): void {
    this.edited = true
  }

  /**
   * Runs until a condition holds, the machine ends, or `limit` instructions were executed. A condition on what is about to
   * happen does not hold again where the run begins, unless it is not `fresh`: it goes on with one that its limit stopped.
   * @throws ProblemError for a condition that names what does not exist
   */
  run(conditions: readonly BreakCondition[], limit = SLICE, fresh = true): Halt {
    this.settleEdit()
    const until = this.moment + limit
    return this.watching(conditions, (breaks) => this.forward(breaks, until, fresh))
  }

  /**
   * Executes one instruction of a PE, and those of others that the schedule puts before it. A condition on what others are
   * about to do, or on anything that was done, ends it early.
   */
  step(pe: number, conditions: readonly BreakCondition[] = [], limit = SLICE): Halt {
    this.settleEdit()
    const until = this.moment + limit
    return this.watching(conditions, (breaks) => {
      let fresh = true
      while (this.moment < until) {
        const own = this.board.next?.index === pe
        const hit = this.forward(breaks, this.moment + 1, fresh || own)
        if (hit.kind !== 'limit') return hit
        if (own) return { kind: 'stepped' }
        fresh = false
      }
      return { kind: 'limit' }
    })
  }

  /**
   * Goes to a moment, back or ahead.
   * @param limit instructions beyond the furthest moment that has been
   * @returns false when that was not enough, or the machine ended before: the way can be gone on
   * @throws ProblemError for a moment before the oldest
   */
  gotoMoment(moment: number, limit = SLICE): boolean {
    this.settleEdit()
    const from = this.store.latest((snapshot) => snapshot.moment <= moment)
    if (from === null) throw this.tooEarly(`moment ${moment}`)
    if (moment < this.moment || from.moment > this.moment) this.board.put(from)
    const until = Math.min(moment, this.furthest + limit)
    for (const distance of APPROACH) {
      if (until - distance - this.moment < distance) continue
      this.forward(null, until - distance, true)
      this.store.add(this.board.take())
    }
    this.forward(null, until, true)
    return this.moment === moment
  }

  /**
   * Goes to where a PE has just retired so many instructions, back or ahead.
   * @returns false when `limit` instructions were not enough, or the machine ended before: the way can be gone on
   * @throws ProblemError for a place before the oldest
   */
  gotoPosition(pe: number, instructions: number, limit = SLICE): boolean {
    this.settleEdit()
    if (instructions < this.store.oldest.instructions[pe]!) {
      throw this.tooEarly(`instruction ${instructions} of PE${pe}`)
    }
    const { core } = this.board.pes[pe]!
    const before = this.store.latest((snapshot) => snapshot.instructions[pe]! < instructions)
    if (core.instructions >= instructions || before!.moment > this.moment)
      this.board.put(before ?? this.store.oldest)
    const until = this.moment + limit
    while (core.instructions < instructions && this.moment < until) {
      const mine = this.board.next?.index === pe
      const stride = mine
        ? Math.min(instructions - core.instructions, until - this.moment)
        : until - this.moment
      if (this.advance(stride) === 0) break
    }
    return core.instructions >= instructions
  }

  /** Goes back to before the last instruction that a PE executed. @returns false when it comes to the oldest place */
  stepBack(pe: number): boolean {
    this.settleEdit()
    let until = this.moment
    for (;;) {
      const from = this.store.latest((snapshot) => snapshot.moment < until)
      if (from === null) break
      let last: number | null = null
      this.board.put(from)
      while (this.moment < until) {
        const mine = this.board.next?.index === pe
        if (this.board.advance(until - this.moment) === 0) break
        if (mine) last = this.moment - 1
      }
      if (last !== null) {
        this.gotoMoment(last)
        return true
      }
      until = from.moment
    }
    this.gotoMoment(this.store.oldest.moment)
    return false
  }

  /**
   * Goes back until a condition last held, else to the oldest place: to before the instruction that made it hold, or to where
   * it held before one. Looks at one stretch between snapshots, then yields so that the caller can look up; where it does not
   * go on, the run stays where it began.
   */
  *runBack(conditions: readonly BreakCondition[]): Generator<void, Halt> {
    this.settleEdit()
    const now = this.moment
    let until = now
    for (;;) {
      const from = this.store.latest((snapshot) => snapshot.moment < until)
      if (from === null) break
      const last = this.lastHalt(from, until, now, conditions)
      if (last !== null) {
        this.gotoMoment(last.moment)
        return last.halt
      }
      this.gotoMoment(now)
      until = from.moment
      yield
    }
    this.gotoMoment(this.store.oldest.moment)
    return { kind: 'oldest' }
  }

  /** The last place between a snapshot and a moment that `runBack` from `now` would stop at. */
  private lastHalt(
    from: Snapshot,
    until: number,
    now: number,
    conditions: readonly BreakCondition[],
  ): { moment: number; halt: Halt } | null {
    let last: { moment: number; halt: Halt } | null = null
    this.board.put(from)
    this.watching(conditions, (breaks) => {
      let fresh = false
      for (;;) {
        const halt = this.forward(breaks, until, fresh, false)
        if (halt.kind !== 'condition') return halt
        const { kind } = conditions[halt.index]!
        const before = kind === 'address' || kind === 'instruction' || kind === 'position'
        const moment = before ? this.moment : this.moment - 1
        if (moment >= now) return halt
        last = { moment, halt }
        fresh = true
      }
    })
    return last
  }

  private watching(conditions: readonly BreakCondition[], body: (breaks: Breaks[] | null) => Halt): Halt {
    if (conditions.length === 0) return body(null)
    checkConditions(conditions, this.board.pes.length)
    const breaks = this.board.pes.map((pe) => new Breaks(pe, this.taps[pe.index]!, conditions))
    for (const armed of breaks) armed.arm()
    try {
      return body(breaks)
    } finally {
      for (const armed of breaks) armed.disarm()
    }
  }

  private forward(breaks: Breaks[] | null, until: number, fresh: boolean, keep = true): Halt {
    let first = fresh
    while (this.moment < until) {
      const pe = this.board.next
      if (pe === null) {
        if (this.board.idle && this.advance(until - this.moment) > 0) continue
        return { kind: this.board.idle ? 'idle' : 'ended' }
      }
      const armed = breaks?.[pe.index]
      const ahead = first ? null : (armed?.before() ?? null)
      if (ahead !== null) return ahead
      const from = pe.core.instructions
      const stride = Math.min(until - this.moment, armed?.stride(first) ?? Number.MAX_SAFE_INTEGER)
      first = false
      if (keep) this.advance(stride)
      else this.board.advance(stride)
      const hit = armed?.after(from) ?? null
      if (hit !== null) return hit
    }
    return { kind: 'limit' }
  }

  /** Runs on, and keeps a snapshot where one is due. */
  private advance(limit: number): number {
    const due = this.store.newest.moment + this.interval
    const room = due - this.moment
    const executed = this.board.advance(room > 0 ? Math.min(limit, room) : limit)
    if (this.moment === due) this.store.add(this.board.take())
    this.furthest = Math.max(this.furthest, this.moment)
    return executed
  }

  private settleEdit(): void {
    if (!this.edited) return
    this.edited = false
    this.furthest = this.moment
    this.board.forgetFuture()
    this.store.dropAfter(this.moment)
    this.store.add(this.board.take(), true)
  }

  private tooEarly(what: string): ProblemError {
    const { moment } = this.store.oldest
    return new ProblemError(
      what,
      `it lies before the oldest place that can be gone back to, moment ${moment} (${this.store.reason})`,
      'Go to a later place, or give snapshots a larger budget.',
    )
  }
}
