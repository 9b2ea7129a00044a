import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import { type CycleRange, type LatencyBand, MOST_BAND_SWITCHES } from '../../shared/model/views.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { nearestRank } from '../../shared/stats/counts.ts'
import { LATENCY } from './lanes.ts'
import { pyramidReader } from './pyramid.ts'

/** Percentiles of the latency by column of time. The pyramids keep extremes but no ranks, so every switch is read. */
export function latencyBandQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const pyramid = pyramidReader(db)

  return {
    band({ run, range, columns: most }: Calls['run.latency-band']['args']): LatencyBand {
      const span = range ?? extent(run)
      const lanes = pyramid.lanes(run, LATENCY)
      const total = lanes.reduce((sum, { id }) => sum + pyramid.count(id, span), 0)
      const columns = total > MOST_BAND_SWITCHES ? [] : columnsOf(span.from, span.to, most)
      const found: number[][] = columns.map(() => [])
      if (columns.length > 0)
        for (const { id } of lanes) {
          let at = 0
          for (const { points, from, to } of pyramid.leaves(id, span))
            for (let i = from; i < to; i++) {
              while (columns[at]!.to < points.cycle[i]!) at++
              found[at]!.push(points.high[i]! * 2 ** 32 + points.low[i]!)
            }
        }
      const filled = columns.flatMap((column, i) => {
        const latency = Float64Array.from(found[i]!).sort()
        return latency.length === 0 ? [] : [{ column, latency }]
      })
      const at = (q: number): Float64Array =>
        Float64Array.from(filled, ({ latency }) => latency[nearestRank(latency.length, q) - 1]!)
      return {
        from: Float64Array.from(filled, ({ column }) => column.from),
        to: Float64Array.from(filled, ({ column }) => column.to),
        n: Float64Array.from(filled, ({ latency }) => latency.length),
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        total,
        reduction: total > MOST_BAND_SWITCHES ? 'too many' : 'exact per column',
      }
    },
  }
}
