import type { Database } from 'better-sqlite3'
import type { RunId } from '../../shared/model/run.ts'
import type { RegisterRow } from '../../shared/model/trace.ts'
import {
  changePoint,
  FAULT,
  faultPoint,
  faultsIn,
  LATENCY,
  type LaneName,
  type LanePoint,
  latencyPoint,
} from './lanes.ts'
import {
  extend,
  LEAF_POINTS,
  type Point,
  packPoints,
  packSummary,
  type Summary,
  summaryOf,
} from './points.ts'
import { fromStored } from './values.ts'

/** Blocks that one of the next level covers. */
export const FANOUT = 16
/** A block of the topmost level covers eight million points; a lane may have many of them. */
export const TOP_LEVEL = 4

export interface PyramidWriter {
  /** Takes in points of a lane in their order; the rows that they stand for are stored before `flush`. */
  add(lane: LaneName, points: readonly LanePoint[]): void
  /** Writes what was taken in, as a part of the caller's transaction. */
  flush(run: RunId): void
  /** Makes a lane from the rows that are stored. */
  rebuild(run: RunId, lane: LaneName): void
  /** After a transaction that was given up. */
  forget(): void
}

/** One block of a lane that still grows. */
interface Open {
  number: number
  firstCycle: number
  summary: Summary
}

/** Where the next rows begin. */
interface Page {
  run: RunId
  pe: number
  cycle: number
  after: number
}

const PAGE_ROWS = 10_000

interface Lane {
  id: number | bigint
  size: number
  lastCycle: number
  leaf: Point[]
  /** By level, 0 being the leaf's own. */
  open: Open[]
}

/**
 * First, last, lowest and highest of every 128 consecutive points of a lane, of every 2048 ..., kept as the points arrive. What
 * still grows is written again with each chunk. The rows are the truth: a lane whose points do not come in the order of their
 * cycles, or whose last blocks are not at hand, is made anew from them.
 */
export function pyramidWriter(db: Database): PyramidWriter {
  const insertLane = db.prepare('INSERT INTO lane (run, pe, name, part) VALUES (?, ?, ?, ?)')
  const selectLane = db
    .prepare<[RunId, number, string, string], number>(
      'SELECT id FROM lane WHERE run = ? AND pe = ? AND name = ? AND part = ?',
    )
    .pluck()
  const clear = db.prepare('DELETE FROM lane_block WHERE lane = ?')
  const upsert = db.prepare(`
    INSERT INTO lane_block VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (lane, level, first_cycle, number) DO UPDATE SET last_cycle = excluded.last_cycle, count = excluded.count, summary = excluded.summary,
      points = excluded.points`)
  const selectLatencies = db
    .prepare<[Page & { vcpu: number }], [cycle: number, id: number, latency: number, ...phases: number[]]>(
      `SELECT start_cycle, id, latency, phase0, phase1, phase2, phase3, phase4, phase5 FROM world_switch WHERE run = :run AND pe = :pe AND vcpu = :vcpu
         AND (start_cycle, id) > (:cycle, :after) ORDER BY start_cycle, id LIMIT ${PAGE_ROWS}`,
    )
    .raw()
  const selectFaults = db
    .prepare<[Page & { owner: number; kind: string; mode: string }], [cycle: number, id: number]>(
      `SELECT cycle, id FROM tag_fault WHERE run = :run AND pe = :pe AND owner = :owner AND kind = :kind AND mode = :mode
         AND (cycle, id) > (:cycle, :after) ORDER BY cycle, id LIMIT ${PAGE_ROWS}`,
    )
    .raw()
  const selectChanges = db
    .prepare<
      [Page & { register: string; slot: string }],
      [cycle: bigint, sequence: bigint, value: bigint, owner: bigint, cause: RegisterRow['cause']]
    >(
      `SELECT cycle, sequence, value, owner, cause FROM register_change WHERE run = :run AND pe = :pe
         AND register = :register AND slot = :slot AND (cycle, sequence) > (:cycle, :after)
       ORDER BY cycle, sequence LIMIT ${PAGE_ROWS}`,
    )
    .safeIntegers()
    .raw()

  const known = new Map<string, Lane>()
  let arrived = new Map<string, { lane: LaneName; points: LanePoint[] }>()
  const keyOf = ({ pe, name, part }: LaneName) => `${pe} ${name} ${part}`
  let knownRun: RunId | null = null

  /** Page by page: SQLite takes no write while rows are being read. */
  function* stored(run: RunId, { pe, name, part }: LaneName): Generator<LanePoint> {
    const page: Page = { run, pe, cycle: -1, after: -1 }
    for (let rows = PAGE_ROWS; rows === PAGE_ROWS; ) {
      if (name === LATENCY) {
        const found = selectLatencies.all({ ...page, vcpu: Number(part) })
        for (const [cycle, id, latency, ...phases] of found) yield latencyPoint(cycle, latency, id, phases)
        Object.assign(page, { cycle: found.at(-1)?.[0], after: found.at(-1)?.[1] })
        rows = found.length
      } else if (name === FAULT) {
        const found = selectFaults.all({ ...page, ...faultsIn(part) })
        for (const [cycle, id] of found) yield faultPoint(cycle, id)
        Object.assign(page, { cycle: found.at(-1)?.[0], after: found.at(-1)?.[1] })
        rows = found.length
      } else {
        const found = selectChanges.all({ ...page, register: name, slot: part })
        for (const [cycle, , value, owner, cause] of found)
          yield changePoint({ cycle: Number(cycle), value: fromStored(value), owner: Number(owner), cause })
        Object.assign(page, { cycle: found.at(-1)?.[0], after: found.at(-1)?.[1] })
        rows = found.length
      }
    }
  }

  function write(lane: Lane, level: number): void {
    const { number, firstCycle, summary } = lane.open[level]!
    upsert.run(
      lane.id,
      level,
      firstCycle,
      number,
      summary.last.cycle,
      summary.count,
      packSummary(summary),
      level === 0 ? packPoints(lane.leaf) : null,
    )
  }

  /** A level is there as soon as the one below has two blocks. */
  const isThere = (lane: Lane, level: number): boolean =>
    level === 0 || lane.open[0]!.number >= FANOUT ** (level - 1)

  function push(lane: Lane, { cycle, high, low, ref, sums }: LanePoint): void {
    const point: Point = { ordinal: lane.size++, cycle, high, low, ref }
    const one = summaryOf(point, sums)
    const leaf = Math.floor(point.ordinal / LEAF_POINTS)
    for (let level = 0; level <= TOP_LEVEL; level++) {
      const number = Math.floor(leaf / FANOUT ** level)
      const open = lane.open[level]
      if (open !== undefined && open.number === number) {
        extend(open.summary, one)
        continue
      }
      if (open !== undefined) write(lane, level)
      lane.open[level] = { number, firstCycle: cycle, summary: { ...one } }
      if (level === 0) lane.leaf = []
    }
    lane.leaf.push(point)
    lane.lastCycle = cycle
  }

  /** Nothing of the lane is at hand: it begins empty. */
  function begin(run: RunId, name: LaneName): Lane {
    const { pe, name: series, part } = name
    const stored = selectLane.get(run, pe, series, part)
    if (stored !== undefined) clear.run(stored)
    const id = stored ?? insertLane.run(run, pe, series, part).lastInsertRowid
    const lane: Lane = { id, size: 0, lastCycle: 0, leaf: [], open: [] }
    known.set(keyOf(name), lane)
    return lane
  }

  function grow(lane: Lane, points: Iterable<LanePoint>): void {
    for (const point of points) push(lane, point)
    if (lane.size === 0) return
    for (let level = 0; level <= TOP_LEVEL; level++) if (isThere(lane, level)) write(lane, level)
  }

  function rebuild(run: RunId, name: LaneName): void {
    grow(begin(run, name), stored(run, name))
  }

  function isOrdered(points: readonly LanePoint[], from: number): boolean {
    let last = from
    for (const { cycle } of points) {
      if (cycle < last) return false
      last = cycle
    }
    return true
  }

  return {
    add(lane, points) {
      const key = keyOf(lane)
      const entry = arrived.get(key)
      if (entry === undefined) arrived.set(key, { lane, points: [...points] })
      else for (const point of points) entry.points.push(point)
    },
    flush(run) {
      if (knownRun !== run) known.clear()
      knownRun = run
      for (const { lane: name, points } of arrived.values()) {
        const lane = known.get(keyOf(name))
        const isNew = lane === undefined && selectLane.get(run, name.pe, name.name, name.part) === undefined
        if ((lane !== undefined || isNew) && isOrdered(points, lane?.lastCycle ?? 0)) {
          grow(lane ?? begin(run, name), points)
        } else rebuild(run, name)
      }
      arrived = new Map()
    },
    rebuild,
    forget() {
      arrived = new Map()
      known.clear()
    },
  }
}

/** Makes the lanes of every run from its rows; there are none yet. */
export function rebuildPyramids(db: Database): void {
  const writer = pyramidWriter(db)
  const lanes = db.prepare<[{ run: RunId }], LaneName>(
    `SELECT DISTINCT pe, '${LATENCY}' AS name, CAST(vcpu AS TEXT) AS part FROM world_switch WHERE run = :run
     UNION ALL SELECT DISTINCT pe, '${FAULT}', owner || ' ' || kind || ' ' || mode FROM tag_fault WHERE run = :run
     UNION ALL SELECT DISTINCT pe, register, slot FROM register_change WHERE run = :run`,
  )
  for (const run of db.prepare<[], RunId>('SELECT id FROM run').pluck().all()) {
    for (const lane of lanes.all({ run })) writer.rebuild(run, lane)
    writer.forget()
  }
}
