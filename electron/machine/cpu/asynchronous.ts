import { spsrFields } from '../../../shared/arch/pstate.ts'
import type { Core } from './core.ts'
import { type InterruptSignals, noInterrupts, SIGNAL } from './interrupts.ts'
import { effectiveSlotOf, SERROR, slotOf } from './layout.ts'

/**
 * SError, IRQ and FIQ as a set of bits. PSTATE.{A,I,F}, ISR_EL1.{A,I,F} and HCR_EL2.{VSE,VI,VF} have them at these same
 * positions, and HCR_EL2.{AMO,IMO,FMO} three below, so one set meets them all without being taken apart.
 */
const A = 1 << spsrFields.A
const I = 1 << spsrFields.I
const F = 1 << spsrFields.F
const ALL = A | I | F
const ROUTING = 3

const HCR = effectiveSlotOf('HCR_EL2')
const HCR_WRITTEN = slotOf('HCR_EL2')
const VSE = 1n << 8n
const DISR = slotOf('DISR_EL1')
const VDISR = slotOf('VDISR_EL2')
const VSESR = effectiveSlotOf('VSESR_EL2')
const SYNDROME = 0x1ff_ffffn
const IMPLEMENTATION_DEFINED = 1n << 24n

/** The word SERROR: ESR_ELx.ISS of the error, and whether it is pending or still in flight. */
export const serror = { SYNDROME, PENDING: 1n << 31n, IN_FLIGHT: 1n << 32n } as const

/** An asynchronous exception that is taken before the next instruction. */
export interface Due {
  /** The bit of PSTATE that masks its kind: A for an SError, I for an IRQ, F for an FIQ. */
  kind: number
  virtual: boolean
  target: 1 | 2
}

/**
 * Which asynchronous exceptions are pending for one PE, where they go and whether they are masked (DDI 0487, "Asynchronous
 * exception types, routing, masking and priorities", for a PE without EL3). What the interrupt controller signals is sampled
 * when the PE's attention was asked for; errors and HCR_EL2 are state.
 */
export class AsynchronousExceptions {
  private readonly core: Core
  private signals: InterruptSignals = noInterrupts
  private physicalLines = 0
  private virtualLines = 0
  private physical = 0
  private virtual = 0
  /** Not 0 while anything is pending that some state of the PE could let it take. */
  pending = 0

  constructor(core: Core) {
    this.core = core
  }

  /** Connects the PE's interrupt controller; called once by the board. */
  connect(signals: InterruptSignals): void {
    this.signals = signals
  }

  /** Takes over what the interrupt controller signals now, and whether an error was injected. */
  sample(): void {
    this.physicalLines = setOf(this.signals.physical())
    this.virtualLines = setOf(this.signals.virtual())
    this.update()
  }

  /** Combines the sampled signals with HCR_EL2 and the error word. To be called when either changed. */
  update(): void {
    // serror.PENDING is the sign of the low half.
    const error = this.core.low(SERROR) < 0 ? A : 0
    this.physical = this.physicalLines | error
    this.virtual = (this.virtualLines | this.core.low(HCR)) & this.virtualEnabled()
    this.pending = this.physical | this.virtual
    if (this.pending !== 0) this.core.refetch = true
  }

  /** HCR_EL2.{AMO,IMO,FMO} as they act on virtual exceptions: TGE leaves none enabled. */
  private virtualEnabled(): number {
    return this.core.generalTraps ? 0 : (this.core.low(HCR) << ROUTING) & ALL
  }

  /**
   * The exception that is taken now, or null. Their order is IMPLEMENTATION DEFINED: physical before virtual, each SError, FIQ,
   * IRQ.
   */
  due(): Due | null {
    const { core, physical } = this
    const { el } = core
    const unmasked = ~core.ps & ALL
    const routed = core.generalTraps ? ALL : (core.low(HCR) << ROUTING) & ALL
    // What goes to EL2 is masked from below only in a VHE host, whose EL0 belongs to EL2. At EL2, what is not routed there
    // goes to EL1 and stays pending.
    const maskable = el === 2 || (el === 0 && core.hostExtensions && core.generalTraps)
    const toEl2 = physical & routed & (maskable ? unmasked : ALL)
    const toEl1 = el === 2 ? 0 : physical & ~routed & unmasked
    const taken = toEl1 | toEl2
    if (taken !== 0) {
      const kind = first(taken)
      return { kind, virtual: false, target: kind & toEl2 ? 2 : 1 }
    }
    const virtual = el === 2 ? 0 : this.virtual & unmasked
    return virtual === 0 ? null : { kind: first(virtual), virtual: true, target: 1 }
  }

  /** Whether something pending ends a WFI: PSTATE masks do not matter, and EL2 is woken by physical ones only. */
  wakes(): boolean {
    return this.physical !== 0 || (this.core.el !== 2 && this.virtual !== 0)
  }

  /** ISR_EL1: at EL1 the virtual view of each kind whose HCR_EL2 bit is set. */
  status(): bigint {
    if (this.core.el !== 1) return BigInt(this.physical)
    const enabled = this.virtualEnabled()
    return BigInt((this.physical & ~enabled) | this.virtual)
  }

  /** ESR_ELx.ISS of the SError that is being taken, which is then pending no more. */
  acknowledge(virtual: boolean): bigint {
    const { core } = this
    const { state } = core
    const syndrome = virtual ? state[VSESR]! & SYNDROME : state[SERROR]! & SYNDROME
    if (virtual) this.clearVirtual()
    else state[SERROR] = 0n
    this.update()
    return core.features.has('FEAT_RAS') ? syndrome : IMPLEMENTATION_DEFINED
  }

  /** Error synchronization event: an error in flight becomes pending. */
  synchronizeErrors(): void {
    const { state } = this.core
    if ((state[SERROR]! & serror.IN_FLIGHT) === 0n) return
    state[SERROR] = (state[SERROR]! & SYNDROME) | serror.PENDING
    this.update()
  }

  /**
   * ESB: synchronizes errors and defers one that is pending and masked to DISR_EL1 (AArch64.ESBOperation); below EL2 also
   * the virtual one, to VDISR_EL2 (AArch64.vESBOperation). What is not masked is taken before the next instruction.
   */
  errorBarrier(): void {
    const { core } = this
    const { state } = core
    this.synchronizeErrors()
    const due = this.due()
    if (this.physical & A && !(due?.kind === A && !due.virtual)) {
      state[DISR] = serror.PENDING | (state[SERROR]! & SYNDROME)
      state[SERROR] = 0n
      core.recorder.touch('DISR_EL1', 'exception')
    }
    if (core.el !== 2 && this.virtual & core.ps & A) {
      state[VDISR] = serror.PENDING | (state[VSESR]! & SYNDROME)
      this.clearVirtual()
      core.recorder.touch('VDISR_EL2', 'exception')
    }
    this.update()
  }

  private clearVirtual(): void {
    const { state } = this.core
    state[HCR_WRITTEN] = state[HCR_WRITTEN]! & ~VSE
    state[HCR] = state[HCR]! & ~VSE
    this.core.recorder.touch('HCR_EL2', 'exception')
  }
}

const setOf = (signals: number): number => (signals & SIGNAL.IRQ ? I : 0) | (signals & SIGNAL.FIQ ? F : 0)

const first = (set: number): number => (set & A ? A : set & F ? F : I)
