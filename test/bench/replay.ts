import type { Timeline } from '../../electron/machine/debug/timeline.ts'
import { openTimeline } from '../../electron/workers/one-thread.ts'
import { buildImage, handoverConfig, quietPlan } from '../guests/run-guest.ts'

/** The hypervisor on four PEs with the default memory, in the middle of its switches. */
function booted(instructions: number): Timeline {
  const image = { bytes: buildImage(handoverConfig()), file: 'handover.elf' }
  const timeline = openTimeline({ ...quietPlan, pes: 4, memoryBytes: 256 << 20, stop: {}, image }, () => {})
  timeline.run([], instructions)
  return timeline
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/** Milliseconds of one of `count` doings; the machine is made before. */
function each(count: number, work: (round: number) => void): number {
  const times = Array.from({ length: count }, (_, round) => {
    const from = performance.now()
    work(round)
    return performance.now() - from
  })
  return median(times)
}

/** Milliseconds from a snapshot after boot to a second machine that goes on from it. */
export function forkMs(count: number): number {
  const timeline = booted(100_000)
  const snapshot = timeline.snapshot()
  return each(count, () => timeline.board.fork(snapshot, { console() {} }).advance())
}

/** Milliseconds to any moment of half a million instructions. */
export function gotoMs(count: number): number {
  const timeline = booted(500_000)
  const { moment } = timeline
  return each(count, (round) => timeline.gotoMoment((round * 387_211 + 250_000) % moment))
}

/** Milliseconds for one instruction back. */
export function stepBackMs(count: number): number {
  const timeline = booted(400_000)
  timeline.gotoMoment(300_000)
  return each(count, () => timeline.stepBack(0))
}
