import type { Database } from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import type { RunId } from '../../shared/model/run.ts'
import {
  type EventColumns,
  type FaultRow,
  latencyOf,
  type PeStatus,
  type RegisterRow,
  type StopReason,
  type SwitchRow,
  type TraceBatch,
} from '../../shared/model/trace.ts'
import { eventWriter, joinEvents } from './event-writer.ts'
import { changePoint, faultLane, faultPoint, latencyLane, latencyPoint } from './lanes.ts'
import { thisProcess } from './ownership.ts'
import type { NewRun, RunChunk, RunEnd } from './protocol.ts'
import { pyramidWriter } from './pyramid-writer.ts'
import { toStored, toWhole } from './values.ts'

export interface RunWriter {
  create(run: NewRun, version: string): RunId
  /** Stores a chunk whole or not at all. */
  append(run: RunId, chunk: RunChunk): void
  /** Stores events and changes of several PEs, whole or not at all. */
  appendColumns(run: RunId, events: readonly EventColumns[], changes: readonly RegisterRow[]): void
  mark(run: RunId, state: 'running' | 'paused'): void
  heartbeat(run: RunId): void
  finish(run: RunId, end: RunEnd): void
}

const marks = (count: number) => Array(count).fill('?').join(', ')

/** Everything that is written of a run. Sequences count from the writer's creation: only the process that creates a run writes it. */
export function runWriter(db: Database, path: string): RunWriter {
  const insertRun = db.prepare(`
    INSERT INTO run (title, experiment, text, experiment_hash, image_hash, state, started_ms, owner, heartbeat_ms, pes,
      schedule, seed, sync, mode, policy, cost_profile, version) VALUES (${marks(17)})`)
  const insertVcpu = db.prepare(`INSERT INTO vcpu VALUES (${marks(5)})`)
  const upsertPe = db.prepare(`
    INSERT INTO pe VALUES (${marks(9)})
    ON CONFLICT DO UPDATE SET power = excluded.power, el = excluded.el, instructions = excluded.instructions,
      cycles = excluded.cycles, switches = excluded.switches, owner = excluded.owner, pc = excluded.pc`)
  const insertSwitch = db.prepare(`
    INSERT INTO world_switch (run, pe, vcpu, start_cycle, guest_cycle, exit_cycle, end_cycle, latency, instructions,
      guest_instructions, phase0, phase1, phase2, phase3, phase4, phase5, esr, elr, exit, start_ns, end_ns)
    VALUES (${marks(21)})`)
  const countLatency = db.prepare(`
    INSERT INTO latency_count VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`)
  const addPhases = db.prepare(`
    INSERT INTO phase_total VALUES (${marks(10)})
    ON CONFLICT DO UPDATE SET switches = switches + excluded.switches, phase0 = phase0 + excluded.phase0,
      phase1 = phase1 + excluded.phase1, phase2 = phase2 + excluded.phase2, phase3 = phase3 + excluded.phase3,
      phase4 = phase4 + excluded.phase4, phase5 = phase5 + excluded.phase5`)
  const insertFault = db.prepare(`
    INSERT INTO tag_fault (run, pe, cycle, ns, owner, el, kind, mode, pc, address, granule, pointer_tag, memory_tag, write, bytes)
    VALUES (${marks(15)})`)
  const insertChange = db.prepare(`INSERT INTO register_change VALUES (${marks(11)})`)
  const countChange = db.prepare(`
    INSERT INTO register_total VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`)
  const events = eventWriter(db)
  const pyramids = pyramidWriter(db)
  const insertConsole = db.prepare('INSERT INTO console VALUES (?, ?, ?)')
  const alive = "id = :run AND state IN ('running', 'paused')"
  const advance = db.prepare(`
    UPDATE run SET switches = switches + :switches, sync_faults = sync_faults + :sync, async_faults = async_faults + :async,
      instructions = max(instructions, :instructions), cycles = max(cycles, :cycles), host_ns = max(host_ns, :hostNs),
      heartbeat_ms = :now WHERE ${alive}`)
  const reach = db.prepare(`UPDATE run SET cycles = max(cycles, :cycles), heartbeat_ms = :now WHERE ${alive}`)
  const setState = db.prepare(`UPDATE run SET state = :state, heartbeat_ms = :now WHERE ${alive}`)
  const beat = db.prepare(`UPDATE run SET heartbeat_ms = :now WHERE ${alive}`)
  const setEnd = db.prepare(`
    UPDATE run SET state = :state, stop = :stop, state_hash = :stateHash, heartbeat_ms = :now,
      host_ns = iif(:hostNs > 0, :hostNs, host_ns) WHERE ${alive}`)

  const next = { change: 0, console: 0 }

  function requireOurs(run: RunId, changes: number): void {
    if (changes === 1) return
    throw new ProblemError(
      `${path}#${run}`,
      'the run is no longer this process\u2019s: it was deleted or given up as interrupted',
      'Start the experiment again.',
    )
  }

  function writeSwitches(run: RunId, rows: readonly SwitchRow[]): void {
    const latencies = new Map<
      string,
      { pe: number; vcpu: number; latency: number; count: number; example: number | bigint }
    >()
    const totals = new Map<string, { pe: number; vcpu: number; switches: number; phases: number[] }>()
    for (const row of rows) {
      const latency = latencyOf(row)
      const { lastInsertRowid } = insertSwitch.run(
        run,
        row.pe,
        row.vcpu,
        row.startCycle,
        row.guestCycle,
        row.exitCycle,
        row.endCycle,
        latency,
        row.instructions,
        row.guestInstructions,
        ...row.phases,
        toStored(row.esr),
        toStored(row.elr),
        row.exit,
        toWhole(row.startNs),
        toWhole(row.endNs),
      )
      pyramids.add(latencyLane(row.pe, row.vcpu), [
        latencyPoint(row.startCycle, latency, Number(lastInsertRowid), row.phases),
      ])
      const key = `${row.pe} ${row.vcpu} ${latency}`
      const seen = latencies.get(key)
      if (seen) seen.count++
      else latencies.set(key, { pe: row.pe, vcpu: row.vcpu, latency, count: 1, example: lastInsertRowid })
      const group = `${row.pe} ${row.vcpu}`
      const total = totals.get(group) ?? {
        pe: row.pe,
        vcpu: row.vcpu,
        switches: 0,
        phases: row.phases.map(() => 0),
      }
      total.switches++
      row.phases.forEach((cycles, phase) => {
        total.phases[phase]! += cycles
      })
      totals.set(group, total)
    }
    for (const { pe, vcpu, latency, count, example } of latencies.values())
      countLatency.run(run, pe, vcpu, latency, count, example)
    for (const { pe, vcpu, switches, phases } of totals.values())
      addPhases.run(run, pe, vcpu, switches, ...phases)
  }

  function writeFaults(run: RunId, rows: readonly FaultRow[]): void {
    for (const row of rows) {
      const { lastInsertRowid } = insertFault.run(
        run,
        row.pe,
        row.cycle,
        toWhole(row.ns),
        row.owner,
        row.el,
        row.kind,
        row.mode,
        toStored(row.pc),
        toStored(row.address),
        row.granule,
        row.pointerTag,
        row.memoryTag,
        row.write ? 1 : 0,
        row.bytes,
      )
      pyramids.add(faultLane(row), [faultPoint(row.cycle, Number(lastInsertRowid))])
    }
  }

  function writeChanges(run: RunId, rows: readonly RegisterRow[]): void {
    const totals = new Map<string, { register: string; owner: number; count: number }>()
    for (const row of rows) {
      insertChange.run(
        run,
        row.pe,
        row.register,
        row.slot,
        row.cycle,
        next.change++,
        row.owner,
        row.cause,
        toStored(row.value),
        toStored(row.pc),
        toWhole(row.ns),
      )
      pyramids.add({ pe: row.pe, name: row.register, part: row.slot }, [changePoint(row)])
      if (row.slot !== 'architectural' || row.cause === 'initial') continue
      const key = `${row.register} ${row.owner}`
      const total = totals.get(key)
      if (total) total.count++
      else totals.set(key, { register: row.register, owner: row.owner, count: 1 })
    }
    for (const { register, owner, count } of totals.values()) countChange.run(run, register, owner, count)
  }

  /** The events of each PE as one: chunks are large where many batches came at once. */
  function writeEvents(run: RunId, traces: readonly TraceBatch[]): void {
    const byPe = Map.groupBy(
      traces.flatMap((trace) => trace.events ?? []),
      ({ pe }) => pe,
    )
    for (const batches of byPe.values()) events.write(run, joinEvents(batches))
  }

  function writePes(run: RunId, pes: readonly PeStatus[]): void {
    for (const pe of pes) {
      upsertPe.run(
        run,
        pe.pe,
        pe.power,
        pe.el,
        pe.instructions,
        pe.cycles,
        pe.switches,
        pe.owner,
        toStored(pe.pc),
      )
    }
  }

  function writeAdvance(run: RunId, chunk: RunChunk): void {
    const faults = chunk.traces.flatMap((trace) => trace.faults)
    const sync = faults.filter((fault) => fault.kind === 'sync').length
    const { changes } = advance.run({
      run,
      sync,
      async: faults.length - sync,
      switches: chunk.traces.reduce((sum, trace) => sum + trace.switches.length, 0),
      instructions: chunk.pes.reduce((sum, pe) => sum + pe.instructions, 0),
      cycles: lastCycle(chunk),
      hostNs: toWhole(chunk.hostNs),
      now: Date.now(),
    })
    requireOurs(run, changes)
  }

  const append = db.transaction((run: RunId, chunk: RunChunk) => {
    const before = { ...next }
    try {
      writeAdvance(run, chunk)
      for (const trace of chunk.traces) {
        writeSwitches(run, trace.switches)
        writeFaults(run, trace.faults)
        writeChanges(run, trace.registers)
      }
      writeEvents(run, chunk.traces)
      pyramids.flush(run)
      for (const bytes of chunk.console) insertConsole.run(run, next.console++, Buffer.from(bytes))
      writePes(run, chunk.pes)
    } catch (error) {
      Object.assign(next, before)
      events.forget()
      pyramids.forget()
      throw error
    }
  })

  const appendColumns = db.transaction(
    (run: RunId, columns: readonly EventColumns[], changes: readonly RegisterRow[]) => {
      const before = { ...next }
      try {
        const cycles = columns.reduce((most, { cycle }) => Math.max(most, cycle.at(-1)!), 0)
        requireOurs(run, reach.run({ run, cycles, now: Date.now() }).changes)
        for (const each of columns) events.write(run, each)
        writeChanges(run, changes)
        pyramids.flush(run)
      } catch (error) {
        Object.assign(next, before)
        events.forget()
        pyramids.forget()
        throw error
      }
    },
  )

  const create = db.transaction((run: NewRun, version: string): RunId => {
    Object.assign(next, { change: 0, console: 0 })
    const { lastInsertRowid } = insertRun.run(
      run.title,
      run.experiment,
      run.text,
      run.experimentHash,
      run.imageHash,
      'running',
      run.startedMs,
      thisProcess(),
      Date.now(),
      run.pes,
      run.schedule,
      run.seed,
      run.sync,
      run.mode,
      run.policy,
      run.costProfile,
      version,
    )
    for (const { vcpu, guest, mte, checks } of run.vcpus)
      insertVcpu.run(lastInsertRowid, vcpu, guest, mte ? 1 : 0, checks)
    return Number(lastInsertRowid)
  })

  const finish = db.transaction((run: RunId, end: RunEnd) => {
    if (end.pes.length > 0) {
      writeAdvance(run, { traces: [], console: [], pes: end.pes, hostNs: end.hostNs })
      writePes(run, end.pes)
    }
    const stop: StopReason = end.stop
    const { changes } = setEnd.run({
      run,
      state: end.state,
      stop: JSON.stringify(stop),
      stateHash: end.stateHash,
      hostNs: toWhole(end.hostNs),
      now: Date.now(),
    })
    requireOurs(run, changes)
  })

  return {
    create: (run, version) => create.immediate(run, version),
    append: (run, chunk) => append.immediate(run, chunk),
    appendColumns: (run, columns, changes) => appendColumns.immediate(run, columns, changes),
    mark: (run, state) => requireOurs(run, setState.run({ run, state, now: Date.now() }).changes),
    heartbeat: (run) => void beat.run({ run, now: Date.now() }),
    finish: (run, end) => finish.immediate(run, end),
  }
}

/** As far as the chunk tells: events may be ahead of the last report. */
function lastCycle({ pes, traces }: RunChunk): number {
  const reported = pes.reduce((most, pe) => Math.max(most, pe.cycles), 0)
  return traces.reduce((most, { events }) => Math.max(most, events?.cycle.at(-1) ?? 0), reported)
}
