import { describe, expect, it } from 'vitest'
import type { EventSeries, SliceSeries } from '../../shared/model/views.ts'
import { themeOf } from '../charts/theme.ts'
import { eventRows, timelineScene } from '../charts/timeline-scene.ts'
import { doingAt, eventNear, sliceRow, sliceRows, timelineHeadline } from './timeline.ts'

const theme = themeOf((token) => `<${token}>`)

const counted: SliceSeries = {
  columnStart: Float64Array.of(0, 100),
  columnWidth: 100,
  lanes: [
    { pe: 0, vcpu: 0, count: Float64Array.of(3, 1), total: 4 },
    { pe: 1, vcpu: 0, count: Float64Array.of(0, 2), total: 2 },
    { pe: 1, vcpu: 1, count: Float64Array.of(1, 0), total: 1 },
  ],
  slices: null,
  total: 7,
  reduction: 'switches counted per column',
}
const single: SliceSeries = {
  ...counted,
  lanes: [{ pe: 0, vcpu: 1, count: Float64Array.of(1, 0), total: 1 }],
  slices: {
    id: Float64Array.of(7),
    pe: Uint8Array.of(0),
    vcpu: Int8Array.of(1),
    start: Float64Array.of(10),
    guest: Float64Array.of(20),
    exit: Float64Array.of(60),
    end: Float64Array.of(80),
    why: ['HVC'],
  },
  total: 1,
  reduction: 'all',
}
const events: EventSeries = {
  columnStart: Float64Array.of(0, 100),
  columnWidth: 100,
  lanes: [{ pe: 0, kind: 'isb', count: Float64Array.of(2, 0), total: 2 }],
  events: [
    {
      pe: 0,
      cycle: Float64Array.of(15, 70),
      kind: Uint8Array.of(2, 2),
      el: Uint8Array.of(2, 2),
      pc: BigUint64Array.of(0x40n, 0x44n),
      detail: BigUint64Array.of(0n, 0n),
    },
  ],
  drawn: 2,
  total: 2,
  reduction: 'all',
}

describe('the timeline in words', () => {
  it('says how many switches of whom, and who moved', () => {
    expect(timelineHeadline(counted, 2, false)).toBe('7 switches are of 2 vCPUs; v0 ran on more than one PE')
    expect(timelineHeadline(single, 1, true)).toBe('1 switch in this range is of 1 vCPU')
    expect(timelineHeadline({ ...counted, lanes: [], total: 0 }, 2, false)).toBe('No guest was entered')
  })
  it.each([
    [5, 'the host'],
    [12, 'entry to vCPU v1'],
    [30, 'vCPU v1'],
    [60, 'exit from vCPU v1 (HVC)'],
    [81, 'the host'],
  ])('at cycle %d the PE does: %s', (cycle, words) => expect(doingAt(single.slices, 0, cycle)).toBe(words))
  it('does not claim what was only counted', () => {
    expect(doingAt(counted.slices, 0, 5)).toBeNull()
    expect(eventNear({ ...events, events: null }, 0, 5)).toBeNull()
    expect(eventNear(events, 0, 60)).toBe('isb at cycle 70, EL2, PC 44')
  })
  it('is a table of switches, or of counts', () => {
    expect(sliceRows(single)).toBe(1)
    expect(sliceRow(single, 0)).toEqual(['PE0', 'v1', 10, 20, 60, 80, 'HVC'])
    expect(sliceRows(counted)).toBe(6)
    expect(sliceRow(counted, 4)).toEqual(['PE1', 'v0', 100, 2])
  })
})

describe('the timeline as shapes', () => {
  const range = { from: 0, to: 199 }
  const texts = (series: SliceSeries, with_: EventSeries | null) =>
    timelineScene(series, with_, 2, range, 800, theme).scene.shapes.flatMap((shape) =>
      shape.is === 'text' ? [shape.text] : [],
    )
  it('has a lane for every PE, with its total', () => {
    expect(texts(counted, null)).toEqual(expect.arrayContaining(['PE0', '4 switches', 'PE1', '3 switches']))
    expect(timelineScene(counted, null, 2, range, 800, theme).full).toBe(3)
  })
  it('has rows of events only where they were recorded', () => {
    expect(texts(single, null)).not.toContain('barriers')
    for (const { title } of eventRows) expect(texts(single, events)).toContain(title)
  })
  it('names who ran where there is room', () => expect(texts(single, null)).toContain('v1 HVC'))
})
