import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { type Session, startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-band-'))
const path = join(folder, 'a.switchyard')
let session: Session
let db: Database.Database
let run: number
beforeAll(() => {
  session = startSession({ path, version: '1.0.0' })
  run = session.handlers['run.create'](newRun())
  session.handlers['run.append']({ run, chunk: chunk(3000, 5) })
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
  ['the whole run', 17, 0],
  ['a part of it', 9, 0.3],
] as const)('percentiles of each column of %s are those that SQL finds', (_, columns, cut) => {
  const last = db
    .prepare('SELECT max(start_cycle) FROM world_switch WHERE run = ?')
    .pluck()
    .get(run) as number
  const range = cut === 0 ? null : { from: Math.floor(last * cut), to: Math.floor(last * (1 - cut)) }
  const band = session.handlers['run.latency-band']({ run, range, columns })
  const latencies = db
    .prepare<[number, number, number], number>(
      'SELECT latency FROM world_switch WHERE run = ? AND start_cycle BETWEEN ? AND ? ORDER BY latency',
    )
    .pluck()
  expect(band.from.length).toBeGreaterThan(columns / 2)
  expect(band.from.length).toBeLessThanOrEqual(columns)
  let total = 0
  for (let i = 0; i < band.from.length; i++) {
    const all = latencies.all(run, band.from[i]!, band.to[i]!)
    total += all.length
    expect(band.n[i]).toBe(all.length)
    for (const [name, percent] of [
      ['p50', 50],
      ['p90', 90],
      ['p99', 99],
    ] as const)
      expect(band[name][i]).toBe(all[Math.ceil((all.length * percent) / 100) - 1])
  }
  expect(total).toBe(band.total)
})

it('is empty where no switch starts', () => {
  const band = session.handlers['run.latency-band']({
    run,
    range: { from: 2 ** 50, to: 2 ** 51 },
    columns: 9,
  })
  expect(band).toMatchObject({ total: 0, reduction: 'exact per column' })
  expect(band.p50.length).toBe(0)
})
