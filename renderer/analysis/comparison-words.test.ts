import { expect, it } from 'vitest'
import type { SampledMetric } from '../../shared/model/comparison.ts'
import { overlayScene, shiftScene } from '../charts/overlay-scene.ts'
import { themeOf } from '../charts/theme.ts'
import { percentText, verdictSentence } from './comparison-words.ts'

const theme = themeOf((token) => `<${token}>`)
const metric = (verdict: SampledMetric['verdict'], value: number) =>
  ({ verdict, share: { value, low: value - 0.01, high: value + 0.01 } }) as SampledMetric

it('percentages have their sign', () =>
  expect([0.0123, -0.004, 0].map(percentText)).toEqual(['+1.23 %', '−0.40 %', '0.00 %']))

it.each([
  ['faster', -0.05, 'B is faster, by 5.00 % (−6.00 % to −4.00 %)'],
  ['slower', 0.05, 'B is slower, by 5.00 % (+4.00 % to +6.00 %)'],
  ['equivalent', 0, 'B is equivalent to A: the shift is within what is of interest (−1.00 % to +1.00 %)'],
  ['inconclusive', 0.02, 'inconclusive: neither a difference nor equivalence is shown (+1.00 % to +3.00 %)'],
] as const)('%s is said so', (verdict, value, words) =>
  expect(verdictSentence(metric(verdict, value))).toBe(words),
)

it('an overlay has a curve a side over one axis, and ends both at the right', () => {
  const a = { name: 'A', value: Float64Array.of(10, 20), share: Float64Array.of(0.5, 1) }
  const b = { name: 'B', value: Float64Array.of(30), share: Float64Array.of(1) }
  const { shapes } = overlayScene([a, b], 'ms', 600, theme)
  const curves = shapes.filter((shape) => shape.is === 'path' && shape.width === 2 && shape.d.includes('V'))
  expect(curves).toHaveLength(2)
  for (const curve of curves) if (curve.is === 'path') expect(curve.d).toMatch(/H480\.0$/)
  expect(shapes.filter((shape) => shape.is === 'text').map(({ text }) => text)).toEqual(
    expect.arrayContaining(['A', 'B', 'ms', '100 %']),
  )
})

it('shifts stand around zero, each with its number', () => {
  const quantiles = [{ q: 0.5, value: -2, low: -3, high: 1 }]
  const texts = shiftScene(quantiles, 1, 'ms', 600, theme).shapes.flatMap((shape) =>
    shape.is === 'text' ? [shape.text] : [],
  )
  expect(texts).toEqual(expect.arrayContaining(['p50', '0', '−2.00', 'ms']))
})
