import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import type { RunId } from '../../shared/model/run.ts'
import { unpackEvents } from './event-columns.ts'
import { densityWriter } from './event-density.ts'
import { asProblem } from './failures.ts'
import { APPLICATION_ID, checkHeader, copySession, readHeader } from './header.ts'
import { migrate, migrations } from './migrations.ts'
import type { SalvagedTable } from './protocol.ts'
import { rebuildPyramids } from './pyramid-writer.ts'

/** What cannot be made from anything else, and the order in which it is read. */
const truths: { table: string; key: string }[] = [
  { table: 'run', key: 'id' },
  { table: 'vcpu', key: 'run, vcpu' },
  { table: 'pe', key: 'run, pe' },
  { table: 'world_switch', key: 'id' },
  { table: 'tag_fault', key: 'id' },
  { table: 'register_change', key: 'run, pe, register, slot, cycle, sequence' },
  { table: 'event_chunk', key: 'run, pe, first_cycle, sequence' },
  { table: 'console', key: 'run, sequence' },
  { table: 'verdict', key: 'run' },
  { table: 'finding', key: 'run, number' },
]

/**
 * Reads what can be read of a damaged session into a new one, and makes anew what follows from rows: counts, pyramids, densities.
 * Each table is read from both ends up to the damage. The damaged file is not touched; a temporary copy is read.
 * @throws ProblemError when it is no session, when nothing of it can be read, or when the new file exists
 */
export function salvage(damaged: string, to: string): SalvagedTable[] {
  const [from, target] = [resolve(damaged), resolve(to)]
  if (existsSync(target))
    throw new ProblemError(
      target,
      'there is a file of that name',
      'Choose another name, or remove that file.',
    )
  const header = readHeader(from)
  if (header === null) throw new ProblemError(from, 'there is no session', 'Check the name.')
  checkHeader(from, header)
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-salvage-'))
  const copy = join(folder, 'damaged.switchyard')
  const opened: Database.Database[] = []
  const open = (path: string) => {
    const db = new Database(path)
    opened.push(db)
    return db
  }
  let done = false
  try {
    copySession(from, copy, header)
    const source = open(copy)
    const db = open(target)
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma('foreign_keys = OFF')
    const schema = Math.min(migrations.length, Math.max(1, header.readUInt32BE(60)))
    migrate(db, join(folder, 'never'), migrations.slice(0, schema))
    const tables = truths
      .filter(({ table }) => hasTable(db, table))
      .map((each) => readTable(source, db, each))
    if (tables.every(({ rows }) => rows === 0))
      throw new ProblemError(from, 'nothing of the session can be read', 'Restore it from a copy.')
    nameOrphans(db)
    migrate(db, join(folder, 'before'))
    db.transaction(() => remake(db))()
    done = true
    return tables
  } catch (error) {
    throw asProblem(from, error)
  } finally {
    for (const db of opened) db.close()
    rmSync(folder, { recursive: true, force: true })
    if (!done) rmSync(target, { force: true })
  }
}

function hasTable(db: Database.Database, table: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !== undefined
}

const isDamage = (error: unknown): boolean =>
  error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|IOERR|ERROR)/.test(error.code)

/** From the first row on, and where that ends at damage, from the last row back. */
function readTable(
  source: Database.Database,
  db: Database.Database,
  { table, key }: (typeof truths)[number],
): SalvagedTable {
  const found: SalvagedTable = { table, rows: 0, damaged: false }
  const columns = (db.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name)
  const insert = db.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  function read(direction: 'ASC' | 'DESC'): void {
    const order = key
      .split(', ')
      .map((column) => `${column} ${direction}`)
      .join(', ')
    const rows = source
      .prepare<[], unknown[]>(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${order}`)
      .safeIntegers()
      .raw()
    for (const row of rows.iterate()) {
      // A row that no table of ours takes is damage too; one that is there already ends the way back.
      const { changes } = insert.run(row)
      if (changes === 1) found.rows++
      else if (direction === 'DESC') return
      else found.damaged = true
    }
  }
  const attempt = db.transaction((direction: 'ASC' | 'DESC') => {
    try {
      read(direction)
    } catch (error) {
      if (!isDamage(error)) throw error
      found.damaged = true
    }
  })
  attempt('ASC')
  if (found.damaged) attempt('DESC')
  return found
}

/** Rows whose run is lost get one that says so. */
function nameOrphans(db: Database.Database): void {
  const owned = truths.filter(({ table }) => table !== 'run' && hasTable(db, table))
  const orphans = db
    .prepare<[], RunId>(
      `${owned.map(({ table }) => `SELECT run FROM ${table}`).join(' UNION ')} EXCEPT SELECT id FROM run`,
    )
    .pluck()
  const insert = db.prepare(
    `INSERT INTO run (id, title, experiment, text, experiment_hash, image_hash, state, started_ms, owner, heartbeat_ms, pes,
       schedule, seed, sync, mode, policy, cost_profile, version)
     VALUES (:run, format('salvaged run %d', :run), '', '', '', '', 'interrupted', 0, '', 0,
       (SELECT count(*) FROM pe WHERE run = :run), 'deterministic', 0, '', '', '', '', '')`,
  )
  for (const run of orphans.all()) insert.run({ run })
}

/** All that follows from the rows. */
function remake(db: Database.Database): void {
  db.exec(/* sql */ `
DELETE FROM finding WHERE run NOT IN (SELECT run FROM verdict);
DELETE FROM lane_block; DELETE FROM lane; DELETE FROM event_density;
DELETE FROM latency_count; DELETE FROM phase_total; DELETE FROM register_total;
INSERT INTO latency_count SELECT run, pe, vcpu, latency, count(*), min(id) FROM world_switch GROUP BY 1, 2, 3, 4;
INSERT INTO phase_total SELECT run, pe, vcpu, count(*), sum(phase0), sum(phase1), sum(phase2), sum(phase3), sum(phase4),
  sum(phase5) FROM world_switch GROUP BY 1, 2, 3;
INSERT INTO register_total SELECT run, register, owner, count(*) FROM register_change
  WHERE slot = 'architectural' AND cause <> 'initial' GROUP BY 1, 2, 3;
UPDATE run SET state = iif(state IN ('running', 'paused'), 'interrupted', state),
  switches = (SELECT count(*) FROM world_switch WHERE run = run.id),
  sync_faults = (SELECT count(*) FROM tag_fault WHERE run = run.id AND kind = 'sync'),
  async_faults = (SELECT count(*) FROM tag_fault WHERE run = run.id AND kind = 'async');`)
  rebuildPyramids(db)
  remakeDensity(db)
}

/** Chunks of events that cannot be unpacked are lost. */
function remakeDensity(db: Database.Database): void {
  const density = densityWriter(db)
  const chunks = db
    .prepare<[], [RunId, number, number, number]>('SELECT run, pe, first_cycle, sequence FROM event_chunk')
    .raw()
  const where = 'run = ? AND pe = ? AND first_cycle = ? AND sequence = ?'
  const select = db
    .prepare<[RunId, number, number, number], [count: number, columns: Uint8Array]>(
      `SELECT count, columns FROM event_chunk WHERE ${where}`,
    )
    .raw()
  const remove = db.prepare(`DELETE FROM event_chunk WHERE ${where}`)
  for (const key of chunks.all()) {
    const [count, columns] = select.get(...key)!
    let events: ReturnType<typeof unpackEvents>
    try {
      events = unpackEvents(key[1], count, columns)
    } catch {
      remove.run(...key)
      continue
    }
    density.add(key[0], events)
  }
}
