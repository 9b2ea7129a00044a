import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import type { FaultRow, RegisterRow, SwitchRow } from '../../shared/model/trace.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { reports } from '../../test/support/check-reports.ts'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { unpackEvents } from './event-columns.ts'
import { joinEvents } from './event-writer.ts'
import { type Session, startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-store-'))
const path = join(folder, 'a.switchyard')
const PER_PE = 300
const rows = chunk(PER_PE)
const switches = rows.traces.flatMap((trace) => trace.switches)
const faults = rows.traces.flatMap((trace) => trace.faults)
const changes = rows.traces.flatMap((trace) => trace.registers)
const latencyOf = (row: SwitchRow) => row.guestCycle - row.startCycle + row.endCycle - row.exitCycle
let session: Session
let run: number

beforeAll(() => {
  session = startSession({ path, version: '0.1.0' })
  run = session.handlers['run.create'](newRun())
  // Several chunks, as a live run has them.
  for (let at = 0; at < rows.traces.length; at += 97) {
    session.handlers['run.append']({
      run,
      chunk: { ...rows, traces: rows.traces.slice(at, at + 97), console: at ? [] : rows.console },
    })
  }
  session.handlers['run.finish']({
    run,
    end: {
      state: 'finished',
      stop: { kind: 'limit', which: 'switches' },
      stateHash: 'ef'.repeat(32),
      hostNs: 2e9,
      pes: rows.pes,
    },
  })
})
afterAll(() => {
  session.handlers.close({})
  rmSync(folder, { recursive: true })
})

const all = { range: null, pe: null, vcpu: null }
const range = fc
  .tuple(fc.integer({ min: 0, max: 250_000 }), fc.integer({ min: 0, max: 250_000 }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))
const inRange = (cycle: number, r: { from: number; to: number } | null) =>
  r === null || (cycle >= r.from && cycle <= r.to)
const nearestRank = (values: number[], q: number) =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length, Math.max(1, Math.ceil(q * values.length - 1e-9))) - 1
  ]

describe('a summary', () => {
  it('has exact figures', () => {
    const latencies = switches.map(latencyOf)
    expect(session.handlers['run.get']({ run })).toEqual({
      run,
      title: 'two guests',
      experiment: 'first',
      experimentHash: 'ab'.repeat(32),
      stateHash: 'ef'.repeat(32),
      state: 'finished',
      stop: { kind: 'limit', which: 'switches' },
      startedMs: 1_700_000_000_000,
      switches: switches.length,
      instructions: 2 * PER_PE * 390,
      cycles: Math.max(...switches.map((row) => row.endCycle)),
      hostNs: 2e9,
      pes: 2,
      vcpus: newRun().vcpus,
      latency: {
        unit: 'model cycles',
        n: switches.length,
        p50: nearestRank(latencies, 0.5),
        p90: nearestRank(latencies, 0.9),
        p99: nearestRank(latencies, 0.99),
        max: Math.max(...latencies),
      },
      tagFaults: {
        sync: faults.filter((row) => row.kind === 'sync').length,
        async: faults.filter((row) => row.kind === 'async').length,
      },
      registerChanges: [-1, 0, 1].map((owner) => ({
        register: 'GCR_EL1',
        owner,
        count: changes.filter(
          (row) => row.slot === 'architectural' && row.cause !== 'initial' && row.owner === owner,
        ).length,
      })),
      schedule: 'deterministic',
      seed: 1,
      sync: 'eager',
      mode: 'nvhe',
      policy: 'mainline',
      costProfile: 'unit',
      version: '0.1.0',
      check: null,
    })
  })
  it('keeps text and console', () => {
    expect(session.handlers['run.experiment']({ run })).toMatchObject({ text: '{ "name": "first" }' })
    expect(session.handlers['run.console']({ run })).toEqual({
      text: `switches ${PER_PE}\n`,
      truncated: false,
    })
  })
  it('has the verdict, and the report with every address, once the run was checked', () => {
    expect(session.handlers['run.findings']({ run })).toBe(null)
    const summary = session.handlers['run.check']({ run, report: reports.none })
    expect(summary.check).toEqual({ word: 'none', text: reports.none.verdict.text, findings: 0 })
    const later = session.handlers['run.check']({ run, report: reports.several })
    expect(later.check).toEqual({ word: 'violated', text: 'violated (witness)', findings: 3 })
    expect(session.handlers['run.findings']({ run })).toEqual(reports.several)
  })
  it('is refused for a run that is not there', () => {
    expect(() => session.handlers['run.get']({ run: 99 })).toThrow(ProblemError)
    expect(() => session.handlers['run.findings']({ run: 99 })).toThrow('the session has no run 99')
    expect(() => session.handlers['run.check']({ run: 99, report: reports.none })).toThrow(
      'the session has no run 99',
    )
    expect(() => session.handlers['run.latency']({ run: 99, columns: 5, ...all })).toThrow(
      'the session has no run 99',
    )
  })
})

describe('latency over time', () => {
  it('keeps the extremes of every column and the exact total, whatever is asked', () => {
    const arbitrary = fc.record({
      range: fc.option(range),
      columns: fc.integer({ min: 1, max: 400 }),
      pe: fc.option(fc.constantFrom(0, 1)),
      vcpu: fc.option(fc.constantFrom(0, 1)),
    })
    fc.assert(
      fc.property(arbitrary, (asked) => {
        const series = session.handlers['run.latency']({ run, ...asked })
        const wanted = switches.filter(
          (row) =>
            inRange(row.startCycle, asked.range) &&
            (asked.pe ?? row.pe) === row.pe &&
            (asked.vcpu ?? row.vcpu) === row.vcpu,
        )
        expect(series.total).toBe(wanted.length)
        expect(series.drawn).toBeLessThanOrEqual(2 * asked.columns)
        expect([...series.cycle]).toEqual([...series.cycle].sort((a, b) => a - b))
        if (wanted.length === 0) return
        const { from, to } = asked.range ?? { from: 0, to: session.handlers['run.get']({ run }).cycles }
        for (const column of columnsOf(from, to, asked.columns)) {
          const here = wanted.filter((row) => inRange(row.startCycle, column)).map(latencyOf)
          const drawn = [...series.latency].filter((_, i) => inRange(series.cycle[i]!, column))
          expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([Math.min(...here), Math.max(...here)])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('the distribution', () => {
  it('is exact in any range, and the same for the whole run by either way', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 80 }), (asked, bins) => {
        const found = session.handlers['run.distribution']({ run, bins, ...all, range: asked })
        const wanted = switches.filter((row) => inRange(row.startCycle, asked))
        if (wanted.length === 0) {
          expect(found).toBeNull()
          return
        }
        const latencies = wanted.map(latencyOf)
        expect(found?.n).toBe(wanted.length)
        expect(found?.binCount.reduce((a, b) => a + b, 0)).toBe(wanted.length)
        expect(found?.binStart.length).toBeLessThanOrEqual(bins)
        expect(found?.quantiles.map(({ value }) => value)).toEqual(
          [0.5, 0.9, 0.99, 0.999, 1].map((q) => nearestRank(latencies, q)),
        )
        const mean = latencies.reduce((a, b) => a + b, 0) / latencies.length
        expect(found?.phaseMean.reduce((a, b) => a + b, 0)).toBeCloseTo(mean, 6)
        expect(found?.phaseMedian.reduce((a, b) => a + b, 0)).toBe(found?.quantiles[0]?.value)
      }),
      { numRuns: 40 },
    )
    const whole = session.handlers['run.distribution']({ run, bins: 40, ...all })!
    const ranged = session.handlers['run.distribution']({
      run,
      bins: 40,
      ...all,
      range: { from: 0, to: 1e9 },
    })!
    const shape = ({ quantiles, medianId, phaseMedian, ...rest }: typeof whole) => ({
      ...rest,
      values: quantiles.map((q) => q.value),
    })
    expect(shape(whole)).toEqual(shape(ranged))
    for (const { id, value } of whole.quantiles) {
      expect(latencyOf(session.handlers['run.switch']({ run, id }).row)).toBe(value)
    }
  })
})

describe('tag faults', () => {
  it('are each in exactly one column', () => {
    fc.assert(
      fc.property(fc.option(range), fc.integer({ min: 1, max: 300 }), (asked, columns) => {
        const series = session.handlers['run.faults']({ run, range: asked, columns })
        expect(series.columnStart.length).toBeLessThanOrEqual(columns)
        const wanted = faults.filter((row) => inRange(row.cycle, asked))
        const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0)
        for (const entry of series.owners) {
          const mine = wanted.filter((row) => row.owner === entry.owner)
          expect(total(entry.sync)).toBe(mine.filter((row) => row.kind === 'sync').length)
          expect(total(entry.async)).toBe(mine.filter((row) => row.kind === 'async').length)
          expect([entry.totalSync, entry.totalAsync]).toEqual([total(entry.sync), total(entry.async)])
          series.columnStart.forEach((start, i) => {
            const here = mine.filter((row) => row.cycle >= start && row.cycle < start + series.columnWidth)
            expect(entry.sync[i]! + entry.async[i]!).toBe(here.length)
          })
        }
        expect(series.owners.reduce((sum, e) => sum + e.totalSync + e.totalAsync, 0)).toBe(wanted.length)
      }),
      { numRuns: 40 },
    )
  })
  it('are listed page by page, whole, with the switch they lie in', () => {
    const listed: (FaultRow & { switchId: number | null })[] = []
    for (let offset = 0; ; offset += 25) {
      const page = session.handlers['run.fault-list']({ run, range: null, offset, limit: 25 })
      expect(page.total).toBe(faults.length)
      if (page.rows.length === 0) break
      listed.push(...page.rows)
    }
    const bare = listed.map(({ switchId, ...row }) => {
      const { row: around } = session.handlers['run.switch']({ run, id: switchId! })
      expect(row.cycle >= around.startCycle && row.cycle <= around.endCycle && row.pe === around.pe).toBe(
        true,
      )
      const { id, ...fault } = row as FaultRow & { id: number }
      return fault
    })
    const key = (row: FaultRow) => row.cycle * 2 + row.pe
    expect([...bare].sort((a, b) => key(a) - key(b))).toEqual([...faults].sort((a, b) => key(a) - key(b)))
  })
})

describe('register histories', () => {
  const extremesOf = (values: bigint[]) => {
    const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return [values[0], values.at(-1), sorted[0], sorted.at(-1)]
  }
  const lanes = (asked: { from: number; to: number } | null, columns: number) =>
    session.handlers['run.registers']({
      run,
      range: asked,
      columns,
      pe: 1,
      registers: ['GCR_EL1', 'RGSR_EL1'],
    })
  const history = (slot: RegisterRow['slot']) => changes.filter((row) => row.pe === 1 && row.slot === slot)
  const valueAt = (slot: RegisterRow['slot'], cycle: number) =>
    history(slot).findLast((row) => row.cycle <= cycle)?.value

  it('begin with the value that holds at the start of the range', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 50 }), (asked, columns) => {
        for (const lane of lanes(asked, columns)) {
          expect(lane.register).toBe('GCR_EL1')
          expect(lane.drawn).toBeLessThanOrEqual(4 * columns + 1)
          for (const column of columnsOf(asked.from, asked.to, columns)) {
            const here = history(lane.slot).filter((row) => inRange(row.cycle, column))
            const drawn = [...lane.value].filter((_, i) => inRange(lane.cycle[i]!, column))
            expect(extremesOf(drawn)).toEqual(extremesOf(here.map((row) => row.value)))
          }
          expect(lane.value[0]).toBe(valueAt(lane.slot, Math.max(asked.from, lane.cycle[0]!)))
          expect(lane.value.at(-1)).toBe(valueAt(lane.slot, asked.to))
          const inside = history(lane.slot).filter((row) => inRange(row.cycle, asked)).length
          expect(lane.total - inside).toBe(lane.cycle[0]! < asked.from ? 1 : 0)
        }
      }),
      { numRuns: 40 },
    )
  })
  it('are whole where there is room', () => {
    const [architectural, effective] = lanes(null, 10_000)
    expect([...architectural!.value]).toEqual(history('architectural').map((row) => row.value))
    expect([...effective!.cycle]).toEqual(history('effective').map((row) => row.cycle))
    expect(effective?.cause.slice(0, 2)).toEqual(['initial', 'synchronised'])
  })
})

describe('one switch', () => {
  it('comes with its registers at four moments', () => {
    const second = switches.filter((row) => row.pe === 0)[1]!
    const { id } = session.handlers['run.switch-at']({ run, cycle: second.startCycle + 3, pe: 0 })!
    const detail = session.handlers['run.switch']({ run, id })
    expect(detail.row).toEqual(second)
    expect(detail.registers).toEqual([
      {
        register: 'GCR_EL1',
        hostBefore: { architectural: 1n, effective: 1n, owner: -1 },
        guestEntry: { architectural: 0xff01n, effective: 0xff01n, owner: 1 },
        guestExit: { architectural: 0xff01n, effective: 0xff01n, owner: 1 },
        hostAfter: { architectural: 1n, effective: 1n, owner: -1 },
      },
    ])
  })
  it('knows its neighbours and its place', () => {
    const order: number[] = []
    let next: number | null = session.handlers['run.switch-at']({ run, cycle: 0, pe: null })!.id
    while (next !== null) {
      const detail = session.handlers['run.switch']({ run, id: next })
      expect(detail.ordinal).toBe(order.length + 1)
      expect(detail.previousId).toBe(order.at(-1) ?? null)
      order.push(next)
      next = detail.nextId
    }
    expect(order).toHaveLength(switches.length)
  })
  it('is found by cycle', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300_000 }), fc.option(fc.constantFrom(0, 1)), (cycle, pe) => {
        const { id } = session.handlers['run.switch-at']({ run, cycle, pe })!
        const found = session.handlers['run.switch']({ run, id }).row.startCycle
        const distances = switches
          .filter((row) => (pe ?? row.pe) === row.pe)
          .map((row) => Math.abs(row.startCycle - cycle))
        expect(Math.abs(found - cycle)).toBe(Math.min(...distances))
      }),
      { numRuns: 40 },
    )
    expect(() => session.handlers['run.switch']({ run, id: 1e6 })).toThrow(
      'the run has no world switch 1000000',
    )
  })
})

describe('the file', () => {
  it('keeps events as columns that come back as they were', () => {
    const db = new Database(path, { readonly: true })
    const stored = db
      .prepare(
        'SELECT pe, count, columns, first_cycle, last_cycle FROM event_chunk ORDER BY sequence LIMIT 1',
      )
      .get() as {
      pe: number
      count: number
      columns: Buffer
      first_cycle: number
      last_cycle: number
    }
    db.close()
    const events = joinEvents(
      rows.traces
        .slice(0, 97)
        .flatMap((trace) => trace.events ?? [])
        .filter(({ pe }) => pe === stored.pe),
    )
    expect(unpackEvents(stored.pe, stored.count, stored.columns)).toEqual(events)
    expect([stored.first_cycle, stored.last_cycle]).toEqual([events.cycle[0], events.cycle.at(-1)])
  })

  it('answers every query of a chart by an index', () => {
    const db = new Database(path)
    const asked: string[] = []
    const prepare = Database.prototype.prepare
    Database.prototype.prepare = function (this: InstanceType<typeof Database>, sql: string) {
      asked.push(sql)
      return prepare.call(this, sql)
    } as typeof prepare
    try {
      startSession({ path, version: '0.1.0' }).handlers.close({})
    } finally {
      Database.prototype.prepare = prepare
    }
    const charts = asked.filter(
      (sql) =>
        /^\s*SELECT/.test(sql) &&
        /world_switch|tag_fault|register_change|latency_count|phase_total|event_chunk|event_density|lane/.test(
          sql,
        ),
    )
    expect(charts.length).toBeGreaterThan(20)
    const named = {
      run: 1,
      from: 0,
      to: 1,
      pe: null,
      vcpu: null,
      latency: 1,
      width: 1,
      limit: 1,
      offset: 0,
      id: 1,
      cycle: 1,
      register: '',
      slot: '',
      after: '',
      name: '',
      part: '',
      lane: 1,
      level: 0,
      low: 0,
      high: 1,
      first: 0,
      last: 1,
      number: 0,
    }
    const scans = charts.flatMap((sql) => {
      const places = sql.split('?').length - 1
      const plan = db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(places > 0 ? Array(places).fill(1) : named) as {
        detail: string
      }[]
      return plan.filter(({ detail }) => detail.startsWith('SCAN')).map(({ detail }) => `${detail}: ${sql}`)
    })
    db.close()
    expect(scans).toEqual([])
  })

  it('forgets a deleted run entirely, and never uses its number again', () => {
    const other = session.handlers['run.create'](newRun('short'))
    session.handlers['run.append']({ run: other, chunk: chunk(3, 7) })
    expect(() => session.handlers['run.delete']({ run: other })).toThrow(`run ${other} is running`)
    session.handlers['run.finish']({
      run: other,
      end: { state: 'stopped', stop: { kind: 'stopped' }, stateHash: null, hostNs: 1, pes: [] },
    })
    session.handlers['run.delete']({ run: other })
    const db = new Database(path, { readonly: true })
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%REFERENCES run%'")
      .pluck()
      .all() as string[]
    const left = tables.map((table) => [
      table,
      db.prepare(`SELECT count(*) FROM ${table} WHERE run = ?`).pluck().get(other),
    ])
    db.close()
    expect(left).toEqual(tables.map((table) => [table, 0]))
    expect(tables).toHaveLength(13)
    expect(session.handlers['run.create'](newRun('again'))).toBe(other + 1)
  })
})
