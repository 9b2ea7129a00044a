import { describe, expect, it } from 'vitest'
import type { FaultMap } from '../../shared/model/views.ts'
import { faultMapScene, rowAt } from './fault-map-scene.ts'
import { ASYNC_HATCH } from './scene.ts'
import { themeOf } from './theme.ts'

const theme = themeOf((token) => `<${token}>`)
const range = { from: 0, to: 199 }
const map: FaultMap = {
  columnStart: Float64Array.of(0, 100),
  columnWidth: 100,
  rows: [
    { from: 0x1000, to: 0x1000, total: 101 },
    { from: 0x2000, to: 0x2040, total: 3 },
  ],
  row: Float64Array.of(0, 0, 1),
  column: Float64Array.of(0, 1, 1),
  sync: Float64Array.of(1, 100, 0),
  async: Float64Array.of(0, 0, 3),
  granules: 3,
  total: 104,
}

describe('the map of tag faults', () => {
  const figure = faultMapScene(map, range, 600, 1, theme)
  const paths = figure.scene.shapes.filter((shape) => shape.is === 'path')
  it('has the addresses at the left, and what each row adds up to at the right', () => {
    const texts = figure.scene.shapes.flatMap((shape) => (shape.is === 'text' ? [shape.text] : []))
    expect(texts).toEqual(expect.arrayContaining(['1000', '101', '2000', '3']))
  })
  it('shows one fault beside a hundred, and what is asynchronous alone by a hatch', () => {
    const opacities = paths.flatMap(({ fill, opacity }) => (fill === '<fault-sync>' ? [opacity] : []))
    expect(opacities.toSorted()).toEqual([0.35, 1])
    expect(paths.filter(({ fill }) => fill === ASYNC_HATCH)).toHaveLength(1)
    expect(figure.most).toBe(100)
  })
  it('marks the chosen row, and knows which row lies where', () => {
    expect(paths.some(({ stroke, width }) => stroke === '<accent>' && width === 1.5)).toBe(true)
    expect([0, 5, 25, 300, -4].map((y) => rowAt(figure, 2, y))).toEqual([null, 0, 1, null, null])
  })
})
