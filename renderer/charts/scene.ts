/**
 * Figures made of whole pixels (lanes, strips, stacked columns): a flat list of shapes that a component shows and that
 * becomes a file on export. ECharts draws the rest.
 */
import type { ChartTheme } from './theme.ts'

export type Paint = string
/** Named hatches; everything else is a plain colour. */
export const PENDING_HATCH = 'hatch:pending'
export const ASYNC_HATCH = 'hatch:async'

export type Shape =
  | {
      is: 'path'
      d: string
      fill?: Paint
      stroke?: Paint
      width?: number
      dash?: string
      offset?: number
      opacity?: number
    }
  | {
      is: 'text'
      x: number
      y: number
      text: string
      fill: Paint
      anchor?: 'start' | 'middle' | 'end'
      mono?: boolean
      bold?: boolean
    }

export interface Scene {
  width: number
  height: number
  shapes: Shape[]
}

const trim = (value: number): string => String(Math.round(value * 10) / 10)

/** A rectangle as a path piece; joined pieces of one colour become one element. */
export const box = (x: number, y: number, width: number, height: number): string =>
  `M${trim(x)} ${trim(y)}h${trim(width)}v${trim(height)}h${trim(-width)}z`

export const stroke = (x1: number, y1: number, x2: number, y2: number): string =>
  `M${trim(x1)} ${trim(y1)}L${trim(x2)} ${trim(y2)}`

/** Collects path pieces by a key, in first-seen order. */
export class Pieces<K> {
  readonly #by = new Map<K, string[]>()

  add(key: K, piece: string): void {
    const list = this.#by.get(key)
    if (list) list.push(piece)
    else this.#by.set(key, [piece])
  }

  entries(): [K, string][] {
    return [...this.#by].map(([key, pieces]) => [key, pieces.join('')])
  }

  all(): string {
    return this.entries()
      .map((entry) => entry[1])
      .join('')
  }
}

/** Effective in hardware: dots that alternate black and white, so that they show on every fill. */
export function effectiveDots(d: string, theme: ChartTheme): Shape[] {
  if (d === '') return []
  const dots = { is: 'path', d, width: 1.5, dash: '2 4' } as const
  return [
    { ...dots, stroke: theme.color('hardware') },
    { ...dots, stroke: theme.color('hardware-halo'), offset: -2 },
  ]
}

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] as string,
  )

const paint = (fill: Paint): string => (fill.startsWith('hatch:') ? `url(#${fill.slice(6)})` : fill)

function shapeMarkup(shape: Shape, theme: ChartTheme): string {
  const attributes: [string, string | number | undefined][] =
    shape.is === 'path'
      ? [
          ['d', shape.d],
          ['fill', paint(shape.fill ?? 'none')],
          ['stroke', shape.stroke && paint(shape.stroke)],
          ['stroke-width', shape.width],
          ['stroke-dasharray', shape.dash],
          ['stroke-dashoffset', shape.offset],
          ['opacity', shape.opacity],
        ]
      : [
          ['x', trim(shape.x)],
          ['y', trim(shape.y)],
          ['fill', shape.fill],
          ['text-anchor', shape.anchor],
          ['font-family', shape.mono ? theme.fontCode : theme.fontText],
          ['font-weight', shape.bold ? 600 : undefined],
          ['font-size', 12],
        ]
  const text = attributes
    .filter((entry) => entry[1] !== undefined)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(' ')
  return shape.is === 'path' ? `<path ${text}/>` : `<text ${text}>${escaped(shape.text)}</text>`
}

const hatches = (theme: ChartTheme): string =>
  `<defs><pattern id="pending" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="${theme.color('pending-bg')}"/><rect width="1.5" height="6" fill="${theme.color('pending')}"/></pattern><pattern id="async" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="4" height="4" fill="${theme.color('fault-async')}"/><rect width="1.5" height="4" fill="${theme.color('bg')}"/></pattern></defs>`

/** The inside of an SVG file for a scene, hatches included. */
export const sceneMarkup = (scene: Scene, theme: ChartTheme): string =>
  hatches(theme) + scene.shapes.map((shape) => shapeMarkup(shape, theme)).join('')

/** One drawing of a figure: its size in pixels and the inside of its SVG. */
export interface FigurePart {
  width: number
  height: number
  markup: string
}

/** A scene as the drawings of a figure; none where there is nothing to draw yet. */
export const sceneParts = (scene: Scene | null | undefined, theme: ChartTheme): FigurePart[] =>
  scene ? [{ width: scene.width, height: scene.height, markup: sceneMarkup(scene, theme) }] : []

/** A complete SVG file: title above, the drawings one below the other, provenance underneath. */
export function figureFile(
  figure: { title: string; provenance: string; parts: FigurePart[] },
  theme: ChartTheme,
): { svg: string; width: number; height: number } {
  const pad = 16
  const width = Math.max(...figure.parts.map((part) => part.width)) + 2 * pad
  let y = pad + 24
  const body = figure.parts
    .map((part) => {
      const placed = `<svg x="${pad}" y="${y}" width="${part.width}" height="${part.height}">${part.markup}</svg>`
      y += part.height + 8
      return placed
    })
    .join('')
  const height = y + 20
  const line = (text: string, at: number, more: string): string =>
    `<text x="${pad}" y="${at}" font-family="${escaped(theme.fontText)}" ${more}>${escaped(text)}</text>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${theme.color('bg')}"/>${line(figure.title, pad + 10, `font-size="13" font-weight="600" fill="${theme.color('text')}"`)}${body}${line(figure.provenance, y + 8, `font-size="12" fill="${theme.color('text-2')}"`)}</svg>`
  return { svg, width, height }
}
