import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import { type EventColumns, eventKinds, eventsFrom } from '../../shared/model/trace.ts'
import type { CycleRange, EventSeries } from '../../shared/model/views.ts'
import { CHUNK_EVENTS, unpackEvents } from './event-columns.ts'
import { cellCycles, densityReader, levelFor } from './event-density.ts'
import { joinEvents } from './event-writer.ts'
import { Damaged } from './failures.ts'

/** Windows with at most so many events (of all PEs) are counted event by event. */
const FEW_EVENTS = 8 * CHUNK_EVENTS

/** Of a machine (shared/model/experiment.ts). */
const MOST_PES = 16

type Chunk = [count: number, columns: Uint8Array]

/** High-rate events: counts by kind and column of time, exact at every width, and one by one where there is room. */
export function eventQueries(
  db: Database,
  extent: (run: RunId) => CycleRange,
  pesOf: (run: RunId) => number,
) {
  // Chunks of a PE are in order and do not overlap: of those that begin before the range only the last can reach into it.
  const overlapping = `run = :run AND pe = :pe AND first_cycle <= :to AND last_cycle >= :from AND first_cycle >= ifnull(
    (SELECT first_cycle FROM event_chunk WHERE run = :run AND pe = :pe AND first_cycle < :from
     ORDER BY first_cycle DESC LIMIT 1), 0)`
  const countChunks = db
    .prepare<[{ run: RunId; pe: number } & CycleRange], number>(
      `SELECT total(count) FROM event_chunk WHERE ${overlapping}`,
    )
    .pluck()
  const selectChunks = db
    .prepare<[{ run: RunId; pe: number } & CycleRange], Chunk>(
      `SELECT count, columns FROM event_chunk WHERE ${overlapping} ORDER BY first_cycle, sequence`,
    )
    .raw()
  const readCells = densityReader(db)

  /** The events of one PE in a range, read from the chunks. */
  function inside(run: RunId, pe: number, { from, to }: CycleRange): EventColumns {
    const found: EventColumns[] = []
    for (const [count, columns] of selectChunks.iterate({ run, pe, from, to })) {
      const events = unpackEvents(pe, count, columns)
      found.push(eventsFrom(events, firstAt(events.cycle, from), firstAt(events.cycle, to + 1)))
    }
    return joinEvents(found.length > 0 ? found : [noEvents(pe)])
  }

  return {
    /** All PEs, or one. Columns are equally wide; the first may begin before the range, but counts what lies in it alone. */
    series({ run, range, columns, pe }: Calls['run.events']['args']): EventSeries {
      const span = range ?? extent(run)
      const count = pesOf(run)
      if (count > MOST_PES) throw new Damaged('a run of more PEs than a machine has')
      const pes = pe === null ? Array.from({ length: count }, (_, each) => each) : [pe]
      const most = Math.max(1, Math.floor(columns))
      const near = pes.reduce((sum, each) => sum + countChunks.get({ run, pe: each, ...span })!, 0)
      const grid = gridOf(span, most, near <= FEW_EVENTS + 2 * CHUNK_EVENTS * pes.length)
      const counted = new Counts(grid)
      const whole: EventColumns[] = []
      for (const each of pes) {
        if (grid.level === null) {
          const events = inside(run, each, span)
          counted.add(events, 1)
          whole.push(events)
          continue
        }
        const width = cellCycles(grid.level)
        const [first, last] = [Math.floor(span.from / width), Math.floor(span.to / width)]
        readCells(run, each, grid.level, first, last, (cell, kind, count) =>
          counted.count(each, kind, cell * width, count),
        )
        // Of the cells at both ends a part lies outside.
        const before = { from: first * width, to: span.from - 1 }
        const after = { from: span.to + 1, to: (last + 1) * width - 1 }
        for (const outside of [before, after]) {
          if (outside.from <= outside.to) counted.add(inside(run, each, outside), -1)
        }
      }
      const lanes = counted.lanes()
      const total = lanes.reduce((sum, lane) => sum + lane.total, 0)
      const all = grid.level === null && total <= 2 * most
      return {
        columnStart: Float64Array.from({ length: grid.size }, (_, i) => grid.start + i * grid.width),
        columnWidth: grid.width,
        lanes,
        events: all ? whole.filter(({ cycle }) => cycle.length > 0) : null,
        drawn: all ? total : lanes.reduce((sum, { count }) => sum + count.filter((n) => n > 0).length, 0),
        total,
        reduction: all ? 'all' : 'counts per column',
      }
    },
  }
}

/** Columns of a drawing; `level` of the cells that they are made of, null where events are counted one by one. */
interface Grid {
  start: number
  width: number
  size: number
  level: number | null
}

/** Columns of cells are as wide as some whole cells, and begin where one begins. */
function gridOf({ from, to }: CycleRange, columns: number, few: boolean): Grid {
  const cycles = Math.max(1, to - from + 1)
  const level = few ? -1 : levelFor(Math.ceil(cycles / columns))
  if (level < 0) {
    const width = Math.max(1, Math.ceil(cycles / columns))
    return { start: from, width, size: Math.ceil(cycles / width), level: null }
  }
  const cell = cellCycles(level)
  const width = cell * Math.ceil((cycles + cell - 1) / (columns * cell))
  const start = Math.floor(from / cell) * cell
  return { start, width, size: Math.ceil((to + 1 - start) / width), level }
}

class Counts {
  private readonly grid: Grid
  private readonly found = new Map<string, EventSeries['lanes'][number]>()

  constructor(grid: Grid) {
    this.grid = grid
  }

  count(pe: number, kind: number, cycle: number, count: number): void {
    const name = eventKinds[kind]
    if (name === undefined) return // of a later version
    const key = `${pe} ${kind}`
    let lane = this.found.get(key)
    if (lane === undefined) {
      lane = { pe, kind: name, count: new Float64Array(this.grid.size), total: 0 }
      this.found.set(key, lane)
    }
    const column = Math.max(
      0,
      Math.min(this.grid.size - 1, Math.floor((cycle - this.grid.start) / this.grid.width)),
    )
    lane.count[column]! += count
    lane.total += count
  }

  add({ pe, cycle, kind }: EventColumns, sign: 1 | -1): void {
    for (let i = 0; i < cycle.length; i++) this.count(pe, kind[i]!, cycle[i]!, sign)
  }

  /** By PE, then by kind. */
  lanes(): EventSeries['lanes'] {
    const order = (kind: EventSeries['lanes'][number]['kind']) => eventKinds.indexOf(kind)
    return [...this.found.values()]
      .filter(({ total }) => total > 0)
      .sort((a, b) => a.pe - b.pe || order(a.kind) - order(b.kind))
  }
}

const noEvents = (pe: number): EventColumns => ({
  pe,
  cycle: new Float64Array(),
  kind: new Uint8Array(),
  el: new Uint8Array(),
  pc: new BigUint64Array(),
  detail: new BigUint64Array(),
})

/** The index of the first of ascending cycles that is at or after one. */
function firstAt(cycles: Float64Array, cycle: number): number {
  let [low, high] = [0, cycles.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cycles[middle]! < cycle) low = middle + 1
    else high = middle
  }
  return low
}
