import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RegisterRow } from '../../shared/model/trace.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { Damaged } from './failures.ts'
import { changePoint, type LaneName } from './lanes.ts'
import { migrate } from './migrations.ts'
import {
  LEAF_POINTS,
  packPoints,
  packSummary,
  summaryBetween,
  unpackPoints,
  unpackSummary,
} from './points.ts'
import { pyramidReader } from './pyramid.ts'
import { pyramidWriter } from './pyramid-writer.ts'
import { runWriter } from './run-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-pyramid-'))
afterAll(() => rmSync(folder, { recursive: true }))

const lane: LaneName = { pe: 0, name: 'GCR_EL1', part: 'architectural' }

/** Changes of one register; many share a cycle, and values use all bits. */
function made(n: number, seed: number): RegisterRow[] {
  const random = xorshift(seed)
  let cycle = 0
  return Array.from({ length: n }, () => {
    cycle += random() % 3 === 0 ? 0 : random() % 90
    const value = (BigInt(random()) << BigInt(random() % 33)) | BigInt(random() % 5)
    return {
      pe: 0,
      cycle,
      ns: cycle,
      register: lane.name,
      slot: 'architectural',
      owner: (random() % 6) - 3,
      cause: (['msr', 'irg', 'fault', 'exception'] as const)[random() % 4]!,
      value,
      pc: 0n,
    } satisfies RegisterRow
  })
}

function opened(name: string) {
  const db = new Database(join(folder, name))
  db.pragma('foreign_keys = ON')
  migrate(db, join(folder, `${name}.backup`))
  const writer = runWriter(db, name)
  const run = writer.create(newRun(), '0.1.0')
  const append = (registers: RegisterRow[]) =>
    writer.append(run, {
      traces: [{ switches: [], faults: [], registers, events: null }],
      console: [],
      pes: [],
      hostNs: 0,
    })
  return { db, run, append }
}

/** What a column must hold, from the rows themselves. */
function expected(rows: readonly RegisterRow[], { from, to }: { from: number; to: number }) {
  const inside = rows.filter(({ cycle }) => cycle >= from && cycle <= to)
  if (inside.length === 0) return null
  const values = inside.map(({ value }) => value)
  const extreme = (better: (a: bigint, b: bigint) => boolean) =>
    values.reduce((best, value) => (better(value, best) ? value : best))
  return [inside.length, values[0], values.at(-1), extreme((a, b) => a < b), extreme((a, b) => a > b)]
}

function expectExact(db: Database.Database, run: number, rows: readonly RegisterRow[], runs = 60): void {
  const reader = pyramidReader(db)
  const id = reader.lane(run, lane)!
  const last = Math.max(...rows.map(({ cycle }) => cycle))
  const value = ({ high, low }: { high: number; low: number }) => (BigInt(high) << 32n) | BigInt(low)
  fc.assert(
    fc.property(fc.nat(last), fc.nat(last), fc.integer({ min: 1, max: 600 }), (a, b, columns) => {
      const cut = columnsOf(Math.min(a, b), Math.max(a, b), columns)
      const found = reader.reduce(id, cut)
      expect(
        found.map((it) => it && [it.count, value(it.first), value(it.last), value(it.min), value(it.max)]),
      ).toEqual(cut.map((column) => expected(rows, column)))
    }),
    { numRuns: runs },
  )
}

describe('points', () => {
  const point = fc.record({
    cycle: fc.nat(2 ** 40),
    high: fc.nat(2 ** 32 - 1),
    low: fc.nat(2 ** 32 - 1),
    ref: fc.nat(2 ** 45),
  })
  const points = fc
    .array(point, { minLength: 1, maxLength: 40 })
    .map((list) => list.sort((a, b) => a.cycle - b.cycle).map((each, i) => ({ ...each, ordinal: 1000 + i })))
  it('and their summary come back as they were', () => {
    fc.assert(
      fc.property(points, (list) => {
        const columns = unpackPoints(1000, list.length, packPoints(list))
        expect([...columns.cycle]).toEqual(list.map(({ cycle }) => cycle))
        expect([...columns.ref]).toEqual(list.map(({ ref }) => ref))
        const summary = summaryBetween(columns, 0, list.length)
        expect(summary.first).toEqual(list[0])
        expect(summary.last).toEqual(list.at(-1))
        expect(unpackSummary(1000, list.length, packSummary(summary))).toEqual(summary)
      }),
    )
  })
})

describe('points that somebody else made', () => {
  it('are damage or numbers, never more than a block holds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 2 ** 40 }),
        fc.uint8Array({ maxLength: 700 }),
        (count, bytes) => {
          for (const read of [
            () => unpackPoints(0, count, bytes).cycle,
            () => unpackPoints(0, (count % 128) + 1, bytes).cycle,
            () => unpackSummary(0, count, bytes),
          ]) {
            try {
              read()
            } catch (error) {
              expect(error).toBeInstanceOf(Damaged)
            }
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('a pyramid', () => {
  const rows = made(40 * LEAF_POINTS + 17, 11)
  const { db, run, append } = opened('a')
  beforeAll(() => {
    const random = xorshift(3)
    for (let at = 0; at < rows.length; ) {
      const count = random() % 3 === 0 ? 1 : random() % 700
      append(rows.slice(at, at + count))
      at += count
    }
  })
  afterAll(() => db.close())

  it('knows first, last, lowest, highest and how many of any columns', () => expectExact(db, run, rows))

  it('has a level above where a level has two blocks', () => {
    const levels = db.prepare(
      'SELECT level, count(*) AS blocks, sum(count) AS points FROM lane_block GROUP BY level',
    )
    expect(levels.all()).toEqual([
      { level: 0, blocks: 41, points: rows.length },
      { level: 1, blocks: 3, points: rows.length },
      { level: 2, blocks: 1, points: rows.length },
    ])
  })

  it('is the same when it is made from the rows', () => {
    const all = () => db.prepare('SELECT * FROM lane_block ORDER BY level, number').all()
    const before = all()
    db.transaction(() => pyramidWriter(db).rebuild(run, lane))()
    expect(all()).toEqual(before)
  })

  it('is exact for rows that come late, and for those after a write that failed', () => {
    const { db, run, append } = opened('b')
    const [early, middle, late] = [rows.slice(0, 500), rows.slice(500, 900), rows.slice(900, 2000)]
    append(early)
    append(late)
    append(middle)
    // The store orders what shares a cycle by its arrival.
    const all = [...early, ...late, ...middle].toSorted((a, b) => a.cycle - b.cycle)
    expectExact(db, run, all, 15)
    const broken = { ...rows[0]!, cycle: 1e9, value: 'none' as unknown as bigint }
    expect(() => append([{ ...rows[0]!, cycle: 1e9 }, broken])).toThrow()
    expectExact(db, run, all, 15)
    const more = made(300, 5).map((row) => ({ ...row, cycle: row.cycle + 1e8 }))
    append(more)
    expectExact(db, run, [...all, ...more], 15)
    db.close()
  })

  it('holds what a change says beside its value', () => {
    const reader = pyramidReader(db)
    const [whole] = reader.reduce(reader.lane(run, lane)!, [{ from: 0, to: 2 ** 40 }])
    expect(whole!.first).toEqual({ ordinal: 0, ...changePoint(rows[0]!) })
    expect(whole!.last).toEqual({ ordinal: rows.length - 1, ...changePoint(rows.at(-1)!) })
  })
})
