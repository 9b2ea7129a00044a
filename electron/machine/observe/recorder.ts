import { sysregs } from '../../../shared/arch/sysregs.ts'
import {
  type ChangeCause,
  type CheckMode,
  type EventColumns,
  type EventKind,
  eventKinds,
  type FaultRow,
  HOST,
  HOST_TASK,
  type Owner,
  type RegisterRow,
  type SwitchRow,
  type TraceBatch,
  UNKNOWN_OWNER,
} from '../../../shared/model/trace.ts'
import { effectiveSlotOf, hasStorage, slotOf } from '../cpu/layout.ts'
import { type Mark, markKinds } from './marks.ts'
import type { Observer, TagMismatch, Watched } from './observer.ts'
import { SwitchTracker, type TrackerState } from './switch-tracker.ts'

/** What a recorder is asked to keep. */
export interface Probes {
  registers: readonly string[]
  switches: boolean
  faults: boolean
  events: boolean
}

/** A recorder's part of a snapshot: what it compares with next, not the rows that it has kept. */
export interface RecorderState {
  owners: Owner[]
  loaded: Owner
  initialised: boolean
  switchCount: number
  faultCount: { sync: number; async: number }
  tracker: TrackerState | null
  watched: [name: string, last: bigint, lastEffective: bigint, owner: Owner][]
}

const modes: readonly CheckMode[] = ['none', 'sync', 'async', 'asym']
const EVENT_CHUNK = 8192

/**
 * The only way by which data leaves a running machine: it watches one PE and batches rows. It never changes the state, and
 * what it records comes from the state and the image's marks.
 */
export class Recorder implements Observer {
  private readonly pe: number
  private readonly probes: Probes
  private readonly now: () => number
  private readonly watched = new Map<
    string,
    { slot: number; effective: number; group: number; last: bigint; lastEffective: bigint; owner: Owner }
  >()
  private readonly marked: boolean
  private core: Watched | null = null
  /** Owners of the register pair that is switched at every exit, of the EL1 state, and of the EL2 controls. */
  private owners: Owner[]
  private readonly tracker: SwitchTracker | null
  private switches: SwitchRow[] = []
  private faults: FaultRow[] = []
  private rows: RegisterRow[] = []
  private events: EventBuffer
  private initialised = false
  /** Completed switches since the start. */
  switchCount = 0
  faultCount = { sync: 0, async: 0 }
  /** The vCPU that VCPU_LOAD named; UNKNOWN_OWNER while none. */
  private loaded: Owner = UNKNOWN_OWNER

  constructor(pe: number, probes: Probes, marked: boolean, late: boolean, now: () => number) {
    this.pe = pe
    this.probes = probes
    this.now = now
    this.marked = marked
    this.owners = Array.from({ length: 3 }, () => (marked ? HOST : UNKNOWN_OWNER))
    this.tracker = marked && probes.switches ? new SwitchTracker(pe, now) : null
    this.events = new EventBuffer()
    for (const name of probes.registers) {
      if (!hasStorage(name)) continue
      const row = (sysregs as Record<string, { switched?: string }>)[name]
      const slot = slotOf(name)
      this.watched.set(name, {
        slot,
        effective: late ? effectiveSlotOf(name) : slot,
        group: row?.switched === 'every-exit' ? 0 : row?.switched === 'vm' ? 2 : 1,
        last: -1n,
        lastEffective: -1n,
        owner: UNKNOWN_OWNER - 1,
      })
    }
  }

  save(): RecorderState {
    const { loaded, initialised, switchCount } = this
    return {
      owners: [...this.owners],
      loaded,
      initialised,
      switchCount,
      faultCount: { ...this.faultCount },
      tracker: this.tracker?.save() ?? null,
      watched: [...this.watched].map(([name, w]) => [name, w.last, w.lastEffective, w.owner]),
    }
  }

  /** Goes on from a saved state; rows that were kept and not taken are of another past, and dropped. */
  restore(saved: RecorderState): void {
    this.owners = [...saved.owners]
    this.loaded = saved.loaded
    this.initialised = saved.initialised
    this.switchCount = saved.switchCount
    this.faultCount = { ...saved.faultCount }
    if (saved.tracker) this.tracker?.restore(saved.tracker)
    for (const [name, last, lastEffective, owner] of saved.watched) {
      const watch = this.watched.get(name)
      if (watch) Object.assign(watch, { last, lastEffective, owner })
    }
    this.take()
  }

  /** Called after each completed switch: the machine counts them for its stop rule. */
  onSwitch: () => void = () => {}

  /** Connects to the core; called once by the board. */
  attach(core: Watched): void {
    this.core = core
  }

  /** The value that each watched register begins with. */
  begin(): void {
    if (this.initialised) return
    this.initialised = true
    for (const name of this.watched.keys()) this.touch(name, 'initial')
  }

  /** A register was written or its effective value changed: keeps a row for each word whose value or owner is new. */
  touch(name: string, cause: ChangeCause): void {
    const watch = this.watched.get(name)
    const core = this.core
    if (watch === undefined || core === null) return
    const owner = this.owners[watch.group]!
    const value = core.state[watch.slot]!
    const effective = core.state[watch.effective]!
    if (value !== watch.last || (owner !== watch.owner && cause === 'msr')) {
      watch.last = value
      watch.owner = owner
      this.rows.push(this.row(name, 'architectural', owner, cause, value))
    }
    if (watch.effective !== watch.slot && effective !== watch.lastEffective) {
      watch.lastEffective = effective
      this.rows.push(this.row(name, 'effective', owner, cause, effective))
    }
  }

  private row(
    name: string,
    slot: RegisterRow['slot'],
    owner: Owner,
    cause: ChangeCause,
    value: bigint,
  ): RegisterRow {
    const core = this.core!
    return {
      pe: this.pe,
      cycle: core.cycles,
      ns: this.now(),
      register: name,
      slot,
      owner,
      cause,
      value,
      pc: core.pc,
    }
  }

  /** Marks before the instruction that is about to run. */
  mark(core: Watched, marks: readonly Mark[]): void {
    for (const { kind, argument } of marks) {
      if (kind === markKinds.OWNER) {
        const owner = argument & 0x100 ? this.loaded : HOST
        for (let group = 0; group < 3; group++) if (argument & (1 << group)) this.owners[group] = owner
      } else if (kind === markKinds.VCPU_LOAD || kind === markKinds.ENTRY) {
        this.loaded = Number(BigInt.asIntN(8, core.state[argument & 31]!))
      } else if (kind === markKinds.VCPU_PUT) {
        this.loaded = UNKNOWN_OWNER
      }
      const finished = this.tracker?.mark(core, kind, argument, this.loaded)
      if (finished) this.finish(finished)
      if (this.probes.events) this.event(core, 'mark', BigInt(kind) | (BigInt(argument) << 8n))
    }
  }

  private finish(row: SwitchRow): void {
    this.switches.push(row)
    this.switchCount++
    this.onSwitch()
  }

  exceptionEntry(
    core: Watched,
    target: number,
    esr: bigint,
    from: number,
    interrupt: 'IRQ' | 'FIQ' | null,
  ): void {
    if (this.probes.events) {
      if (interrupt === null) this.event(core, 'exception', esr)
      else this.event(core, 'interrupt', interrupt === 'IRQ' ? 0n : 1n)
    }
    this.tracker?.exceptionEntry(core, target, esr, from, interrupt)
  }

  exceptionReturn(core: Watched, from: number): void {
    if (this.probes.events) this.event(core, 'exception-return', BigInt(from))
    const finished = this.tracker?.exceptionReturn(core)
    if (finished) this.finish(finished)
  }

  /** A barrier retired; its cost is the barrier phase's. */
  barrier(core: Watched, kind: 'isb' | 'dsb', cost: number): void {
    this.tracker?.attribute('barriers', cost)
    if (this.probes.events) this.event(core, kind, 0n)
  }

  /** Cycles of exception entry and return inside a switch. */
  trapCost(cost: number): void {
    this.tracker?.attribute('trap', cost)
  }

  /** IRG drew a tag. */
  draw(core: Watched, tag: number): void {
    if (this.probes.events) this.event(core, 'tag-draw', BigInt(tag))
  }

  tagFault(core: Watched, mismatch: TagMismatch): void {
    const kind = mismatch.synchronous ? 'sync' : 'async'
    this.faultCount[kind]++
    if (!this.probes.faults) return
    this.faults.push({
      pe: this.pe,
      cycle: core.cycles,
      ns: this.now(),
      owner: this.executing(core),
      el: mismatch.privileged ? core.el : 0,
      kind,
      mode: modes[mismatch.tcf]!,
      pc: core.pc,
      address: mismatch.address,
      granule: mismatch.granule,
      pointerTag: mismatch.pointerTag,
      memoryTag: mismatch.memoryTag,
      write: mismatch.write,
      bytes: mismatch.bytes,
    })
  }

  /** Who executes now: the loaded vCPU between entry and exit, else the host or its task. */
  executing(core: Watched): Owner {
    if (!this.marked) return UNKNOWN_OWNER
    if (this.tracker?.inGuest) return this.loaded
    return core.el === 0 ? HOST_TASK : HOST
  }

  private event(core: Watched, kind: EventKind, detail: bigint): void {
    this.events.push(core.cycles, eventKinds.indexOf(kind), core.el, core.pc, detail)
  }

  /** Whether enough has gathered that a batch should be posted before more memory is taken. */
  full(): boolean {
    return (
      this.rows.length > 4096 ||
      this.switches.length > 1024 ||
      this.faults.length > 4096 ||
      this.events.length >= EVENT_CHUNK
    )
  }

  /** Everything gathered since the last call, or null. */
  take(): TraceBatch | null {
    const events = this.events.take(this.pe)
    if (!events && !this.switches.length && !this.faults.length && !this.rows.length) return null
    const batch: TraceBatch = { switches: this.switches, faults: this.faults, registers: this.rows, events }
    this.switches = []
    this.faults = []
    this.rows = []
    return batch
  }
}

/** Growing columns of high-rate events. */
class EventBuffer {
  length = 0
  private cycle = new Float64Array(EVENT_CHUNK)
  private kind = new Uint8Array(EVENT_CHUNK)
  private el = new Uint8Array(EVENT_CHUNK)
  private pc = new BigUint64Array(EVENT_CHUNK)
  private detail = new BigUint64Array(EVENT_CHUNK)

  push(cycle: number, kind: number, el: number, pc: bigint, detail: bigint): void {
    if (this.length === this.cycle.length) this.grow()
    const at = this.length++
    this.cycle[at] = cycle
    this.kind[at] = kind
    this.el[at] = el
    this.pc[at] = pc
    this.detail[at] = detail
  }

  take(pe: number): EventColumns | null {
    const n = this.length
    if (n === 0) return null
    this.length = 0
    return {
      pe,
      cycle: this.cycle.slice(0, n),
      kind: this.kind.slice(0, n),
      el: this.el.slice(0, n),
      pc: this.pc.slice(0, n),
      detail: this.detail.slice(0, n),
    }
  }

  private grow(): void {
    const double = <T extends { set(from: T): void; length: number }>(from: T, make: (n: number) => T): T => {
      const to = make(from.length * 2)
      to.set(from)
      return to
    }
    this.cycle = double(this.cycle, (n) => new Float64Array(n))
    this.kind = double(this.kind, (n) => new Uint8Array(n))
    this.el = double(this.el, (n) => new Uint8Array(n))
    this.pc = double(this.pc, (n) => new BigUint64Array(n))
    this.detail = double(this.detail, (n) => new BigUint64Array(n))
  }
}
