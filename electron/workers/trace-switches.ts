import { readElf } from '../../shared/asm/elf-read.ts'
import { type Phase, phases } from '../../shared/model/trace.ts'
import { slotOf, X0 } from '../machine/cpu/layout.ts'
import { Tap } from '../machine/debug/tap.ts'
import { type Mark, markKinds, marksOf } from '../machine/observe/marks.ts'
import { openOneThread } from './one-thread.ts'
import type { MachinePlan } from './plan.ts'

/** Parts of a round trip in their order: what runs for the switch, and what is the host's own. */
export const pathParts = ['exit', 'put', 'host', 'load', 'enter'] as const
export type PathPart = (typeof pathParts)[number]

/** From the exception that left a guest to the ERET that entered the next one. */
export interface RoundTrip {
  /** vCPU that left, and vCPU that was entered. */
  from: number
  to: number
  /** The guest left by HVC. */
  hvc: boolean
  /** Addresses of what was executed, in order. */
  executed: Record<PathPart, number[]>
}

export interface SwitchTrace {
  trips: RoundTrip[]
  /** The image's marks, by the address of the instruction that each stands before. */
  marks: ReadonlyMap<number, readonly Mark[]>
}

const EC_HVC64 = 0x16n
const ESR_EL2 = slotOf('ESR_EL2')

/**
 * Runs a plan of one PE and follows its world switches by the image's marks. Code that serves the switch outside entry and exit is
 * the end of a run where it goes on from RETURN without a break (VHE), else vcpu_load before the first entry of a load and
 * vcpu_put after it.
 * @param serves whether the instruction at an address is the hypervisor's own
 */
export function traceSwitches(
  plan: MachinePlan,
  instructions: number,
  serves: (pc: number) => boolean,
): SwitchTrace {
  const taps: Tap[] = []
  const board = openOneThread(plan, {
    console: () => {},
    observe: (pe, recorder) => {
      const tap = new Tap(recorder)
      taps[pe] = tap
      return tap
    },
  })
  const { core } = board.pes[0]!
  const follower = new Follower(serves, (register) => Number(core.state[X0 + register]!))
  taps[0]!.listener = {
    touched: () => {},
    marked: (marks) => follower.marked(marks),
    levelMayChange: () => {},
    tagFaulted: () => {},
  }
  for (let i = 0; i < instructions; i++) {
    const { el, pc, instructions: count } = core
    if (board.advance(1) === 0) break
    const retired = core.instructions > count
    if (retired) follower.executed(Number(pc))
    follower.levels(el, core.el, retired && core.state[ESR_EL2]! >> 26n === EC_HVC64)
  }
  return { trips: follower.trips, marks: marksOf(readElf(plan.image.bytes, plan.image.file)) }
}

/** The phases that an image declares, by the address of the instruction that each begins at. */
export function phaseMarks(bytes: Uint8Array, file: string): Map<number, Phase> {
  const found = new Map<number, Phase>()
  for (const [address, marks] of marksOf(readElf(bytes, file))) {
    const last = marks.findLast(({ kind }) => kind === markKinds.PHASE)
    const phase = last === undefined ? undefined : phases[last.argument]
    if (phase !== undefined) found.set(address, phase)
  }
  return found
}

class Follower {
  readonly trips: RoundTrip[] = []
  private readonly serves: (pc: number) => boolean
  private readonly register: (index: number) => number
  private stage: 'host' | 'entering' | 'guest' | 'exiting' | 'leaving' = 'host'
  private trip: RoundTrip | null = null
  private vcpu = -1
  private eretNext = false
  /** Loaded, and not entered since. */
  private fresh = false

  constructor(serves: (pc: number) => boolean, register: (index: number) => number) {
    this.serves = serves
    this.register = register
  }

  marked(marks: readonly Mark[]): void {
    for (const { kind, argument } of marks) {
      if (kind === markKinds.ENTRY) {
        this.stage = 'entering'
        this.fresh = false
        this.vcpu = this.register(argument)
      } else if (kind === markKinds.GUEST_ERET) this.eretNext = this.stage === 'entering'
      else if (kind === markKinds.RETURN) this.returned()
      else if (kind === markKinds.VCPU_LOAD) this.fresh = true
    }
  }

  /** An entry that was given up is no part of a round trip. */
  private returned(): void {
    if (this.stage === 'entering') this.trip = null
    this.stage = 'leaving'
  }

  executed(pc: number): void {
    this.trip?.executed[this.part(this.serves(pc))].push(pc)
  }

  private part(serves: boolean): PathPart {
    if (this.stage === 'entering') return 'enter'
    if (this.stage === 'exiting') return 'exit'
    if (this.stage === 'leaving' && serves) return 'exit'
    this.stage = 'host'
    if (!serves) return 'host'
    return this.fresh ? 'load' : 'put'
  }

  /** After each step: the EL before and after it. */
  levels(before: number, after: number, hvc: boolean): void {
    if (this.stage === 'guest' && before < 2 && after === 2) {
      this.stage = 'exiting'
      const executed = { exit: [], put: [], host: [], load: [], enter: [] }
      this.trip = { from: this.vcpu, to: -1, hvc, executed }
    } else if (this.eretNext && before === 2 && after < 2) {
      this.eretNext = false
      this.stage = 'guest'
      if (this.trip !== null) this.trips.push({ ...this.trip, to: this.vcpu })
      this.trip = null
    }
  }
}
