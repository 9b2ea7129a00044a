import type { CycleRange } from '../../shared/model/views.ts'

/** A range never gets narrower than this: a handful of instructions. */
export const NARROWEST = 64

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Fits a range into the run, whole cycles, not narrower than NARROWEST; the whole run becomes null. */
export function fitRange(from: number, to: number, cycles: number): CycleRange | null {
  const width = clamp(Math.round(to - from), Math.min(NARROWEST, cycles), cycles)
  if (width >= cycles) return null
  const start = clamp(Math.round(from), 0, cycles - width)
  return { from: start, to: start + width }
}

/** Zooms by a factor (below 1: in) with the cycle `at` staying where it is. */
export function zoomRange(range: CycleRange, at: number, factor: number, cycles: number): CycleRange | null {
  return fitRange(at - (at - range.from) * factor, at + (range.to - at) * factor, cycles)
}

/** Moves by a share of the width; stops at the run's ends. */
export function panRange(range: CycleRange, share: number, cycles: number): CycleRange | null {
  const width = range.to - range.from
  const from = clamp(range.from + width * share, 0, Math.max(0, cycles - width))
  return fitRange(from, from + width, cycles)
}

/** The range moved, and widened where needed, so that from..to lies inside it; unchanged when it does already. */
export function revealRange(
  range: CycleRange | null,
  from: number,
  to: number,
  cycles: number,
): CycleRange | null {
  if (!range || (from >= range.from && to <= range.to)) return range
  const width = Math.max(range.to - range.from, (to - from) * 1.2)
  const middle = (from + to) / 2
  return fitRange(middle - width / 2, middle + width / 2, cycles)
}

/** Round steps (1, 2, 5 times a power of ten) inside from..to, at most `most` of them. */
export function ticks(from: number, to: number, most: number): number[] {
  const span = to - from
  if (!(span > 0) || most < 1) return [from]
  const power = 10 ** Math.floor(Math.log10(span / most))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= most) ?? 10 * power
  const whole = Math.max(1, step)
  const values: number[] = []
  for (let value = Math.ceil(from / whole) * whole; value <= to; value += whole) values.push(value)
  return values
}
