import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange, FaultMap } from '../../shared/model/views.ts'
import { evenColumns } from '../../shared/stats/columns.ts'

/** Tag faults by granule and time: every fault is in exactly one cell. */
export function faultMapQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const granules = db.prepare<[{ run: RunId; from: number; to: number }], { granule: number; n: number }>(
    `SELECT granule, count(*) AS n FROM tag_fault WHERE run = :run AND cycle BETWEEN :from AND :to
     GROUP BY granule ORDER BY granule`,
  )
  const cells = db.prepare<
    [{ run: RunId; from: number; to: number; width: number }],
    { granule: number; at: number; kind: string; n: number }
  >(
    `SELECT granule, (cycle - CAST(:from AS INTEGER)) / CAST(:width AS INTEGER) AS at, kind, count(*) AS n FROM tag_fault
     WHERE run = :run AND cycle BETWEEN :from AND :to GROUP BY 1, 2, 3 ORDER BY 1, 2`,
  )

  return {
    map({ run, range, columns, rows: most }: Calls['run.fault-map']['args']): FaultMap {
      const { from, to } = range ?? extent(run)
      const { columnStart, columnWidth } = evenColumns(from, to, columns)
      const all = granules.all({ run, from, to })
      const per = Math.max(1, Math.ceil(all.length / most))
      const rows: FaultMap['rows'] = []
      const rowOf = new Map<number, number>()
      for (const [i, { granule, n }] of all.entries()) {
        const at = Math.floor(i / per)
        rowOf.set(granule, at)
        const row = rows[at]
        if (row) {
          row.to = granule
          row.total += n
        } else rows.push({ from: granule, to: granule, total: n })
      }
      const found = new Map<number, { row: number; column: number; sync: number; async: number }>()
      for (const { granule, at, kind, n } of cells.all({ run, from, to, width: columnWidth })) {
        const row = rowOf.get(granule)!
        const key = row * columnStart.length + at
        const cell = found.get(key) ?? { row, column: at, sync: 0, async: 0 }
        if (kind === 'sync') cell.sync += n
        else cell.async += n
        found.set(key, cell)
      }
      const list = [...found.values()]
      return {
        columnStart,
        columnWidth,
        rows,
        row: Float64Array.from(list, ({ row }) => row),
        column: Float64Array.from(list, ({ column }) => column),
        sync: Float64Array.from(list, ({ sync }) => sync),
        async: Float64Array.from(list, ({ async }) => async),
        granules: all.length,
        total: all.reduce((sum, { n }) => sum + n, 0),
      }
    },
  }
}
