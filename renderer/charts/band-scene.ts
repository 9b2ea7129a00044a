import type { CycleRange, LatencyBand } from '../../shared/model/views.ts'
import { count } from '../analysis/format.ts'
import { ticks } from '../analysis/range.ts'
import { AXIS_HEIGHT, cycleAxis } from './axis-scene.ts'
import { plotOf, xOf } from './plot.ts'
import { box, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

const TOP = 8
/** Percentiles spread over more than this factor are drawn on a logarithmic axis, which then says so. */
const LOG_FROM = 20
const LABEL = 14

export interface BandFigure {
  scene: Scene
  log: boolean
}

/** p50 as a step in each column, filled up to p90 and, paler, up to p99. Columns without a switch stay empty. */
export function bandScene(
  band: LatencyBand,
  range: CycleRange,
  width: number,
  height: number,
  theme: ChartTheme,
): BandFigure {
  const plot = plotOf(width, range)
  const base = TOP + height
  const lowest = band.p50.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const highest = band.p99.reduce((a, b) => Math.max(a, b), 0)
  const log = lowest > 0 && highest > lowest * LOG_FROM
  const scale = log ? Math.log10 : (value: number): number => value
  const room = log ? 0.1 : Math.max(1, (highest - lowest) * 0.1)
  const [low, high] = [Math.max(0, scale(lowest) - room), scale(highest) + room]
  const yOf = (value: number): number => base - ((scale(value) - low) / (high - low)) * height
  const decades = Array.from({ length: 16 }, (_, i) => 10 ** i).filter((value) => value <= highest * 1.3)
  const marks = (log ? decades : ticks(low, high, 4)).filter((value) => scale(value) >= low)
  const shapes: Shape[] = marks.flatMap((value): Shape[] => [
    {
      is: 'path',
      d: stroke(plot.left, yOf(value), plot.right, yOf(value)),
      stroke: theme.color('grid'),
      width: 1,
    },
    {
      is: 'text',
      x: plot.left - 8,
      y: yOf(value) + 4,
      text: count(value),
      fill: theme.color('text-2'),
      anchor: 'end',
    },
  ])
  const pieces = { outer: [] as string[], inner: [] as string[], middle: [] as string[], top: [] as string[] }
  for (let i = 0; i < band.from.length; i++) {
    const left = Math.max(plot.left, xOf(plot, band.from[i]!))
    const wide = Math.max(1, Math.min(plot.right, xOf(plot, band.to[i]! + 1)) - left)
    const [p50, p90, p99] = [yOf(band.p50[i]!), yOf(band.p90[i]!), yOf(band.p99[i]!)]
    pieces.outer.push(box(left, p99, wide, p90 - p99))
    pieces.inner.push(box(left, p90, wide, p50 - p90))
    pieces.middle.push(stroke(left, p50, left + wide, p50))
    pieces.top.push(stroke(left, p99, left + wide, p99))
  }
  shapes.push(
    { is: 'path', d: pieces.outer.join(''), fill: theme.color('data'), opacity: 0.25 },
    { is: 'path', d: pieces.inner.join(''), fill: theme.color('data'), opacity: 0.55 },
    { is: 'path', d: pieces.top.join(''), stroke: theme.color('data'), width: 1 },
    { is: 'path', d: pieces.middle.join(''), stroke: theme.color('text'), width: 2 },
    ...names(band, yOf, plot.right + 8, theme),
    ...cycleAxis(plot, base + 2, theme),
  )
  return { scene: { width, height: base + 2 + AXIS_HEIGHT, shapes }, log }
}

/** Each percentile's name at the height of its last column, pushed apart where they would lie on each other. */
function names(band: LatencyBand, yOf: (value: number) => number, x: number, theme: ChartTheme): Shape[] {
  const last = band.from.length - 1
  let floor = Number.POSITIVE_INFINITY
  return (['p50', 'p90', 'p99'] as const).map((name): Shape => {
    const y = Math.min(yOf(band[name][last]!) + 4, floor)
    floor = y - LABEL
    return { is: 'text', x, y, text: name, fill: theme.color('text-2') }
  })
}
