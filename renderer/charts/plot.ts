import type { CycleRange } from '../../shared/model/views.ts'

/** Every chart over cycles has the same gutters, so that one cycle lies on one vertical line in all of them. */
export const GUTTER_LEFT = 96
export const GUTTER_RIGHT = 120

/** A horizontal axis of cycles in pixels. */
export interface Plot {
  left: number
  right: number
  range: CycleRange
}

export const plotOf = (width: number, range: CycleRange): Plot => ({
  left: GUTTER_LEFT,
  right: Math.max(GUTTER_LEFT + 40, width - GUTTER_RIGHT),
  range,
})

export const xOf = (plot: Plot, cycle: number): number =>
  plot.left + ((cycle - plot.range.from) / (plot.range.to - plot.range.from)) * (plot.right - plot.left)

export const cycleAt = (plot: Plot, x: number): number =>
  plot.range.from + ((x - plot.left) / (plot.right - plot.left)) * (plot.range.to - plot.range.from)

export const plotWidth = (width: number): number => Math.max(40, width - GUTTER_LEFT - GUTTER_RIGHT)
