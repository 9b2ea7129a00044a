import { FOREVER } from '../board/shared-memory.ts'
import type { Core } from './core.ts'
import { type InterruptInputs, PPI } from './interrupts.ts'
import { EVENTS_SEEN, effectiveSlotOf, TIMER_LINES } from './layout.ts'

interface Timer {
  control: number
  compare: number
  /** CNTV: compares with the count less CNTVOFF_EL2. The virtual timer of EL2 has no offset. */
  offset: boolean
  intid: number
}

const timer = (prefix: string, level: string, intid: number, offset = false): Timer => ({
  control: effectiveSlotOf(`${prefix}_CTL_${level}`),
  compare: effectiveSlotOf(`${prefix}_CVAL_${level}`),
  offset,
  intid,
})

/** The timers of a PE without EL3, by the prefix of their registers. */
const timers: Readonly<Record<string, Timer>> = {
  CNTP: timer('CNTP', 'EL0', PPI.PHYSICAL_TIMER),
  CNTV: timer('CNTV', 'EL0', PPI.VIRTUAL_TIMER, true),
  CNTHP: timer('CNTHP', 'EL2', PPI.HYPERVISOR_TIMER),
  CNTHV: timer('CNTHV', 'EL2', PPI.HYPERVISOR_VIRTUAL_TIMER),
}
const all = Object.values(timers)

const ENABLE = 1
const IMASK = 2
const ISTATUS = 4
const WRAP = 1n << 64n
const CNTVOFF = effectiveSlotOf('CNTVOFF_EL2')
const CNTKCTL = effectiveSlotOf('CNTKCTL_EL1')
const CNTHCTL = effectiveSlotOf('CNTHCTL_EL2')
const EVNTEN = 4
const EVNTDIR = 8

/** With the host's clock the timers are looked at every so many cycles while one of them can change. */
const POLL = 1024

/** A device that changes an interrupt line when the system counter reaches a value. */
export interface Alarm {
  /** Changes its line if it is time. */
  look(): void
  /** The count to look at next; null while there is none. */
  nextChange(): bigint | null
}

/**
 * The generic timers of one PE (DDI 0487, chapter D12). The count is handed in; everything else is in the system registers. A
 * line changes when the count reaches a comparator, so the next such count is kept as the engine's deadline.
 */
export class GenericTimers {
  private readonly core: Core
  private readonly count: () => bigint
  private readonly hostClock: boolean
  private readonly inputs: InterruptInputs
  /** Lines as they were last told, a bit a timer; -1: not known. */
  private levels = -1
  /** Count at which a line changes next, FOREVER where none does. */
  private next = FOREVER
  private readonly alarms: Alarm[] = []

  /** @param count the system counter, CNTPCT_EL0 */
  constructor(core: Core, count: () => bigint, hostClock: boolean, inputs: InterruptInputs) {
    this.core = core
    this.count = count
    this.hostClock = hostClock
    this.inputs = inputs
  }

  /** A device to be looked at as the timers are; whoever sets it to another count calls `look`. */
  connect(alarm: Alarm): void {
    this.alarms.push(alarm)
  }

  physicalCount(): bigint {
    return this.count()
  }

  /** CNTVCT_EL0: without offset at EL2 with E2H = 1 and at EL0 in the host. */
  virtualCount(): bigint {
    const { core } = this
    const plain = core.e2h() && (core.el === 2 || (core.el === 0 && core.tge()))
    return plain ? this.count() : this.less(this.count())
  }

  private less(count: bigint): bigint {
    return BigInt.asUintN(64, count - this.core.state[CNTVOFF]!)
  }

  private countOf({ offset }: Timer): bigint {
    return offset ? this.less(this.count()) : this.count()
  }

  /** CTL: ENABLE and IMASK as stored, and ISTATUS. @param name of the register */
  control(name: string, stored: bigint): bigint {
    const timer = timerOf(name)
    const met = this.countOf(timer) >= this.core.state[timer.compare]!
    const kept = stored & BigInt(ENABLE | IMASK)
    return kept & BigInt(ENABLE) && met ? kept | BigInt(ISTATUS) : kept
  }

  /** TVAL: the signed distance to the comparator. */
  value(name: string): bigint {
    const timer = timerOf(name)
    return BigInt.asUintN(32, this.core.state[timer.compare]! - this.countOf(timer))
  }

  /** The comparator that a write of TVAL sets. */
  compareFor(name: string, value: bigint): bigint {
    return BigInt.asUintN(64, this.countOf(timerOf(name)) + BigInt.asIntN(32, value))
  }

  /** The PE was reset: every line is told. */
  reset(): void {
    this.levels = -1
    this.look()
  }

  /** The PE's words were put back to those of another moment: goes on from there, and tells nothing that was not due then. */
  resume(): void {
    this.levels = Number(this.core.state[TIMER_LINES]!)
    const now = this.count()
    this.next = FOREVER
    const levels = this.judge(now)
    this.askAlarms()
    if (levels !== this.levels) this.earliest(now)
    this.setDeadline()
  }

  /** A register of the timers, of their offset or of an event stream was written. */
  changed(name: string): void {
    this.look()
    if (name === 'CNTKCTL_EL1' || name === 'CNTHCTL_EL2') this.clearEvents()
  }

  /** Sets the lines by the count as it is now, and the deadline. */
  look(): void {
    const { core } = this
    let enabled = 0
    for (const { control } of all) enabled |= core.low(control) & ENABLE
    this.next = FOREVER
    if (enabled !== 0) this.tell(this.judge(this.count()))
    else if (this.levels !== 0) this.tell(0)
    for (const alarm of this.alarms) alarm.look()
    this.askAlarms()
    this.setDeadline()
  }

  /** The lines at a count; `next` comes down to where one of them changes. */
  private judge(now: bigint): number {
    const { core } = this
    let levels = 0
    for (const [i, { control, compare, offset }] of all.entries()) {
      if ((core.low(control) & (ENABLE | IMASK)) !== ENABLE) continue
      const count = offset ? this.less(now) : now
      const met = count >= core.state[compare]!
      if (met) levels |= 1 << i
      // A condition that is met ends when the count wraps: soon, where an offset is larger than the count.
      this.earliest(now + (met ? WRAP : core.state[compare]!) - count)
    }
    return levels
  }

  private tell(levels: number): void {
    const { core } = this
    const changed = this.levels < 0 ? -1 : levels ^ this.levels
    if (changed === 0) return
    this.levels = levels
    core.state[TIMER_LINES] = BigInt(levels)
    for (const [i, { intid }] of all.entries()) {
      if (changed & (1 << i)) this.inputs.setPrivate(core.pe, intid, (levels & (1 << i)) !== 0)
    }
  }

  private askAlarms(): void {
    for (const alarm of this.alarms) {
      const next = alarm.nextChange()
      if (next !== null) this.earliest(next)
    }
  }

  private setDeadline(): void {
    const { core } = this
    if (this.next === FOREVER) core.deadline = Number.POSITIVE_INFINITY
    else core.deadline = this.hostClock ? core.cycles + POLL : Number(this.next)
  }

  private earliest(count: bigint): void {
    if (count < this.next) this.next = count
  }

  /** Count at which a line changes next. */
  nextChange(): bigint {
    return this.next
  }

  /** Whether an event stream has set the event register since it was last cleared. */
  eventPending(): boolean {
    return this.nextEvent(this.core.state[EVENTS_SEEN]!) <= this.count()
  }

  /** WFE cleared the event register, or the event streams begin anew. */
  clearEvents(): void {
    if (this.streams()) this.core.state[EVENTS_SEEN] = this.count()
  }

  private streams(): boolean {
    return ((this.core.low(CNTKCTL) | this.core.low(CNTHCTL)) & EVNTEN) !== 0
  }

  /** The first count after `since` at which an event stream sends an event. */
  nextEvent(since: bigint): bigint {
    const { core } = this
    if (!this.streams()) return FOREVER
    let next = FOREVER
    // CNTKCTL_EL1 selects a bit of the virtual count, and none for a VHE host; CNTHCTL_EL2 one of the physical count.
    if (core.low(CNTKCTL) & EVNTEN && !(core.e2h() && core.tge())) {
      next = since + toTransition(this.less(since), core.low(CNTKCTL))
    }
    if (core.low(CNTHCTL) & EVNTEN) {
      const physical = since + toTransition(since, core.low(CNTHCTL))
      if (physical < next) next = physical
    }
    return next
  }
}

const timerOf = (name: string): Timer => timers[name.slice(0, name.indexOf('_'))]!

/** From a count to the next one at which bit EVNTI becomes 1, or with EVNTDIR 0. */
function toTransition(count: bigint, control: number): bigint {
  const half = 1n << BigInt((control >> 4) & 15)
  const period = half * 2n
  const at = control & EVNTDIR ? 0n : half
  const distance = (at - (count % period) + period) % period
  return distance === 0n ? period : distance
}
