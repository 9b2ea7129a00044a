import { effectiveSlotOf, FAULT_QUEUE_LENGTH, FAULTS, hasStorage, slotOf } from '../cpu/layout.ts'
import type { Observer } from '../observe/observer.ts'

export type SyncMode = 'eager' | 'latest'
export type Release = 'ddi0487-m' | 'xml-2020-09'

/** TFSR registers by number, as the fault queue names them. */
export const TFSR = ['TFSRE0_EL1', 'TFSR_EL1', 'TFSR_EL2'] as const
const TFSR_SLOT = TFSR.map(slotOf)
const TFSR_COMPLETED = TFSR.map(effectiveSlotOf)

/** A register whose effective word may lag behind the architectural one. */
interface Lagging {
  slot: number
  effective: number
  name: string
}

/**
 * When writes reach those who use them (facts: DDI 0487 M.a.a D24.1.2.2, D10.7.1).
 *
 * Two words per register with a class. For a register that is written by MSR: `architectural` is what MRS returns,
 * `effective` what instructions use. For a TFSR, which faults write indirectly, it is the other way round in time: a
 * completed fault is in `effective` (so that a later MSR is ordered behind it), and reaches `architectural` (so that an MRS
 * sees it) at the next context synchronisation event.
 *
 * `eager` keeps both words equal, as QEMU does. `latest` lets the registers in its scope lag as long as the architecture
 * allows: GCR_EL1 until the next context synchronisation event, RGSR_EL1 too under releases before the sentence that puts
 * it in program order, tag faults until a DSB (full or LD) or an entry with ITFSB. Everything else is eager.
 */
export class Synchronisation {
  private readonly state: BigUint64Array
  private readonly scope: readonly Lagging[]
  private readonly late: ReadonlySet<number>
  private readonly lateFaults: boolean
  private readonly recorder: Observer
  private pending: Lagging[] = []
  private completedUnseen = false
  /** Called when an effective value that controls depend on changed at a synchronisation event. */
  onControls: () => void = () => {}

  constructor(state: BigUint64Array, mode: SyncMode, release: Release, recorder: Observer) {
    this.state = state
    this.recorder = recorder
    const scope = mode === 'eager' ? [] : release === 'ddi0487-m' ? ['GCR_EL1'] : ['GCR_EL1', 'RGSR_EL1']
    this.scope = scope.filter(hasStorage).map((name) => ({
      slot: slotOf(name),
      effective: effectiveSlotOf(name),
      name,
    }))
    this.late = new Set(this.scope.map(({ slot }) => slot))
    this.lateFaults = mode === 'latest'
  }

  /** Finds out from the words what is pending: after somebody else changed them. */
  load(): void {
    this.pending = this.scope.filter(({ slot, effective }) => this.state[slot] !== this.state[effective])
    this.completedUnseen = TFSR_SLOT.some((slot, r) => this.state[slot] !== this.state[TFSR_COMPLETED[r]!])
  }

  /** A direct write (MSR) of a register with storage. */
  write(name: string, slot: number, effective: number, value: bigint): void {
    this.state[slot] = value
    if (slot === effective) return
    if (this.late.has(slot)) {
      if (!this.pending.some((p) => p.slot === slot)) this.pending.push({ slot, effective, name })
      return
    }
    this.state[effective] = value
  }

  /** IRG's own update of RGSR_EL1: ordered with later IRG, MRS and MSR under every release (decision, decisions/0001). */
  writeDrawn(slot: number, effective: number, value: bigint): void {
    this.state[slot] = value
    this.state[effective] = value
    if (this.pending.length > 0) this.pending = this.pending.filter((p) => p.slot !== slot)
  }

  /** Context synchronisation event: ISB, exception entry, exception return. */
  contextEvent(): void {
    if (this.pending.length > 0) {
      for (const { slot, effective, name } of this.pending) {
        if (this.state[effective] === this.state[slot]) continue
        this.state[effective] = this.state[slot]!
        this.recorder.touch(name, 'synchronised')
      }
      this.pending = []
      this.onControls()
    }
    if (this.completedUnseen) {
      for (let r = 0; r < 3; r++) {
        if (this.state[TFSR_SLOT[r]!] === this.state[TFSR_COMPLETED[r]!]) continue
        this.state[TFSR_SLOT[r]!] = this.state[TFSR_COMPLETED[r]!]!
        this.recorder.touch(TFSR[r]!, 'synchronised')
      }
      this.completedUnseen = false
    }
  }

  /** An asynchronous tag check fault: register 0 TFSRE0_EL1, 1 TFSR_EL1, 2 TFSR_EL2; bit 0 TF0 or 1 TF1. */
  tagFault(register: number, bit: number): void {
    if (!this.lateFaults) {
      this.land(register, bit)
      return
    }
    const entry = BigInt(register | (bit << 2))
    const count = Number(this.state[FAULTS]!)
    if (count < FAULT_QUEUE_LENGTH) {
      this.state[FAULTS + 1 + count] = entry
      this.state[FAULTS] = BigInt(count + 1)
      return
    }
    // A full queue holds 32 entries of six possible kinds, so one of this kind is there unless the guest made the queue
    // up of others: then the oldest entry lands, which is legal at any moment.
    for (let i = 1; i <= count; i++) if (this.state[FAULTS + i] === entry) return
    this.landOldest()
    this.tagFault(register, bit)
  }

  /**
   * Completes pending faults: at a DSB that is full or LD (every TFSR), or at an entry to ELy with SCTLR_ELy.ITFSB = 1 (every
   * TFSR accessible at ELy: entry to EL1 leaves TFSR_EL2 alone).
   * An MRS is certain to see them only after a context synchronisation event as well.
   */
  completeFaults(level: number): void {
    const count = Number(this.state[FAULTS]!)
    if (count > 0) {
      let kept = 0
      for (let i = 1; i <= count; i++) {
        const entry = Number(this.state[FAULTS + i]!)
        if ((entry & 3) > level) this.state[FAULTS + 1 + kept++] = BigInt(entry)
        else this.complete(entry & 3, entry >> 2)
      }
      for (let i = kept + 1; i <= count; i++) this.state[FAULTS + i] = 0n
      this.state[FAULTS] = BigInt(kept)
    }
  }

  pendingFaults(): number {
    return Number(this.state[FAULTS]!)
  }

  private landOldest(): void {
    const count = Number(this.state[FAULTS]!)
    const entry = Number(this.state[FAULTS + 1]!)
    for (let i = 1; i < count; i++) this.state[FAULTS + i] = this.state[FAULTS + 1 + i]!
    this.state[FAULTS + count] = 0n
    this.state[FAULTS] = BigInt(count - 1)
    this.land(entry & 3, entry >> 2)
  }

  private complete(register: number, bit: number): void {
    const before = this.state[TFSR_COMPLETED[register]!]!
    const after = before | (1n << BigInt(bit))
    this.state[TFSR_COMPLETED[register]!] = after
    if (after !== this.state[TFSR_SLOT[register]!]) this.completedUnseen = true
    if (after !== before) this.recorder.touch(TFSR[register]!, 'fault')
  }

  private land(register: number, bit: number): void {
    const before = this.state[TFSR_SLOT[register]!]!
    const after = before | (1n << BigInt(bit))
    this.state[TFSR_COMPLETED[register]!] = this.state[TFSR_COMPLETED[register]!]! | after
    this.state[TFSR_SLOT[register]!] = after
    if (after !== before) this.recorder.touch(TFSR[register]!, 'fault')
  }
}
