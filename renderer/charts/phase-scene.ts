import { phases } from '../../shared/model/trace.ts'
import { count } from '../analysis/format.ts'
import { GUTTER_LEFT } from './plot.ts'
import { box, type Scene, type Shape, stroke } from './scene.ts'
import type { ChartTheme } from './theme.ts'

const BAR = 36
/** One line of labels below the bar. */
const BELOW = 20
/** A generous width of a character at 12 px, since nothing is measured here. */
const CHARACTER = 6.6

/**
 * One bar of stacked phases, its labels inside. A part too narrow for name and number has both below it, at the end of a
 * short line, so that every number can be read.
 */
export function phaseScene(
  cycles: readonly number[],
  width: number,
  caption: string,
  theme: ChartTheme,
): Scene {
  const total = cycles.reduce((sum, value) => sum + value, 0)
  const shapes: Shape[] = [
    { is: 'text', x: 0, y: 14, text: 'phases', fill: theme.color('text-2') },
    { is: 'text', x: 0, y: 30, text: caption, fill: theme.color('text-2') },
  ]
  const narrow: { centre: number; text: string }[] = []
  let left = GUTTER_LEFT
  phases.forEach((name, i) => {
    const value = cycles[i] ?? 0
    if (value === 0 || total === 0) return
    const wide = (value / total) * (width - GUTTER_LEFT)
    const ink = theme.color(name === 'MTE' ? 'ph-3-ink' : 'ph-ink')
    shapes.push({
      is: 'path',
      d: box(left, 0, wide - 1, BAR),
      fill: theme.color(`ph-${i + 1}`),
      stroke: theme.color('line-strong'),
      width: 0.5,
    })
    const number = count(value, Number.isInteger(value) ? 0 : 1)
    const title = [name, name.replace('system registers', 'sysregs'), name.split(' ')[0] as string].find(
      (text) => text.length * CHARACTER + 12 < wide,
    )
    if (title && number.length * 7 + 8 < wide)
      shapes.push(
        { is: 'text', x: left + 6, y: 14, text: title, fill: ink },
        { is: 'text', x: left + 6, y: 30, text: number, fill: ink, bold: true },
      )
    else narrow.push({ centre: left + wide / 2, text: `${name} ${number}` })
    left += wide
  })
  shapes.push(...leaders(narrow, width, theme))
  return { width, height: narrow.length > 0 ? BAR + BELOW : BAR, shapes }
}

/** Labels below their parts: from the right, each pushed left as far as the one after it asks. */
function leaders(
  parts: readonly { centre: number; text: string }[],
  width: number,
  theme: ChartTheme,
): Shape[] {
  let edge = width
  return parts.toReversed().flatMap(({ centre, text }): Shape[] => {
    const half = (text.length * CHARACTER) / 2
    const x = Math.min(centre, edge - half)
    edge = x - half - 10
    return [
      { is: 'path', d: stroke(centre, BAR, x, BAR + 6), stroke: theme.color('line-strong'), width: 1 },
      { is: 'text', x, y: BAR + 17, text, fill: theme.color('text'), anchor: 'middle' },
    ]
  })
}
