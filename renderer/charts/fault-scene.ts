import type { CycleRange, FaultSeries } from '../../shared/model/views.ts'
import { count, ownerLetter } from '../analysis/format.ts'
import { AXIS_HEIGHT, cycleAxis } from './axis-scene.ts'
import { plotOf, xOf } from './plot.ts'
import { ASYNC_HATCH, box, Pieces, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

export interface FaultFigure {
  scene: Scene
  /** Faults that a full row stands for. */
  full: number
}

/** A row per owner, synchronous faults at the base, asynchronous ones hatched above, totals at the right. */
export function faultScene(
  series: FaultSeries,
  range: CycleRange,
  width: number,
  rowHeight: number,
  theme: ChartTheme,
): FaultFigure {
  const plot = plotOf(width, range)
  const owners = [...series.owners].sort((a, b) => a.owner - b.owner)
  const full = Math.max(
    1,
    ...owners.flatMap((entry) => Array.from(entry.sync, (sync, i) => sync + (entry.async[i] ?? 0))),
  )
  const top = 18
  const tall = rowHeight - 6
  const shapes: Shape[] = headings(width, theme)
  const pieces = { sync: new Pieces<string>(), async: new Pieces<string>(), letters: new Pieces<number>() }
  owners.forEach((entry, row) => {
    const base = top + (row + 1) * rowHeight - 2
    shapes.push({
      is: 'path',
      d: stroke(plot.left, base + 0.5, plot.right, base + 0.5),
      stroke: theme.color('grid'),
      width: 1,
    })
    pieces.letters.add(entry.owner, box(0, base - 16, 26, 16))
    for (let column = 0; column < series.columnStart.length; column++) {
      const [sync, async] = [entry.sync[column] ?? 0, entry.async[column] ?? 0]
      if (sync + async === 0) continue
      const start = series.columnStart[column] as number
      const left = Math.max(plot.left, Math.round(xOf(plot, start)))
      const right = Math.min(plot.right, Math.round(xOf(plot, start + series.columnWidth)))
      const wide = Math.max(1, right - left - (right - left > 3 ? 1 : 0))
      if (left >= plot.right || right <= plot.left) continue
      // A fault is never drawn away: whatever the scale, one is at least two pixels high.
      const high = (faults: number): number =>
        faults === 0 ? 0 : Math.max(2, Math.round((faults / full) * tall))
      const [low, up] = [high(sync), high(async)]
      if (low > 0) pieces.sync.add('sync', box(left, base - low, wide, low))
      if (up > 0) pieces.async.add('async', box(left, base - low - up, wide, up))
    }
    shapes.push(
      {
        is: 'text',
        x: width - 56,
        y: base - 3,
        text: count(entry.totalSync),
        fill: theme.color('text'),
        anchor: 'end',
      },
      {
        is: 'text',
        x: width,
        y: base - 3,
        text: count(entry.totalAsync),
        fill: theme.color('text'),
        anchor: 'end',
      },
    )
  })
  const bottom = top + owners.length * rowHeight
  shapes.push(
    ...pieces.letters.entries().map(([owner, d]): Shape => ({ is: 'path', d, fill: theme.owner(owner) })),
    ...owners.map(
      (entry, row): Shape => ({
        is: 'text',
        x: 13,
        y: top + (row + 1) * rowHeight - 6,
        text: ownerLetter(entry.owner),
        fill: theme.ink(entry.owner),
        anchor: 'middle',
        mono: true,
        bold: true,
      }),
    ),
    { is: 'path', d: pieces.sync.all(), fill: theme.color('fault-sync') },
    { is: 'path', d: pieces.async.all(), fill: ASYNC_HATCH, stroke: theme.color('fault-async'), width: 0.75 },
    ...cycleAxis(plot, bottom + 2, theme),
  )
  return { scene: { width, height: bottom + 2 + AXIS_HEIGHT, shapes }, full }
}

/** The key is the heading of the columns of totals. */
function headings(width: number, theme: ChartTheme): Shape[] {
  const fill = theme.color('text-2')
  return [
    { is: 'path', d: box(width - 94, 3, 9, 9), fill: theme.color('fault-sync') },
    { is: 'text', x: width - 56, y: 12, text: 'sync', fill, anchor: 'end' },
    {
      is: 'path',
      d: box(width - 47, 3, 9, 9),
      fill: ASYNC_HATCH,
      stroke: theme.color('fault-async'),
      width: 0.75,
    },
    { is: 'text', x: width, y: 12, text: 'async', fill, anchor: 'end' },
  ]
}
