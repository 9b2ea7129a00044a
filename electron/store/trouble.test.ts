import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { createRing, ringProducer } from '../../shared/model/ring.ts'
import type { EventColumns } from '../../shared/model/trace.ts'
import { problemOf, sessionFolder, start } from '../../test/support/session-files.ts'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { asProblem } from './failures.ts'
import { migrate, migrations } from './migrations.ts'
import { compareVersions, openSession } from './open.ts'
import { isAlive, STALE_MS, thisProcess } from './ownership.ts'
import { startSession } from './session.ts'

const { folder, fresh, filled, filesOf, remove } = sessionFolder()
const mounted: string[] = []
afterAll(() => {
  for (const at of mounted) spawnSync('umount', ['-l', at])
  remove()
})

/** A small file system of its own, or null where this process may not mount one. */
function tmpfs(size: string): string | null {
  const at = mkdtempSync(join(folder, 'mount-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at]).status !== 0) return null
  mounted.push(at)
  return at
}

describe('a file of our own', () => {
  it('has WAL, foreign keys, our mark, the schema version and a sound SQLite', () => {
    const { db, sqliteVersion, close } = openSession(fresh(), '0.1.0')
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
    expect(db.pragma('busy_timeout', { simple: true })).toBe(5000)
    expect(db.pragma('application_id', { simple: true })).toBe(0x53575944)
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length)
    expect(compareVersions(sqliteVersion, '3.51.3')).toBeGreaterThanOrEqual(0)
    close()
  })
  it('is one plain file when it is closed', () => {
    const path = filled()
    expect(readFileSync(path)[19]).toBe(1)
    expect(readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}-`))).toEqual([])
  })
  it('is made together with its folder', () => {
    const path = join(folder, 'deep', 'er', 'a.switchyard')
    start(path).handlers.close({})
    expect(existsSync(path)).toBe(true)
  })
})

describe('a migration', () => {
  const next = [...migrations, 'CREATE TABLE extra (id INTEGER PRIMARY KEY) STRICT;']
  it('keeps a backup of what was there', () => {
    const path = filled()
    const db = new Database(path)
    expect(migrate(db, `${path}.backup`, next)).toBe(true)
    expect(db.pragma('user_version', { simple: true })).toBe(next.length)
    db.close()
    const backup = new Database(`${path}.backup`, { readonly: true })
    expect(backup.pragma('user_version', { simple: true })).toBe(migrations.length)
    expect(backup.prepare('SELECT count(*) FROM world_switch').pluck().get()).toBe(200)
    backup.close()
  })
  it('that fails changes nothing', () => {
    const path = filled()
    const db = new Database(path)
    expect(() =>
      migrate(db, `${path}.backup`, [...migrations, 'CREATE TABLE half (a) ; CREATE TABLE run (b);']),
    ).toThrow()
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length)
    expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0)
    db.close()
  })
  it('takes a session of the first schema on, with its runs', () => {
    const path = join(folder, 'schema-1.switchyard')
    const db = new Database(path)
    migrate(db, `${path}.backup`, migrations.slice(0, 1))
    db.exec(
      `INSERT INTO run (title, experiment, text, experiment_hash, image_hash, state, started_ms, owner, heartbeat_ms, pes,
         schedule, seed, sync, mode, policy, cost_profile, version)
       VALUES ('old', 'old', '{}', '', '', 'finished', 0, '', 0, 1, 'deterministic', 1, 'eager', 'nvhe', 'mainline', 'unit', '0.2.0');
       INSERT INTO about VALUES ('created_by', '0.2.0'), ('written_by', '0.2.0');
       PRAGMA application_id = 0x53575944;`,
    )
    db.close()
    const session = startSession({ path, version: '0.3.0' })
    expect(session.info.schemaVersion).toBe(migrations.length)
    expect(session.handlers['run.get']({ run: 1 })).toMatchObject({ title: 'old', check: null })
    session.handlers.close({})
    expect(readdirSync(folder).some((name) => name.startsWith('schema-1.switchyard.schema-1-'))).toBe(true)
  })
  it('of a file that is new makes no backup', () => {
    const path = filled()
    expect(readdirSync(folder).filter((name) => name.startsWith(path) && name.endsWith('.backup'))).toEqual(
      [],
    )
  })
})

describe('a file that cannot be opened', () => {
  it('because it is something else, is left as it is', () => {
    const text = fresh()
    writeFileSync(text, 'a shopping list\n')
    expect(problemOf(() => start(text))).toMatchObject({
      place: text,
      cause: 'this is not a Switchyard session',
    })
    expect(readFileSync(text, 'utf8')).toBe('a shopping list\n')
    const foreign = fresh()
    const db = new Database(foreign)
    db.exec('CREATE TABLE other (a)')
    db.close()
    expect(problemOf(() => start(foreign)).cause).toBe(
      'this is an SQLite database of another program, not a Switchyard session',
    )
    expect(problemOf(() => start(folder)).cause).toBe('this is not a file')
  })
})

describe('a file that another process writes to', () => {
  it('is said to be in use', () => {
    const path = filled()
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    const mine = new Database(path, { timeout: 10 })
    const problem = problemOf(() => {
      try {
        mine.exec('BEGIN IMMEDIATE')
      } catch (error) {
        throw asProblem(path, error)
      }
    })
    expect(problem.cause).toBe('another process is writing to the session and does not let go')
    mine.close()
    other.close()
  })
  it('can be read meanwhile, and its live run is left alone', () => {
    const path = fresh()
    const writer = start(path)
    const run = writer.handlers['run.create'](newRun())
    writer.handlers['run.append']({ run, chunk: chunk(10) })
    const reader = start(path)
    expect(reader.info).toMatchObject({ readOnly: true, readOnlyWhy: 'another process has it open' })
    expect(reader.handlers['run.get']({ run })).toMatchObject({ state: 'running', switches: 20 })
    writer.handlers['run.append']({ run, chunk: chunk(5, 2) })
    expect(reader.handlers['run.get']({ run })).toMatchObject({ state: 'running', switches: 30 })
    for (const refused of [
      () => reader.handlers['run.create'](newRun()),
      () => reader.handlers['run.delete']({ run }),
    ]) {
      expect(problemOf(refused).cause).toBe('the session is read-only: another process has it open')
    }
    writer.handlers.close({})
    reader.handlers.close({})
    expect(filesOf(path)).toEqual([basename(path)])
    const next = start(path)
    expect(next.info.readOnly).toBe(false)
    next.handlers.close({})
  })
})

describe('a killed process', () => {
  it('is told from one that lives', () => {
    const now = Date.now()
    expect(isAlive(thisProcess(), now, now)).toBe(true)
    expect(isAlive(thisProcess(), now - STALE_MS - 1, now)).toBe(false)
    const { pid } = spawnSync('true')
    expect(isAlive(thisProcess().replace(/\d+$/, String(pid)), now, now)).toBe(false)
    expect(isAlive('elsewhere/1', now, now)).toBe(true)
  })
})

describe('a read-only file', () => {
  const inReadOnlyMount = (prepare: (at: string) => void): string | null => {
    const at = tmpfs('8m')
    if (at === null) return null
    prepare(at)
    return spawnSync('mount', ['-o', 'remount,ro', at]).status === 0 ? at : null
  }

  it('is read, and refuses what would change it', ({ skip }) => {
    const at = inReadOnlyMount((folder) => filled(join(folder, 'a.switchyard')))
    if (at === null) return skip('this process may not mount a file system')
    const session = start(join(at, 'a.switchyard'))
    expect(session.info.readOnly).toBe(true)
    expect(session.handlers['run.list']({})).toMatchObject([{ run: 1, state: 'finished', switches: 200 }])
    for (const refused of [
      () => session.handlers['run.create'](newRun()),
      () => session.handlers['run.delete']({ run: 1 }),
    ]) {
      expect(problemOf(refused)).toMatchObject({
        cause: 'the session is read-only: it may not be written to here',
      })
    }
    session.handlers.close({})
    expect(problemOf(() => start(join(at, 'new.switchyard'))).cause).toBe(
      'there is no session, and none can be made here',
    )
  })

  it('with the log of a killed process is read whole', ({ skip }) => {
    const source = fresh()
    const session = start(source)
    const run = session.handlers['run.create'](newRun())
    session.handlers['run.append']({ run, chunk: chunk(40) })
    const at = inReadOnlyMount((folder) => {
      copyFileSync(source, join(folder, 'a.switchyard'))
      copyFileSync(`${source}-wal`, join(folder, 'a.switchyard-wal'))
    })
    session.handlers.close({})
    if (at === null) return skip('this process may not mount a file system')
    const reader = start(join(at, 'a.switchyard'))
    expect(reader.info.readOnly).toBe(true)
    expect(reader.handlers['run.get']({ run })).toMatchObject({ switches: 80 })
    reader.handlers.close({})
  })
})

describe('a full disk', () => {
  it('that takes no more events fails the run, and the next write says why', async ({ skip }) => {
    const at = tmpfs('3m')
    if (at === null) return skip('this process may not mount a file system')
    const session = start(join(at, 'a.switchyard'))
    const run = session.handlers['run.create'](newRun())
    const ring = createRing(0, 2 ** 14)
    session.handlers['run.rings']({ run, rings: [ring] })
    const producer = ringProducer(ring)
    const random = xorshift(1)
    // Noise does not compress: a few hundred thousand fill the disk.
    const noise = (from: number): EventColumns => ({
      pe: 0,
      cycle: Float64Array.from({ length: 10_000 }, (_, i) => from + i * 50),
      kind: Uint8Array.from({ length: 10_000 }, () => random() % 8),
      el: Uint8Array.from({ length: 10_000 }, () => random() % 3),
      pc: BigUint64Array.from({ length: 10_000 }, () => (BigInt(random()) << 32n) | BigInt(random())),
      detail: BigUint64Array.from({ length: 10_000 }, () => (BigInt(random()) << 32n) | BigInt(random())),
    })
    let [sent, refused] = [0, null as { cause: string } | null]
    while (refused === null) {
      const events = noise(sent * 50)
      for (let i = 0; i < 10_000 && refused === null; ) {
        const written = producer.write(events, i)
        i += written
        sent += written
        if (written > 0) continue
        await new Promise((resolve) => setTimeout(resolve, 20))
        try {
          session.handlers['run.append']({ run, chunk: { traces: [], console: [], pes: [], hostNs: 0 } })
        } catch (error) {
          refused = problemOf(() => {
            throw asProblem(at, error)
          })
        }
      }
    }
    expect(refused.cause).toBe('the disk is full')
    const summary = session.handlers['run.get']({ run })
    expect(summary).toMatchObject({ state: 'failed', stop: { kind: 'failed' } })
    const { total } = session.handlers['run.events']({ run, range: null, columns: 100, pe: null })
    expect(total).toBeGreaterThan(0)
    expect(total).toBeLessThan(sent)
    session.handlers.close({})
  })
  it('fails the run with the reason, and keeps what was stored before', ({ skip }) => {
    const at = tmpfs('3m')
    if (at === null) return skip('this process may not mount a file system')
    const session = start(join(at, 'a.switchyard'))
    const run = session.handlers['run.create'](newRun())
    session.handlers['run.append']({ run, chunk: chunk(20) })
    writeFileSync(join(at, 'ballast'), Buffer.alloc(statfsSync(at).bavail * statfsSync(at).bsize - 300_000))
    const rows = chunk(200)
    let stored = 40
    const problem = problemOf(() => {
      for (;;) {
        try {
          session.handlers['run.append']({ run, chunk: rows })
          stored += 400
        } catch (error) {
          throw asProblem(at, error)
        }
      }
    })
    expect(problem.cause).toBe('the disk is full')
    const summary = session.handlers['run.get']({ run })
    expect(summary).toMatchObject({ state: 'failed', switches: stored, latency: { n: stored } })
    expect(summary.stop).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('could not be written'),
    })
    session.handlers.close({})
    rmSync(join(at, 'ballast'))
    const again = start(join(at, 'a.switchyard'))
    expect(again.handlers['run.get']({ run })).toMatchObject({ state: 'failed', switches: stored })
    again.handlers.close({})
  })
})
