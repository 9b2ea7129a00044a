import type { Core } from '../cpu/core.ts'
import { EVENT, EVENTS_SEEN, WAIT_UNTIL } from '../cpu/layout.ts'
import type { GenericTimers } from '../cpu/timers.ts'
import { clock, control, FOREVER, peControl, peWord, waiting } from './shared-memory.ts'

/**
 * WFI and WFE of one PE: how a wait begins, and what ends it (DDI 0487, "Mechanisms for entering a low-power state"). A PE
 * that waits executes nothing; whoever runs it asks `wakes` before it runs again.
 */
export class Waits {
  private readonly core: Core
  private readonly timers: GenericTimers
  private readonly modelTime: () => number
  private readonly hostClock: boolean
  private readonly cells: Int32Array

  constructor(core: Core, timers: GenericTimers, modelTime: () => number, hostClock: boolean) {
    this.core = core
    this.timers = timers
    this.modelTime = modelTime
    this.hostClock = hostClock
    this.cells = core.views.control
  }

  /** What the PE waits in: `waiting`. */
  kind(): number {
    return Atomics.load(this.cells, peWord(this.core.pe, peControl.WAITING))
  }

  /** @param until CNTVCT_EL0 at which a timed form ends at the latest */
  begin(kind: number, until: bigint | null): void {
    const { core, timers } = this
    // Kept as a physical count, so that it does not depend on what the offset is later.
    core.state[WAIT_UNTIL] = until === null ? 0n : timers.physicalCount() + (until - timers.virtualCount())
    this.setDeadline(kind)
    this.setKind(kind)
  }

  /** A wait is counted before it can be seen (nothingWakes). */
  private setKind(kind: number): void {
    if (kind !== waiting.NO) Atomics.add(this.cells, control.WAITS, 1)
    Atomics.store(this.cells, peWord(this.core.pe, peControl.WAITING), kind)
  }

  /** Says at which count the wait may end by time alone. */
  private setDeadline(kind: number): void {
    const { core, timers } = this
    const until = core.state[WAIT_UNTIL]!
    let deadline = timers.nextChange()
    if (until !== 0n && until < deadline) deadline = until
    if (kind === waiting.WFE) {
      const event = timers.nextEvent(core.state[EVENTS_SEEN]!)
      if (event < deadline) deadline = event
    }
    Atomics.store(core.views.clock, clock.DEADLINE + core.pe, deadline < FOREVER ? deadline : FOREVER)
  }

  /**
   * Looks whether the wait has ended; then the PE is awake, its cycles at the time of now.
   * @returns whether the PE is awake
   */
  wakes(): boolean {
    const { core, timers } = this
    const kind = this.kind()
    if (kind === waiting.NO) return true
    const now = timers.physicalCount()
    if (timers.nextChange() <= now) timers.look()
    const signalled = Atomics.load(this.cells, peWord(core.pe, peControl.SIGNALLED)) !== 0
    if (signalled) {
      // Awake before the word is cleared: at no moment does it look as if nothing could wake this PE (nothingWakes).
      this.setKind(waiting.NO)
      Atomics.store(this.cells, peWord(core.pe, peControl.SIGNALLED), 0)
      core.asynchronous.sample()
    }
    const until = core.state[WAIT_UNTIL]!
    if (!(until !== 0n && now >= until) && !this.endsAtOnce(kind)) {
      this.setDeadline(kind)
      if (signalled) this.setKind(kind)
      return false
    }
    core.state[WAIT_UNTIL] = 0n
    // A PE has not lagged behind while it waited.
    if (!this.hostClock) core.setCycles(this.modelTime())
    this.setKind(waiting.NO)
    return true
  }

  /**
   * Whether what a wait is for is there. A WFI ends by an interrupt or SError that is pending, masked or not; a WFE by an event,
   * which is then used up, and by what would be taken.
   */
  endsAtOnce(kind: number): boolean {
    const { asynchronous } = this.core
    if (kind === waiting.WFI) return asynchronous.wakes()
    return this.takeEvent() || (asynchronous.pending !== 0 && asynchronous.due() !== null)
  }

  /** Clears the event register. @returns whether it was set: by SEV, an event stream, an exception return, or a reservation's end */
  private takeEvent(): boolean {
    const { core, timers } = this
    const set = Atomics.exchange(core.state, EVENT, 0n) !== 0n || timers.eventPending()
    if (set) timers.clearEvents()
    return set
  }

  /** Ends a WFE for no reason, as the architecture permits. */
  endEventWait(): void {
    Atomics.store(this.core.state, EVENT, 1n)
  }

  /**
   * Host milliseconds that a PE which has a thread of its own may sleep before its deadline. The model clock does not pass
   * meanwhile: it is set to the deadline at once.
   */
  sleepTo(deadline: bigint): number {
    if (this.hostClock) return Math.max(0, Number(deadline - this.timers.physicalCount()) / 1e6)
    this.core.setCycles(Math.max(this.core.cycles, Number(deadline)))
    return 0
  }
}
