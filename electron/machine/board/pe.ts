import type { CostClass } from '../../../shared/arch/cost.ts'
import { type FeatureChoice, featureSet } from '../../../shared/arch/features.ts'
import type { ScopeItem, SyncWindow } from '../../../shared/arch/synchronisation.ts'
import type { PeStatus } from '../../../shared/model/trace.ts'
import { Core, PS } from '../cpu/core.ts'
import type { InterruptInputs, InterruptSignals } from '../cpu/interrupts.ts'
import { EVENT, PC, PSTATE } from '../cpu/layout.ts'
import { Bus } from '../devices/bus.ts'
import { InterruptController } from '../devices/gic/controller.ts'
import { Distributor } from '../devices/gic/distributor.ts'
import { PeInterrupts } from '../devices/gic/pe-interrupts.ts'
import { Redistributors } from '../devices/gic/redistributor.ts'
import { psci } from '../devices/psci.ts'
import { semihosting } from '../devices/semihosting.ts'
import { Uart } from '../devices/uart.ts'
import type { ContextsState } from '../mmu/controls.ts'
import { Mmu } from '../mmu/mmu.ts'
import type { TlbState } from '../mmu/tlb.ts'
import type { Mark } from '../observe/marks.ts'
import type { Observer } from '../observe/observer.ts'
import { type Probes, Recorder, type RecorderState } from '../observe/recorder.ts'
import { type EngineState, ReferenceEngine } from '../reference/engine.ts'
import { MemoryOperations } from '../reference/memory-operations.ts'
import { ReferenceOperations } from '../reference/operations.ts'
import type { Chooser } from '../sync/chooser.ts'
import { type Release, Synchronisation, type SyncMode } from '../sync/synchronisation.ts'
import { SysregAccess } from '../sysreg/access.ts'
import { SystemOperations } from '../sysreg/system-ops.ts'
import { clock, peControl, peWord, type Views } from './shared-memory.ts'

/** What one PE needs to be built; the same on every worker but for `pe`. */
export interface PeSettings {
  pe: number
  features: FeatureChoice
  /** When indirect writes take effect, with the parameters of the model. */
  sync: SyncMode
  release: Release
  syncScope?: readonly ScopeItem[] | undefined
  syncWindow?: SyncWindow | undefined
  /** Seed of the choices of a `seeded` machine; every PE draws its own. */
  syncSeed?: number | undefined
  /** Explore only. */
  chooser?: Chooser | undefined
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
  /** Puts an observer before the recorder: a debugger's. */
  observe?: (recorder: Observer) => Observer
  /** What signals interrupts to the PE, where it is not the board's controller. */
  signals?: InterruptSignals
}

/** What of a PE decides how it goes on and lies in no word: its part of a snapshot, plain data. */
export interface PeState {
  engine: EngineState
  tlb: TlbState
  contexts: ContextsState
  recorder: RecorderState
  waitingForInterrupt: boolean
}

export const OFF = 0
export const ON = 1
export const ON_REQUESTED = 2

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
  private readonly views: Views
  private readonly syncSeed: number
  /** Model time of the other PEs when this PE's turn began: CNTPCT never runs backwards across PEs. */
  private timeBase = 0
  /** What UNKNOWN reset values are. */
  private readonly unknown: 'poison' | 'zero'
  /** PSTATE after a reset: the highest EL with its own stack pointer, interrupts masked. */
  private readonly resetPstate: number
  /** The PE gave up its turn in WFI; false for WFE. */
  waitingForInterrupt = false

  constructor(views: Views, settings: PeSettings) {
    const { pe } = settings
    this.index = pe
    this.views = views
    this.recorder = new Recorder(
      pe,
      settings.probes,
      settings.marks.size > 0,
      settings.sync !== 'eager',
      settings.now,
    )
    const observer = settings.observe?.(this.recorder) ?? this.recorder
    const features = featureSet(settings.features)
    const sync = new Synchronisation(
      views.state(pe),
      {
        mode: settings.sync,
        release: settings.release,
        scope: settings.syncScope,
        window: settings.syncWindow,
        chooser: settings.chooser,
      },
      features,
      observer,
    )
    this.syncSeed = (settings.syncSeed ?? 1) * 16 + pe
    this.core = new Core(pe, views, features, sync, observer)
    this.unknown = settings.unknown ?? 'poison'
    this.resetPstate = PS.DAIF | ((features.has('FEAT_EL2') ? 2 : 1) << 2) | 1
    sync.onControls = () => this.core.controlsChanged()
    sync.now = () => this.core.instructions
    this.recorder.attach(this.core)
    const uart = new Uart(views, settings.waitForRoom)
    const count =
      settings.clock === 'host' ? () => BigInt(Math.round(settings.now())) : () => BigInt(this.modelTime())
    this.mmu = new Mmu(this.core)
    const controller = new InterruptController(views)
    this.inputs = controller
    this.interrupts = new PeInterrupts(this.core, views.control, controller)
    this.core.asynchronous.connect(settings.signals ?? this.interrupts)
    const bus = new Bus([uart, new Distributor(controller), new Redistributors(controller)])
    this.memory = new MemoryOperations(this.core, this.mmu, bus)
    this.sysregs = new SysregAccess(this.core, settings.features, count, this.interrupts)
    const system = new SystemOperations(this.core, this.mmu, this.memory, this.sysregs, settings.features)
    const operations = new ReferenceOperations(this.core, this.memory, this.sysregs, system, {
      semihosting: () => this.callHost(uart, count),
      firmwareCall: () => this.callFirmware(),
      wait: (wfi) => {
        this.waitingForInterrupt = wfi
        this.engine.leave = true
      },
      sendEvent: () => this.sendEvent(),
    })
    this.engine = new ReferenceEngine(this.core, this.mmu, operations, settings.costs, settings.marks)
  }

  /** Registers as after a cold reset; poisoned UNKNOWN values depend on the seed and the PE. */
  reset(seed: number): void {
    this.core.state.fill(0n)
    this.sysregs.reset(this.unknown === 'zero' ? null : seed * 16 + this.index + 1)
    this.core.sync.reset(this.syncSeed)
    this.core.state[PSTATE] = BigInt(this.resetPstate)
  }

  /** Sets where the PE starts: the highest EL with the MMU off, DAIF masked, as QEMU's virt board enters a program. */
  start(entry: bigint, x0: bigint): void {
    this.core.state[PC] = entry
    this.core.state[0] = x0
    this.core.state[PSTATE] = BigInt(this.resetPstate)
    this.core.load()
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
      waitingForInterrupt: this.waitingForInterrupt,
    }
  }

  /** Goes on from a saved state; the shared memory is that of the same moment. */
  restore(saved: PeState): void {
    this.core.controlsCache.restoreContexts(saved.contexts)
    this.core.load()
    this.mmu.restore(saved.tlb)
    this.recorder.restore(saved.recorder)
    this.waitingForInterrupt = saved.waitingForInterrupt
    this.engine.restore(saved.engine)
  }

  /** Begins a turn: the model time of the others becomes this PE's lower bound. */
  beginTurn(): void {
    this.timeBase = Number(Atomics.load(this.views.clock, clock.MODEL))
  }

  endTurn(): void {
    Atomics.store(this.views.clock, clock.MODEL, BigInt(this.modelTime()))
  }

  private modelTime(): number {
    return Math.max(this.timeBase, this.core.cycles)
  }

  status(): PeStatus {
    const power = Atomics.load(this.views.control, this.powerWord(this.index))
    return {
      pe: this.index,
      power: power !== ON ? 'off' : this.waitingForInterrupt ? 'waiting' : 'on',
      el: this.core.el,
      instructions: this.core.instructions,
      cycles: this.core.cycles,
      switches: this.recorder.switchCount,
      owner: this.recorder.executing(this.core),
      pc: this.core.pc,
    }
  }

  private callHost(uart: Uart, count: () => bigint): void {
    const { core, memory } = this
    const byte = { bytes: 1, checked: false }
    core.state[0] = semihosting(Number(core.state[0]! & 0xffff_ffffn), core.state[1]!, {
      readWord: (address) => memory.load(BigInt.asUintN(64, address), { bytes: 8, checked: false }),
      readByte: (address) => Number(memory.load(BigInt.asUintN(64, address), byte)),
      transmit: (value) => uart.transmit(value),
      elapsed: count,
    })
  }

  private callFirmware(): void {
    const { core } = this
    const x = core.state
    core.state[0] = psci([x[0]!, x[1]!, x[2]!, x[3]!], {
      pes: this.views.shared.pes,
      isOn: (pe) => Atomics.load(this.views.control, this.powerWord(pe)) !== OFF,
      turnOn: (pe, entry, context) => this.turnOn(pe, entry, context),
      turnOff: () => {
        Atomics.store(this.views.control, this.powerWord(this.index), OFF)
        this.engine.leave = true
      },
    })
  }

  private powerWord(pe: number): number {
    return peWord(pe, peControl.POWER)
  }

  private turnOn(pe: number, entry: bigint, context: bigint): boolean {
    const { control: cells, mailbox } = this.views
    if (Atomics.load(cells, this.powerWord(pe)) !== OFF) return false
    mailbox[pe * 2] = entry
    mailbox[pe * 2 + 1] = context
    Atomics.store(cells, this.powerWord(pe), ON_REQUESTED)
    Atomics.notify(cells, this.powerWord(pe))
    return true
  }

  private sendEvent(): void {
    for (let pe = 0; pe < this.views.shared.pes; pe++) Atomics.store(this.views.state(pe), EVENT, 1n)
  }
}
