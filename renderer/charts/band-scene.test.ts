import { expect, it } from 'vitest'
import type { LatencyBand } from '../../shared/model/views.ts'
import { bandScene } from './band-scene.ts'
import type { Shape } from './scene.ts'
import { themeOf } from './theme.ts'

const theme = themeOf((token) => `<${token}>`)
const band = (p99: number): LatencyBand => ({
  from: Float64Array.of(0, 200),
  to: Float64Array.of(99, 299),
  n: Float64Array.of(10, 20),
  p50: Float64Array.of(100, 100),
  p90: Float64Array.of(100, 150),
  p99: Float64Array.of(100, p99),
  total: 30,
  reduction: 'exact per column',
})
const draw = (p99: number) => bandScene(band(p99), { from: 0, to: 300 }, 816, 120, theme)
const textY = (shapes: Shape[], name: string): number =>
  shapes.flatMap((shape) => (shape.is === 'text' && shape.text === name ? [shape.y] : []))[0] as number

it('steps over columns with switches only, and leaves the others empty', () => {
  const { scene, log } = draw(200)
  const middle = scene.shapes.find((shape) => shape.is === 'path' && shape.stroke === '<text>')
  expect(middle?.is === 'path' && middle.d.split('M').length - 1).toBe(2)
  expect(middle?.is === 'path' && middle.d).toContain('M96 ')
  expect(log).toBe(false)
})

it('turns logarithmic where the percentiles are far apart', () => {
  const { scene, log } = draw(100_000)
  expect(log).toBe(true)
  expect(textY(scene.shapes, '10\u202f000')).toBeLessThan(textY(scene.shapes, '1\u202f000'))
})

it('keeps the names apart where the percentiles are one', () => {
  const one = { ...band(100), p90: Float64Array.of(100, 100) }
  const { shapes } = bandScene(one, { from: 0, to: 300 }, 816, 120, theme).scene
  expect(textY(shapes, 'p50') - textY(shapes, 'p90')).toBe(14)
  expect(textY(shapes, 'p90') - textY(shapes, 'p99')).toBe(14)
})
