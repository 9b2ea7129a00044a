import type { CostClass } from '../../../shared/arch/cost.ts'
import { type FeatureChoice, featureSet } from '../../../shared/arch/features.ts'
import { defaultParameters, type SyncParameters } from '../../../shared/arch/synchronisation.ts'
import type { PendingView } from '../../../shared/model/pending.ts'
import type { PeStatus } from '../../../shared/model/trace.ts'
import { Core, PS } from '../cpu/core.ts'
import type { InterruptInputs, InterruptSignals } from '../cpu/interrupts.ts'
import { EVENT, effectiveSlotOf, PC, PSTATE, slotOf, TIME_BASE } from '../cpu/layout.ts'
import { GenericTimers } from '../cpu/timers.ts'
import { absentDevices } from '../devices/absent.ts'
import { Bus } from '../devices/bus.ts'
import { deviceCell } from '../devices/cells.ts'
import { InterruptController } from '../devices/gic/controller.ts'
import { Distributor } from '../devices/gic/distributor.ts'
import { PeInterrupts } from '../devices/gic/pe-interrupts.ts'
import { Redistributors } from '../devices/gic/redistributor.ts'
import { power, psci } from '../devices/psci.ts'
import { Rtc } from '../devices/rtc.ts'
import { type SemihostingHost, semihosting } from '../devices/semihosting.ts'
import { Uart } from '../devices/uart.ts'
import { Mmu } from '../mmu/mmu.ts'
import type { ContextsState } from '../mmu/regimes.ts'
import type { TlbState } from '../mmu/tlb.ts'
import type { Mark } from '../observe/marks.ts'
import type { Observer } from '../observe/observer.ts'
import { type Probes, Recorder, type RecorderState } from '../observe/recorder.ts'
import type { Watcher } from '../observe/watcher.ts'
import { type EngineState, ReferenceEngine } from '../reference/engine.ts'
import { MemoryOperations } from '../reference/memory-operations.ts'
import { ReferenceOperations, type WaitKind } from '../reference/operations.ts'
import type { Chooser } from '../sync/chooser.ts'
import { pendingView } from '../sync/pending-view.ts'
import { type Release, Synchronisation, type SyncMode } from '../sync/synchronisation.ts'
import { SysregAccess } from '../sysreg/access.ts'
import { SystemOperations } from '../sysreg/system-ops.ts'
import { type Injection, Injections } from './inject.ts'
import { SafePoints } from './safe-points.ts'
import {
  clock,
  OFF,
  ON,
  ON_CLAIMED,
  ON_REQUESTED,
  peControl,
  peWord,
  signalPe,
  type Views,
  waiting,
} from './shared-memory.ts'
import { Waits } from './waits.ts'

/** What one PE needs to be built; the same on every worker but for `pe`. */
export interface PeSettings {
  pe: number
  features: FeatureChoice
  /** Whether PEs execute at the same time; default false: one PE, or PEs that take turns. */
  concurrent?: boolean
  /** When indirect writes take effect, with the parameters of the model. */
  sync: SyncMode
  release: Release
  /** Default: defaultParameters. Every PE of a `seeded` machine draws its own sequence from the seed. */
  syncParameters?: Partial<SyncParameters> | undefined
  /** Explore only: the driver's. */
  chooser?: Chooser | undefined
  /** SErrors of the whole machine, for a deterministic schedule. */
  injections?: readonly Injection[] | undefined
  costs: Record<CostClass, number>
  clock: 'host' | 'model'
  /** UNKNOWN reset values: a poison from the seed (the default), or 0 as on QEMU. */
  unknown?: 'poison' | 'zero'
  probes: Probes
  marks: ReadonlyMap<number, readonly Mark[]>
  /** Nanoseconds since the run began. */
  now: () => number
  /** Blocks until the console has room again; the worker knows how. */
  waitForRoom: () => void
  /** What semihosting tells the program of itself; nothing where there was no loader. */
  host?: SemihostingHost | undefined
  /** Puts an observer before the recorder: a debugger's. */
  observe?: (recorder: Observer) => Observer
  /** What signals interrupts to the PE and what its timers drive, where it is not the board's controller. */
  signals?: InterruptSignals
  inputs?: InterruptInputs
}

/** What of a PE decides how it goes on and lies in no word: its part of a snapshot, plain data. */
export interface PeState {
  engine: EngineState
  tlb: TlbState
  contexts: ContextsState
  recorder: RecorderState
}

/** What PSCI calls the values of a PE's power word. */
const powerOf: Record<number, number> = {
  [OFF]: power.OFF,
  [ON]: power.ON,
  [ON_REQUESTED]: power.ON_PENDING,
  [ON_CLAIMED]: power.ON_PENDING,
}

const EVENT_STREAMS = ['CNTKCTL_EL1', 'CNTHCTL_EL2'].flatMap((name) => [slotOf(name), effectiveSlotOf(name)])
const EVNTEN = 1n << 2n

const kindOf = (kind: WaitKind): number => (kind === 'wfi' ? waiting.WFI : waiting.WFE)

/** One PE wired to the board: core, memory, system registers, engine, recorder. */
export class Pe {
  readonly index: number
  readonly core: Core
  readonly engine: ReferenceEngine
  readonly recorder: Recorder
  readonly sysregs: SysregAccess
  readonly mmu: Mmu
  readonly memory: MemoryOperations
  /** Inputs of the interrupt controller, and what it signals to this PE. */
  readonly inputs: InterruptInputs
  readonly interrupts: PeInterrupts
  readonly views: Views
  readonly waits: Waits
  /** SErrors that the run is to meet. */
  readonly injections: Injections
  private readonly timers: GenericTimers
  private readonly syncSeed: number
  private readonly host: SemihostingHost
  /** What UNKNOWN reset values are. */
  private readonly unknown: 'poison' | 'zero'
  /** PSTATE after a reset: the highest EL with its own stack pointer, interrupts masked. */
  private readonly resetPstate: number

  constructor(views: Views, settings: PeSettings) {
    const { pe } = settings
    this.index = pe
    this.views = views
    this.injections = new Injections(views, pe, settings.injections)
    this.recorder = new Recorder(
      pe,
      settings.probes,
      settings.marks.size > 0,
      settings.sync !== 'eager',
      settings.now,
    )
    const observer = settings.observe?.(this.recorder) ?? this.recorder
    const features = featureSet(settings.features)
    const parameters = { ...defaultParameters, ...settings.syncParameters }
    const sync = new Synchronisation(
      views.state(pe),
      {
        mode: settings.sync,
        release: settings.release,
        scope: parameters.scope,
        window: parameters.window,
        chooser: settings.chooser,
      },
      features,
      observer,
    )
    this.syncSeed = parameters.seed * 16 + pe
    this.core = new Core(pe, views, features, sync, observer)
    this.host = settings.host ?? { commandLine: '', heap: [0, 0] }
    this.unknown = settings.unknown ?? 'poison'
    this.resetPstate = PS.DAIF | ((features.has('FEAT_EL2') ? 2 : 1) << 2) | 1
    sync.onControls = () => this.core.controlsChanged()
    sync.now = () => this.core.instructions
    this.recorder.attach(this.core)
    const controller = new InterruptController(views)
    this.inputs = controller
    this.interrupts = new PeInterrupts(this.core, views.control, controller)
    this.core.asynchronous.connect(settings.signals ?? this.interrupts)
    const uart = new Uart(views, controller, settings.waitForRoom)
    const hostClock = settings.clock === 'host'
    const count = hostClock ? () => BigInt(Math.round(settings.now())) : () => BigInt(this.modelTime())
    const rtc = new Rtc(views, controller, count, () => this.timers.look())
    this.timers = new GenericTimers(this.core, count, hostClock, settings.inputs ?? controller)
    this.timers.connect(rtc)
    this.waits = new Waits(this.core, this.timers, () => this.modelTime(), hostClock)
    this.mmu = new Mmu(this.core)
    const safePoints = new SafePoints(views, pe, settings.concurrent ?? false)
    const interruptController = [new Distributor(controller), new Redistributors(controller)]
    const bus = new Bus([uart, ...interruptController, rtc, ...absentDevices])
    this.memory = new MemoryOperations(this.core, this.mmu, bus, safePoints)
    this.sysregs = new SysregAccess(this.core, settings.features, this.timers, this.interrupts)
    const system = new SystemOperations(
      this.core,
      this.mmu,
      this.memory,
      this.sysregs,
      safePoints,
      settings.features,
    )
    const operations = new ReferenceOperations(this.core, this.memory, this.sysregs, system, {
      semihosting: () => this.callHost(uart, rtc, count),
      firmwareCall: () => this.callFirmware(),
      waitEnds: (kind) => this.waits.endsAtOnce(kindOf(kind)),
      wait: (kind, until) => this.wait(kindOf(kind), until),
      virtualCount: () => this.timers.virtualCount(),
      sendEvent: () => this.sendEvent(),
    })
    this.engine = new ReferenceEngine(
      this.core,
      this.mmu,
      operations,
      safePoints,
      settings.costs,
      settings.marks,
      this.timers,
    )
  }

  /** Lets a checker see everything that this PE does, or nobody again. */
  watch(watcher: Watcher | null): void {
    this.core.watcher = watcher
    this.core.sync.watch(watcher)
    this.engine.watch(watcher)
  }

  /** Registers as after a cold reset; poisoned UNKNOWN values depend on the seed and the PE. */
  reset(seed: number): void {
    this.core.state.fill(0n)
    this.sysregs.reset(this.unknown === 'zero' ? null : seed * 16 + this.index + 1)
    // UNKNOWN too, but an event stream that nobody asked for would keep a parked PE awake.
    for (const slot of EVENT_STREAMS) this.core.state[slot] = this.core.state[slot]! & ~EVNTEN
    this.core.sync.reset(this.syncSeed)
    this.core.state[PSTATE] = BigInt(this.resetPstate)
  }

  /** Sets where the PE starts: the highest EL with the MMU off, DAIF masked, as QEMU's virt board enters a program. */
  start(entry: bigint, x0: bigint): void {
    this.core.state[PC] = entry
    this.core.state[0] = x0
    this.core.state[PSTATE] = BigInt(this.resetPstate)
    this.interrupts.evaluate()
    this.core.load()
    this.timers.reset()
    this.recorder.begin()
  }

  /** Writes what is kept outside the shared memory back to it, and gives what has no place there. */
  save(): PeState {
    this.core.store()
    return {
      engine: this.engine.save(),
      tlb: this.mmu.save(),
      contexts: this.core.controlsCache.saveContexts(),
      recorder: this.recorder.save(),
    }
  }

  /** Goes on from a saved state; the shared memory is that of the same moment. */
  restore(saved: PeState): void {
    this.core.controlsCache.restoreContexts(saved.contexts)
    this.core.load()
    this.mmu.restore(saved.tlb)
    this.recorder.restore(saved.recorder)
    this.timers.resume()
    this.engine.restore(saved.engine)
    this.memory.restored()
  }

  /** Begins a turn: the model time of the others becomes this PE's lower bound. */
  beginTurn(): void {
    const { core, views } = this
    const now = Atomics.load(views.clock, clock.MODEL)
    core.state[TIME_BASE] = BigInt.asUintN(64, now)
    if (this.timers.nextChange() <= now) this.timers.look()
  }

  endTurn(): void {
    Atomics.store(this.views.clock, clock.MODEL, BigInt(this.modelTime()))
  }

  /** CNTPCT never runs backwards across PEs: it is not below the model time at which this PE's turn began. */
  private modelTime(): number {
    return Math.max(Number(this.core.state[TIME_BASE]!), this.core.cycles)
  }

  /** Takes up a CPU_ON request. @returns whether the PE is on */
  powered(seed: number): boolean {
    const { control: cells, mailbox } = this.views
    const word = this.powerWord(this.index)
    if (Atomics.load(cells, word) === ON_REQUESTED) {
      this.reset(seed)
      this.start(mailbox[this.index * 2]!, mailbox[this.index * 2 + 1]!)
      // A PE that was off has not lagged behind: its cycles begin at the time of the others.
      this.core.setCycles(Number(Atomics.load(this.views.clock, clock.MODEL)))
      Atomics.store(cells, word, ON)
    }
    return Atomics.load(cells, word) === ON
  }

  status(): PeStatus {
    const power = Atomics.load(this.views.control, this.powerWord(this.index))
    return {
      pe: this.index,
      power: power !== ON ? 'off' : this.waits.kind() !== waiting.NO ? 'waiting' : 'on',
      el: this.core.el,
      instructions: this.core.instructions,
      cycles: this.core.cycles,
      switches: this.recorder.switchCount,
      owner: this.recorder.executing(this.core),
      pc: this.core.pc,
    }
  }

  /** What this PE has written or caused that not everybody has to see yet. */
  pending(): PendingView {
    this.core.store()
    return pendingView(this.index, this.core.state, this.core.hasExS)
  }

  private wait(kind: number, until: bigint | null): void {
    this.waits.begin(kind, until)
    this.engine.leave = true
  }

  private callHost(uart: Uart, rtc: Rtc, count: () => bigint): void {
    const { core, memory, host } = this
    const cells = core.views.deviceCells
    const word = { bytes: 8, checked: false }
    const byte = { bytes: 1, checked: false }
    core.state[0] = semihosting(Number(core.state[0]! & 0xffff_ffffn), core.state[1]!, {
      readWord: (address) => memory.load(BigInt.asUintN(64, address), word),
      writeWord: (address, value) => memory.store(BigInt.asUintN(64, address), value, word),
      readByte: (address) => Number(memory.load(BigInt.asUintN(64, address), byte)),
      writeByte: (address, value) => memory.store(BigInt.asUintN(64, address), BigInt(value), byte),
      transmit: (value) => uart.transmit(value),
      receive: () => uart.receive(),
      elapsed: count,
      time: () => rtc.read(0),
      errno: () => Atomics.load(cells, deviceCell.SEMIHOSTING_ERRNO),
      setErrno: (number) => void Atomics.store(cells, deviceCell.SEMIHOSTING_ERRNO, number),
      host,
    })
  }

  private callFirmware(): void {
    const { core } = this
    const x = core.state
    core.state[0] = psci([x[0]!, x[1]!, x[2]!, x[3]!], {
      pes: this.views.shared.pes,
      power: (pe) => powerOf[Atomics.load(this.views.control, this.powerWord(pe))]!,
      turnOn: (pe, entry, context) => this.turnOn(pe, entry, context),
      turnOff: () => {
        Atomics.store(this.views.control, this.powerWord(this.index), OFF)
        this.engine.leave = true
      },
      suspend: () => {
        if (!this.waits.endsAtOnce(waiting.WFI)) this.wait(waiting.WFI, null)
      },
    })
  }

  private powerWord(pe: number): number {
    return peWord(pe, peControl.POWER)
  }

  private turnOn(pe: number, entry: bigint, context: bigint): boolean {
    const { control: cells, mailbox } = this.views
    const word = this.powerWord(pe)
    if (Atomics.compareExchange(cells, word, OFF, ON_CLAIMED) !== OFF) return false
    mailbox[pe * 2] = entry
    mailbox[pe * 2 + 1] = context
    Atomics.store(cells, word, ON_REQUESTED)
    Atomics.notify(cells, this.powerWord(pe))
    return true
  }

  /** SEV: sets the event register of every PE, and has those look that wait for one. */
  private sendEvent(): void {
    const { control: cells, shared } = this.views
    for (let pe = 0; pe < shared.pes; pe++) {
      Atomics.store(this.views.state(pe), EVENT, 1n)
      if (Atomics.load(cells, peWord(pe, peControl.WAITING)) === waiting.WFE) signalPe(cells, pe)
    }
  }
}
