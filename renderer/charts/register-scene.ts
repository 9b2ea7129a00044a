import { bits } from '../../shared/base/bits.ts'
import type { CycleRange, RegisterLane } from '../../shared/model/views.ts'
import { maskText, ownerLetter, shortHex, tagText } from '../analysis/format.ts'
import { laneOf, ownersIn, pendingIn, readingAt, type Step, stepsIn } from '../analysis/lanes.ts'
import { AXIS_HEIGHT, cycleAxis } from './axis-scene.ts'
import { GUTTER_RIGHT, type Plot, plotOf, xOf } from './plot.ts'
import { box, effectiveDots, PENDING_HATCH, Pieces, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

/** A line style per owner beside its colour: solid host, dashes of different length for vCPUs. */
const ownerDash = (owner: number): string | undefined =>
  owner === -1 ? undefined : owner < 0 ? '2 2' : ['14 2', '6 2', '14 2 2 2', '6 2 2 2'][owner % 4]

export interface RegisterFigure {
  scene: Scene
  /** Registers with a stretch where architectural and effective value differ. */
  pending: string[]
  /** Where each register's lane begins. */
  tops: Map<string, number>
  /** Some lane shows the effective value. */
  dotted: boolean
  /** Some pending stretch is too short to be drawn true to its length: a tick above its lane stands for it. */
  ticked: boolean
}

interface LaneDrawing {
  plot: Plot
  theme: ChartTheme
  top: number
  architectural: RegisterLane
  effective: RegisterLane | null
  steps: Step[]
}

/**
 * One lane a register on one PE, each value in the colour of who owns it; dotted what instructions use; hatched amber where
 * the two differ. Values hold from change to change and are never interpolated.
 */
export function registerScene(
  lanes: readonly RegisterLane[],
  range: CycleRange,
  width: number,
  size: 'compact' | 'full',
  theme: ChartTheme,
): RegisterFigure {
  const plot = plotOf(width, range)
  const shapes: Shape[] = []
  const pending: string[] = []
  const tops = new Map<string, number>()
  let dotted = false
  let ticked = false
  const registers = [...new Set(lanes.map((lane) => lane.register))].sort((a, b) => order(a) - order(b))
  let top = ownerStrip(lanes, plot, theme, shapes)
  for (const register of registers) {
    const architectural = laneOf(lanes, register, 'architectural')
    if (!architectural) continue
    // Of a reduced lane only the written values are drawn: dots between kept changes would claim what is not known.
    const found = laneOf(lanes, register, 'effective')
    const effective = found?.reduction === 'all' && architectural.reduction === 'all' ? found : null
    const height = laneHeight(register, size)
    tops.set(register, top)
    const steps = stepsIn(architectural, range)
    const dots = effective !== null && steps.length * LEGIBLE <= plot.right - plot.left
    dotted ||= dots
    const at = { plot, theme, top, architectural, effective: dots ? effective : null, steps }
    shapes.push({
      is: 'path',
      d: box(plot.left, top, plot.right - plot.left, height),
      fill: theme.color('panel'),
    })
    const open = effective ? (pendingIn(architectural, effective, range) ?? []) : []
    if (open.length > 0) pending.push(register)
    const long = open.filter((stretch) => isWide(plot, stretch))
    const short = open.filter((stretch) => !isWide(plot, stretch))
    ticked ||= short.length > 0
    shapes.push({
      is: 'path',
      d: short.map((stretch) => band(plot, stretch, top - TICK_HEIGHT, TICK_HEIGHT, 1)).join(''),
      fill: theme.color('pending'),
    })
    const hatch = long.map((stretch) => band(plot, stretch, top, height, 0)).join('')
    const hatched: Shape = { is: 'path', d: hatch, fill: PENDING_HATCH }
    // Blocks fill their lane: there the hatch goes along the upper edge, or it would be covered.
    const blocks = !known.includes(register)
    if (!blocks) shapes.push(hatched)
    if (register === 'RGSR_EL1') tagLane(at, height, shapes)
    else if (register === 'GCR_EL1') excludeLane(at, height, shapes)
    else if (register.startsWith('TFSR')) bitLane(at, height, shapes)
    else valueLane(at, height, shapes)
    if (blocks)
      shapes.push({
        ...hatched,
        d: long.map((stretch) => band(plot, stretch, top, BLOCK_HATCH, 0)).join(''),
      })
    top += height + 8
  }
  shapes.push(...cycleAxis(plot, top - 4, theme))
  return { scene: { width, height: top - 4 + AXIS_HEIGHT, shapes }, pending, tops, dotted, ticked }
}

/** Stretches narrower than this on average, in pixels, leave no room for dots: they would read as noise. */
const LEGIBLE = 5

const known = ['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1']
const order = (register: string): number => {
  const at = known.indexOf(register)
  return at < 0 ? known.length : at
}

function laneHeight(register: string, size: 'compact' | 'full'): number {
  if (register === 'RGSR_EL1') return size === 'full' ? 96 : 44
  if (register === 'GCR_EL1') return size === 'full' ? 160 : 96
  if (register.startsWith('TFSR')) return size === 'full' ? 24 : 16
  return size === 'full' ? 24 : 16
}

/** A stretch in its true width, or in the least one that still shows. */
const band = (plot: Plot, stretch: CycleRange, top: number, height: number, least: number): string => {
  const [left, right] = [xOf(plot, stretch.from), xOf(plot, stretch.to)]
  return box(left, top, Math.max(least, right - left), height)
}

/** Below this width in pixels a pending stretch is a tick on the lane's edge: a hatch would hide values and look longer than it is. */
const HATCHED_FROM = 3
const TICK_HEIGHT = 4
const BLOCK_HATCH = 8

const isWide = (plot: Plot, stretch: CycleRange): boolean =>
  xOf(plot, stretch.to) - xOf(plot, stretch.from) >= HATCHED_FROM

function label(at: LaneDrawing, name: string, part: string, shapes: Shape[], dy = 12): void {
  const fill = at.theme.color('text-2')
  shapes.push({ is: 'text', x: 0, y: at.top + dy, text: name, fill, mono: true })
  if (part) shapes.push({ is: 'text', x: 0, y: at.top + dy + 16, text: part, fill, mono: true })
}

/** Who owns the value in GCR_EL1 (else in the first register there is): whose state is loaded. */
function ownerStrip(lanes: readonly RegisterLane[], plot: Plot, theme: ChartTheme, shapes: Shape[]): number {
  const lane = laneOf(lanes, 'GCR_EL1', 'architectural') ?? lanes[0]
  if (!lane) return 0
  const fills = new Pieces<number>()
  const letters: Shape[] = []
  for (const part of ownersIn(lane, plot.range)) {
    const [left, right] = [xOf(plot, part.from), xOf(plot, part.to)]
    fills.add(part.owner, box(left, 0, Math.max(0.5, right - left - (right - left > 3 ? 1 : 0)), 16))
    if (right - left > 22)
      letters.push({
        is: 'text',
        x: left + 5,
        y: 12,
        text: ownerLetter(part.owner),
        fill: theme.ink(part.owner),
        mono: true,
        bold: true,
      })
  }
  shapes.push({ is: 'text', x: 0, y: 12, text: 'owner', fill: theme.color('text-2'), mono: true })
  shapes.push(
    ...fills.entries().map(([owner, d]): Shape => ({ is: 'path', d, fill: theme.owner(owner) })),
    ...letters,
  )
  return 24
}

function tagLane(at: LaneDrawing, height: number, shapes: Shape[]): void {
  const { plot, theme, top, steps } = at
  const y = (tag: number): number => Math.round(top + height - 5 - (tag / 15) * (height - 10))
  const tagOf = (value: bigint): number => Number(bits(value, 3, 0))
  const runs = new Pieces<number>()
  const risers: string[] = []
  const digits: Shape[] = []
  let labelled = Number.NEGATIVE_INFINITY
  steps.forEach((step, i) => {
    const [left, right, tag] = [xOf(plot, step.from), xOf(plot, step.to), tagOf(step.value)]
    runs.add(step.owner, stroke(left, y(tag), right, y(tag)))
    const before = steps[i - 1]
    const changed = !before || tagOf(before.value) !== tag
    if (before && changed) risers.push(stroke(left, y(tagOf(before.value)), left, y(tag)))
    if (changed && left - labelled >= 12 && right - left >= 9) {
      labelled = left
      const above = tag < 9
      digits.push({
        is: 'text',
        x: left + 3,
        y: y(tag) + (above ? -5 : 14),
        text: tag.toString(16),
        fill: theme.color('text'),
        mono: true,
      })
    }
  })
  shapes.push({ is: 'path', d: risers.join(''), stroke: theme.color('data-soft'), width: 1 })
  for (const [owner, d] of runs.entries())
    shapes.push({ is: 'path', d, stroke: theme.owner(owner), width: 4, dash: ownerDash(owner) })
  const effective = at.effective ? stepsIn(at.effective, plot.range) : []
  shapes.push(
    ...effectiveDots(
      effective
        .map((step) =>
          stroke(xOf(plot, step.from), y(tagOf(step.value)), xOf(plot, step.to), y(tagOf(step.value))),
        )
        .join(''),
      theme,
    ),
    ...digits,
  )
  label(at, 'RGSR_EL1', '.TAG', shapes)
}

/** Row f on top, filled: excluded. */
function excludeLane(at: LaneDrawing, height: number, shapes: Shape[]): void {
  const { plot, theme, top, steps } = at
  const row = height / 16
  const yOf = (bit: number): number => top + (15 - bit) * row
  const fills = new Pieces<number>()
  for (const step of steps) {
    const [left, right] = [xOf(plot, step.from), xOf(plot, step.to)]
    for (let bit = 0; bit < 16; bit++)
      if ((step.value >> BigInt(bit)) & 1n)
        fills.add(step.owner, box(left, yOf(bit) + 0.5, right - left, row - 1))
  }
  for (const [owner, d] of fills.entries()) shapes.push({ is: 'path', d, fill: theme.owner(owner) })
  const dots: string[] = []
  for (const step of at.effective ? stepsIn(at.effective, plot.range) : [])
    for (let bit = 0; bit < 16; bit++)
      if ((step.value >> BigInt(bit)) & 1n)
        dots.push(stroke(xOf(plot, step.from), yOf(bit) + row / 2, xOf(plot, step.to), yOf(bit) + row / 2))
  shapes.push(...effectiveDots(dots.join(''), theme))
  for (const bit of [15, 12, 8, 4, 0])
    shapes.push({
      is: 'text',
      x: plot.left - 6,
      y: yOf(bit) + row / 2 + 4,
      text: bit.toString(16),
      fill: theme.color('text-2'),
      anchor: 'end',
      mono: true,
    })
  label(at, 'GCR_EL1', '.Exclude', shapes, 30)
}

/** TF1 above TF0. */
function bitLane(at: LaneDrawing, height: number, shapes: Shape[]): void {
  const { plot, theme, top, steps } = at
  const half = height / 2
  const fills = new Pieces<number>()
  for (const step of steps)
    for (const bit of [0, 1])
      if ((step.value >> BigInt(bit)) & 1n)
        fills.add(step.owner, band(plot, step, top + (1 - bit) * half + 1, half - 2, 1.5))
  shapes.push({
    is: 'path',
    d: stroke(plot.left, top + half, plot.right, top + half),
    stroke: theme.color('grid'),
    width: 1,
  })
  for (const [owner, d] of fills.entries()) shapes.push({ is: 'path', d, fill: theme.owner(owner) })
  const dots: string[] = []
  for (const step of at.effective ? stepsIn(at.effective, plot.range) : [])
    for (const bit of [0, 1])
      if ((step.value >> BigInt(bit)) & 1n) {
        const y = top + (1 - bit) * half + half / 2
        dots.push(stroke(xOf(plot, step.from), y, xOf(plot, step.to), y))
      }
  shapes.push(...effectiveDots(dots.join(''), theme))
  label(at, at.architectural.register, '', shapes)
}

/** Any other register: blocks by owner, the value written where it fits. */
function valueLane(at: LaneDrawing, height: number, shapes: Shape[]): void {
  const { plot, theme, top, steps } = at
  const fills = new Pieces<number>()
  const values: Shape[] = []
  for (const step of steps) {
    const [left, right] = [xOf(plot, step.from), xOf(plot, step.to)]
    fills.add(
      step.owner,
      box(left, top + 1, Math.max(0.5, right - left - (right - left > 3 ? 1 : 0)), height - 2),
    )
    const text = shortHex(step.value)
    if (right - left > text.length * 7.4 + 10)
      values.push({
        is: 'text',
        x: left + 5,
        y: top + height / 2 + 4,
        text,
        fill: theme.ink(step.owner),
        mono: true,
      })
  }
  shapes.push(
    ...fills.entries().map(([owner, d]): Shape => ({ is: 'path', d, fill: theme.owner(owner) })),
    ...values,
  )
  label(at, at.architectural.register, '', shapes)
}

/** The right gutter: what each register holds at a cycle, and what instructions still use where that differs. */
export function registerReadings(
  lanes: readonly RegisterLane[],
  figure: RegisterFigure,
  cycle: number,
  theme: ChartTheme,
): Scene {
  const { width, height } = figure.scene
  const shapes: Shape[] = []
  const x = width - GUTTER_RIGHT + 8
  const starts = [...figure.tops.values()].sort((a, b) => a - b)
  for (const [register, top] of figure.tops) {
    const lane = laneOf(lanes, register, 'architectural')
    const effective = laneOf(lanes, register, 'effective')
    const reading = lane && readingAt(lane, cycle)
    const used = effective && readingAt(effective, cycle)
    if (!reading) continue
    const lines = readingLines(register, reading.value)
    if (used && used.value !== reading.value)
      lines.push({ text: 'still in use', bold: false }, ...readingLines(register, used.value).slice(0, 1))
    // As many lines as there is room for before the next lane begins.
    const room = (starts.find((one) => one > top) ?? height) - top
    lines.slice(0, Math.max(1, Math.floor(room / 16))).forEach((line, i) => {
      shapes.push({
        is: 'text',
        x,
        y: top + 12 + i * 16,
        text: line.text,
        mono: true,
        bold: line.bold,
        fill: theme.color(line.bold ? 'text' : 'text-2'),
      })
    })
  }
  return { width, height, shapes }
}

function readingLines(register: string, value: bigint): { text: string; bold: boolean }[] {
  if (register === 'RGSR_EL1')
    return [
      { text: `TAG ${tagText(Number(bits(value, 3, 0)))}`, bold: true },
      { text: `SEED ${bits(value, 55, 8).toString(16).padStart(4, '0')}`, bold: false },
    ]
  if (register === 'GCR_EL1')
    return [
      { text: maskText(Number(bits(value, 15, 0))), bold: true },
      { text: `RRND ${bits(value, 16, 16)}`, bold: false },
    ]
  if (register.startsWith('TFSR'))
    return [{ text: `TF1 ${bits(value, 1, 1)} TF0 ${bits(value, 0, 0)}`, bold: true }]
  // Sixteen digits are wider than the gutter.
  const text = shortHex(value)
  return text.length <= 14
    ? [{ text, bold: true }]
    : [
        { text: text.slice(0, 9), bold: true },
        { text: text.slice(10), bold: true },
      ]
}
