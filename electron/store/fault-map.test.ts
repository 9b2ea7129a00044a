import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { type Session, startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-fault-map-'))
const path = join(folder, 'a.switchyard')
let session: Session
let db: Database.Database
let run: number
beforeAll(() => {
  session = startSession({ path, version: '1.0.0' })
  run = session.handlers['run.create'](newRun())
  const made = chunk(1500, 9)
  let n = 0
  for (const { faults } of made.traces)
    for (const fault of faults) fault.granule = 0x4000_0000 + 16 * (n++ % 37)
  session.handlers['run.append']({ run, chunk: made })
  session.handlers['run.finish']({
    run,
    end: { state: 'stopped', stop: { kind: 'stopped' }, stateHash: null, hostNs: 1, pes: [] },
  })
  db = new Database(path, { readonly: true })
})
afterAll(() => {
  db.close()
  session.handlers.close({})
  rmSync(folder, { recursive: true })
})

it.each([
  { columns: 40, rows: 1000 },
  { columns: 7, rows: 3 },
])('every fault is in one cell: $columns by $rows', ({ columns, rows }) => {
  const map = session.handlers['run.fault-map']({ run, range: null, columns, rows })
  const faults = db.prepare('SELECT cycle, granule, kind FROM tag_fault WHERE run = ?').all(run) as {
    cycle: number
    granule: number
    kind: string
  }[]
  expect(faults.length).toBeGreaterThan(100)
  expect(map.rows.length).toBeLessThanOrEqual(rows)
  expect(map).toMatchObject({
    total: faults.length,
    granules: new Set(faults.map(({ granule }) => granule)).size,
  })
  const expected = new Map<string, [number, number]>()
  for (const { cycle, granule, kind } of faults) {
    const row = map.rows.findIndex(({ from, to }) => granule >= from && granule <= to)
    const key = `${row} ${Math.floor((cycle - map.columnStart[0]!) / map.columnWidth)}`
    const [sync, async] = expected.get(key) ?? [0, 0]
    expected.set(key, kind === 'sync' ? [sync + 1, async] : [sync, async + 1])
  }
  const cells = new Map(
    Array.from(map.row, (row, i) => [`${row} ${map.column[i]}`, [map.sync[i], map.async[i]]] as const),
  )
  expect(cells).toEqual(expected)
})

it('lists the faults of one row alone', () => {
  const { rows } = session.handlers['run.fault-map']({ run, range: null, columns: 10, rows: 5 })
  const { from, to, total } = rows[1]!
  const page = session.handlers['run.fault-list']({
    run,
    range: null,
    offset: 0,
    limit: 1000,
    granules: { from, to },
  })
  expect(page.total).toBe(total)
  for (const fault of page.rows) expect(fault.granule >= from && fault.granule <= to).toBe(true)
})
