import { count } from '../analysis/format.ts'
import { ticks } from '../analysis/range.ts'
import { type Plot, xOf } from './plot.ts'
import { type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

export const AXIS_HEIGHT = 24

/** The axis of model cycles under a chart, its unit at the right end; y is its line. */
export function cycleAxis(plot: Plot, y: number, theme: ChartTheme): Shape[] {
  const { from, to } = plot.range
  const marks = ticks(from, to, Math.max(2, Math.floor((plot.right - plot.left) / 110)))
  const color = theme.color('line-strong')
  const shapes: Shape[] = [
    { is: 'path', d: stroke(plot.left, y + 0.5, plot.right, y + 0.5), stroke: color, width: 1 },
    {
      is: 'path',
      d: marks
        .map((at) => stroke(Math.round(xOf(plot, at)) + 0.5, y, Math.round(xOf(plot, at)) + 0.5, y + 4))
        .join(''),
      stroke: color,
      width: 1,
    },
    { is: 'text', x: plot.right + 8, y: y + 16, text: 'model cycles', fill: theme.color('text-2') },
  ]
  for (const at of marks) {
    const text = count(at)
    const half = text.length * 3.4
    const x = Math.min(plot.right - half + 4, Math.max(plot.left + half - 4, xOf(plot, at)))
    shapes.push({ is: 'text', x, y: y + 16, text, fill: theme.color('text-2'), anchor: 'middle' })
  }
  return shapes
}
