import { HOST } from '../../../shared/model/trace.ts'
import type { Core } from '../cpu/core.ts'
import { page } from '../mmu/walk.ts'
import type { Findings } from './findings.ts'
import type { Touch } from './flow.ts'
import type { Place } from './place.ts'
import type { RawStep } from './steps.ts'
import type { Who } from './who.ts'

/** PSTATE.TCO as the host had it when it went for a guest. */
interface Left {
  readonly on: boolean
  readonly step: RawStep
  /** HCR_EL2 was written since: it was no exit that EL2 answered at once. */
  readonly back: boolean
}

export type HostTcoState = Left | null

/**
 * Whether the host finds its PSTATE.TCO again. Under nVHE the ERET to it decides. Under VHE the exception that ends the guest
 * leaves TCO = 1, and nothing has to be wrong with that until the host makes an access that it would have checked, or goes for
 * a guest again without having set it.
 */
export class HostTco {
  private readonly core: Core
  private readonly who: Who
  private readonly findings: Findings
  private readonly place: Place
  private readonly underVhe: boolean
  private left: HostTcoState = null

  /** @param underVhe whether a VHE host is judged at all */
  constructor(core: Core, who: Who, findings: Findings, place: Place, underVhe: boolean) {
    this.core = core
    this.who = who
    this.findings = findings
    this.place = place
    this.underVhe = underVhe
  }

  save(): HostTcoState {
    return this.left
  }

  restore(saved: HostTcoState): void {
    this.left = saved
  }

  /** An nVHE host has called EL2, or was interrupted. */
  leaves(step: RawStep): void {
    this.left = { on: this.core.tco(), step, back: false }
  }

  /** By ERET to an nVHE host. */
  returns(at: RawStep): void {
    const { left, core } = this
    this.left = null
    if (left === null || core.el !== 1 || left.on === core.tco()) return
    this.lost(left, 'The host goes on', core.tco(), at, 'and not as it left it')
  }

  /** A VHE host enters a guest. @param on PSTATE.TCO before the ERET */
  enters(on: boolean, step: RawStep): void {
    this.overdue(on, step)
    if (this.underVhe && (this.left === null || this.left.back)) this.left = { on, step, back: false }
  }

  /** A VHE host goes for a guest again, and PSTATE.TCO has not been its own in between. */
  overdue(on: boolean, at: RawStep): void {
    const { left } = this
    if (!left?.back || left.on === on) return
    this.lost(left, 'The host has gone on', on, at, 'as the exit from the guest left it')
    this.left = null
  }

  /** HCR_EL2 was written: the host takes the PE back. */
  takenBack(): void {
    if (this.left) this.left = { ...this.left, back: true }
  }

  /** TCO was written, or does not matter any more because EL0 is next. */
  written(): void {
    if (this.left === null || this.core.el === 1) return
    if (this.who.acts() !== 'switch' || this.core.tco() === this.left.on) this.left = null
  }

  /** Accesses at EL2. @param flags of the page that was accessed last */
  accessed(touches: readonly Touch[], flags: number): void {
    const { core, left } = this
    if (left === null || left.on === core.tco() || core.el !== 2 || !core.hostExtensions) return
    if (this.who.switching || !touches.some(({ checked }) => checked)) return
    const controls = core.controls()
    if (!controls.tagAccess[1] || controls.tcf[1] === 0 || !(flags & page.TAGGED)) return
    const at = this.place.step('')
    this.lost(left, 'This access of the host is made', core.tco(), at, 'as the exit from the guest left it')
    this.left = null
  }

  private lost(left: Left, what: string, on: boolean, at: RawStep, how: string): void {
    const text = `${what} with PSTATE.TCO = ${on ? 1 : 0}, ${how}; it had ${left.on ? 1 : 0}.`
    this.findings.add('host-state-lost', 'PSTATE.TCO', HOST, null, [left.step, { ...at, text }])
  }
}
