import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { problemOf, sessionFolder, start } from '../../test/support/session-files.ts'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { openStore } from './client.ts'
import { asProblem } from './failures.ts'
import { migrations } from './migrations.ts'
import { salvage } from './salvage.ts'

const { folder, fresh, filled, filesOf, remove } = sessionFolder()
afterAll(remove)

/** The pages of one table, by SQLite's own account. */
function pagesOf(path: string, table: string): number[] {
  const db = new Database(path, { readonly: true })
  const pages = db.prepare('SELECT pageno FROM dbstat WHERE name = ?').pluck().all(table) as number[]
  db.close()
  return pages
}

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
