import { type RingProducer, ringProducer } from '../../shared/model/ring.ts'
import {
  type ChangeColumns,
  changeColumns,
  type EventColumns,
  eventsFrom,
  type TraceBatch,
} from '../../shared/model/trace.ts'
import { admitInput } from '../machine/board/input-log.ts'
import { Pe } from '../machine/board/pe.ts'
import {
  clock,
  command,
  control,
  endMachine,
  FOREVER,
  OFF,
  peControl,
  peWord,
  stopKind,
  type Views,
  viewsOf,
  waiting,
} from '../machine/board/shared-memory.ts'
import { openTurn, passTurn, runTurn } from '../machine/board/turns.ts'
import { eventWaits, inputWakes, nothingWakes } from '../machine/board/waiting.ts'
import { MachineStop } from '../machine/cpu/fault.ts'
import { featuresOf, isConcurrent } from './plan.ts'
import type { FromPe, PeWorkerData, ToPe } from './protocol.ts'

/** Instructions between looks at the clock and the stop rules in the parallel schedule. */
const SLICE = 16_384
/** Milliseconds between reports. */
const REPORT_EVERY = 50
const MAX_UNACKNOWLEDGED = 16
/** Every wait ends after this many milliseconds at the latest and looks at the command word again. */
const LOOK_AGAIN = 50
/** Milliseconds after which a WFE ends for no reason, as it may. */
const EVENT_WAIT = 10
/** Times in a row that a WFE ended so while nobody else ran, before the machine counts as locked up. */
const FUTILE_WAITS = 100

/** Runs one PE in its worker: schedule, power, stop rules, reports. Blocks its thread; control comes through shared words. */
export class PeRunner {
  private readonly data: PeWorkerData
  private readonly post: (message: FromPe) => void
  private readonly receive: () => ToPe | null
  private readonly views: Views
  private readonly cells: Int32Array
  private readonly pe: Pe
  private readonly pes: number
  private readonly events: RingProducer | null
  private readonly changes: RingProducer<ChangeColumns> | null
  private lastReport = 0
  private message: string | null = null
  private futileWaits = 0
  private restores = 0

  /** @param receive the next message that has arrived */
  constructor(data: PeWorkerData, post: (message: FromPe) => void, receive: () => ToPe | null) {
    const { plan, pe } = data
    this.data = data
    this.post = post
    this.receive = receive
    this.pes = plan.pes
    const { events, changes } = data.rings
    this.events = events === undefined ? null : ringProducer(events)
    this.changes = changes === undefined ? null : ringProducer(changes)
    this.views = viewsOf({ memory: data.memory, pes: plan.pes, ramBytes: data.ramBytes })
    this.cells = this.views.control
    const now = (): number => Number(process.hrtime.bigint() - data.startedNs)
    this.pe = new Pe(this.views, {
      pe,
      features: featuresOf(plan, pe),
      concurrent: isConcurrent(plan),
      sync: plan.sync,
      release: plan.release,
      syncParameters: plan.syncParameters,
      injections: plan.injections,
      costs: plan.costs,
      clock: plan.clock,
      ...(plan.unknown === undefined ? {} : { unknown: plan.unknown }),
      probes: plan.probes,
      marks: new Map(data.marks),
      now,
      waitForRoom: () => this.waitForRoom(),
      host: data.host,
    })
    this.pe.recorder.onSwitch = () => this.countSwitch()
    this.pe.reset(plan.schedule.seed)
    if (pe === 0) this.pe.start(data.entry, data.x0)
  }

  run(): void {
    const deterministic = this.data.plan.schedule.kind === 'deterministic'
    try {
      while (this.proceed()) {
        if (deterministic) this.takeTurn()
        else this.runFreely()
      }
    } catch (error) {
      if (!(error instanceof MachineStop)) {
        endMachine(this.cells, this.pes, stopKind.FAILED, 0, this.pe.index)
        throw error
      }
      this.endFor(error)
    }
    this.pe.core.store()
    this.report(true)
    this.post({ kind: 'ended', status: this.pe.status(), message: this.message })
  }

  /** Looks at the command: parks while it says pause. @returns false when the machine ends */
  private proceed(): boolean {
    const { cells } = this
    if (Atomics.load(cells, control.COMMAND) === command.PAUSE) {
      this.pe.core.store()
      this.report(true)
      Atomics.store(cells, this.word(peControl.PARKED), 1)
      let answered = -1
      while (Atomics.load(cells, control.COMMAND) === command.PAUSE) {
        // Resumed and paused again before this PE saw it: the second pause wants its own answer.
        const pause = Atomics.load(cells, control.PAUSES)
        this.takeOver()
        if (pause !== answered) {
          const state = this.pe.save()
          this.post({ kind: 'paused', status: this.pe.status(), pause, state })
        }
        answered = pause
        Atomics.wait(cells, control.COMMAND, command.PAUSE, LOOK_AGAIN)
      }
      Atomics.store(cells, this.word(peControl.PARKED), 0)
    }
    return Atomics.load(cells, control.COMMAND) !== command.STOP
  }

  /** The memory was put back to a snapshot: goes on from this PE's part of it. */
  private takeOver(): void {
    const restores = Atomics.load(this.cells, control.RESTORES)
    if (restores === this.restores) return
    this.restores = restores
    const state = this.receive()?.state
    if (state === undefined) throw new Error('a snapshot was put back without the state of this PE')
    this.pe.restore(state)
    this.futileWaits = 0
  }

  private takeTurn(): void {
    const { cells, pe } = this
    const whose = Atomics.load(cells, control.TURN)
    if (whose !== pe.index) {
      Atomics.wait(cells, control.TURN, whose, LOOK_AGAIN)
      return
    }
    const opened = openTurn(pe, this.data.plan.schedule, (turn) => this.admitInput(turn))
    const over = !opened || this.runTurn()
    // Nobody runs before something comes from outside; the client says when bytes came.
    if (over && !passTurn(this.views, pe.index)) {
      Atomics.wait(cells, control.INPUT_OFFERED, Atomics.load(cells, control.INPUT_WRITTEN), LOOK_AGAIN)
      this.admitInput(Number(this.views.clock[clock.TURNS]!))
    }
  }

  private admitInput(turn: number): void {
    const event = admitInput(this.views, turn)
    if (event) this.post({ kind: 'input', event })
  }

  /** @returns whether the turn is over */
  private runTurn(): boolean {
    const over = runTurn(this.pe, this.instructionsLeft())
    this.afterRunning()
    return over
  }

  private runFreely(): void {
    const { cells, pe } = this
    if (!pe.powered(this.data.plan.schedule.seed)) {
      if (!this.endIfLockedUp(false)) Atomics.wait(cells, this.word(peControl.POWER), OFF, LOOK_AGAIN)
      return
    }
    if (!pe.waits.wakes()) {
      this.sleep()
      return
    }
    const executed = pe.engine.run(Math.min(SLICE, this.instructionsLeft()))
    Atomics.add(this.views.clock, clock.INSTRUCTIONS, BigInt(executed))
    this.afterRunning()
  }

  /** Sleeps until the PE's deadline or until somebody says that there is something to look at. */
  private sleep(): void {
    const { cells, pe } = this
    const event = pe.waits.kind() === waiting.WFE
    if (this.endIfLockedUp(event)) return
    const deadline = Atomics.load(this.views.clock, clock.DEADLINE + pe.index)
    const longest = event ? EVENT_WAIT : LOOK_AGAIN
    const wait = deadline < FOREVER ? Math.min(longest, pe.waits.sleepTo(deadline)) : longest
    const woken = Atomics.wait(cells, this.word(peControl.SIGNALLED), 0, wait) !== 'timed-out'
    if (event && !woken && wait === EVENT_WAIT) pe.waits.endEventWait()
  }

  /**
   * Ends the machine when nothing can ever wake anybody. As a WFE may end for no reason, the PEs that wait in one must have
   * done so in vain for a while.
   */
  private endIfLockedUp(event: boolean): boolean {
    const { cells, pe, views } = this
    const nothing = nothingWakes(views) && !inputWakes(views)
    this.futileWaits = nothing && event ? this.futileWaits + 1 : 0
    const lockedUp = nothing && (event ? this.futileWaits > FUTILE_WAITS : !eventWaits(views))
    if (lockedUp) endMachine(cells, this.pes, stopKind.LOCKUP, 0, pe.index)
    return lockedUp
  }

  private afterRunning(): void {
    const { cells, pe, views } = this
    const limit = this.data.plan.stop.instructions
    if (limit !== undefined && Atomics.load(views.clock, clock.INSTRUCTIONS) >= limit) {
      endMachine(cells, this.pes, stopKind.INSTRUCTIONS, 0, pe.index)
    }
    this.report(false)
  }

  private instructionsLeft(): number {
    const limit = this.data.plan.stop.instructions
    if (limit === undefined) return Number.MAX_SAFE_INTEGER
    return Math.max(0, limit - Number(Atomics.load(this.views.clock, clock.INSTRUCTIONS)))
  }

  private countSwitch(): void {
    const { cells, pe } = this
    const count = Atomics.add(cells, control.SWITCHES, 1) + 1
    const limit = this.data.plan.stop.switches
    if (limit === undefined || count < limit) return
    pe.engine.leave = true
    endMachine(cells, this.pes, stopKind.SWITCHES, 0, pe.index)
  }

  private endFor(stop: MachineStop): void {
    const kinds = {
      'semihosting-exit': stopKind.EXIT,
      'psci-off': stopKind.PSCI_OFF,
      'psci-reset': stopKind.PSCI_RESET,
      lockup: stopKind.LOCKUP,
      'model-error': stopKind.MODEL_ERROR,
    } as const
    if (stop.message !== '') this.message = stop.message
    endMachine(this.cells, this.pes, kinds[stop.kind], stop.code, this.pe.index)
  }

  /** Posts what was recorded and the status: at most every REPORT_EVERY ms, at once when forced or when much has gathered. */
  private report(force: boolean): void {
    const { pe } = this
    const now = performance.now()
    if (!force && !pe.recorder.full() && now - this.lastReport < REPORT_EVERY) return
    this.lastReport = now
    const batch = pe.recorder.take()
    if (batch) this.intoRings(batch)
    if (batch && !isEmpty(batch)) {
      const word = this.word(peControl.UNACKNOWLEDGED)
      Atomics.add(this.cells, word, 1)
      this.post({ kind: 'trace', batch })
      for (;;) {
        const ahead = Atomics.load(this.cells, word)
        if (ahead < MAX_UNACKNOWLEDGED || Atomics.load(this.cells, control.COMMAND) !== command.RUN) break
        Atomics.wait(this.cells, word, ahead, LOOK_AGAIN)
      }
    }
    this.post({ kind: 'status', status: pe.status() })
  }

  /** Leaves in the batch what the rings do not take: there is none, or the machine ends and the store is behind. */
  private intoRings(batch: TraceBatch): void {
    const { events, registers } = batch
    if (this.events !== null && events !== null) {
      const taken = this.write(this.events, events)
      batch.events = taken < events.cycle.length ? eventsFrom(events, taken) : null
    }
    if (this.changes !== null && registers.length > 0) {
      const columns = changeColumns(this.pe.index, registers, this.data.plan.probes.registers)
      batch.registers = registers.slice(this.write(this.changes, columns))
    }
  }

  /** @returns how many of the rows the ring took: all of them, unless the machine ends */
  private write<R extends EventColumns | ChangeColumns>(ring: RingProducer<R>, rows: R): number {
    let at = 0
    for (;;) {
      at += ring.write(rows, at)
      if (at === rows.cycle.length) return at
      if (Atomics.load(this.cells, control.COMMAND) !== command.RUN) return at
      ring.waitForRoom(LOOK_AGAIN)
    }
  }

  private waitForRoom(): void {
    Atomics.wait(this.cells, control.CONSOLE_READ, Atomics.load(this.cells, control.CONSOLE_READ), LOOK_AGAIN)
  }

  private word(word: number): number {
    return peWord(this.pe.index, word)
  }
}

const isEmpty = ({ switches, faults, registers, events }: TraceBatch): boolean =>
  events === null && switches.length + faults.length + registers.length === 0
