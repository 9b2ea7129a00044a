import { type EventKind, eventKinds } from '../../shared/model/trace.ts'
import type { CycleRange, EventSeries, SliceColumns, SliceSeries } from '../../shared/model/views.ts'
import { count, ownerLetter } from '../analysis/format.ts'
import { AXIS_HEIGHT, cycleAxis } from './axis-scene.ts'
import { type Plot, plotOf, xOf } from './plot.ts'
import { box, Pieces, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

/** Rows of events below a PE's slices: kinds that are read together. */
export const eventRows: readonly { title: string; kinds: readonly EventKind[] }[] = [
  { title: 'exceptions', kinds: ['exception', 'exception-return'] },
  { title: 'barriers', kinds: ['isb', 'dsb'] },
  { title: 'tag draws', kinds: ['tag-draw'] },
  { title: 'interrupts', kinds: ['interrupt'] },
]

const SLICES = 26
const ROW = 16
const GAP = 12

export interface TimelineFigure {
  scene: Scene
  /** Switches that a full row stands for where they are counted; null where they are drawn one by one. */
  full: number | null
  /** Where each PE's lanes begin and end, for picking. */
  pes: { pe: number; top: number; bottom: number }[]
}

/**
 * One lane a PE: what it ran in the colour of whose it was, the switches between in the colour of phases; below it, events in
 * rows of kinds. Where there are more switches or events than columns, a bar says how many begin in its column.
 */
export function timelineScene(
  slices: SliceSeries,
  events: EventSeries | null,
  pes: number,
  range: CycleRange,
  width: number,
  theme: ChartTheme,
): TimelineFigure {
  const plot = plotOf(width, range)
  const shapes: Shape[] = []
  const places: TimelineFigure['pes'] = []
  const full = slices.slices === null ? fullRow(slices) : null
  let top = 4
  for (let pe = 0; pe < pes; pe++) {
    const begin = top
    shapes.push(
      { is: 'path', d: box(plot.left, top, plot.right - plot.left, SLICES), fill: theme.color('panel') },
      { is: 'text', x: 0, y: top + 17, text: `PE${pe}`, fill: theme.color('text'), bold: true },
    )
    const total = slices.lanes.filter((lane) => lane.pe === pe).reduce((sum, lane) => sum + lane.total, 0)
    shapes.push({
      is: 'text',
      x: plot.right + 8,
      y: top + 17,
      text: `${count(total)} ${total === 1 ? 'switch' : 'switches'}`,
      fill: theme.color('text-2'),
    })
    if (slices.slices) sliceLane(slices.slices, pe, plot, top, theme, shapes)
    else countLane(slices, pe, full ?? 1, plot, top, theme, shapes)
    top += SLICES + 2
    if (events)
      for (const row of eventRows) {
        eventLane(events, pe, row, plot, top, theme, shapes)
        top += ROW
      }
    places.push({ pe, top: begin, bottom: top })
    top += GAP
  }
  shapes.push(...cycleAxis(plot, top - 6, theme))
  return { scene: { width, height: top - 6 + AXIS_HEIGHT, shapes }, full, pes: places }
}

function fullRow({ lanes, columnStart }: SliceSeries): number {
  let most = 1
  const pes = new Set(lanes.map(({ pe }) => pe))
  for (const pe of pes)
    for (let column = 0; column < columnStart.length; column++) {
      const here = lanes.reduce((sum, lane) => (lane.pe === pe ? sum + (lane.count[column] ?? 0) : sum), 0)
      most = Math.max(most, here)
    }
  return most
}

function sliceLane(
  slices: SliceColumns,
  pe: number,
  plot: Plot,
  top: number,
  theme: ChartTheme,
  shapes: Shape[],
): void {
  const guests = new Pieces<number>()
  const switching: string[] = []
  const letters: Shape[] = []
  const clip = (cycle: number): number => Math.min(plot.right, Math.max(plot.left, xOf(plot, cycle)))
  for (let i = 0; i < slices.id.length; i++) {
    if (slices.pe[i] !== pe) continue
    const [start, guest] = [clip(slices.start[i]!), clip(slices.guest[i]!)]
    const [exit, end] = [clip(slices.exit[i]!), clip(slices.end[i]!)]
    const vcpu = slices.vcpu[i]!
    // Never drawn away: a guest that ran has at least half a pixel.
    guests.add(vcpu, box(guest, top, Math.max(0.5, exit - guest), SLICES))
    if (guest - start >= 0.2) switching.push(box(start, top + 6, guest - start, SLICES - 12))
    if (end - exit >= 0.2) switching.push(box(exit, top + 6, end - exit, SLICES - 12))
    if (exit - guest > 22)
      letters.push({
        is: 'text',
        x: guest + 5,
        y: top + 17,
        text: exit - guest > 76 ? `${ownerLetter(vcpu)} ${slices.why[i]}` : ownerLetter(vcpu),
        fill: theme.ink(vcpu),
        mono: true,
        bold: true,
      })
  }
  shapes.push(
    { is: 'path', d: switching.join(''), fill: theme.color('ph-3') },
    ...guests.entries().map(([vcpu, d]): Shape => ({ is: 'path', d, fill: theme.owner(vcpu) })),
    ...letters,
  )
}

function countLane(
  slices: SliceSeries,
  pe: number,
  full: number,
  plot: Plot,
  top: number,
  theme: ChartTheme,
  shapes: Shape[],
): void {
  const fills = new Pieces<number>()
  const own = slices.lanes.filter((lane) => lane.pe === pe)
  for (let column = 0; column < slices.columnStart.length; column++) {
    const start = slices.columnStart[column]!
    const left = Math.max(plot.left, xOf(plot, start))
    const right = Math.min(plot.right, xOf(plot, start + slices.columnWidth))
    if (right <= left) continue
    let base = top + SLICES
    for (const lane of own) {
      const n = lane.count[column] ?? 0
      if (n === 0) continue
      const high = Math.max(1, (n / full) * SLICES)
      fills.add(lane.vcpu, box(left, base - high, Math.max(0.5, right - left), high))
      base -= high
    }
  }
  shapes.push(...fills.entries().map(([vcpu, d]): Shape => ({ is: 'path', d, fill: theme.owner(vcpu) })))
}

function eventLane(
  series: EventSeries,
  pe: number,
  { title, kinds }: (typeof eventRows)[number],
  plot: Plot,
  top: number,
  theme: ChartTheme,
  shapes: Shape[],
): void {
  const lanes = series.lanes.filter((lane) => lane.pe === pe && kinds.includes(lane.kind))
  const total = lanes.reduce((sum, lane) => sum + lane.total, 0)
  const base = top + ROW - 3
  const text = theme.color('text-2')
  shapes.push(
    { is: 'text', x: 12, y: top + 12, text: title, fill: text },
    { is: 'text', x: plot.right + 8, y: top + 12, text: count(total), fill: text },
    {
      is: 'path',
      d: stroke(plot.left, base + 0.5, plot.right, base + 0.5),
      stroke: theme.color('grid'),
      width: 1,
    },
  )
  const own = series.events?.find((columns) => columns.pe === pe)
  const marks: string[] = []
  if (series.events) {
    for (let i = 0; own && i < own.cycle.length; i++) {
      if (!kinds.includes(eventKinds[own.kind[i]!]!)) continue
      const x = xOf(plot, own.cycle[i]!)
      if (x >= plot.left && x <= plot.right) marks.push(box(x - 0.75, top + 3, 1.5, ROW - 6))
    }
  } else {
    const most = Math.max(
      1,
      ...Array.from(series.columnStart, (_, column) =>
        lanes.reduce((sum, lane) => sum + lane.count[column]!, 0),
      ),
    )
    for (let column = 0; column < series.columnStart.length; column++) {
      const n = lanes.reduce((sum, lane) => sum + lane.count[column]!, 0)
      if (n === 0) continue
      const left = Math.max(plot.left, xOf(plot, series.columnStart[column]!))
      const right = Math.min(plot.right, xOf(plot, series.columnStart[column]! + series.columnWidth))
      const high = Math.max(1.5, (n / most) * (ROW - 6))
      if (right > left) marks.push(box(left, base - high, Math.max(0.75, right - left), high))
    }
  }
  shapes.push({ is: 'path', d: marks.join(''), fill: theme.color('data') })
}
