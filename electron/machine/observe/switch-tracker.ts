import { exceptionClassName } from '../../../shared/arch/exception.ts'
import { type Owner, type Phase, phases, type SwitchRow } from '../../../shared/model/trace.ts'
import { markKinds } from './marks.ts'
import type { Watched } from './observer.ts'

type Stage = 'host' | 'entering' | 'guest' | 'exiting'

const index = (phase: Phase): number => phases.indexOf(phase)

/** Where a tracker is in a switch: its part of a snapshot. */
export interface TrackerState {
  stage: Stage
  eretNext: boolean
  phase: number
  since: number
  row: SwitchRow | null
  instructionsAt: number
  phasesAtExit: number[]
}

/**
 * Follows one PE through its world switches by the image's marks: ENTRY, GUEST_ERET, the exception that leaves the guest,
 * RETURN. Every cycle between is attributed to one phase, so that the phases add up to the latency exactly.
 */
export class SwitchTracker {
  private readonly pe: number
  private readonly now: () => number
  private stage: Stage = 'host'
  private eretNext = false
  private phase = index('other')
  private since = 0
  private row: SwitchRow | null = null
  private instructionsAt = 0
  /** The row's phases where the guest left, in case it is sent back without a switch. */
  private phasesAtExit: number[] = []

  constructor(pe: number, now: () => number) {
    this.pe = pe
    this.now = now
  }

  get inGuest(): boolean {
    return this.stage === 'guest'
  }

  save(): TrackerState {
    const { stage, eretNext, phase, since, row, instructionsAt, phasesAtExit } = this
    return structuredClone({ stage, eretNext, phase, since, row, instructionsAt, phasesAtExit })
  }

  restore(saved: TrackerState): void {
    const { stage, eretNext, phase, since, row, instructionsAt, phasesAtExit } = structuredClone(saved)
    this.phasesAtExit = phasesAtExit
    this.stage = stage
    this.eretNext = eretNext
    this.phase = phase
    this.since = since
    this.row = row
    this.instructionsAt = instructionsAt
  }

  /** @returns the switch that a RETURN or REENTRY mark completed */
  mark(core: Watched, kind: number, argument: number, vcpu: Owner): SwitchRow | null {
    switch (kind) {
      case markKinds.ENTRY:
        this.begin(core, vcpu)
        return null
      case markKinds.GUEST_ERET:
        this.eretNext = this.stage === 'entering' || this.stage === 'exiting'
        return null
      case markKinds.PHASE:
        this.settle(core)
        this.phase = argument < index('barriers') ? argument : index('other')
        return null
      case markKinds.RETURN:
        return this.end(core, 'host')
      case markKinds.REENTRY: {
        const vcpuBefore = this.row?.vcpu ?? vcpu
        const finished = this.end(core, 'host')
        if (finished) this.begin(core, vcpuBefore)
        return finished
      }
      default:
        return null
    }
  }

  exceptionEntry(
    core: Watched,
    target: number,
    esr: bigint,
    from: number,
    interrupt: 'IRQ' | 'FIQ' | null,
  ): void {
    if (this.stage !== 'guest' || target !== 2 || from === 2 || !this.row) return
    this.stage = 'exiting'
    this.phasesAtExit = [...this.row.phases]
    this.row.exitCycle = core.cycles
    this.row.guestInstructions = core.instructions - this.instructionsAt
    this.instructionsAt = core.instructions
    this.row.esr = esr
    this.row.elr = core.pc
    this.row.exit = interrupt ?? exceptionClassName(Number(esr >> 26n) & 0x3f)
    this.phase = index('other')
    this.since = core.cycles
  }

  exceptionReturn(core: Watched): null {
    if (!this.eretNext || !this.row) return null
    this.eretNext = false
    // An illegal return stays at EL2: nobody has entered.
    if (core.el === 2) return null
    if (this.stage === 'exiting') {
      // Answered at EL2: the guest goes on, and the switch that it is in has not ended.
      this.row.phases = this.phasesAtExit
      this.instructionsAt = core.instructions - this.row.guestInstructions
      this.since = core.cycles
      this.stage = 'guest'
      return null
    }
    this.settle(core)
    this.stage = 'guest'
    this.row.guestCycle = core.cycles
    this.row.instructions = core.instructions - this.instructionsAt
    this.instructionsAt = core.instructions
    return null
  }

  /** Cycles that belong to a phase by their class: barriers, and exception entry and return. */
  attribute(phase: 'barriers' | 'trap', cost: number): void {
    if (!this.row || this.stage === 'host' || this.stage === 'guest') return
    this.row.phases[index(phase)]! += cost
    this.since += cost
  }

  private begin(core: Watched, vcpu: Owner): void {
    this.stage = 'entering'
    this.phase = index('other')
    this.since = core.cycles
    this.instructionsAt = core.instructions
    const startNs = this.now()
    this.row = {
      pe: this.pe,
      vcpu,
      startCycle: core.cycles,
      guestCycle: core.cycles,
      exitCycle: core.cycles,
      endCycle: core.cycles,
      instructions: 0,
      guestInstructions: 0,
      phases: phases.map(() => 0),
      esr: 0n,
      elr: 0n,
      exit: '',
      startNs,
      endNs: startNs,
    }
  }

  private end(core: Watched, next: Stage): SwitchRow | null {
    const row = this.row
    const complete = row !== null && this.stage === 'exiting'
    if (complete) {
      this.settle(core)
      row.endCycle = core.cycles
      row.instructions += core.instructions - this.instructionsAt
      row.endNs = this.now()
    }
    this.row = null
    this.stage = next
    return complete ? row : null
  }

  private settle(core: Watched): void {
    if (this.row && (this.stage === 'entering' || this.stage === 'exiting')) {
      this.row.phases[this.phase]! += core.cycles - this.since
    }
    this.since = core.cycles
  }
}
