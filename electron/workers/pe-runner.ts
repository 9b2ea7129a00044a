import { OFF, ON, ON_REQUESTED, Pe } from '../machine/board/pe.ts'
import { nextTurn, nobodyRuns, turnLength } from '../machine/board/schedule.ts'
import {
  clock,
  command,
  control,
  endMachine,
  peControl,
  peWord,
  stopKind,
  type Views,
  viewsOf,
} from '../machine/board/shared-memory.ts'
import { MachineStop } from '../machine/cpu/fault.ts'
import { featuresOf } from './plan.ts'
import type { FromPe, PeWorkerData } from './protocol.ts'

/** Instructions between looks at the clock and the stop rules in the parallel schedule. */
const SLICE = 16_384
/** Milliseconds between reports. */
const REPORT_EVERY = 50
const MAX_UNACKNOWLEDGED = 16
/** Every wait ends after this many milliseconds at the latest and looks at the command word again. */
const LOOK_AGAIN = 50

/** Runs one PE in its worker: schedule, power, stop rules, reports. Blocks its thread; control comes through shared words. */
export class PeRunner {
  private readonly data: PeWorkerData
  private readonly post: (message: FromPe) => void
  private readonly views: Views
  private readonly cells: Int32Array
  private readonly pe: Pe
  private readonly pes: number
  private lastReport = 0
  private message: string | null = null
  /** Instructions of this PE's quantum that a pause cut off; it gets them before the turn passes on. */
  private owed = 0

  constructor(data: PeWorkerData, post: (message: FromPe) => void) {
    const { plan, pe } = data
    this.data = data
    this.post = post
    this.pes = plan.pes
    this.views = viewsOf({ memory: data.memory, pes: plan.pes, ramBytes: data.ramBytes })
    this.cells = this.views.control
    const now = (): number => Number(process.hrtime.bigint() - data.startedNs)
    this.pe = new Pe(this.views, {
      pe,
      features: featuresOf(plan, pe),
      sync: plan.sync,
      release: plan.release,
      costs: plan.costs,
      clock: plan.clock,
      ...(plan.unknown === undefined ? {} : { unknown: plan.unknown }),
      probes: plan.probes,
      marks: new Map(data.marks),
      now,
      waitForRoom: () => this.waitForRoom(),
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
        if (pause !== answered) this.post({ kind: 'paused', status: this.pe.status(), pause })
        answered = pause
        Atomics.wait(cells, control.COMMAND, command.PAUSE, LOOK_AGAIN)
      }
      Atomics.store(cells, this.word(peControl.PARKED), 0)
    }
    return Atomics.load(cells, control.COMMAND) !== command.STOP
  }

  private takeTurn(): void {
    const { cells, pe } = this
    const whose = Atomics.load(cells, control.TURN)
    if (whose !== pe.index) {
      Atomics.wait(cells, control.TURN, whose, LOOK_AGAIN)
      return
    }
    if (this.powered()) {
      const turn = this.owed > 0 ? this.owed : turnLength(cells, this.data.plan.schedule.quantum)
      const granted = Math.min(turn, this.instructionsLeft())
      pe.beginTurn()
      let executed: number
      try {
        executed = pe.engine.run(granted)
      } finally {
        pe.endTurn()
      }
      this.afterRunning(executed)
      // A pause in the middle of a quantum: the turn is not passed on, so that pausing does not change what the machine does.
      this.owed = pe.engine.interrupted ? granted - executed : 0
      if (this.owed > 0) return
    }
    this.passTurn()
  }

  private passTurn(): void {
    const { cells } = this
    const next = nextTurn(cells, this.pes)
    if (next < 0) {
      endMachine(cells, this.pes, stopKind.LOCKUP, 0, this.pe.index)
      return
    }
    Atomics.store(cells, control.TURN, next)
    Atomics.notify(cells, control.TURN)
  }

  private runFreely(): void {
    const { cells, pe } = this
    if (!this.powered()) {
      if (nobodyRuns(cells, this.pes)) endMachine(cells, this.pes, stopKind.LOCKUP, 0, pe.index)
      else Atomics.wait(cells, this.word(peControl.POWER), OFF, LOOK_AGAIN)
      return
    }
    if (Atomics.load(cells, this.word(peControl.WAITING)) === 1) {
      if (nobodyRuns(cells, this.pes)) endMachine(cells, this.pes, stopKind.LOCKUP, 0, pe.index)
      else Atomics.wait(cells, control.COMMAND, command.RUN, LOOK_AGAIN)
      return
    }
    this.afterRunning(pe.engine.run(Math.min(SLICE, this.instructionsLeft())))
  }

  /** Whether the PE is on; takes up a CPU_ON request. */
  private powered(): boolean {
    const { cells, pe, views } = this
    const power = Atomics.load(cells, this.word(peControl.POWER))
    if (power === ON_REQUESTED) {
      pe.reset(this.data.plan.schedule.seed)
      pe.start(views.mailbox[pe.index * 2]!, views.mailbox[pe.index * 2 + 1]!)
      Atomics.store(cells, this.word(peControl.POWER), ON)
      return true
    }
    return power === ON
  }

  private afterRunning(executed: number): void {
    const { cells, pe } = this
    const total = Number(Atomics.add(this.views.clock, clock.INSTRUCTIONS, BigInt(executed))) + executed
    const limit = this.data.plan.stop.instructions
    if (limit !== undefined && total >= limit) endMachine(cells, this.pes, stopKind.INSTRUCTIONS, 0, pe.index)
    if (pe.waitingForInterrupt) Atomics.store(cells, this.word(peControl.WAITING), 1)
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
    if (batch) {
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

  private waitForRoom(): void {
    Atomics.wait(this.cells, control.CONSOLE_READ, Atomics.load(this.cells, control.CONSOLE_READ), LOOK_AGAIN)
  }

  private word(word: number): number {
    return peWord(this.pe.index, word)
  }
}
