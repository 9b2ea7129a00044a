import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { createRing, ringProducer } from '../../shared/model/event-ring.ts'
import type { EventColumns } from '../../shared/model/trace.ts'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { openStore } from './client.ts'
import { asProblem } from './failures.ts'
import { migrate, migrations } from './migrations.ts'
import { compareVersions, openSession } from './open.ts'
import { isAlive, STALE_MS, thisProcess } from './ownership.ts'
import { salvage } from './salvage.ts'
import { startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-trouble-'))
const mounted: string[] = []
afterAll(() => {
  for (const at of mounted) spawnSync('umount', ['-l', at])
  rmSync(folder, { recursive: true })
})
let files = 0
const fresh = () => join(folder, `${++files}.switchyard`)
const start = (path: string) => startSession({ path, version: '0.1.0' })

/** A session with one finished run. */
function filled(path = fresh()): string {
  const session = start(path)
  const run = session.handlers['run.create'](newRun())
  session.handlers['run.append']({ run, chunk: chunk(100) })
  session.handlers['run.finish']({
    run,
    end: {
      state: 'finished',
      stop: { kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' },
      stateHash: null,
      hostNs: 1,
      pes: [],
    },
  })
  session.handlers.close({})
  return path
}

/** What lies in the folder of a session and bears its name. */
const filesOf = (path: string) => readdirSync(folder).filter((name) => name.startsWith(basename(path)))

function problemOf(action: () => unknown): { place: string; cause: string; remedy: string } {
  try {
    action()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('nothing went wrong')
}

/** A small file system of its own, or null where this process may not mount one. */
function tmpfs(size: string): string | null {
  const at = mkdtempSync(join(folder, 'mount-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at]).status !== 0) return null
  mounted.push(at)
  return at
}

/** The pages of one table, by SQLite's own account. */
function pagesOf(path: string, table: string): number[] {
  const db = new Database(path, { readonly: true })
  const pages = db.prepare('SELECT pageno FROM dbstat WHERE name = ?').pluck().all(table) as number[]
  db.close()
  return pages
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

describe('a file of a newer version', () => {
  function newer(path = filled()): string {
    const db = new Database(path)
    db.pragma(`user_version = ${migrations.length + 6}`)
    db.prepare("UPDATE about SET value = '9.9.0' WHERE key = 'written_by'").run()
    db.close()
    return path
  }
  const why = `it was written by Switchyard 9.9.0 (schema ${migrations.length + 6}); this is Switchyard 0.1.0 (schema ${migrations.length})`

  it('is read as far as it is understood, says so, and is left as it is', () => {
    const path = newer()
    const before = readFileSync(path)
    const session = start(path)
    expect(session.info).toMatchObject({ readOnly: true, readOnlyWhy: why })
    expect(session.handlers['run.get']({ run: 1 })).toMatchObject({ state: 'finished', switches: 200 })
    expect(problemOf(() => session.handlers['run.create'](newRun())).cause).toBe(
      `the session is read-only: ${why}`,
    )
    session.handlers.close({})
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(filesOf(path)).toEqual([basename(path)])
  })
  it('that has other tables is refused, and left as it is', () => {
    const path = newer()
    const db = new Database(path)
    db.exec('ALTER TABLE world_switch RENAME TO crossing')
    db.close()
    const before = readFileSync(path)
    expect(problemOf(() => start(path)).cause).toBe(`the session cannot be read: ${why}`)
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

describe('a damaged file', () => {
  it('is read as far as it goes, says so, and is left as it is', () => {
    const path = filled()
    const pages = pagesOf(path, 'world_switch')
    const bytes = readFileSync(path)
    for (const page of pages.slice(1)) bytes.fill(0xa5, (page - 1) * 4096, page * 4096)
    writeFileSync(path, bytes)
    const session = start(path)
    expect(session.info.readOnlyWhy).toContain('it is damaged (')
    expect(session.handlers['run.get']({ run: 1 })).toMatchObject({ title: 'two guests', switches: 200 })
    expect(problemOf(() => session.handlers['run.create'](newRun())).cause).toContain('it is damaged (')
    const asked = () => session.handlers['run.switch']({ run: 1, id: 150 })
    try {
      asked()
      expect.unreachable()
    } catch (error) {
      expect(asProblem(path, error)).toMatchObject({ problem: { cause: 'the session file is damaged' } })
    }
    session.handlers.close({})
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })
  it('whose end is missing is read as far as it goes', () => {
    const path = filled()
    const size = readFileSync(path).length
    truncateSync(path, size - 4096 * 3)
    const session = start(path)
    expect(session.info.readOnlyWhy).toBe('it is damaged: its end is missing')
    expect(session.handlers['run.list']({})).toHaveLength(1)
    session.handlers.close({})
    expect(readFileSync(path).length).toBe(size - 4096 * 3)
  })
  it('of which nothing is left to read, says so and what may help', () => {
    const header = filled()
    truncateSync(header, 60)
    expect(problemOf(() => start(header)).cause).toContain('the session file is damaged')
    const inside = filled()
    const bytes = readFileSync(inside)
    bytes.fill(0xa5, 4096, bytes.length - 4096)
    writeFileSync(inside, bytes)
    const problem = problemOf(() => start(inside))
    expect(problem.cause).toContain('damaged')
    expect(problem.remedy).toContain('switchyard session salvage')
  })
})

describe('a deleted run', () => {
  it('leaves a small file', () => {
    const path = filled()
    const size = readFileSync(path).length
    const session = start(path)
    const run = session.handlers['run.create'](newRun('large'))
    const console = [Buffer.alloc(6_000_000, 0x2e)]
    session.handlers['run.append']({ run, chunk: { traces: [], console, pes: [], hostNs: 0 } })
    const stop = { kind: 'stopped' } as const
    session.handlers['run.finish']({
      run,
      end: { state: 'stopped', stop, stateHash: null, hostNs: 1, pes: [] },
    })
    session.handlers['run.delete']({ run })
    session.handlers.close({})
    expect(readFileSync(path).length).toBeLessThan(size + 100_000)
    const again = start(path)
    expect(again.handlers['session.check']({})).toEqual([])
    expect(again.handlers['run.get']({ run: 1 })).toMatchObject({ switches: 200, latency: { n: 200 } })
    expect(again.handlers['run.create'](newRun())).toBe(run + 1)
    again.handlers.close({})
  })
})

describe('a large file', () => {
  const open = (path: string) =>
    openStore((workerData) => new Worker(new URL('./worker.ts', import.meta.url), { workerData }), {
      path,
      version: '0.1.0',
    })
  /** Larger than what is checked at open. */
  function large(): string {
    const path = filled()
    const db = new Database(path)
    const insert = db.prepare('INSERT INTO console VALUES (1, ?, zeroblob(4000000))')
    for (let i = 100; i < 109; i++) insert.run(i)
    db.close()
    return path
  }

  it('is looked at while it can be used already, and found sound', async () => {
    const path = large()
    const store = await open(path)
    expect(store.info).toMatchObject({ checked: false, readOnly: false })
    expect(await store.call('run.count', {})).toBe(1)
    expect(await store.damage).toBeNull()
    await store.close()
    expect(filesOf(path)).toEqual([basename(path)])
  })
  it('that is damaged is not written to from then on', async () => {
    const path = large()
    const bytes = readFileSync(path)
    const [page] = pagesOf(path, 'register_change').slice(-1)
    bytes.fill(0xa5, (page! - 1) * 4096, page! * 4096)
    writeFileSync(path, bytes)
    const store = await open(path)
    expect(await store.damage).toEqual(expect.any(String))
    expect(store.info).toMatchObject({
      readOnly: true,
      readOnlyWhy: expect.stringContaining('it is damaged ('),
    })
    await expect(store.call('run.create', newRun())).rejects.toThrow(
      'the session is read-only: it is damaged (',
    )
    expect(await store.call('run.count', {})).toBe(1)
    await store.close()
  })
  it('can be closed before it was looked at', async () => {
    const path = large()
    const store = await open(path)
    await store.close()
    expect(await store.damage).toBeNull()
    expect(filesOf(path)).toEqual([basename(path)])
  })
})

describe('salvage', () => {
  const totals = (session: ReturnType<typeof start>, run: number) => {
    const { switches, tagFaults, latency, registerChanges, state, title } = session.handlers['run.get']({
      run,
    })
    return { switches, tagFaults, latency, registerChanges, state, title }
  }
  const everything = { range: null, pe: null, vcpu: null, columns: 10_000 }

  it('of a sound session is that session', () => {
    const path = filled()
    const to = fresh()
    expect(salvage(path, to).filter(({ damaged }) => damaged)).toEqual([])
    const [before, after] = [start(path), start(to)]
    expect(after.info.readOnly).toBe(false)
    expect(totals(after, 1)).toEqual(totals(before, 1))
    const asked = { run: 1, ...everything }
    expect(after.handlers['run.latency'](asked)).toEqual(before.handlers['run.latency'](asked))
    expect(after.handlers['run.events'](asked)).toEqual(before.handlers['run.events'](asked))
    expect(after.handlers['run.faults'](asked)).toEqual(before.handlers['run.faults'](asked))
    const registers = { ...asked, pe: 0, registers: ['GCR_EL1'] }
    expect(after.handlers['run.registers'](registers)).toEqual(before.handlers['run.registers'](registers))
    before.handlers.close({})
    after.handlers.close({})
  })
  it('reads a table from both ends up to the damage, and what follows from rows fits them', () => {
    const path = filled()
    const pages = pagesOf(path, 'world_switch')
    const bytes = readFileSync(path)
    const middle = pages.toSorted((a, b) => a - b)[pages.length >> 1]!
    bytes.fill(0xa5, (middle - 1) * 4096, middle * 4096)
    writeFileSync(path, bytes)
    const to = fresh()
    const found = salvage(path, to).find(({ table }) => table === 'world_switch')!
    expect(found.damaged).toBe(true)
    expect(found.rows).toBeGreaterThan(100)
    expect(found.rows).toBeLessThan(200)
    const session = start(to)
    const summary = session.handlers['run.get']({ run: 1 })
    expect(summary).toMatchObject({ state: 'finished', switches: found.rows, latency: { n: found.rows } })
    expect(session.handlers['run.latency']({ run: 1, ...everything }).total).toBe(found.rows)
    expect(session.handlers['session.check']({})).toEqual([])
    session.handlers.close({})
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })
  it('of a session whose runs are lost gives their rows a run', () => {
    const path = filled()
    const pages = pagesOf(path, 'run')
    const bytes = readFileSync(path)
    for (const page of pages) bytes.fill(0xa5, (page - 1) * 4096, page * 4096)
    writeFileSync(path, bytes)
    const to = fresh()
    salvage(path, to)
    const session = start(to)
    expect(totals(session, 1)).toMatchObject({ title: 'salvaged run 1', state: 'interrupted', switches: 200 })
    session.handlers.close({})
  })
  it('of a session that is cut off anywhere gives some of it, or says that nothing is left', () => {
    const whole = readFileSync(filled())
    for (let share = 0.05; share < 1; share += 0.1) {
      const path = fresh()
      writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)))
      const to = fresh()
      try {
        expect(salvage(path, to).some(({ rows }) => rows > 0)).toBe(true)
      } catch (error) {
        expect(asProblem(path, error)).toBeInstanceOf(ProblemError)
        expect(existsSync(to)).toBe(false)
        continue
      }
      const session = start(to)
      expect(session.handlers['session.check']({})).toEqual([])
      session.handlers['run.list']({})
      session.handlers.close({})
    }
  })
  it('overwrites nothing', () => {
    const [path, to] = [filled(), filled()]
    const before = readFileSync(to)
    expect(problemOf(() => salvage(path, to)).cause).toBe('there is a file of that name')
    expect(readFileSync(to).equals(before)).toBe(true)
  })
})

describe('a backup', () => {
  it('holds what was there when it was asked for, while the run goes on', () => {
    const path = fresh()
    const session = start(path)
    const run = session.handlers['run.create'](newRun())
    session.handlers['run.append']({ run, chunk: chunk(10) })
    const { path: copy, bytes } = session.handlers['session.backup']({ to: null })
    session.handlers['run.append']({ run, chunk: chunk(10, 2) })
    expect(readFileSync(copy)).toHaveLength(bytes)
    expect(basename(copy)).toMatch(/^\d+\.switchyard\.\d{8}T\d{6}Z\.backup$/)
    const saved = start(copy)
    expect(saved.handlers['run.get']({ run }).switches).toBe(20)
    saved.handlers.close({})
    expect(problemOf(() => session.handlers['session.backup']({ to: copy })).cause).toBe(
      'there is a file of that name',
    )
    const other = start(path)
    const { path: second } = other.handlers['session.backup']({ to: join(folder, 'new', 'copy.switchyard') })
    other.handlers.close({})
    session.handlers.close({})
    const again = start(second)
    expect(again.handlers['run.get']({ run }).switches).toBe(40)
    again.handlers.close({})
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
