import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EventColumns, eventKinds } from '../../shared/model/trace.ts'
import { newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { CHUNK_EVENTS, packEvents, unpackEvents } from './event-columns.ts'
import { Damaged } from './failures.ts'
import { migrate, migrations } from './migrations.ts'
import { type Session, startSession } from './session.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-events-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Events of one PE at irregular distances, now and then far apart. */
function made(pe: number, n: number, seed: number): EventColumns {
  const random = xorshift(seed)
  let cycle = 0
  const cycles = Array.from({ length: n }, () => {
    cycle += random() % 400 === 0 ? random() % 9_000_000 : random() % 40
    return cycle
  })
  const pick = (count: number) => Uint8Array.from({ length: n }, () => random() % count)
  return {
    pe,
    cycle: Float64Array.from(cycles),
    kind: pick(eventKinds.length),
    el: pick(3),
    pc: BigUint64Array.from({ length: n }, () => 0xffff_8000_0000_0000n + BigInt(random() % 4096) * 4n),
    detail: BigUint64Array.from({ length: n }, () => BigInt(random())),
  }
}

describe('packed events', () => {
  it('come back as they were, whatever they hold', () => {
    const word = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 255n }))
    const event = fc.tuple(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.nat(7), fc.nat(3), word, word)
    fc.assert(
      fc.property(fc.array(event, { maxLength: 50 }), (rows) => {
        const events: EventColumns = {
          pe: 3,
          cycle: Float64Array.from(rows.map(([cycle]) => cycle).sort((a, b) => a - b)),
          kind: Uint8Array.from(rows, ([, kind]) => kind),
          el: Uint8Array.from(rows, ([, , el]) => el),
          pc: BigUint64Array.from(rows, ([, , , pc]) => pc),
          detail: BigUint64Array.from(rows, ([, , , , detail]) => detail),
        }
        expect(unpackEvents(3, rows.length, packEvents(events))).toEqual(events)
      }),
      { numRuns: 200 },
    )
  })
  it('are refused when the row says another length, or when they are none', () => {
    const packed = packEvents(made(0, 10, 1))
    for (const count of [0, 9, 11, 1e15]) expect(() => unpackEvents(0, count, packed)).toThrow(Damaged)
    for (let at = 0; at < packed.length; at += 7) {
      const broken = Buffer.from(packed)
      broken[at]! ^= 0x55
      try {
        unpackEvents(0, 10, broken.subarray(0, packed.length - (at % 3)))
      } catch (error) {
        expect(error).toBeInstanceOf(Damaged)
      }
    }
  })
  it('that would become gigabytes are refused', () => {
    expect(() => unpackEvents(0, 10, zstdCompressSync(Buffer.alloc(50_000_000)))).toThrow(Damaged)
  })
})

describe('events over time', () => {
  const PER_PE = 2 * CHUNK_EVENTS + 60_000
  const all = [made(0, PER_PE, 5), made(1, PER_PE, 6)]
  let session: Session
  let run: number
  beforeAll(() => {
    session = startSession({ path: join(folder, 'a.switchyard'), version: '0.1.0' })
    run = session.handlers['run.create'](newRun())
    for (let at = 0; at < PER_PE; at += 13_001) {
      const traces = all.map(({ pe, ...columns }) => ({
        switches: [],
        faults: [],
        registers: [],
        events: {
          pe,
          ...(Object.fromEntries(
            Object.entries(columns).map(([name, column]) => [name, column.slice(at, at + 13_001)]),
          ) as typeof columns),
        },
      }))
      session.handlers['run.append']({ run, chunk: { traces, console: [], pes: [], hostNs: 0 } })
    }
  })
  afterAll(() => session.handlers.close({}))

  const last = Math.max(...all.map(({ cycle }) => cycle.at(-1)!))
  const ask = fc.record({
    range: fc.option(
      fc
        .tuple(fc.integer({ min: 0, max: last }), fc.oneof(fc.nat(20_000), fc.nat(last)))
        .map(([from, length]) => ({ from, to: from + length })),
    ),
    columns: fc.integer({ min: 1, max: 2000 }),
    pe: fc.option(fc.nat(1)),
  })

  it('are each counted in exactly one column, at every width', () => {
    const reductions = new Set<string>()
    fc.assert(
      fc.property(ask, (asked) => {
        const series = session.handlers['run.events']({ run, ...asked })
        reductions.add(series.reduction)
        const { from, to } = asked.range ?? { from: 0, to: last }
        const size = series.columnStart.length
        expect(size).toBeLessThanOrEqual(asked.columns)
        expect(series.columnStart[0]).toBeLessThanOrEqual(from)
        expect(series.columnStart.at(-1)! + series.columnWidth).toBeGreaterThan(to)
        const wanted = new Map<string, number[]>()
        for (const { pe, cycle, kind } of all) {
          if (asked.pe !== null && asked.pe !== pe) continue
          cycle.forEach((at, i) => {
            if (at < from || at > to) return
            const key = `${pe} ${eventKinds[kind[i]!]}`
            if (!wanted.has(key)) wanted.set(key, Array(size).fill(0))
            wanted.get(key)![Math.floor((at - series.columnStart[0]!) / series.columnWidth)]!++
          })
        }
        expect(
          Object.fromEntries(series.lanes.map((lane) => [`${lane.pe} ${lane.kind}`, [...lane.count]])),
        ).toEqual(Object.fromEntries(wanted))
        expect(series.total).toBe([...wanted.values()].flat().reduce((a, b) => a + b, 0))
      }),
      { numRuns: 60 },
    )
    expect([...reductions].sort()).toEqual(['all', 'counts per column'])
  }, 60_000)

  it('are given one by one where there is room', () => {
    const { cycle } = all[1]!
    const range = { from: cycle[20_000]!, to: cycle[20_400]! }
    const { events, total } = session.handlers['run.events']({ run, range, columns: 400, pe: 1 })
    const first = cycle.indexOf(range.from)
    expect(events).toHaveLength(1)
    expect(events![0]!.cycle).toEqual(cycle.slice(first, first + total))
    expect(events![0]!.pc).toEqual(all[1]!.pc.slice(first, first + total))
    expect(events![0]!.detail).toEqual(all[1]!.detail.slice(first, first + total))
  })

  it('reach as far as the run', () => {
    expect(session.handlers['run.get']({ run }).cycles).toBe(last)
  })
})

describe('a session of schema 2', () => {
  it('keeps its events', () => {
    const path = join(folder, 'old.switchyard')
    const db = new Database(path)
    migrate(db, `${path}.backup`, migrations.slice(0, 2))
    db.exec(
      `INSERT INTO run (title, experiment, text, experiment_hash, image_hash, state, started_ms, owner, heartbeat_ms, cycles, pes,
         schedule, seed, sync, mode, policy, cost_profile, version)
       VALUES ('old', 'old', '{}', '', '', 'finished', 0, '', 0, 5000000, 1, 'deterministic', 1, 'eager', 'nvhe', 'mainline', 'unit', '0.3.0');
       PRAGMA application_id = 0x53575944;`,
    )
    const events = made(0, 900, 3)
    const n = 300
    for (let chunk = 0; chunk < 3; chunk++) {
      const bytes = new Uint8Array(n * 26)
      const part = <T extends { slice(from: number, to: number): T }>(column: T) =>
        column.slice(chunk * n, chunk * n + n)
      const cycles = part(events.cycle)
      new Float64Array(bytes.buffer, 0, n).set(
        cycles.map((cycle, i) => cycle - (i === 0 ? 0 : cycles[i - 1]!)),
      )
      new BigUint64Array(bytes.buffer, n * 8, n).set(part(events.pc))
      new BigUint64Array(bytes.buffer, n * 16, n).set(part(events.detail))
      bytes.set(part(events.kind), n * 24)
      bytes.set(part(events.el), n * 25)
      db.prepare('INSERT INTO event_chunk VALUES (1, 0, ?, ?, ?, ?, ?)').run(
        cycles[0],
        chunk,
        cycles.at(-1),
        n,
        deflateRawSync(bytes),
      )
    }
    db.close()
    const session = startSession({ path, version: '0.4.0' })
    const found = session.handlers['run.events']({
      run: 1,
      range: { from: 0, to: events.cycle.at(-1)! },
      columns: 1000,
      pe: null,
    })
    session.handlers.close({})
    expect(found.events).toEqual([events])
    expect(found.total).toBe(900)
  })
})
