import { performance } from 'node:perf_hooks'
import { type Problem, ProblemError } from '../../shared/base/result.ts'
import { createRing, type RingKind, ringCapacity } from '../../shared/model/ring.ts'
import type { RunId, RunProgress, RunState, RunSummary } from '../../shared/model/run.ts'
import type { PeStatus, StopReason, TraceBatch } from '../../shared/model/trace.ts'
import type { StoreClient } from '../store/client.ts'
import type { RunChunk } from '../store/protocol.ts'
import type { MachineEnd, MachineEvents, MachineHandle, MachinePlan, PeRings } from '../workers/plan.ts'
import { syncText } from './plan-run.ts'

/** How often rows go to the store (a killed process loses what is younger), and progress to the clients. */
const STORE_MS = 400
const PROGRESS_MS = 250
/** Rows that may wait for the store before the machine is held back. */
const ROWS_WAITING = 200_000

export interface LiveRunEvents {
  progress(progress: RunProgress): void
  console(text: string): void
  ended(summary: RunSummary): void
}

interface Waiting {
  traces: TraceBatch[]
  console: Uint8Array[]
  rows: number
}

/** A run while it is computed: rows from the machine to the store, progress to the clients, and its end. */
export class LiveRun {
  readonly run: RunId
  /** Settles when the run's end is stored and announced; never rejects. */
  readonly done: Promise<RunSummary>
  private readonly store: StoreClient
  private readonly plan: MachinePlan
  private readonly listener: LiveRunEvents
  private readonly decoder = new TextDecoder()
  private readonly startedAt = performance.now()
  private machine: MachineHandle | null = null
  private state: 'running' | 'paused' = 'running'
  private ending = false
  private waiting: Waiting = { traces: [], console: [], rows: 0 }
  private writing: Promise<void> | null = null
  private storeProblem: Problem | null = null
  private pes: PeStatus[] = []
  private pesChanged = false
  private switches = 0
  private faults = { sync: 0, async: 0 }
  private reported = {
    at: performance.now(),
    switches: 0,
    instructions: 0,
    perSecond: [0, 0] as [number, number],
  }
  private readonly timers: NodeJS.Timeout[]
  private finish: (summary: RunSummary) => void = () => {}

  constructor(run: RunId, plan: MachinePlan, store: StoreClient, listener: LiveRunEvents) {
    this.run = run
    this.plan = plan
    this.store = store
    this.listener = listener
    this.done = new Promise((resolve) => {
      this.finish = resolve
    })
    this.machineEvents.rings = this.ringsToStore()
    this.timers = [
      setInterval(() => void this.write(), STORE_MS),
      setInterval(() => this.report(), PROGRESS_MS),
    ]
  }

  /** What the machine is to call. Events and register changes go to the store through rings of their own: no copy passes through here. */
  readonly machineEvents: MachineEvents = {
    trace: (batch) => {
      this.waiting.traces.push(batch)
      this.waiting.rows +=
        batch.switches.length +
        batch.faults.length +
        batch.registers.length +
        (batch.events?.cycle.length ?? 0)
      this.switches += batch.switches.length
      for (const { kind } of batch.faults) this.faults[kind]++
      if (this.waiting.rows > ROWS_WAITING) return this.drain()
    },
    console: (bytes) => {
      this.waiting.console.push(bytes)
      const text = this.decoder.decode(bytes, { stream: true })
      if (text !== '') this.listener.console(text)
    },
    status: (pes) => {
      this.pes = pes
      this.pesChanged = true
    },
  }

  /** Rings from the PEs to the store; what the store says of them comes with the next write. */
  private ringsToStore(): PeRings[] {
    const { pes, probes } = this.plan
    const ring = (pe: number, kind: RingKind) => createRing(pe, ringCapacity(pes, kind), kind)
    const rings = Array.from({ length: pes }, (_, pe) => ({
      changes: ring(pe, 'changes'),
      ...(probes.events && { events: ring(pe, 'events') }),
    }))
    void this.store
      .call('run.rings', {
        run: this.run,
        rings: rings.flatMap((mine) => Object.values(mine)),
        registers: probes.registers,
      })
      .catch((error) => this.storeFailed(error))
    return rings
  }

  /** The machine has started; the run ends when it does. */
  attach(machine: MachineHandle): void {
    this.machine = machine
    void machine.ended.then((end) => this.end(end))
  }

  /** The machine could not be started. */
  abandon(problem: Problem): Promise<RunSummary> {
    const reason: StopReason = { kind: 'failed', message: `${problem.place}: ${problem.cause}` }
    void this.end({ reason, stateHash: null, pes: [], hostNs: 0 })
    return this.done
  }

  async pause(): Promise<void> {
    if (this.state === 'paused' || this.ending) return
    this.state = 'paused'
    const pes = await this.machine?.pause()
    if (this.ending) return
    if (pes) this.machineEvents.status(pes)
    await this.store.call('run.mark', { run: this.run, state: 'paused' })
    this.report()
  }

  async resume(): Promise<void> {
    if (this.state === 'running' || this.ending) return
    this.state = 'running'
    await this.store.call('run.mark', { run: this.run, state: 'running' })
    if (!this.ending) this.machine?.resume()
    this.report()
  }

  /** Ends the run as stopped; resolves when that is stored. */
  async stop(): Promise<void> {
    await this.machine?.stop()
    await this.done
  }

  progress(state: RunState = this.state): RunProgress {
    const instructions = this.pes.reduce((sum, pe) => sum + pe.instructions, 0)
    return {
      run: this.run,
      state,
      switches: this.switches,
      switchLimit: this.plan.stop.switches ?? null,
      instructions,
      cycles: this.pes.reduce((most, pe) => Math.max(most, pe.cycles), 0),
      hostNs: this.hostNs(),
      switchesPerSecond: this.reported.perSecond[0],
      instructionsPerSecond: this.reported.perSecond[1],
      tagFaults: { ...this.faults },
      pes: this.pes,
    }
  }

  private hostNs(): number {
    return Math.round((performance.now() - this.startedAt) * 1e6)
  }

  private report(): void {
    if (this.ending) return
    const now = performance.now()
    const instructions = this.pes.reduce((sum, pe) => sum + pe.instructions, 0)
    const seconds = (now - this.reported.at) / 1000
    if (seconds > 0) {
      const rate = (count: number, before: number) => Math.max(0, Math.round((count - before) / seconds))
      const perSecond: [number, number] = [
        rate(this.switches, this.reported.switches),
        rate(instructions, this.reported.instructions),
      ]
      this.reported = { at: now, switches: this.switches, instructions, perSecond }
    }
    this.listener.progress(this.progress())
  }

  /** Sends what waits to the store, one chunk at a time. */
  private write(): Promise<void> {
    if (this.writing !== null) return this.writing
    if (
      this.storeProblem !== null ||
      (this.waiting.rows === 0 && this.waiting.console.length === 0 && !this.pesChanged)
    ) {
      return Promise.resolve()
    }
    const { traces, console } = this.waiting
    const chunk: RunChunk = { traces, console, pes: this.pesChanged ? this.pes : [], hostNs: this.hostNs() }
    this.waiting = { traces: [], console: [], rows: 0 }
    this.pesChanged = false
    this.writing = this.store
      .call('run.append', { run: this.run, chunk })
      .then(
        () => undefined,
        (error: unknown) => this.storeFailed(error),
      )
      .finally(() => {
        this.writing = null
      })
    return this.writing
  }

  /** The store takes no more: the run is over, and says why. */
  private storeFailed(error: unknown): void {
    this.storeProblem ??= asProblem(error)
    this.waiting = { traces: [], console: [], rows: 0 }
    if (!this.ending) void this.machine?.stop()
  }

  /** The store has caught up: what a machine waits for that is far ahead of it. */
  private async drain(): Promise<void> {
    while (this.waiting.rows > ROWS_WAITING && this.storeProblem === null) await this.write()
  }

  private async end(end: MachineEnd): Promise<void> {
    this.ending = true
    for (const timer of this.timers) clearInterval(timer)
    if (end.pes.length > 0) this.machineEvents.status(end.pes)
    await this.writing
    await this.write()
    const summary = await this.storeEnd(end)
    this.listener.progress({ ...this.progress(summary.state), hostNs: end.hostNs })
    this.listener.ended(summary)
    this.finish(summary)
  }

  private async storeEnd(end: MachineEnd): Promise<RunSummary> {
    if (this.storeProblem === null) {
      try {
        return await this.store.call('run.finish', {
          run: this.run,
          end: {
            state: endState(end.reason),
            stop: end.reason,
            stateHash: end.stateHash,
            hostNs: end.hostNs,
            pes: end.pes,
          },
        })
      } catch (error) {
        this.storeProblem = asProblem(error)
      }
    }
    const { place, cause } = this.storeProblem
    return this.unstoredSummary({ kind: 'failed', message: `${place}: ${cause}` })
  }

  /** The summary of a run whose end the store may not have been able to write: it failed, whatever the file says. */
  private async unstoredSummary(stop: StopReason): Promise<RunSummary> {
    try {
      const stored = await this.store.call('run.get', { run: this.run })
      return stored.state === 'failed' ? stored : { ...stored, state: 'failed', stop, stateHash: null }
    } catch {
      const { switches, instructions, cycles, hostNs, tagFaults } = this.progress()
      return {
        run: this.run,
        title: '',
        experiment: '',
        experimentHash: '',
        stateHash: null,
        state: 'failed',
        stop,
        startedMs: 0,
        switches,
        instructions,
        cycles,
        hostNs,
        pes: this.plan.pes,
        vcpus: [],
        latency: null,
        tagFaults,
        registerChanges: [],
        schedule: this.plan.schedule.kind,
        seed: this.plan.schedule.seed,
        sync: syncText(this.plan),
        mode: '',
        policy: '',
        costProfile: '',
        version: '',
        check: null,
      }
    }
  }
}

/** Finished is a guest's own success or a stop rule; any other end of the guest is a failure with its reason. */
export function endState(reason: StopReason): 'finished' | 'stopped' | 'failed' {
  if (reason.kind === 'limit') return 'finished'
  if (reason.kind === 'stopped') return 'stopped'
  return reason.kind === 'exit' && reason.code === 0 ? 'finished' : 'failed'
}

function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const message = error instanceof Error ? error.message : String(error)
  return { place: 'store', cause: message, remedy: 'This is a bug of Switchyard.' }
}
