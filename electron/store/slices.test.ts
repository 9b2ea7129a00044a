import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { type Session, startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-slices-'))
const path = join(folder, 'a.switchyard')
let session: Session
let db: Database.Database
let run: number
beforeAll(() => {
  session = startSession({ path, version: '1.0.0' })
  run = session.handlers['run.create'](newRun())
  session.handlers['run.append']({ run, chunk: chunk(2000, 5) })
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

describe('slices', () => {
  it.each([7, 400])('counts each switch once, in the column in which it begins: %d columns', (columns) => {
    const series = session.handlers['run.slices']({ run, range: null, columns })
    expect(series).toMatchObject({ slices: null, reduction: 'switches counted per column', total: 4000 })
    const rows = db
      .prepare('SELECT pe, vcpu, start_cycle AS cycle FROM world_switch WHERE run = ?')
      .all(run) as { pe: number; vcpu: number; cycle: number }[]
    for (const lane of series.lanes) {
      const expected = new Float64Array(series.columnStart.length)
      for (const { pe, vcpu, cycle } of rows)
        if (pe === lane.pe && vcpu === lane.vcpu)
          expected[Math.floor((cycle - series.columnStart[0]!) / series.columnWidth)]!++
      expect(lane.count).toEqual(expected)
    }
    expect(series.lanes.reduce((sum, lane) => sum + lane.total, 0)).toBe(rows.length)
  })

  it('gives the switches themselves where they are few, and the one that reaches into the range', () => {
    const [, second] = db
      .prepare(
        'SELECT id, start_cycle, end_cycle FROM world_switch WHERE run = ? AND pe = 0 ORDER BY start_cycle',
      )
      .all(run) as { id: number; start_cycle: number; end_cycle: number }[]
    const from = second!.start_cycle + 1
    const to = from + 20_000
    const { slices, reduction, total } = session.handlers['run.slices']({
      run,
      range: { from, to },
      columns: 800,
    })
    expect(reduction).toBe('all')
    const ids = db
      .prepare(
        'SELECT id FROM world_switch WHERE run = ? AND start_cycle <= ? AND end_cycle >= ? ORDER BY start_cycle, id',
      )
      .pluck()
      .all(run, to, from) as number[]
    expect([...slices!.id]).toEqual(ids)
    expect(ids).toContain(second!.id)
    expect(total).toBeLessThan(ids.length)
    const row = db.prepare('SELECT * FROM world_switch WHERE id = ?').get(ids[3]) as Record<string, number>
    expect([slices!.start[3], slices!.guest[3], slices!.exit[3], slices!.end[3], slices!.why[3]]).toEqual([
      row.start_cycle,
      row.guest_cycle,
      row.exit_cycle,
      row.end_cycle,
      row.exit,
    ])
  })

  it('is empty where nothing was switched, and refuses a run that is not there', () => {
    const far = { from: 9e15, to: 9e15 + 100 }
    const none = session.handlers['run.slices']({ run, range: far, columns: 10 })
    expect(none).toMatchObject({ lanes: [], total: 0, reduction: 'all' })
    expect(() => session.handlers['run.slices']({ run: 99, range: null, columns: 10 })).toThrow(/99/)
  })
})
