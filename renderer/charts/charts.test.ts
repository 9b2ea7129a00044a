import { describe, expect, it } from 'vitest'
import type { CallName, Calls } from '../../shared/contract/calls.ts'
import { createFakeLab, type FakeLab } from '../../test/support/fake-lab.ts'
import { faultScene } from './fault-scene.ts'
import { distributionExtent, distributionOption, latencyOption, quantileLabels } from './options.ts'
import { phaseScene } from './phase-scene.ts'
import { cycleAt, GUTTER_LEFT, GUTTER_RIGHT, plotOf, xOf } from './plot.ts'
import { registerReadings, registerScene } from './register-scene.ts'
import { ASYNC_HATCH, figureFile, PENDING_HATCH, type Scene, sceneMarkup } from './scene.ts'
import { themeOf } from './theme.ts'

const theme = themeOf((token) => `<${token}>`)
const lab = createFakeLab([
  { run: 1, title: 'v12 VHE', switches: 2000, seed: 42, pes: 2, pending: 472, faults: true },
])
const WIDTH = 856

async function ask<C extends CallName>(
  from: FakeLab,
  name: C,
  args: Calls[C]['args'],
): Promise<Calls[C]['reply']> {
  const result = await from.call(name, args)
  if (!result.ok) throw new Error(result.error.cause)
  return result.value
}
const texts = (scene: Scene): string[] =>
  scene.shapes.flatMap((shape) => (shape.is === 'text' ? [shape.text] : []))
const paths = (scene: Scene, fill: string): string =>
  scene.shapes.flatMap((shape) => (shape.is === 'path' && shape.fill === fill ? [shape.d] : [])).join('')
const boxes = (d: string): number => d.split('z').length - 1

interface Series {
  type: string
  name?: string
  data: unknown[]
}
const seriesOf = (option: unknown): Series[] => (option as { series: Series[] }).series

describe('the shared axis', () => {
  it('puts a cycle on one vertical line in every chart', () => {
    const plot = plotOf(WIDTH, { from: 1000, to: 2000 })
    expect([xOf(plot, 1000), xOf(plot, 2000)]).toEqual([GUTTER_LEFT, WIDTH - GUTTER_RIGHT])
    expect(cycleAt(plot, xOf(plot, 1234))).toBeCloseTo(1234)
  })
})

describe('latency over time', () => {
  it('draws every switch, by vCPU, where there are few', async () => {
    const range = { from: 0, to: 60_000 }
    const series = await ask(lab, 'run.latency', { run: 1, range, columns: 640, pe: null, vcpu: null })
    const drawn = seriesOf(latencyOption(series, range, 640, theme).option)
    expect(drawn.every((entry) => entry.type === 'scatter')).toBe(true)
    expect(drawn.reduce((sum, entry) => sum + entry.data.length, 0)).toBe(series.total)
  })
  it('joins minimum and maximum of a column where there are many', async () => {
    const range = { from: 0, to: (await ask(lab, 'run.get', { run: 1 })).cycles }
    const series = await ask(lab, 'run.latency', { run: 1, range: null, columns: 200, pe: null, vcpu: null })
    const [band] = seriesOf(latencyOption(series, range, 200, theme).option)
    expect(band?.name).toBe('minimum to maximum')
    expect(band?.data.length).toBeLessThanOrEqual(201)
    for (const [, low, high] of (band?.data ?? []) as [number, number, number][])
      expect(low).toBeLessThanOrEqual(high)
  })
  it('turns logarithmic, and says so, when latencies spread far', () => {
    const series = {
      cycle: Float64Array.of(1, 2),
      latency: Float64Array.of(100, 50_000),
      pe: Uint8Array.of(0, 0),
      vcpu: Int8Array.of(0, 0),
      id: Float64Array.of(1, 2),
      drawn: 2,
      total: 2,
      reduction: 'all' as const,
    }
    expect(latencyOption(series, { from: 0, to: 10 }, 100, theme).log).toBe(true)
  })
})

describe('the distribution', () => {
  it('counts every switch once, in a bin or beyond the edge', async () => {
    const distribution = await ask(lab, 'run.distribution', {
      run: 1,
      range: null,
      bins: 160,
      pe: null,
      vcpu: null,
    })
    if (!distribution) throw new Error('no distribution')
    const { to, beyond } = distributionExtent(distribution)
    const bars = seriesOf(distributionOption(distribution, null, 168, theme))[1]?.data as [number, number][]
    expect(bars.reduce((sum, bar) => sum + bar[1], 0) + beyond).toBe(distribution.n)
    expect(bars.every(([start]) => start < to)).toBe(true)
  })
  it('names its logarithmic axis and marks the selected switch', async () => {
    const distribution = await ask(lab, 'run.distribution', {
      run: 1,
      range: null,
      bins: 160,
      pe: null,
      vcpu: null,
    })
    if (!distribution) throw new Error('no distribution')
    const option = distributionOption(distribution, { latency: 1148, label: '#1284' }, 168, theme)
    const axes = option.yAxis as { type: string; axisLabel: { formatter: (value: number) => string } }[]
    expect(axes[1]?.type).toBe('log')
    expect(axes[1]?.axisLabel.formatter(1000)).toContain('(log)')
    expect(JSON.stringify(option.series)).toContain('#1284')
  })
  it('names quantiles that fall on near points once', () => {
    const points = (...values: number[]) =>
      values.map((value, i) => ({ name: ['p50', 'p90', 'p99'][i] ?? '', value }))
    expect(quantileLabels(points(3612, 3612, 3620), 40)).toEqual([
      'p50 p90  3\u202f612, p99  3\u202f620',
      '',
      '',
    ])
    expect(quantileLabels(points(10, 60, 200), 40)).toEqual(['p50  10', 'p90  60', 'p99  200'])
  })
})

describe('tag faults', () => {
  it('shows a bar for every column with a fault, none sampled away', async () => {
    const summary = await ask(lab, 'run.get', { run: 1 })
    const series = await ask(lab, 'run.faults', { run: 1, range: null, columns: 80 })
    const { scene, full } = faultScene(series, { from: 0, to: summary.cycles }, WIDTH, 24, theme)
    const columns = (kind: 'sync' | 'async'): number =>
      series.owners.reduce((sum, owner) => sum + owner[kind].filter((faults) => faults > 0).length, 0)
    expect(boxes(paths(scene, '<fault-sync>'))).toBe(columns('sync') + 1)
    expect(boxes(paths(scene, ASYNC_HATCH))).toBe(columns('async') + 1)
    expect(full).toBe(
      Math.max(
        ...series.owners.flatMap((owner) =>
          Array.from(owner.sync, (sync, i) => sync + (owner.async[i] ?? 0)),
        ),
      ),
    )
  })
})

describe('register lanes', () => {
  const range = { from: 20_000, to: 30_000 }
  const load = () =>
    ask(lab, 'run.registers', {
      run: 1,
      range,
      columns: 640,
      pe: 0,
      registers: ['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1'],
    })

  it('hatch what is pending, and dot what is in force', async () => {
    const figure = registerScene(await load(), range, WIDTH, 'compact', theme)
    expect(figure.pending).toEqual(['GCR_EL1'])
    expect(boxes(paths(figure.scene, PENDING_HATCH))).toBeGreaterThan(3)
    const dots = figure.scene.shapes.filter((shape) => shape.is === 'path' && shape.stroke === '<hardware>')
    expect(dots.length).toBeGreaterThan(0)
  })
  it('stand for what is too short with ticks above the lane, and hide no value', async () => {
    const short = { run: 1, title: 'short', switches: 60, seed: 9, pes: 1, pending: 120, faults: false }
    const few = createFakeLab([short])
    const registers = ['GCR_EL1']
    const lanes = await ask(few, 'run.registers', { run: 1, range: null, columns: 640, pe: 0, registers })
    const whole = { from: 0, to: (await ask(few, 'run.get', { run: 1 })).cycles }
    const { scene, ticked, tops } = registerScene(lanes, whole, WIDTH, 'compact', theme)
    expect(ticked).toBe(true)
    expect(paths(scene, PENDING_HATCH)).toBe('')
    const ticks = [...paths(scene, '<pending>').matchAll(/M[\d.]+ ([\d.]+)h([\d.]+)v([\d.]+)/g)]
    expect(ticks.length).toBeGreaterThan(3)
    for (const [, y, width, height] of ticks) {
      expect(Number(width)).toBeGreaterThanOrEqual(1)
      expect(Number(width)).toBeLessThan(3)
      expect(Number(y) + Number(height)).toBe(tops.get('GCR_EL1'))
    }
  })
  it('hatch a block along its upper edge, where its colour does not cover it', () => {
    const of = (slot: 'architectural' | 'effective', cycle: number) => ({
      register: 'HCR_EL2',
      pe: 0,
      slot,
      cycle: Float64Array.of(0, cycle),
      value: BigUint64Array.of(1n, 0x0100_0000_8000_0001n),
      owner: Int8Array.of(-1, 0),
      cause: ['initial' as const, 'msr' as const],
      total: 2,
      drawn: 2,
      reduction: 'all' as const,
    })
    const lanes = [of('architectural', 100), of('effective', 400)]
    const figure = registerScene(lanes, { from: 0, to: 1000 }, WIDTH, 'full', theme)
    const at = (test: (shape: Scene['shapes'][number]) => boolean) => figure.scene.shapes.findLastIndex(test)
    expect(figure.pending).toEqual(['HCR_EL2'])
    expect(at((shape) => shape.is === 'path' && shape.fill === PENDING_HATCH)).toBeGreaterThan(
      at((shape) => shape.is === 'path' && shape.fill === '<own-0>'),
    )
    expect(texts(registerReadings(lanes, figure, 900, theme))).toEqual(['0100\u20090000', '8000\u20090001'])
  })
  it('draw neither hatch nor dots from a reduced lane', async () => {
    const reduced = (await load()).map((lane) => ({
      ...lane,
      reduction: 'first, last, minimum and maximum per column' as const,
    }))
    const figure = registerScene(reduced, range, WIDTH, 'compact', theme)
    expect(figure.pending).toEqual([])
    expect(paths(figure.scene, PENDING_HATCH)).toBe('')
    expect(figure.scene.shapes.some((shape) => shape.is === 'path' && shape.stroke === '<hardware>')).toBe(
      false,
    )
  })
  it('stay between the gutters', async () => {
    const { scene } = registerScene(await load(), range, WIDTH, 'full', theme)
    const starts = [...paths(scene, '<own-H>').matchAll(/M([\d.]+) /g)].map((match) => Number(match[1]))
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(GUTTER_LEFT)
    expect(Math.max(...starts)).toBeLessThanOrEqual(WIDTH - GUTTER_RIGHT)
  })
  it('read the values of one cycle in the gutter', async () => {
    const lanes = await load()
    const figure = registerScene(lanes, range, WIDTH, 'compact', theme)
    const [first] = lanes.filter((lane) => lane.register === 'GCR_EL1' && lane.slot === 'architectural')
    const written = first?.cycle.findIndex((cycle, i) => cycle > range.from && first.owner[i] === -1) ?? 0
    const lines = texts(registerReadings(lanes, figure, (first?.cycle[written] ?? 0) + 1, theme))
    expect(lines).toContain('f e 0')
    expect(lines).toContain('still in use')
  })
})

describe('phases', () => {
  const bar = (cycles: number[], width = WIDTH) => phaseScene(cycles, width, 'model cycles', theme)
  it('label each part directly, and one too narrow below the bar', () => {
    const scene = bar([328, 228, 104, 3, 118, 302])
    expect(texts(scene)).toEqual(
      expect.arrayContaining(['general registers', '328', 'MTE', '104', 'trap', '302', 'other 3']),
    )
    expect(texts(scene)).not.toContain('other')
    expect(scene.height).toBeGreaterThan(bar([328, 228, 104, 300, 118, 302]).height)
  })
  it('keep the labels below apart and inside the figure', () => {
    const below = bar([9000, 9000, 1, 1, 1, 1], 600).shapes.flatMap((shape) =>
      shape.is === 'text' && shape.anchor === 'middle' ? [shape] : [],
    )
    expect(below.map((shape) => shape.text)).toEqual(['trap 1', 'barriers 1', 'other 1', 'MTE 1'])
    const half = (text: string): number => text.length * 3.3
    below.forEach((shape, i) => {
      const limit = i === 0 ? 600 : below[i - 1]!.x - half(below[i - 1]!.text)
      expect(shape.x + half(shape.text)).toBeLessThanOrEqual(limit + 0.001)
      expect(shape.x - half(shape.text)).toBeGreaterThan(0)
    })
  })
})

describe('an exported figure', () => {
  it('is well-formed, carries title and provenance, and defines its hatches', () => {
    const scene: Scene = {
      width: 100,
      height: 20,
      shapes: [
        { is: 'path', d: 'M0 0h4v4h-4z', fill: PENDING_HATCH },
        { is: 'text', x: 1, y: 2, text: 'a < b & "c"', fill: 'red' },
      ],
    }
    const { svg } = figureFile(
      {
        title: 'T & t',
        provenance: 'Run #1',
        parts: [
          {
            ...scene,
            markup: sceneMarkup(
              scene,
              themeOf(() => '#000'),
            ),
          },
        ],
      },
      themeOf(() => '#000'),
    )
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
    expect(parsed.querySelector('parsererror')).toBeNull()
    expect(parsed.querySelector('pattern#pending')).not.toBeNull()
    expect([...parsed.querySelectorAll('text')].map((node) => node.textContent)).toEqual([
      'T & t',
      'a < b & "c"',
      'Run #1',
    ])
  })
})
