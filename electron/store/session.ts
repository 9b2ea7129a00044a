import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange } from '../../shared/model/views.ts'
import { backUp, backupPath } from './backup.ts'
import { eventQueries } from './events.ts'
import { isWriteRefused, SALVAGE } from './failures.ts'
import { faultMapQueries } from './fault-map.ts'
import { faultQueries } from './faults.ts'
import { latencyQueries } from './latency.ts'
import { latencyBandQueries } from './latency-band.ts'
import { type OpenSession, openSession } from './open.ts'
import { HEARTBEAT_MS } from './ownership.ts'
import type { StoreCallName, StoreCalls, StoreInfo, StoreStart } from './protocol.ts'
import { registerQueries } from './registers.ts'
import { ringDrain } from './ring-drain.ts'
import { runRows } from './run-rows.ts'
import { runWriter } from './run-writer.ts'
import { sliceQueries } from './slices.ts'
import { switchQueries } from './switches.ts'

export type StoreHandlers = { [C in StoreCallName]: (args: StoreCalls[C]['args']) => StoreCalls[C]['reply'] }

export interface Session {
  info: StoreInfo
  handlers: StoreHandlers
}

/** Room that is set aside while a run is written, so that a full disk still takes the few pages that say so. */
const RESERVE_BYTES = 256 * 1024

/**
 * An open session with everything that can be asked of it. Runs that a dead process left are marked as interrupted first.
 * @throws ProblemError as openSession does
 */
export function startSession({ path: file, version, create = true }: StoreStart): Session {
  if (!create && !existsSync(file)) throw new ProblemError(file, 'there is no such file', 'Check the name.')
  const opened = openSession(file, version)
  try {
    return sessionOn(opened, version)
  } catch (error) {
    opened.close()
    if (!(error instanceof Database.SqliteError) || opened.readOnlyWhy === null) throw error
    // Not even the statements can be prepared: tables are missing, or are others.
    throw new ProblemError(
      opened.path,
      `the session cannot be read: ${opened.readOnlyWhy}`,
      `Open it with the version that wrote it; nothing was changed. ${SALVAGE}`,
    )
  }
}

function sessionOn(opened: OpenSession, version: string): Session {
  const { db, path, sqliteVersion, checked, close } = opened
  let { readOnlyWhy } = opened
  const readOnly = readOnlyWhy !== null
  const rows = runRows(db, path)
  if (!readOnly) rows.interruptAbandoned()

  const lastCycle = db
    .prepare<[{ run: RunId }], number>(
      `SELECT max(cycles, ifnull((SELECT max(start_cycle) FROM world_switch WHERE run = :run), 0),
         ifnull((SELECT max(cycle) FROM tag_fault WHERE run = :run), 0)) FROM run WHERE id = :run`,
    )
    .pluck()
  const countRuns = db.prepare<[], number>('SELECT count(*) FROM run').pluck()
  function extent(run: RunId): CycleRange {
    rows.stored(run)
    return { from: 0, to: lastCycle.get({ run }) ?? 0 }
  }

  const latency = latencyQueries(db, extent)
  const bands = latencyBandQueries(db, extent)
  const faults = faultQueries(db, extent)
  const faultMaps = faultMapQueries(db, extent)
  const slices = sliceQueries(db, extent)
  const events = eventQueries(db, extent, (run) => rows.stored(run).pes)
  const registers = registerQueries(db, extent)
  const switches = switchQueries(db, path, registers)
  const writer = readOnly ? null : runWriter(db, path)
  const reserve = `${path}.reserve`
  let beating: NodeJS.Timeout | null = null

  const drain = ringDrain((run, events, changes) =>
    writing(run, () => writable().appendColumns(run, events, changes)),
  )

  function writable() {
    if (writer !== null && readOnlyWhy === null) return writer
    throw new ProblemError(
      path,
      `the session is read-only: ${readOnlyWhy}`,
      'Copy the file to a folder that you may write to, and open the copy.',
    )
  }

  function endWriting(): void {
    if (beating !== null) clearInterval(beating)
    beating = null
    drain.stop()
    rmSync(reserve, { force: true })
  }

  /** The disk takes no more: the run's last word is that it failed and why. What it stored before stays. */
  function failRun(run: RunId, message: string): void {
    endWriting()
    const end = {
      state: 'failed',
      stop: { kind: 'failed', message },
      stateHash: null,
      hostNs: 0,
      pes: [],
    } as const
    for (const makeRoom of [() => {}, () => db.pragma('wal_checkpoint(TRUNCATE)')]) {
      try {
        makeRoom()
        writable().finish(run, { ...end, pes: [] })
        return
      } catch (error) {
        if (!isWriteRefused(error)) throw error
      }
    }
  }

  function writing(run: RunId, action: () => void): void {
    try {
      action()
    } catch (error) {
      if (isWriteRefused(error))
        failRun(run, `The session could not be written: ${(error as Error).message}.`)
      throw error
    }
  }

  const handlers: StoreHandlers = {
    'run.create'(run) {
      const id = writable().create(run, version)
      writing(id, () => writeReserve(reserve))
      beating = setInterval(() => {
        try {
          writer?.heartbeat(id)
        } catch (error) {
          // A missed beat is no loss: the next chunk renews it, or fails and says why.
          if (!isWriteRefused(error)) throw error
        }
      }, HEARTBEAT_MS)
      return id
    },
    'run.append'({ run, chunk }) {
      drain.check(run)
      // What rings were too full to take is younger than what they hold.
      if (chunk.traces.some(({ registers, events }) => registers.length > 0 || events !== null))
        drain.empty(run)
      writing(run, () => writable().append(run, chunk))
      return null
    },
    'run.rings'({ run, rings, registers = [] }) {
      writable()
      drain.attach(run, rings, registers)
      return null
    },
    'run.mark'({ run, state }) {
      writing(run, () => writable().mark(run, state))
      return null
    },
    'run.finish'({ run, end }) {
      drain.check(run)
      drain.finish(run)
      writing(run, () => writable().finish(run, end))
      endWriting()
      return rows.get(run)
    },
    'run.check'({ run, report }) {
      writable()
      rows.keepReport(run, report)
      return rows.get(run)
    },
    'run.delete'({ run }) {
      writable()
      rows.remove(run)
      return null
    },
    'run.count': () => countRuns.get()!,
    'run.list': () => rows.list(),
    'run.get': ({ run }) => rows.get(run),
    'run.experiment': ({ run }) => rows.text(run),
    'run.findings': ({ run }) => rows.report(run),
    'run.console': ({ run }) => rows.console(run),
    'run.latency': latency.series,
    'run.latency-band': bands.band,
    'run.distribution': latency.distribution,
    'run.faults': faults.series,
    'run.fault-map': faultMaps.map,
    'run.fault-list': faults.page,
    'run.events': events.series,
    'run.slices': slices.series,
    'run.registers': registers.lanes,
    'run.switch': switches.detail,
    'run.switch-at': (args) => {
      rows.stored(args.run)
      return switches.nearest(args)
    },
    'session.distrust'({ why }) {
      readOnlyWhy ??= why
      return null
    },
    'session.check': () => damageOf(db),
    'session.backup'({ to }) {
      const copy = to === null ? backupPath(path) : resolve(to)
      backUp(db, copy)
      return { path: copy, bytes: statSync(copy).size }
    },
    close() {
      endWriting()
      close()
      return null
    },
  }
  const schemaVersion = db.pragma('user_version', { simple: true }) as number
  return {
    info: { path, readOnly, readOnlyWhy, schemaVersion, sqliteVersion, checked, salvaged: null },
    handlers,
  }
}

function writeReserve(reserve: string): void {
  try {
    writeFileSync(reserve, Buffer.alloc(RESERVE_BYTES, 0x5a))
  } catch {
    rmSync(reserve, { force: true }) // a disk as full as that says so with the first chunk
  }
}

/** What SQLite finds wrong with a file, at most twenty lines. */
function damageOf(db: Database.Database): string[] {
  try {
    const lines = db.pragma('integrity_check(20)') as { integrity_check: string }[]
    return lines.map(({ integrity_check: line }) => line).filter((line) => line !== 'ok')
  } catch (error) {
    // So much is damaged that the check itself cannot go on.
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_CORRUPT')) throw error
    return [error.message]
  }
}
