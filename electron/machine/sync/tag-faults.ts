import type { Feature } from '../../../shared/arch/features.ts'
import { effectiveSlotOf, slotOf } from '../cpu/layout.ts'
import type { Observer } from '../observe/observer.ts'
import type { FaultEnd, Watcher } from '../observe/watcher.ts'
import type { Chooser } from './chooser.ts'
import { type FaultKind, FaultQueue, type QueuedFault, sameKind } from './fault-queue.ts'
import { tagCheckEffect } from './tag-controls.ts'

/** TFSR registers by number, as the fault queue names them. */
export const TFSR = ['TFSRE0_EL1', 'TFSR_EL1', 'TFSR_EL2'] as const
const TFSR_SLOT = TFSR.map(slotOf)
/** A completed fault is here first, so that a later MSR is ordered behind it, and in the architectural word once certain for MRS. */
const TFSR_COMPLETED = TFSR.map(effectiveSlotOf)
const SCTLR_EL1 = slotOf('SCTLR_EL1')
const SCTLR_EL2 = slotOf('SCTLR_EL2')
const HCR = slotOf('HCR_EL2')
const HCR_ATA = 1n << 56n

/** The TFSR number of a word of the state, or -1. */
export const tfsrOf = (slot: number): number => TFSR_SLOT.indexOf(slot)

/** The same by name. */
export const tfsrNumber = (name: string): number => (TFSR as readonly string[]).indexOf(name)

/** Faults of equal kind together, oldest first. */
function byKind(faults: readonly QueuedFault[]): QueuedFault[][] {
  const groups: QueuedFault[][] = []
  for (const fault of faults) {
    const group = groups.find(([first]) => sameKind(first!, fault))
    if (group) group.push(fault)
    else groups.push([fault])
  }
  return groups
}

const countKeys = (length: number): bigint[] => Array.from({ length: length + 1 }, (_, n) => BigInt(n))

/**
 * Asynchronous tag check faults: from the access until an MRS can see them. Source: DDI 0487 M.a.a, D10.7.1 (R_JNNZS,
 * R_TJDMP), D24.1.2.2. The rules R6 to R10 in comments are those of README.md.
 */
export class TagFaults {
  private readonly state: BigUint64Array
  private readonly halves: Uint32Array
  private readonly queue: FaultQueue
  private readonly chooser: Chooser | null
  private readonly now: () => number
  private readonly recorder: Observer
  private readonly features: ReadonlySet<Feature>
  /** A checker that follows each fault. */
  watcher: Watcher | null = null

  /** @param chooser null: every fault lands at once */
  constructor(
    state: BigUint64Array,
    chooser: Chooser | null,
    now: () => number,
    features: ReadonlySet<Feature>,
    recorder: Observer,
  ) {
    this.state = state
    this.halves = new Uint32Array(state.buffer, state.byteOffset, state.length * 2)
    this.queue = new FaultQueue(state)
    this.chooser = chooser
    this.now = now
    this.features = features
    this.recorder = recorder
  }

  get length(): number {
    return this.queue.length
  }

  /** A mismatch was found. @param late whether it may be late now: inside the window, in the scope */
  raise(kind: FaultKind, late: boolean): void {
    const delay = late && this.chooser ? this.chooser.delay() : 0
    if (delay === 0) {
      this.watcher?.faultRaised(kind, 'landed')
      this.land(kind)
      return
    }
    if (this.queue.full()) {
      this.chooser!.overflow()
      // Of equal kinds two may as well land together, so nothing is lost; else the oldest lands, as any may at any moment.
      if (this.queue.entries().some((fault) => sameKind(fault, kind))) {
        this.watcher?.faultRaised(kind, 'merged')
        return
      }
      this.arrive(this.queue.entries().slice(0, 1))
    }
    this.watcher?.faultRaised(kind, 'pending')
    this.queue.push({ ...kind, due: this.now() + delay })
  }

  /** Lets land what is due. */
  settle(): void {
    if (this.queue.length === 0) return
    const now = this.now()
    this.arrive(this.queue.entries().filter(({ due }) => due <= now))
  }

  /** Everything pending lands. */
  landAll(): void {
    this.arrive(this.queue.entries())
  }

  /**
   * An MRS of a TFSR follows: a fault that is pending, or completed without a context synchronisation event since, may be seen
   * or not (R7). A bit once seen stays; which of several faults set it matters only by kind.
   */
  beforeRead(register: number): void {
    this.settle()
    for (const bit of [0, 1]) {
      const mask = 1n << BigInt(bit)
      if (this.state[TFSR_SLOT[register]!]! & mask) continue
      if (this.state[TFSR_COMPLETED[register]!]! & mask) {
        if (this.choose('completed-seen', register, [0n, 1n]) === 1) this.reveal(register, mask)
        continue
      }
      const kinds = byKind(this.queue.entries().filter((f) => f.register === register && f.bit === bit))
      if (kinds.length === 0) continue
      const chosen = this.choose('fault-seen', register, countKeys(kinds.length))
      if (chosen === 0) continue
      const [seen] = kinds[chosen - 1]!
      this.arrive([seen!])
    }
  }

  /** An MSR of a TFSR follows: not ordered after pending faults, which land before it and are overwritten, or later (R8). */
  beforeWrite(register: number): void {
    this.settle()
    if (this.queue.length === 0) return
    const gone: QueuedFault[] = []
    for (const group of byKind(this.queue.entries().filter((fault) => fault.register === register)))
      gone.push(...group.slice(0, this.choose('fault-before-write', register, countKeys(group.length))))
    this.take(gone, 'overwritten')
  }

  /**
   * R_TJDMP (R10): a control of tag checking was written while faults are pending. The new value may govern them; where that
   * would report nothing, or synchronously, they may have no effect. Never a late exception.
   * @param slot architectural word of the control
   */
  controlWritten(slot: number): void {
    if (this.queue.length === 0) return
    if (slot !== SCTLR_EL1 && slot !== SCTLR_EL2 && slot !== HCR) return
    this.settle()
    const gone: QueuedFault[] = []
    for (const group of byKind(this.queue.entries())) {
      const [kind] = group
      if (!this.governs(slot, kind!) || this.stillReported(kind!)) continue
      const vanish = this.choose('fault-vanishes', kind!.register, countKeys(group.length))
      gone.push(...group.slice(group.length - vanish))
    }
    this.take(gone, 'vanished')
  }

  /**
   * Completes pending faults of every TFSR up to a level: later MSRs are ordered behind them. An MRS is certain to see them
   * only after a context synchronisation event as well (R7).
   */
  complete(level: number): void {
    if (this.queue.length === 0) return
    const faults = this.queue.entries().filter(({ register }) => register <= level)
    this.take(faults, 'completed')
    for (const { register, bit } of faults) {
      const before = this.state[TFSR_COMPLETED[register]!]!
      const after = before | (1n << BigInt(bit))
      this.state[TFSR_COMPLETED[register]!] = after
      if (after !== before) this.recorder.touch(TFSR[register]!, 'fault')
    }
  }

  /** A context synchronisation event: completed faults are certain for every later MRS. */
  revealCompleted(): void {
    for (let register = 0; register < 3; register++) {
      const slot = TFSR_SLOT[register]! * 2
      if (this.halves[slot] !== this.halves[TFSR_COMPLETED[register]! * 2]) this.reveal(register, 3n)
    }
  }

  private reveal(register: number, bits: bigint): void {
    this.watcher?.faultsRevealed(register, bits)
    this.state[TFSR_SLOT[register]!] =
      this.state[TFSR_SLOT[register]!]! | (this.state[TFSR_COMPLETED[register]!]! & bits)
    this.recorder.touch(TFSR[register]!, 'synchronised')
  }

  private choose(
    kind: 'fault-seen' | 'completed-seen' | 'fault-before-write' | 'fault-vanishes',
    register: number,
    keys: bigint[],
  ): number {
    if (this.chooser === null) return 0
    return this.chooser.choose({ kind, register: TFSR[register]!, keys, instruction: this.now() })
  }

  /** Whether a control word belongs to the regime in which the fault was made. */
  private governs(slot: number, { register, host }: FaultKind): boolean {
    const el2 = register === 2 || host
    return slot === SCTLR_EL2 ? el2 : !el2
  }

  private stillReported({ register, host, store }: FaultKind): boolean {
    const el2 = register === 2 || host
    if (!el2 && (this.state[HCR]! & HCR_ATA) === 0n) return false
    const sctlr = this.state[el2 ? SCTLR_EL2 : SCTLR_EL1]!
    return tagCheckEffect(sctlr, register !== 0, store, this.features) === 'async'
  }

  /** Takes faults out of the queue. @param gone of one reading of the queue, in any order */
  private take(gone: readonly QueuedFault[], end: FaultEnd): void {
    if (gone.length === 0) return
    // Places are those of one reading of the queue: several groups go at once.
    this.queue.set(this.queue.entries().filter(({ at }) => !gone.some((fault) => fault.at === at)))
    this.watcher?.faultsLeft(
      gone.map(({ at }) => at).toSorted((a, b) => a - b),
      end,
    )
  }

  private arrive(faults: readonly QueuedFault[]): void {
    this.take(faults, 'landed')
    for (const fault of faults) this.land(fault)
  }

  private land({ register, bit }: FaultKind): void {
    const before = this.state[TFSR_SLOT[register]!]!
    const after = before | (1n << BigInt(bit))
    this.state[TFSR_COMPLETED[register]!] = this.state[TFSR_COMPLETED[register]!]! | after
    this.state[TFSR_SLOT[register]!] = after
    if (after !== before) this.recorder.touch(TFSR[register]!, 'fault')
  }
}
