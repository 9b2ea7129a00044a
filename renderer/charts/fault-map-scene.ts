import type { CycleRange, FaultMap } from '../../shared/model/views.ts'
import { count } from '../analysis/format.ts'
import { AXIS_HEIGHT, cycleAxis } from './axis-scene.ts'
import { plotOf, xOf } from './plot.ts'
import { ASYNC_HATCH, box, Pieces, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

const TOP = 2

export interface FaultMapFigure {
  scene: Scene
  rowHeight: number
  /** Faults that the darkest cell stands for. */
  most: number
}

/** Which row of the map lies at a height; null where none does. */
export function rowAt({ rowHeight }: FaultMapFigure, rows: number, y: number): number | null {
  const row = Math.floor((y - TOP) / rowHeight)
  return row >= 0 && row < rows ? row : null
}

/** Five steps of darkness by the logarithm of the count: one fault still shows, and a thousand are told from a hundred. */
const steps = [0.35, 0.5, 0.65, 0.82, 1]
const stepOf = (n: number, most: number): number =>
  most <= 1
    ? steps.length - 1
    : Math.min(steps.length - 1, Math.floor((Math.log(n) / Math.log(most)) * (steps.length - 1)))

/** Granules over time: a cell's darkness says how many faults it has, a hatch that all of them were asynchronous. */
export function faultMapScene(
  map: FaultMap,
  range: CycleRange,
  width: number,
  chosen: number | null,
  theme: ChartTheme,
): FaultMapFigure {
  const plot = plotOf(width, range)
  const rowHeight = Math.max(6, Math.min(20, Math.floor(240 / Math.max(1, map.rows.length))))
  const base = TOP + map.rows.length * rowHeight
  const most = Math.max(1, ...Array.from(map.sync, (sync, i) => sync + map.async[i]!))
  const fills = new Pieces<string>()
  for (let i = 0; i < map.row.length; i++) {
    const start = map.columnStart[map.column[i]!]!
    const left = Math.max(plot.left, xOf(plot, start))
    const right = Math.min(plot.right, xOf(plot, start + map.columnWidth))
    if (right <= left) continue
    const kind = map.sync[i]! === 0 ? 'async' : 'sync'
    const step = stepOf(map.sync[i]! + map.async[i]!, most)
    fills.add(
      `${kind} ${step}`,
      box(left, TOP + map.row[i]! * rowHeight, Math.max(2, right - left), rowHeight - 1),
    )
  }
  const shapes: Shape[] = [
    { is: 'path', d: box(plot.left, TOP, plot.right - plot.left, base - TOP), fill: theme.color('panel') },
    ...fills.entries().map(([key, d]): Shape => {
      const [kind, step] = key.split(' ')
      const opacity = steps[Number(step)]!
      return kind === 'sync'
        ? { is: 'path', d, fill: theme.color('fault-sync'), opacity }
        : { is: 'path', d, fill: ASYNC_HATCH, stroke: theme.color('fault-async'), width: 0.75, opacity }
    }),
  ]
  if (chosen !== null && map.rows[chosen])
    shapes.push({
      is: 'path',
      d: box(plot.left, TOP + chosen * rowHeight, plot.right - plot.left, rowHeight),
      stroke: theme.color('accent'),
      width: 1.5,
    })
  const every = Math.max(1, Math.ceil(16 / rowHeight))
  map.rows.forEach((row, i) => {
    if (i % every !== 0) return
    const y = TOP + i * rowHeight + Math.min(rowHeight - 2, 13)
    shapes.push(
      {
        is: 'text',
        x: plot.left - 6,
        y,
        text: row.from.toString(16),
        fill: theme.color('text-2'),
        anchor: 'end',
        mono: true,
      },
      { is: 'text', x: plot.right + 8, y, text: count(row.total), fill: theme.color('text-2') },
    )
  })
  shapes.push({
    is: 'path',
    d: stroke(plot.left, base, plot.right, base),
    stroke: theme.color('grid'),
    width: 1,
  })
  shapes.push(...cycleAxis(plot, base + 2, theme))
  return { scene: { width, height: base + 2 + AXIS_HEIGHT, shapes }, rowHeight, most }
}
