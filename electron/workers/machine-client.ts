import type { Worker } from 'node:worker_threads'
import { ProblemError } from '../../shared/base/result.ts'
import type { PeStatus, StopReason } from '../../shared/model/trace.ts'
import type { InputEvent } from '../machine/board/input-log.ts'
import { MemoryPages } from '../machine/board/memory-pages.ts'
import type { PeState } from '../machine/board/pe.ts'
import { seedSchedule } from '../machine/board/schedule.ts'
import {
  alertAll,
  CONSOLE_BYTES,
  command,
  control,
  endMachine,
  INPUT_BYTES,
  OFF,
  ON,
  peControl,
  peWord,
  stopKind,
  type Views,
} from '../machine/board/shared-memory.ts'
import { putSnapshot, type Snapshot, takeSnapshot } from '../machine/board/snapshot.ts'
import { stateHash } from '../machine/board/state-hash.ts'
import { stopReason } from '../machine/board/stop-reason.ts'
import { receiver, type Uart } from '../machine/devices/uart.ts'
import { allocate, checkPlan } from './allocate.ts'
import { loadPlan } from './load-plan.ts'
import type { MachineEnd, MachineEvents, MachineHandle, MachinePlan, SpawnPe } from './plan.ts'
import { type FromPe, type PeWorkerData, type ToPe, WORKER_PROTOCOL } from './protocol.ts'

const DRAIN_EVERY = 20
const STATUS_EVERY = 200
/** Milliseconds that the other workers get to end by themselves once one was lost: what it held (a lock) may hold them. */
const GRACE = 1000

/** See StartMachine in plan.ts. */
export async function startMachine(
  plan: MachinePlan,
  events: MachineEvents,
  spawn: SpawnPe,
): Promise<MachineHandle> {
  checkPlan(plan)
  const views = allocate(plan)
  const { image, ...rest } = plan
  const loaded = loadPlan(views, plan)
  seedSchedule(views.control, plan.pes, plan.schedule.seed)
  views.control[control.INPUT_OPEN] = plan.inputOpen ? 1 : 0
  views.control[peWord(0, peControl.POWER)] = ON
  for (let pe = 1; pe < plan.pes; pe++) views.control[peWord(pe, peControl.POWER)] = OFF
  const startedNs = process.hrtime.bigint()
  const data = (pe: number): PeWorkerData => ({
    protocol: WORKER_PROTOCOL,
    pe,
    memory: views.shared.memory,
    ramBytes: plan.memoryBytes,
    plan: rest,
    marks: [...loaded.marks],
    entry: loaded.entry,
    x0: loaded.x0,
    host: loaded.host,
    rings: events.rings?.[pe] ?? {},
    startedNs,
  })
  return new Machine(views, plan, events, (pe) => spawn(data(pe)), startedNs)
}

/** A pause that not every PE has answered yet. */
interface Parking {
  pause: number
  pes: Set<number>
  all: Promise<PeStatus[]>
  resolve: (statuses: PeStatus[]) => void
}

/** A running machine as its client sees it: the workers, and what they report. */
class Machine implements MachineHandle {
  readonly ended: Promise<MachineEnd>
  private readonly views: Views
  private readonly uart: Pick<Uart, 'takeInput'>
  private readonly plan: MachinePlan
  private readonly events: MachineEvents
  private readonly startedNs: bigint
  private readonly workers: Worker[]
  private readonly statuses: PeStatus[]
  private readonly finished = new Set<number>()
  private readonly timers: NodeJS.Timeout[] = []
  private readonly deliveries = new Set<Promise<void>>()
  /** Bytes for the receiver that its ring has no room for yet, and whether more may come. */
  private readonly offered: Uint8Array[] = []
  private inputEnds = false
  private failure: { message: string; stack?: string } | null = null
  private message = ''
  private settle: (end: MachineEnd) => void = () => {}
  private settled = false
  private parked: Parking | null = null
  private grace: NodeJS.Timeout | null = null
  /** The PEs' own states at the last pause. */
  private readonly states = new Map<number, PeState>()
  /** Made when the first snapshot is taken: a machine without any pays nothing. */
  private memory: MemoryPages | null = null
  private consoleBytes = 0
  private readonly arrived: InputEvent[] = []

  constructor(
    views: Views,
    plan: MachinePlan,
    events: MachineEvents,
    spawn: (pe: number) => Worker,
    startedNs: bigint,
  ) {
    this.views = views
    this.uart = receiver(views)
    this.plan = plan
    this.events = events
    this.startedNs = startedNs
    this.ended = new Promise((resolve) => {
      this.settle = resolve
    })
    this.statuses = Array.from({ length: plan.pes }, (_, pe) => ({
      pe,
      power: pe === 0 ? 'on' : 'off',
      el: 2,
      instructions: 0,
      cycles: 0,
      switches: 0,
      owner: -3,
      pc: 0n,
    }))
    try {
      this.workers = Array.from({ length: plan.pes }, (_, pe) => this.attach(spawn(pe), pe))
    } catch (error) {
      this.end(stopKind.FAILED)
      throw error
    }
    this.timers.push(setInterval(() => this.drainConsole(), DRAIN_EVERY))
    this.timers.push(setInterval(() => this.feedAgain(), DRAIN_EVERY))
    this.timers.push(setInterval(() => events.status([...this.statuses]), STATUS_EVERY))
    const { seconds } = plan.stop
    if (seconds !== undefined) this.timers.push(setTimeout(() => this.end(stopKind.SECONDS), seconds * 1000))
  }

  async pause(): Promise<PeStatus[]> {
    const { control: cells } = this.views
    if (this.parked) return this.parked.all
    if (this.settled || Atomics.load(cells, control.COMMAND) !== command.RUN) return [...this.statuses]
    const parked = this.park()
    Atomics.compareExchange(cells, control.COMMAND, command.RUN, command.PAUSE)
    alertAll(cells, this.plan.pes)
    return parked
  }

  /** Asks every PE to say that it is paused, and how it is. */
  private park(): Promise<PeStatus[]> {
    const { promise, resolve } = Promise.withResolvers<PeStatus[]>()
    const pause = Atomics.add(this.views.control, control.PAUSES, 1) + 1
    this.states.clear()
    this.parked = { pause, pes: new Set(), all: promise, resolve }
    Atomics.notify(this.views.control, control.COMMAND)
    return promise
  }

  resume(): void {
    const { control: cells } = this.views
    this.answerPause()
    Atomics.compareExchange(cells, control.COMMAND, command.PAUSE, command.RUN)
    alertAll(cells, this.plan.pes)
  }

  snapshot(): Snapshot {
    const states = this.allStates()
    this.drainConsole()
    this.memory ??= new MemoryPages(this.views, 'unknown')
    return takeSnapshot(this.views, this.memory, states, { written: this.consoleBytes, message: '' })
  }

  goto(snapshot: Snapshot): Promise<PeStatus[]> {
    this.allStates()
    this.drainConsole()
    this.memory ??= new MemoryPages(this.views, 'unknown')
    putSnapshot(this.views, this.memory, snapshot, true)
    for (const [pe, worker] of this.workers.entries()) {
      worker.postMessage({ state: snapshot.pes[pe]! } satisfies ToPe)
    }
    Atomics.add(this.views.control, control.RESTORES, 1)
    return this.park()
  }

  /** What the PEs said when they were paused. @throws ProblemError unless all are */
  private allStates(): PeState[] {
    const { control: cells } = this.views
    const all = [...this.states.values()]
    if (
      Atomics.load(cells, control.COMMAND) === command.PAUSE &&
      !this.parked &&
      all.length === this.plan.pes
    ) {
      return this.workers.map((_, pe) => this.states.get(pe)!)
    }
    throw new ProblemError(
      'the machine',
      this.settled || Atomics.load(cells, control.COMMAND) === command.STOP
        ? 'it has ended'
        : 'it is not paused',
      'Take and go to snapshots of a machine that is paused.',
    )
  }

  stop(): Promise<MachineEnd> {
    this.end(stopKind.STOPPED)
    return this.ended
  }

  input(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += INPUT_BYTES)
      this.offered.push(bytes.slice(at, at + INPUT_BYTES))
    this.feed()
  }

  inputs(): InputEvent[] {
    return this.arrived.toSorted((a, b) => a.turn - b.turn)
  }

  endInput(): void {
    this.inputEnds = true
    this.feed()
  }

  /** Writes offered bytes into the receiver's ring while there is room: a guest that reads late loses none. */
  private feed(): void {
    const { control: cells, input } = this.views
    // What is paused stays as it is.
    if (Atomics.load(cells, control.COMMAND) !== command.RUN) return
    let offered = Atomics.load(cells, control.INPUT_OFFERED)
    for (let next = this.offered[0]; next !== undefined; next = this.offered[0]) {
      const room = INPUT_BYTES - ((offered - Atomics.load(cells, control.INPUT_READ)) | 0)
      const taken = next.subarray(0, room)
      for (const [i, byte] of taken.entries()) input[((offered + i) >>> 0) % INPUT_BYTES] = byte
      offered = (offered + taken.length) | 0
      if (taken.length < next.length) {
        this.offered[0] = next.subarray(taken.length)
        break
      }
      this.offered.shift()
    }
    Atomics.store(cells, control.INPUT_OFFERED, offered)
    if (this.inputEnds && this.offered.length === 0) Atomics.store(cells, control.INPUT_OPEN, 0)
    Atomics.notify(cells, control.INPUT_OFFERED)
    if (this.plan.schedule.kind === 'deterministic') return
    Atomics.store(cells, control.INPUT_WRITTEN, offered)
    this.uart.takeInput()
  }

  /** What a full ring or a pause has held back. */
  private feedAgain(): void {
    const open = Atomics.load(this.views.control, control.INPUT_OPEN) !== 0
    if (this.offered.length > 0 || (this.inputEnds && open)) this.feed()
  }

  private end(kind: number): void {
    endMachine(this.views.control, this.plan.pes, kind, 0, 0)
  }

  private attach(worker: Worker, pe: number): Worker {
    worker.on('message', (message: FromPe) => this.receive(message, pe))
    worker.on('error', (error) =>
      this.lost(pe, `the worker of PE${pe} failed: ${(error as Error).message}`, (error as Error).stack),
    )
    worker.on('exit', (code) => {
      if (!this.finished.has(pe))
        this.lost(pe, `the worker of PE${pe} ended with code ${code} before its machine did`)
    })
    return worker
  }

  private receive(message: FromPe, pe: number): void {
    switch (message.kind) {
      case 'trace':
        this.deliver(message.batch, pe)
        return
      case 'status':
        this.statuses[pe] = message.status
        return
      case 'paused':
        this.statuses[pe] = message.status
        if (message.pause === this.parked?.pause) {
          this.states.set(pe, message.state)
          this.hasParked(pe)
        }
        return
      case 'input':
        this.arrived.push(message.event)
        return
      case 'ended':
        this.statuses[pe] = message.status
        if (message.message) this.message = message.message
        this.finish(pe)
        return
      case 'crashed':
        this.lost(pe, `the emulation of PE${pe} failed: ${message.message}`, message.stack)
    }
  }

  private deliver(batch: Parameters<MachineEvents['trace']>[0], pe: number): void {
    const acknowledge = (): void => {
      const word = peWord(pe, peControl.UNACKNOWLEDGED)
      Atomics.sub(this.views.control, word, 1)
      Atomics.notify(this.views.control, word)
    }
    const delivery = new Promise<void>((resolve) => resolve(this.events.trace(batch)))
      .catch((error: Error) => {
        this.failure ??= { message: `the run's data could not be kept: ${error.message}` }
        this.end(stopKind.FAILED)
      })
      .finally(() => {
        this.deliveries.delete(delivery)
        acknowledge()
      })
    this.deliveries.add(delivery)
  }

  private hasParked(pe: number): void {
    if (!this.parked) return
    this.parked.pes.add(pe)
    for (const finished of this.finished) this.parked.pes.add(finished)
    if (this.parked.pes.size === this.plan.pes) this.answerPause()
  }

  private answerPause(): void {
    this.parked?.resolve([...this.statuses])
    this.parked = null
  }

  /** A worker is gone or broken: the run has failed, the others end, nothing else is taken down. */
  private lost(pe: number, message: string, stack?: string): void {
    this.failure ??= stack === undefined ? { message } : { message, stack }
    this.end(stopKind.FAILED)
    this.finish(pe)
    if (this.settled || this.grace) return
    this.grace = setTimeout(() => {
      for (const worker of this.workers) void worker.terminate()
    }, GRACE)
    this.timers.push(this.grace)
  }

  private finish(pe: number): void {
    this.finished.add(pe)
    if (this.parked) this.hasParked(pe)
    if (this.finished.size === this.plan.pes && !this.settled) void this.conclude()
  }

  private async conclude(): Promise<void> {
    this.settled = true
    for (const timer of this.timers) clearInterval(timer)
    const hostNs = Number(process.hrtime.bigint() - this.startedNs)
    await Promise.all(this.deliveries)
    this.drainConsole()
    const hash = this.failure ? null : stateHash(this.views)
    await Promise.all(this.workers.map((worker) => gone(worker)))
    this.events.status([...this.statuses])
    this.settle({ reason: this.reason(), stateHash: hash, pes: this.statuses, hostNs })
  }

  private reason(): StopReason {
    if (this.failure) return { kind: 'failed', ...this.failure }
    return stopReason(this.views.control, this.message, this.statuses)
  }

  private drainConsole(): void {
    const { control: cells, console } = this.views
    const written = Atomics.load(cells, control.CONSOLE_WRITTEN)
    let read = Atomics.load(cells, control.CONSOLE_READ)
    const count = (written - read) | 0
    if (count === 0) return
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i++) bytes[i] = console[((read + i) >>> 0) % CONSOLE_BYTES]!
    read = (read + count) | 0
    Atomics.store(cells, control.CONSOLE_READ, read)
    Atomics.notify(cells, control.CONSOLE_READ)
    this.consoleBytes += count
    this.events.console(bytes)
  }
}

/**
 * Waits until a worker that has reported its end is gone. It returns from its main function by itself; terminating a thread
 * that is just leaving is left for one that does not go.
 */
function gone(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return Promise.resolve()
  return new Promise((resolve) => {
    const late = setTimeout(() => void worker.terminate(), GRACE)
    worker.once('exit', () => {
      clearTimeout(late)
      resolve()
    })
  })
}
