import type { CostClass } from '../../../shared/arch/cost.ts'
import type { FeatureChoice } from '../../../shared/arch/features.ts'
import type { SyncParameters } from '../../../shared/arch/synchronisation.ts'
import type { PeStatus, StopReason } from '../../../shared/model/trace.ts'
import { MachineStop } from '../cpu/fault.ts'
import type { SemihostingHost } from '../devices/semihosting.ts'
import type { Mark } from '../observe/marks.ts'
import type { Observer } from '../observe/observer.ts'
import type { Probes } from '../observe/recorder.ts'
import type { Chooser } from '../sync/chooser.ts'
import type { Release, SyncMode } from '../sync/synchronisation.ts'
import type { Injection } from './inject.ts'
import { type InputEvent, InputLog } from './input-log.ts'
import { MemoryPages } from './memory-pages.ts'
import { Pe } from './pe.ts'
import { seedSchedule } from './schedule.ts'
import {
  allocateShared,
  CONSOLE_BYTES,
  clock,
  command,
  control,
  endMachine,
  OFF,
  ON,
  peControl,
  peWord,
  stopKind,
  type Views,
  viewsOf,
} from './shared-memory.ts'
import { putSnapshot, type Snapshot, takeSnapshot } from './snapshot.ts'
import { stopReason } from './stop-reason.ts'
import { openTurn, passTurn, runTurn } from './turns.ts'

/** What the machine of one thread runs by; the same names as the plan of a machine with workers. */
export interface OneThreadSettings {
  features: (pe: number) => FeatureChoice
  sync: SyncMode
  release: Release
  syncParameters?: Partial<SyncParameters> | undefined
  /** `explore` only: the driver's, asked by every PE. */
  chooser?: Chooser | undefined
  schedule: { quantum: number; seed: number }
  /** SErrors that the run meets, each where its PE has retired so many instructions. */
  injections?: readonly Injection[] | undefined
  costs: Record<CostClass, number>
  unknown?: 'poison' | 'zero'
  probes: Probes
  marks: ReadonlyMap<number, readonly Mark[]>
  stop: { switches?: number; instructions?: number }
  /** Where PE 0 starts, with what in X0. */
  entry: bigint
  x0: bigint
  host?: SemihostingHost | undefined
  /** Whether bytes may come from outside: then a machine whose PEs all wait for them is idle, not locked up. */
  inputOpen?: boolean | undefined
  /** Input of an earlier run, to arrive where it did. */
  inputs?: readonly InputEvent[] | undefined
  /** Bytes that the guest wrote to the UART, each once: what runs again after going back is not told again. */
  console: (bytes: Uint8Array) => void
  /** Puts a debugger's observer before a PE's recorder. */
  observe?: (pe: number, recorder: Observer) => Observer
}

/** Instructions in one go, where nobody asks for fewer. */
const WHOLE_TURN = Number.MAX_SAFE_INTEGER

/**
 * A machine whose PEs all run in one thread, by the deterministic schedule with the model clock: at its end, and at every step
 * on the way, its state is that of the same machine with a worker per PE. It can be stopped after any instruction, and put
 * back to a snapshot.
 *
 * A moment of it is the number of instructions that all PEs have executed (faulting ones count). Between two of them it rests
 * where the next PE's turn has been drawn and the PE is about to execute.
 */
export class OneThreadBoard {
  readonly views: Views
  readonly pes: readonly Pe[]
  readonly inputs: InputLog
  /** What the machine runs by. */
  readonly settings: OneThreadSettings
  private readonly memory: MemoryPages
  private readonly cells: Int32Array
  /** Console bytes written up to now, and those that were told. */
  private written = 0
  private told = 0
  private message = ''

  /** @param memory the pages of a board that nothing has been loaded into yet when they were made */
  constructor(views: Views, memory: MemoryPages, settings: OneThreadSettings) {
    this.views = views
    this.cells = views.control
    this.memory = memory
    this.settings = settings
    this.inputs = new InputLog(views, settings.inputs)
    const { seed } = settings.schedule
    this.pes = Array.from({ length: views.shared.pes }, (_, pe) => this.build(pe))
    seedSchedule(this.cells, this.pes.length, seed)
    this.cells[control.INPUT_OPEN] = settings.inputOpen ? 1 : 0
    for (const pe of this.pes) {
      this.cells[peWord(pe.index, peControl.POWER)] = pe.index === 0 ? ON : OFF
      pe.reset(seed)
    }
    this.pes[0]!.start(settings.entry, settings.x0)
    this.prepare()
  }

  private build(pe: number): Pe {
    const { settings } = this
    const { observe } = settings
    const built = new Pe(this.views, {
      pe,
      features: settings.features(pe),
      sync: settings.sync,
      release: settings.release,
      syncParameters: settings.syncParameters,
      injections: settings.injections,
      chooser: settings.chooser,
      costs: settings.costs,
      ...(settings.unknown === undefined ? {} : { unknown: settings.unknown }),
      clock: 'model',
      probes: settings.probes,
      marks: settings.marks,
      now: () => 0,
      waitForRoom: () => this.drainConsole(),
      host: settings.host,
      ...(observe ? { observe: (recorder: Observer) => observe(pe, recorder) } : {}),
    })
    built.recorder.onSwitch = () => this.countSwitch(built)
    return built
  }

  /** Instructions executed by all PEs since the start. */
  get moment(): number {
    return Number(this.views.clock[clock.INSTRUCTIONS]!)
  }

  /** The PE that executes the next instruction; null when the machine has ended, or waits for bytes from outside. */
  get next(): Pe | null {
    return this.running() && this.turnIsOpen() ? this.turn() : null
  }

  /** Every PE waits, and only bytes from outside can end that. */
  get idle(): boolean {
    return this.running() && !this.turnIsOpen()
  }

  /** Why the machine has ended; null while it can go on. */
  end(): StopReason | null {
    return this.running() ? null : stopReason(this.cells, this.message, this.status())
  }

  status(): PeStatus[] {
    return this.pes.map((pe) => pe.status())
  }

  /**
   * Executes at most `limit` instructions, all by the PE that is next and within its turn.
   * @returns how many were executed; 0 when the machine has ended or is idle
   */
  advance(limit = WHOLE_TURN): number {
    if (this.idle) this.prepare()
    const pe = this.next
    if (pe === null) return 0
    const over = this.execute(pe, Math.min(limit, this.instructionsLeft()))
    this.drainConsole()
    if (this.instructionsLeft() === 0) this.finish(stopKind.INSTRUCTIONS, pe)
    if (over) this.pass()
    return pe.engine.executed()
  }

  /** Bytes for the UART's receiver: they arrive before the next turn begins. */
  input(bytes: Uint8Array): void {
    this.inputs.offer(bytes)
  }

  /** @returns whether the turn is over and passed on */
  private execute(pe: Pe, most: number): boolean {
    try {
      return runTurn(pe, most)
    } catch (error) {
      if (!(error instanceof MachineStop)) throw error
      this.message = error.message
      endMachine(this.cells, this.pes.length, stopKinds[error.kind], error.code, pe.index)
      return false
    } finally {
      pe.core.store()
    }
  }

  /** Passes the turn on, and opens that of the PE that is next. */
  private pass(): void {
    while (passTurn(this.views, this.turn().index) && this.running()) {
      if (this.open()) return
    }
  }

  /** Opens the turn of whoever has it, or of the next one that runs. Nobody does while the machine is idle. */
  private prepare(): void {
    this.inputs.deliver(Number(this.views.clock[clock.TURNS]!))
    if (!this.open()) this.pass()
  }

  /** @returns whether the turn is under way, its PE about to execute */
  private open(): boolean {
    return openTurn(this.turn(), this.settings.schedule, (turn) => this.inputs.deliver(turn))
  }

  private turn(): Pe {
    return this.pes[this.cells[control.TURN]!]!
  }

  private turnIsOpen(): boolean {
    return this.views.clock[clock.TURN_LEFT] !== 0n
  }

  private running(): boolean {
    return this.cells[control.COMMAND] === command.RUN
  }

  private finish(kind: number, pe: Pe): void {
    endMachine(this.cells, this.pes.length, kind, 0, pe.index)
  }

  private instructionsLeft(): number {
    const limit = this.settings.stop.instructions
    return limit === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, limit - this.moment)
  }

  private countSwitch(pe: Pe): void {
    const count = ++this.cells[control.SWITCHES]!
    const limit = this.settings.stop.switches
    if (limit === undefined || count < limit) return
    pe.engine.leave = true
    this.finish(stopKind.SWITCHES, pe)
  }

  private drainConsole(): void {
    const { cells } = this
    const count = (cells[control.CONSOLE_WRITTEN]! - cells[control.CONSOLE_READ]!) | 0
    if (count === 0) return
    const bytes = new Uint8Array(count)
    const from = cells[control.CONSOLE_READ]!
    for (let i = 0; i < count; i++) bytes[i] = this.views.console[((from + i) >>> 0) % CONSOLE_BYTES]!
    cells[control.CONSOLE_READ] = (from + count) | 0
    const known = Math.min(count, Math.max(0, this.told - this.written))
    this.written += count
    if (known === count) return
    this.told = this.written
    this.settings.console(bytes.subarray(known))
  }

  /** The whole machine as it is now. */
  take(): Snapshot {
    const states = this.pes.map((pe) => pe.save())
    return takeSnapshot(this.views, this.memory, states, { written: this.written, message: this.message })
  }

  /** Goes back, or on, to a snapshot of this machine, or of one with the same plan. */
  put(snapshot: Snapshot): void {
    putSnapshot(this.views, this.memory, snapshot, false)
    this.message = snapshot.message
    this.written = snapshot.written
    for (const [pe, state] of snapshot.pes.entries()) this.pes[pe]!.restore(state)
    // A machine with workers may have been stopped between two turns.
    if (this.running() && !this.open()) this.pass()
  }

  /** A second machine, from a snapshot of this one; neither sees the other. It costs what its pages in use cost to copy. */
  fork(snapshot: Snapshot, listeners: Pick<OneThreadSettings, 'console' | 'observe'>): OneThreadBoard {
    const { pes, ramBytes } = this.views.shared
    const views = viewsOf(allocateShared(pes, ramBytes))
    const { observe: _, ...settings } = this.settings
    const fork = new OneThreadBoard(views, new MemoryPages(views, 'zeros'), { ...settings, ...listeners })
    fork.put(snapshot)
    return fork
  }

  /** What is told from now on is not what was told before: after the state was changed by hand. */
  forgetFuture(): void {
    this.told = Math.min(this.told, this.written)
    this.inputs.forgetFrom(Number(this.views.clock[clock.TURNS]!))
  }
}

const stopKinds = {
  'semihosting-exit': stopKind.EXIT,
  'psci-off': stopKind.PSCI_OFF,
  'psci-reset': stopKind.PSCI_RESET,
  lockup: stopKind.LOCKUP,
  'model-error': stopKind.MODEL_ERROR,
} as const
