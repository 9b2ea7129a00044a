import type { Owner } from '../../shared/model/trace.ts'
import type { CycleRange, RegisterLane } from '../../shared/model/views.ts'

/** One stretch over which a register held one value. */
export interface Step {
  from: number
  to: number
  value: bigint
  owner: Owner
  /** The change at `from` lies inside the range; false for a value carried in from before. */
  fresh: boolean
}

/** Index of the last change at or before a cycle, -1 when the lane begins later. */
export function indexAt(lane: RegisterLane, cycle: number): number {
  let low = 0
  let high = lane.cycle.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lane.cycle[middle] as number) <= cycle) low = middle + 1
    else high = middle
  }
  return low - 1
}

export interface Reading {
  value: bigint
  owner: Owner
  since: number
  cause: RegisterLane['cause'][number]
}

/** What the register held at a cycle; null before its first known value. */
export function readingAt(lane: RegisterLane, cycle: number): Reading | null {
  const at = indexAt(lane, cycle)
  if (at < 0) return null
  return {
    value: lane.value[at] as bigint,
    owner: lane.owner[at] as Owner,
    since: lane.cycle[at] as number,
    cause: lane.cause[at] as Reading['cause'],
  }
}

/** The lane as stretches clipped to a range, in order. Nothing is drawn before the first known value. */
export function stepsIn(lane: RegisterLane, range: CycleRange): Step[] {
  const steps: Step[] = []
  for (let i = Math.max(0, indexAt(lane, range.from)); i < lane.cycle.length; i++) {
    const start = lane.cycle[i] as number
    if (start > range.to) break
    const end = i + 1 < lane.cycle.length ? (lane.cycle[i + 1] as number) : range.to
    const from = Math.max(start, range.from)
    const to = Math.min(end, range.to)
    if (to > from)
      steps.push({
        from,
        to,
        value: lane.value[i] as bigint,
        owner: lane.owner[i] as Owner,
        fresh: start >= range.from,
      })
  }
  return steps
}

/** Stretches of equal owner, whatever the value. */
export function ownersIn(
  lane: RegisterLane,
  range: CycleRange,
): { from: number; to: number; owner: Owner }[] {
  const merged: { from: number; to: number; owner: Owner }[] = []
  for (const step of stepsIn(lane, range)) {
    const last = merged.at(-1)
    if (last && last.owner === step.owner && last.to === step.from) last.to = step.to
    else merged.push({ from: step.from, to: step.to, owner: step.owner })
  }
  return merged
}

/**
 * Where the architectural value (MRS) and the effective one (what instructions use) differ: the write is not yet guaranteed
 * to have taken effect. null when either lane is reduced, since stretches between kept changes could then be wrong.
 */
export function pendingIn(
  architectural: RegisterLane,
  effective: RegisterLane,
  range: CycleRange,
): CycleRange[] | null {
  if (architectural.reduction !== 'all' || effective.reduction !== 'all') return null
  const edges = [...architectural.cycle, ...effective.cycle, range.from, range.to]
    .filter((cycle) => cycle >= range.from && cycle <= range.to)
    .sort((a, b) => a - b)
  const pending: CycleRange[] = []
  for (let i = 0; i + 1 < edges.length; i++) {
    const [from, to] = [edges[i] as number, edges[i + 1] as number]
    if (from === to) continue
    const [written, used] = [readingAt(architectural, from), readingAt(effective, from)]
    if (!written || !used || written.value === used.value) continue
    const last = pending.at(-1)
    if (last && last.to === from) last.to = to
    else pending.push({ from, to })
  }
  return pending
}

export const laneOf = (
  lanes: readonly RegisterLane[],
  register: string,
  slot: RegisterLane['slot'],
): RegisterLane | null => lanes.find((lane) => lane.register === register && lane.slot === slot) ?? null
