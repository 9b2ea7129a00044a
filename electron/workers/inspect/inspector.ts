import { ProblemError } from '../../../shared/base/result.ts'
import type { BreakCondition } from '../../../shared/model/debug.ts'
import type { MachineEvent, MachineTarget } from '../../../shared/model/machine-view.ts'
import type { Timeline } from '../../machine/debug/timeline.ts'
import { markKinds } from '../../machine/observe/marks.ts'

/** Instructions between two looks at whether somebody wants to stop. */
const SLICE = 200_000
/** Instructions between two places whose model time is remembered. */
const STRIDE = 2_000

/** Called between slices: tells where the machine is, lets others work, and says whether to go on. */
export type Onward = (moment: number) => boolean

/** Takes a timeline to where a person wants it, in slices. */
export class Inspector {
  readonly timeline: Timeline
  /** Moments at which the PEs' model cycles are known, in order: they never fall. */
  private readonly times: { moment: number; cycles: number[] }[] = []

  constructor(timeline: Timeline) {
    this.timeline = timeline
  }

  /** Model cycles of a PE, as charts have them. */
  cycles(pe: number): number {
    return this.peOf(pe).core.cycles
  }

  /**
   * Goes to a target.
   * @returns false where the machine ended before it, or `onward` said to stop
   * @throws ProblemError for a place before the oldest, and for what does not exist
   */
  go(target: MachineTarget, onward: Onward): boolean {
    const { timeline } = this
    switch (target.kind) {
      case 'moment':
        return this.repeat(() => timeline.gotoMoment(target.moment, SLICE), onward)
      case 'position':
        this.peOf(target.pe)
        return this.repeat(() => timeline.gotoPosition(target.pe, target.instructions, SLICE), onward)
      case 'cycle':
        return this.goToCycle(target.pe, target.cycle, onward)
      case 'end':
        this.repeat(() => timeline.run([], SLICE).kind !== 'limit', onward)
        return timeline.board.next === null
      case 'step':
        return this.step(target.pe, target.count, onward)
      case 'until':
        return target.back ? this.back(target.event, onward) : this.ahead(target.event, onward)
    }
  }

  /** @throws ProblemError where there is no such PE */
  peOf(pe: number) {
    const found = this.timeline.board.pes[pe]
    if (found) return found
    const count = this.timeline.board.pes.length
    throw new ProblemError(
      `PE${pe}`,
      `the machine has ${count === 1 ? 'one PE' : `${count} PEs`}`,
      'Choose one that it has.',
    )
  }

  private ended(): boolean {
    const { board } = this.timeline
    return board.next === null
  }

  private repeat(once: () => boolean, onward: Onward): boolean {
    for (;;) {
      if (once()) return true
      if (this.ended() || !onward(this.timeline.moment)) return false
    }
  }

  private step(pe: number, count: number, onward: Onward): boolean {
    this.peOf(pe)
    for (let i = 0; i < Math.abs(count); i++) {
      if (count < 0) {
        if (!this.timeline.stepBack(pe)) return false
      } else {
        const stepped = this.repeat(() => this.timeline.step(pe, [], SLICE).kind !== 'limit', onward)
        if (!stepped) return false
      }
    }
    return true
  }

  private ahead(event: MachineEvent, onward: Onward): boolean {
    const conditions = [conditionOf(event)]
    let fresh = true
    // A switch begins with the host's call: the run stops before that, and not at it again.
    const before = event.kind === 'switch'
    if (before) this.timeline.run([], 1)
    let hit = false
    this.repeat(() => {
      const { kind } = this.timeline.run(conditions, SLICE, fresh)
      fresh = false
      hit = kind === 'condition'
      return kind !== 'limit'
    }, onward)
    if (hit && before) this.timeline.gotoMoment(this.timeline.moment - 1)
    return hit
  }

  private back(event: MachineEvent, onward: Onward): boolean {
    const steps = this.timeline.runBack([conditionOf(event)])
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value.kind === 'condition'
      if (!onward(this.timeline.moment)) return false
    }
  }

  /** To the first moment at which so many model cycles of a PE have passed. */
  private goToCycle(pe: number, cycle: number, onward: Onward): boolean {
    const { timeline } = this
    this.peOf(pe)
    if (this.times.length === 0) {
      timeline.gotoMoment(timeline.oldest(0).position.moment)
      this.remember()
    }
    const from = this.times.findLast((one) => one.cycles[pe]! < cycle) ?? this.times[0]!
    timeline.gotoMoment(from.moment)
    let before = from.moment
    while (this.cycles(pe) < cycle && !this.ended()) {
      before = timeline.moment
      timeline.gotoMoment(before + STRIDE, STRIDE)
      if (this.cycles(pe) < cycle) this.remember()
      if (before % SLICE < STRIDE && !onward(timeline.moment)) return false
    }
    if (this.cycles(pe) < cycle) return false
    // Between two moments less than a stride apart: halve.
    let [low, high] = [before, timeline.moment]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      timeline.gotoMoment(middle)
      if (this.cycles(pe) < cycle) low = middle + 1
      else high = middle
    }
    timeline.gotoMoment(low)
    return true
  }

  private remember(): void {
    const { moment } = this.timeline
    if ((this.times.at(-1)?.moment ?? -1) < moment)
      this.times.push({ moment, cycles: this.timeline.board.pes.map(({ core }) => core.cycles) })
  }
}

function conditionOf(event: MachineEvent): BreakCondition {
  switch (event.kind) {
    case 'switch':
      return { kind: 'mark', mark: markKinds.ENTRY }
    case 'tag-fault':
      return { kind: 'tag-fault' }
    case 'el-change':
      return { kind: 'el-change' }
    case 'address':
      return { kind: 'address', address: event.address }
    case 'register':
      return { kind: 'register-write', register: event.register }
    case 'memory':
      return { kind: 'memory', access: 'access', address: event.address, bytes: event.bytes }
  }
}
