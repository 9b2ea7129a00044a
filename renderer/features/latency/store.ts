import { defineStore } from 'pinia'
import type { RunId } from '../../../shared/model/run.ts'
import type { CycleRange } from '../../../shared/model/views.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

export interface LatencyQuery {
  run: RunId
  range: CycleRange | null
  columns: number
}

const BINS = 160

/** Latency over time and its distribution: of the whole run, and of the range when there is one. */
export const useLatency = defineStore('latency', () => {
  const series = question((query: LatencyQuery) =>
    lab.call('run.latency', { ...query, pe: null, vcpu: null }),
  )
  const distribution = (query: { run: RunId; range: CycleRange | null }) =>
    lab.call('run.distribution', { ...query, bins: BINS, pe: null, vcpu: null })
  const whole = question(distribution)
  const ranged = question(distribution)

  function load(query: LatencyQuery): void {
    if (series.args.value?.run !== query.run) for (const each of [series, whole, ranged]) each.forget()
    void series.ask(query)
    void whole.ask({ run: query.run, range: null })
    if (query.range) void ranged.ask({ run: query.run, range: query.range })
    else ranged.forget()
  }

  return { series, whole, ranged, load }
})

/** The whole run at a glance, whatever range the charts show. */
export const useRunOverview = defineStore('run-overview', () => ({
  series: question((query: LatencyQuery) => lab.call('run.latency', { ...query, pe: null, vcpu: null })),
}))

/** Percentiles of the latency by column of time. */
export const useLatencyBand = defineStore('latency-band', () => ({
  band: question((query: LatencyQuery) => lab.call('run.latency-band', query)),
}))
