import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange, LatencyDistribution, LatencySeries } from '../../shared/model/views.ts'
import { type Column, columnsOf } from '../../shared/stats/columns.ts'
import { countsOf, quantile } from '../../shared/stats/counts.ts'
import { ecdf } from '../../shared/stats/ecdf.ts'
import { histogram } from '../../shared/stats/histogram.ts'
import { LATENCY, latencyAt } from './lanes.ts'
import type { Point as StoredPoint } from './points.ts'
import { pyramidReader } from './pyramid.ts'

const ECDF_STEPS = 500
const PHASES = 6

interface Selection {
  run: RunId
  from: number
  to: number
  pe: number | null
  vcpu: number | null
}

type Point = [cycle: number, latency: number, pe: number, vcpu: number, id: number]
type LatencyCount = [latency: number, count: number, example: number]

interface Lane {
  id: number
  pe: number
  vcpu: number
}

interface PhaseSums {
  switches: number
  sums: number[]
}

const quantiles = [
  { name: 'p50', q: 0.5 },
  { name: 'p90', q: 0.9 },
  { name: 'p99', q: 0.99 },
  { name: 'p99.9', q: 0.999 },
  { name: 'maximum', q: 1 },
] as const

/** The latencies of a run's world switches, over time and as a distribution. A switch lies where it starts. */
export function latencyQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const pyramid = pyramidReader(db)
  const started = 'run = :run AND start_cycle BETWEEN :from AND :to'
  const filtered = '(:pe IS NULL OR pe = :pe) AND (:vcpu IS NULL OR vcpu = :vcpu)'
  const selectSeries = db
    .prepare<[Selection], Point>(
      `SELECT start_cycle, latency, pe, vcpu, id FROM world_switch WHERE ${started} AND ${filtered} ORDER BY start_cycle, id`,
    )
    .raw()
  const countInRun = db
    .prepare<[Selection], LatencyCount>(
      `SELECT latency, total(count), min(example) FROM latency_count WHERE run = :run AND ${filtered} GROUP BY latency`,
    )
    .raw()
  const phaseSums = Array.from({ length: PHASES }, (_, phase) => phase)
    .map((phase) => `total(phase${phase})`)
    .join(', ')
  const sumInRun = db
    .prepare<[Selection], number[]>(
      `SELECT total(switches), ${phaseSums} FROM phase_total WHERE run = :run AND ${filtered}`,
    )
    .raw()
  const phasesOf = db
    .prepare<[number], number[]>(
      'SELECT phase0, phase1, phase2, phase3, phase4, phase5 FROM world_switch WHERE id = ?',
    )
    .raw()

  /** Counts by latency with the first switch of each, and cycles by phase, of the switches that begin in a range. */
  function inRange(selection: Selection): { counts: LatencyCount[]; phases: PhaseSums } {
    const found = new Map<number, LatencyCount>()
    const phases: PhaseSums = { switches: 0, sums: Array(PHASES).fill(0) }
    const add = (cycles: readonly number[]): void => {
      for (let phase = 0; phase < PHASES; phase++) phases.sums[phase]! += cycles[phase] ?? 0
    }
    const alone: number[] = []
    for (const { id } of lanesOf(selection)) {
      for (const { points, from, to, sums } of pyramid.leaves(id, selection)) {
        for (let i = from; i < to; i++) {
          const latency = points.high[i]! * 2 ** 32 + points.low[i]!
          const switchId = points.ref[i]!
          const entry = found.get(latency)
          if (entry === undefined) found.set(latency, [latency, 1, switchId])
          else {
            entry[1]++
            if (switchId < entry[2]) entry[2] = switchId
          }
          if (sums === null) alone.push(switchId)
        }
        phases.switches += to - from
        if (sums !== null) add(sums)
      }
    }
    for (const id of alone) add(phasesOf.get(id) ?? [])
    return { counts: [...found.values()], phases }
  }

  const inRun = (selection: Selection): { counts: LatencyCount[]; phases: PhaseSums } => {
    const [switches, ...sums] = sumInRun.get(selection)!
    return { counts: countInRun.all(selection), phases: { switches: switches!, sums } }
  }

  /** The lanes that a selection covers. */
  function lanesOf({ run, pe, vcpu }: Selection): Lane[] {
    return pyramid
      .lanes(run, LATENCY)
      .map(({ id, pe, part }) => ({ id, pe, vcpu: Number(part) }))
      .filter((lane) => (pe ?? lane.pe) === lane.pe && (vcpu ?? lane.vcpu) === lane.vcpu)
  }

  function extremes(lanes: readonly Lane[], columns: readonly Column[]): Point[] {
    const reduced = lanes.map(({ id }) => pyramid.reduce(id, columns))
    return columns.flatMap((_, column) => {
      let low: Point | null = null
      let high: Point | null = null
      for (const [i, { pe, vcpu }] of lanes.entries()) {
        const summary = reduced[i]![column]
        if (!summary) continue
        const drawn = (point: StoredPoint): Point => [point.cycle, latencyAt(point), pe, vcpu, point.ref]
        const [min, max] = [drawn(summary.min), drawn(summary.max)]
        if (low === null || min[1] < low[1]) low = min
        if (high === null || max[1] > high[1]) high = max
      }
      if (low === null || high === null) return []
      if (low[4] === high[4]) return [low]
      return low[0] < high[0] || (low[0] === high[0] && low[4] < high[4]) ? [low, high] : [high, low]
    })
  }

  return {
    /** At most a minimum and a maximum per column; `total` counts the switches in the range. */
    series({ run, range, columns, pe, vcpu }: Calls['run.latency']['args']): LatencySeries {
      const selection: Selection = { run, ...(range ?? extent(run)), pe, vcpu }
      const lanes = lanesOf(selection)
      const total = lanes.reduce((sum, { id }) => sum + pyramid.count(id, selection), 0)
      const points =
        total <= 2 * columns
          ? selectSeries.all(selection)
          : extremes(lanes, columnsOf(selection.from, selection.to, columns))
      return {
        cycle: Float64Array.from(points, (point) => point[0]),
        latency: Float64Array.from(points, (point) => point[1]),
        pe: Uint8Array.from(points, (point) => point[2]),
        vcpu: Int8Array.from(points, (point) => point[3]),
        id: Float64Array.from(points, (point) => point[4]),
        drawn: points.length,
        total,
        reduction: points.length === total ? 'all' : 'minimum and maximum per column',
      }
    },

    /** Null when no switch starts in the range. */
    distribution({
      run,
      range,
      bins,
      pe,
      vcpu,
    }: Calls['run.distribution']['args']): LatencyDistribution | null {
      const selection: Selection = { run, ...(range ?? extent(run)), pe, vcpu }
      const { counts: found, phases } = range ? inRange(selection) : inRun(selection)
      const counts = countsOf(found.map(([latency, count]) => [latency, count]))
      if (counts.n === 0) return null
      const examples = new Map(found.map(([latency, , id]) => [latency, id]))
      const example = (latency: number): number => examples.get(latency)!
      const bars = histogram(counts, bins)
      const steps = ecdf(counts, ECDF_STEPS)
      const medianId = example(quantile(counts, 0.5))
      return {
        unit: 'model cycles',
        n: counts.n,
        binStart: bars.start,
        binWidth: bars.width,
        binCount: bars.count,
        ecdfValue: steps.value,
        ecdfShare: steps.share,
        quantiles: quantiles.map(({ name, q }) => {
          const value = quantile(counts, q)
          return { name, value, id: example(value) }
        }),
        phaseMean: phases.sums.map((sum) => sum / phases.switches),
        phaseMedian: phasesOf.get(medianId)!,
        medianId,
      }
    },
  }
}
