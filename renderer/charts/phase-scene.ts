import { phases } from '../../shared/model/trace.ts'
import { count } from '../analysis/format.ts'
import { GUTTER_LEFT } from './plot.ts'
import { box, type Scene, type Shape } from './scene.ts'
import type { ChartTheme } from './theme.ts'

/** One bar of stacked phases with its labels inside; a part too narrow for its name gets only its number, or none. */
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
  let left = GUTTER_LEFT
  phases.forEach((name, i) => {
    const value = cycles[i] ?? 0
    if (value === 0 || total === 0) return
    const wide = (value / total) * (width - GUTTER_LEFT)
    const ink = theme.color(name === 'MTE' ? 'ph-3-ink' : 'ph-ink')
    shapes.push({
      is: 'path',
      d: box(left, 0, wide - 1, 36),
      fill: theme.color(`ph-${i + 1}`),
      stroke: theme.color('line-strong'),
      width: 0.5,
    })
    const number = count(value, Number.isInteger(value) ? 0 : 1)
    const title = [name, name.replace('system registers', 'sysregs'), name.split(' ')[0] as string].find(
      (text) => text.length * 6.6 + 12 < wide,
    )
    if (title) shapes.push({ is: 'text', x: left + 6, y: 14, text: title, fill: ink })
    if (number.length * 7 + 8 < wide)
      shapes.push({ is: 'text', x: left + 6, y: title ? 30 : 22, text: number, fill: ink, bold: true })
    left += wide
  })
  return { width, height: 36, shapes }
}
