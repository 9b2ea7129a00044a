import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange, SliceColumns, SliceSeries } from '../../shared/model/views.ts'
import { evenColumns } from '../../shared/stats/columns.ts'
import { LATENCY } from './lanes.ts'
import { pyramidReader } from './pyramid.ts'

interface StoredSlice {
  id: number
  pe: number
  vcpu: number
  start_cycle: number
  guest_cycle: number
  exit_cycle: number
  end_cycle: number
  exit: string
}

/** Which vCPU ran where: switches counted by column, and themselves where there are few. */
export function sliceQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const pyramid = pyramidReader(db)
  const stored = 'id, pe, vcpu, start_cycle, guest_cycle, exit_cycle, end_cycle, exit'
  const select = db.prepare<[{ run: RunId; from: number; to: number }], StoredSlice>(
    `SELECT ${stored} FROM world_switch WHERE run = :run AND start_cycle BETWEEN :from AND :to
     ORDER BY start_cycle, id`,
  )
  // What began before the range may reach into it: the last one of a PE, since those of one PE follow each other.
  const before = db.prepare<[{ run: RunId; pe: number; from: number }], StoredSlice>(
    `SELECT ${stored} FROM world_switch WHERE run = :run AND pe = :pe AND start_cycle < :from
     ORDER BY start_cycle DESC, id DESC LIMIT 1`,
  )
  function slicesIn(run: RunId, { from, to }: CycleRange, pes: readonly number[]): SliceColumns {
    const earlier = pes
      .flatMap((pe) => before.get({ run, pe, from }) ?? [])
      .filter((row) => row.end_cycle >= from)
      .sort((x, y) => x.start_cycle - y.start_cycle)
    return columnsOfSlices([...earlier, ...select.all({ run, from, to })])
  }

  return {
    series({ run, range, columns }: Calls['run.slices']['args']): SliceSeries {
      const { from, to } = range ?? extent(run)
      const { stretches, columnStart, columnWidth } = evenColumns(from, to, columns)
      const known = pyramid.lanes(run, LATENCY)
      const lanes = known
        .map(({ id, pe, part }) => {
          const count = Float64Array.from(pyramid.reduce(id, stretches), (summary) => summary?.count ?? 0)
          return { pe, vcpu: Number(part), count, total: count.reduce((sum, one) => sum + one, 0) }
        })
        .filter(({ total }) => total > 0)
        .sort((a, b) => a.pe - b.pe || a.vcpu - b.vcpu)
      const total = lanes.reduce((sum, lane) => sum + lane.total, 0)
      const all = total <= 2 * columns
      return {
        columnStart,
        columnWidth,
        lanes,
        slices: all ? slicesIn(run, { from, to }, [...new Set(known.map(({ pe }) => pe))]) : null,
        total,
        reduction: all ? 'all' : 'switches counted per column',
      }
    },
  }
}

const columnsOfSlices = (rows: readonly StoredSlice[]): SliceColumns => ({
  id: Float64Array.from(rows, ({ id }) => id),
  pe: Uint8Array.from(rows, ({ pe }) => pe),
  vcpu: Int8Array.from(rows, ({ vcpu }) => vcpu),
  start: Float64Array.from(rows, (row) => row.start_cycle),
  guest: Float64Array.from(rows, (row) => row.guest_cycle),
  exit: Float64Array.from(rows, (row) => row.exit_cycle),
  end: Float64Array.from(rows, (row) => row.end_cycle),
  why: rows.map(({ exit }) => exit),
})
