import { count } from '../analysis/format.ts'
import { ticks } from '../analysis/range.ts'
import { type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

const LEFT = 44
const RIGHT = 120
const TOP = 8
const HEIGHT = 220
const BOTTOM = 28

/** One side's distribution: steps of share over value, the last share 1. */
export interface Distribution {
  name: string
  value: Float64Array
  share: Float64Array
}

/** Two empirical distribution functions over one axis: A solid, B dashed. Steps, never interpolated; nothing is left out. */
export function overlayScene(
  sides: readonly [Distribution, Distribution],
  unit: string,
  width: number,
  theme: ChartTheme,
): Scene {
  const right = Math.max(LEFT + 40, width - RIGHT)
  const base = HEIGHT - BOTTOM
  const low = Math.min(...sides.map(({ value }) => value[0] ?? 0))
  const high = Math.max(...sides.map(({ value }) => value[value.length - 1] ?? 0), low + Number.EPSILON)
  const x = (value: number): number => LEFT + ((value - low) / (high - low || 1)) * (right - LEFT)
  const y = (share: number): number => base - share * (base - TOP)
  const dim = theme.color('text-2')
  const shapes: Shape[] = [0, 0.25, 0.5, 0.75, 1].flatMap((share): Shape[] => [
    {
      is: 'path',
      d: stroke(LEFT, y(share), right, y(share)),
      stroke: theme.color(share === 0 ? 'line-strong' : 'grid'),
      width: 1,
    },
    { is: 'text', x: LEFT - 6, y: y(share) + 4, text: `${share * 100} %`, fill: dim, anchor: 'end' },
  ])
  for (const at of ticks(low, high, Math.max(2, Math.floor((right - LEFT) / 110))))
    shapes.push({
      is: 'text',
      x: x(at),
      y: base + 18,
      text: count(at, at % 1 === 0 ? 0 : 2),
      fill: dim,
      anchor: 'middle',
    })
  shapes.push({ is: 'text', x: right + 24, y: base + 18, text: unit, fill: dim })
  sides.forEach(({ name, value, share }, side) => {
    let d = `M${x(value[0] ?? low).toFixed(1)} ${y(0).toFixed(1)}`
    for (let i = 0; i < value.length; i++) d += `H${x(value[i]!).toFixed(1)}V${y(share[i]!).toFixed(1)}`
    const colour = theme.owner(side === 0 ? 4 : 6)
    shapes.push({
      is: 'path',
      d: `${d}H${right.toFixed(1)}`,
      stroke: colour,
      width: 2,
      ...(side === 0 ? {} : { dash: '7 3' }),
    })
    const label = TOP + 16 + side * 20
    shapes.push(
      {
        is: 'path',
        d: stroke(right + 8, label - 4, right + 30, label - 4),
        stroke: colour,
        width: 2,
        ...(side === 0 ? {} : { dash: '7 3' }),
      },
      { is: 'text', x: right + 36, y: label, text: name, fill: theme.color('text') },
    )
  })
  return { width, height: HEIGHT, shapes }
}

/** How quantiles of B differ from those of A: a point each with its interval, and the least effect as a band around zero. */
export function shiftScene(
  quantiles: readonly { q: number; value: number; low: number; high: number }[],
  least: number,
  unit: string,
  width: number,
  theme: ChartTheme,
): Scene {
  const right = Math.max(LEFT + 40, width - RIGHT)
  const row = 24
  const top = 4
  const base = top + quantiles.length * row
  const reach =
    Math.max(least, ...quantiles.flatMap(({ low, high, value }) => [low, high, value].map(Math.abs))) *
      1.08 || 1
  const x = (value: number): number => LEFT + ((value + reach) / (2 * reach)) * (right - LEFT)
  const dim = theme.color('text-2')
  const shapes: Shape[] = [
    {
      is: 'path',
      d: `M${x(-least).toFixed(1)} ${top}H${x(least).toFixed(1)}V${base}H${x(-least).toFixed(1)}z`,
      fill: theme.color('panel'),
    },
    { is: 'path', d: stroke(x(0), top, x(0), base), stroke: theme.color('line-strong'), width: 1 },
    { is: 'text', x: x(0), y: base + 18, text: '0', fill: dim, anchor: 'middle' },
    { is: 'text', x: LEFT, y: base + 18, text: count(-reach, 2), fill: dim, anchor: 'middle' },
    { is: 'text', x: right, y: base + 18, text: `+${count(reach, 2)}`, fill: dim, anchor: 'middle' },
    { is: 'text', x: right + 40, y: base + 18, text: unit, fill: dim },
  ]
  quantiles.forEach(({ q, value, low, high }, i) => {
    const y = top + i * row + row / 2
    shapes.push(
      { is: 'text', x: LEFT - 6, y: y + 4, text: `p${Math.round(q * 100)}`, fill: dim, anchor: 'end' },
      {
        is: 'path',
        d:
          stroke(x(low), y, x(high), y) +
          stroke(x(low), y - 4, x(low), y + 4) +
          stroke(x(high), y - 4, x(high), y + 4),
        stroke: theme.color('data'),
        width: 1.5,
      },
      {
        is: 'path',
        d: `M${(x(value) - 3.5).toFixed(1)} ${y}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z`,
        fill: theme.color('text'),
      },
      {
        is: 'text',
        x: right + 8,
        y: y + 4,
        text: `${value > 0 ? '+' : ''}${count(value, 2)}`,
        fill: theme.color('text'),
      },
    )
  })
  return { width, height: base + BOTTOM, shapes }
}
