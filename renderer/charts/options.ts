/** Option builders for ECharts: pure, so that tests read them without a canvas. */
import type { EChartsCoreOption } from 'echarts/core'
import type { CycleRange, LatencyDistribution, LatencySeries } from '../../shared/model/views.ts'
import { count } from '../analysis/format.ts'
import { ticks } from '../analysis/range.ts'
import { GUTTER_LEFT, GUTTER_RIGHT } from './plot.ts'
import type { ChartTheme } from './theme.ts'

/** A mark per vCPU beside its colour. */
export const vcpuSymbol = (vcpu: number): string =>
  ['circle', 'rect', 'triangle', 'diamond'][((vcpu % 4) + 4) % 4] as string

const base = (theme: ChartTheme): EChartsCoreOption => ({
  animation: false,
  textStyle: { fontFamily: theme.fontText, fontSize: 12, color: theme.color('text') },
})

export function axis(theme: ChartTheme, over: Record<string, unknown>): Record<string, unknown> {
  const strong = theme.color('line-strong')
  return {
    axisLine: { lineStyle: { color: strong }, onZero: false },
    axisTick: { lineStyle: { color: strong }, length: 4 },
    axisLabel: label(theme, {}),
    splitLine: gridLines(theme),
    nameTextStyle: { color: theme.color('text-2'), fontSize: 12 },
    ...over,
  }
}

const gridLines = (theme: ChartTheme): object => ({
  showMinLine: false,
  showMaxLine: false,
  lineStyle: { color: theme.color('grid') },
})

const label = (theme: ChartTheme, over: Record<string, unknown>): Record<string, unknown> => ({
  color: theme.color('text-2'),
  fontSize: 12,
  margin: 6,
  formatter: (value: number) => count(value),
  ...over,
})

/** Latencies spread over more than this factor are drawn on a logarithmic axis, which then says so. */
const LOG_FROM = 12

export interface LatencyFigure {
  option: EChartsCoreOption
  log: boolean
}

/**
 * Latency of each drawn switch at its start. Where the series is reduced, a bar joins the minimum and the maximum of a
 * pixel column, so that a dense stretch reads as a band and not as a cloud with holes.
 */
export function latencyOption(
  series: LatencySeries,
  range: CycleRange,
  columns: number,
  theme: ChartTheme,
): LatencyFigure {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0]
  for (const value of series.latency) {
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
  }
  const log = highest > lowest * LOG_FROM && lowest > 0
  const vcpus = [...new Set(series.vcpu)].sort((a, b) => a - b)
  const points = new Map<number, [number, number][]>(vcpus.map((vcpu) => [vcpu, []]))
  series.cycle.forEach((cycle, i) => {
    points.get(series.vcpu[i] as number)?.push([cycle, series.latency[i] as number])
  })
  const room = (highest - lowest || highest || 1) * 0.08
  const [min, max] = log ? [lowest / 1.3, highest * 1.3] : [Math.max(0, lowest - room), highest + room]
  const marks = log ? [] : ticks(min, max, 4)
  const option = {
    ...base(theme),
    grid: { left: GUTTER_LEFT, right: GUTTER_RIGHT, top: 6, bottom: 6, outerBoundsMode: 'none' },
    xAxis: { type: 'value', min: range.from, max: range.to, show: false },
    yAxis: axis(theme, {
      type: log ? 'log' : 'value',
      min,
      max,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: label(theme, { customValues: log ? undefined : marks }),
      splitNumber: 3,
    }),
    series: [
      ...(series.reduction === 'all' ? [] : [bandSeries(series, range, columns, theme)]),
      ...vcpus.map((vcpu) => ({
        type: 'scatter',
        name: `v${vcpu}`,
        silent: true,
        symbol: vcpuSymbol(vcpu),
        symbolSize: series.drawn > 600 ? 3 : 5,
        itemStyle: { color: theme.owner(vcpu), opacity: 0.95 },
        data: points.get(vcpu),
      })),
    ],
  }
  return { option, log }
}

function bandSeries(series: LatencySeries, range: CycleRange, columns: number, theme: ChartTheme): object {
  const bands = new Map<number, [number, number, number]>()
  series.cycle.forEach((cycle, i) => {
    const column = Math.floor(((cycle - range.from) / (range.to - range.from)) * columns)
    const value = series.latency[i] as number
    const band = bands.get(column)
    if (band) {
      band[1] = Math.min(band[1], value)
      band[2] = Math.max(band[2], value)
    } else bands.set(column, [cycle, value, value])
  })
  const data = [...bands.values()]
  return {
    type: 'custom',
    name: 'minimum to maximum',
    silent: true,
    clip: true,
    data,
    renderItem: ({ dataIndex }: RenderParams, api: RenderApi) => {
      const [cycle, lowest, highest] = data[dataIndex] ?? [0, 0, 0]
      const [x, low] = api.coord([cycle, lowest])
      const [, high] = api.coord([cycle, highest])
      return {
        type: 'rect',
        shape: { x: Math.round(x), y: high, width: 1, height: low - high },
        style: { fill: theme.color('data-soft') },
      }
    },
  }
}

/** Of the parameters that ECharts hands over; values are read from our own arrays, which is many times faster. */
interface RenderParams {
  dataIndex: number
}

interface RenderApi {
  coord(at: number[]): [number, number]
}

/** Where the shared x axis of ECDF and histogram ends; the tail beyond is counted in words. */
export function distributionExtent(distribution: LatencyDistribution): {
  from: number
  to: number
  beyond: number
} {
  const { binStart, binWidth, binCount } = distribution
  const first = binStart[0] ?? 0
  const last = (binStart.at(-1) ?? 0) + binWidth
  const tail = distribution.quantiles.find((entry) => entry.name === 'p99.9')?.value ?? last
  const wanted = tail + (tail - first) * 0.05
  if (wanted >= last || last - first < 1.5 * (wanted - first)) return { from: first, to: last, beyond: 0 }
  const bins = Math.max(1, Math.ceil((wanted - first) / binWidth))
  let beyond = 0
  for (let i = bins; i < binCount.length; i++) beyond += binCount[i] as number
  return { from: first, to: first + bins * binWidth, beyond }
}

/** ECDF over the histogram, one x axis; counts are logarithmic and say so. */
export function distributionOption(
  distribution: LatencyDistribution,
  selected: { latency: number; label: string } | null,
  height: number,
  theme: ChartTheme,
): EChartsCoreOption {
  const { from, to, beyond } = distributionExtent(distribution)
  const maximum = distribution.quantiles.find((entry) => entry.name === 'maximum')?.value ?? to
  const tallest = Math.max(1, ...distribution.binCount)
  const decades = 10 ** Math.max(1, Math.ceil(Math.log10(tallest + 1)))
  // Room for the name of a quantile at 100 % and for the selected switch.
  const top = 18
  const plots = height - 32 - top
  const upper = Math.round((plots - 16) * 0.62)
  const gutters = { left: GUTTER_LEFT, right: 20, outerBoundsMode: 'none' }
  const name = `switch latency (model cycles)${beyond > 0 ? `; ${count(beyond)} beyond the right edge, maximum ${count(maximum)}` : ''}`
  const mark = markLine(selected, theme)
  return {
    ...base(theme),
    grid: [
      { ...gutters, top, height: upper },
      { ...gutters, top: top + upper + 16, height: plots - upper - 16 },
    ],
    xAxis: [0, 1].map((gridIndex) =>
      axis(theme, {
        type: 'value',
        min: from,
        max: to,
        gridIndex,
        containShape: false,
        splitLine: { show: false },
        ...(gridIndex === 0
          ? { axisLabel: { show: false }, axisTick: { show: false } }
          : {
              name,
              nameLocation: 'middle',
              nameGap: 22,
              axisLabel: label(theme, { customValues: ticks(from, to, 7) }),
              axisTick: {
                customValues: ticks(from, to, 7),
                lineStyle: { color: theme.color('line-strong') },
                length: 4,
              },
            }),
      }),
    ),
    yAxis: [
      axis(theme, {
        type: 'value',
        gridIndex: 0,
        min: 0,
        max: 100,
        interval: 50,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: label(theme, { formatter: '{value} %' }),
      }),
      axis(theme, {
        type: 'log',
        gridIndex: 1,
        min: 0.7,
        max: decades,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: label(theme, {
          customValues: [1, decades],
          formatter: (value: number) => (value === decades ? `${count(value)} (log)` : count(value)),
        }),
      }),
    ],
    series: [
      {
        type: 'line',
        step: 'end',
        symbol: 'none',
        silent: true,
        data: ecdfPoints(distribution, from, to),
        lineStyle: { width: 1.5, color: theme.color('text') },
        markPoint: quantileMarks(distribution, from, to, theme),
        markLine: mark(true),
      },
      histogram(distribution, to, theme),
      { type: 'line', xAxisIndex: 1, yAxisIndex: 1, data: [], markLine: mark(false) },
    ],
  }
}

/** From zero at the left edge to the last step at the right one, so that the curve spans the axis. */
function ecdfPoints(distribution: LatencyDistribution, from: number, to: number): [number, number][] {
  const points: [number, number][] = [[from, 0]]
  distribution.ecdfValue.forEach((value, i) => {
    if (value <= to) points.push([value, 100 * (distribution.ecdfShare[i] as number)])
  })
  points.push([to, points.at(-1)?.[1] ?? 0])
  return points
}

function histogram(distribution: LatencyDistribution, to: number, theme: ChartTheme): object {
  const data: [number, number][] = []
  distribution.binStart.forEach((start, i) => {
    const switches = distribution.binCount[i] as number
    if (switches > 0 && start < to) data.push([start, switches])
  })
  return {
    type: 'custom',
    name: 'switches',
    xAxisIndex: 1,
    yAxisIndex: 1,
    silent: true,
    data,
    renderItem: ({ dataIndex }: RenderParams, api: RenderApi) => {
      const [start, switches] = data[dataIndex] ?? [0, 1]
      const [left, top] = api.coord([start, switches])
      const [right, bottom] = api.coord([start + distribution.binWidth, 0.7])
      const gap = right - left > 4 ? 1 : 0
      return {
        type: 'rect',
        shape: { x: left, y: top, width: Math.max(1, right - left - gap), height: Math.max(1, bottom - top) },
        style: { fill: theme.color('data') },
      }
    },
  }
}

/** Quantiles this near each other on the axis share one label. */
const NEAR = 0.1

/**
 * Points of the ECDF with their names. In a real run p50 and p90 often fall on one latency, so labels are written per group
 * of near points: `p50 p90  3 612, p99  3 620`.
 */
function quantileMarks(
  distribution: LatencyDistribution,
  from: number,
  to: number,
  theme: ChartTheme,
): object {
  const share: Record<string, number> = { p50: 50, p90: 90, p99: 99 }
  const points = distribution.quantiles.filter(
    (entry) => share[entry.name] !== undefined && entry.value <= to,
  )
  const labels = quantileLabels(points, (to - from) * NEAR)
  return {
    symbol: 'circle',
    symbolSize: 6,
    silent: true,
    itemStyle: { color: theme.color('text') },
    data: points.map((entry, i) => {
      const right = entry.value > from + (to - from) * 0.6
      return {
        coord: [entry.value, share[entry.name]],
        value: labels[i],
        label: {
          show: labels[i] !== '',
          position: right ? 'left' : 'right',
          distance: 8,
          // Off the curve, which comes from below on the left and goes up on the right.
          offset: [0, right ? -4 : 9],
          color: theme.color('text'),
          fontSize: 12,
          formatter: (mark: { data: { value: string } }) => mark.data.value,
        },
      }
    }),
  }
}

/** One label per group of points, at the group's first; the others' are empty. Points come in ascending order. */
export function quantileLabels(points: readonly { name: string; value: number }[], near: number): string[] {
  const labels = points.map(() => '')
  for (let i = 0; i < points.length; ) {
    let end = i + 1
    while (end < points.length && points[end]!.value - points[end - 1]!.value <= near) end++
    const values = new Map<number, string[]>()
    for (const { name, value } of points.slice(i, end))
      values.set(value, [...(values.get(value) ?? []), name])
    labels[i] = [...values].map(([value, names]) => `${names.join(' ')}  ${count(value)}`).join(', ')
    i = end
  }
  return labels
}

const markLine =
  (selected: { latency: number; label: string } | null, theme: ChartTheme) =>
  (named: boolean): object | undefined =>
    selected
      ? {
          symbol: 'none',
          silent: true,
          lineStyle: { color: theme.color('accent'), type: 'solid', width: 1.5 },
          label: named
            ? {
                formatter: selected.label,
                position: 'end',
                rotate: 0,
                color: theme.color('accent'),
                distance: 3,
              }
            : { show: false },
          data: [{ xAxis: selected.latency }],
        }
      : undefined
