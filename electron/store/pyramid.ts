import type { Database } from 'better-sqlite3'
import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange } from '../../shared/model/views.ts'
import type { Column } from '../../shared/stats/columns.ts'
import { Damaged } from './failures.ts'
import type { LaneName } from './lanes.ts'
import {
  extend,
  LEAF_POINTS,
  type PointColumns,
  type Summary,
  summaryBetween,
  unpackPoints,
  unpackSummary,
} from './points.ts'
import { FANOUT, TOP_LEVEL } from './pyramid-writer.ts'

interface Block {
  first_cycle: number
  number: number
  last_cycle: number
  count: number
  summary: Uint8Array
}

/** The blocks of a level that may lie in a range, or below one block of the next level. */
interface Wanted {
  lane: number
  level: number
  low: number
  high: number
  first: number
  last: number
}

/** Points `from` to `to` (not included) of a leaf lie in the range. */
export interface Leaf {
  points: PointColumns
  from: number
  to: number
  sums: number[] | null
}

/** Reads the pyramids that pyramid-writer.ts keeps. */
export function pyramidReader(db: Database) {
  const selectLane = db
    .prepare<[{ run: RunId } & LaneName], number>(
      'SELECT id FROM lane WHERE run = :run AND pe = :pe AND name = :name AND part = :part',
    )
    .pluck()
  const selectLanes = db.prepare<[{ run: RunId; name: string }], { id: number; pe: number; part: string }>(
    'SELECT id, pe, part FROM lane WHERE run = :run AND name = :name ORDER BY pe, part',
  )
  const selectTop = db
    .prepare<[{ lane: number }], number | null>('SELECT max(level) FROM lane_block WHERE lane = :lane')
    .pluck()
  const selectBlocks = db.prepare<[Wanted], Block>(
    `SELECT first_cycle, number, last_cycle, count, summary FROM lane_block
     WHERE lane = :lane AND level = :level AND first_cycle BETWEEN :low AND :high AND number BETWEEN :first AND :last
     ORDER BY first_cycle, number`,
  )
  const selectPoints = db
    .prepare<[{ lane: number; cycle: number; number: number }], Uint8Array>(
      'SELECT points FROM lane_block WHERE lane = :lane AND level = 0 AND first_cycle = :cycle AND number = :number',
    )
    .pluck()

  /**
   * What lies in each of some columns that ascend without overlap; null where nothing does. Blocks that lie in one column
   * are taken as they are, the others are opened: exact whatever the columns are.
   */
  function reduce(lane: number, columns: readonly Column[]): (Summary | null)[] {
    const found: (Summary | null)[] = columns.map(() => null)
    const from = columns[0]?.from ?? 0
    const to = columns.at(-1)?.to ?? -1
    let at = 0
    function take(summary: Summary): void {
      const there = found[at]
      if (there) extend(there, summary)
      else found[at] = { ...summary }
    }
    function visit(wanted: Wanted): void {
      for (const block of selectBlocks.all(wanted)) {
        if (block.last_cycle < from || block.first_cycle > to) continue
        while (at < columns.length - 1 && columns[at]!.to < block.first_cycle) at++
        const { from: begin, to: end } = columns[at]!
        if (block.first_cycle >= begin && block.last_cycle <= end) {
          take(unpackSummary(block.number * LEAF_POINTS * FANOUT ** wanted.level, block.count, block.summary))
        } else if (wanted.level > 0) {
          const first = block.number * FANOUT
          visit({
            ...wanted,
            level: wanted.level - 1,
            low: block.first_cycle,
            high: block.last_cycle,
            first,
            last: first + FANOUT - 1,
          })
        } else open(block)
      }
    }
    function open(block: Block): void {
      const packed = selectPoints.get({ lane, cycle: block.first_cycle, number: block.number })
      if (!packed) throw new Damaged('a block has no points')
      const points = unpackPoints(block.number * LEAF_POINTS, block.count, packed)
      const { cycle, count } = points
      for (let i = 0; i < count; ) {
        if (cycle[i]! < from || cycle[i]! > to) {
          i++
          continue
        }
        while (columns[at]!.to < cycle[i]!) at++
        let end = i + 1
        while (end < count && cycle[end]! <= columns[at]!.to) end++
        take(summaryBetween(points, i, end))
        i = end
      }
    }
    const top = selectTop.get({ lane })
    if (typeof top === 'number' && to >= from) {
      if (top > TOP_LEVEL) throw new Damaged('a lane has too many levels')
      visit({ lane, level: top, low: 0, high: to, first: 0, last: Number.MAX_SAFE_INTEGER })
    }
    return found
  }

  // Blocks of a level are in order and do not overlap but by a cycle: of those that begin before the range only the last reaches in.
  const selectLeaves = db.prepare<[{ lane: number } & CycleRange], Block & { points: Uint8Array }>(
    `SELECT first_cycle, number, last_cycle, count, summary, points FROM lane_block
     WHERE lane = :lane AND level = 0 AND first_cycle <= :to AND last_cycle >= :from AND first_cycle >= ifnull(
       (SELECT first_cycle FROM lane_block WHERE lane = :lane AND level = 0 AND first_cycle < :from
        ORDER BY first_cycle DESC LIMIT 1), 0)
     ORDER BY first_cycle, number`,
  )

  /** All points of a range, leaf by leaf; the sums are null where a leaf lies in it in part. */
  function* leaves(lane: number, range: CycleRange): Generator<Leaf> {
    for (const block of selectLeaves.iterate({ lane, ...range })) {
      const first = block.number * LEAF_POINTS
      const points = unpackPoints(first, block.count, block.points)
      let [from, to] = [0, points.count]
      while (from < to && points.cycle[from]! < range.from) from++
      while (to > from && points.cycle[to - 1]! > range.to) to--
      const whole = to - from === points.count
      yield { points, from, to, sums: whole ? unpackSummary(first, block.count, block.summary).sums : null }
    }
  }

  return {
    leaves,
    /** The lane's number, or undefined when the run has none of that name. */
    lane: (run: RunId, name: LaneName): number | undefined => selectLane.get({ run, ...name }),
    /** All lanes of one name. */
    lanes: (run: RunId, name: string) => selectLanes.all({ run, name }),
    reduce,
    count: (lane: number, range: CycleRange): number => reduce(lane, [range])[0]?.count ?? 0,
  }
}
