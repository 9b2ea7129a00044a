import type { Feature } from '../../../shared/arch/features.ts'
import {
  lateNumber,
  lateRegisters,
  type Release,
  type ScopeItem,
  type SyncWindow,
  scopeUnder,
} from '../../../shared/arch/synchronisation.ts'
import {
  effectiveSlotOf,
  PENDING_WRITES,
  STATE_WORDS,
  SYNC_RANDOM,
  SYNC_WINDOW,
  slotOf,
} from '../cpu/layout.ts'
import type { Observer } from '../observe/observer.ts'
import type { Watcher } from '../observe/watcher.ts'
import { type Chooser, latest, seeded } from './chooser.ts'
import { EFFECTIVE, LateWrites, SLOTS } from './late-writes.ts'
import { tagAccessBit, tagCheckEffect } from './tag-controls.ts'
import { TagFaults, tfsrOf } from './tag-faults.ts'

export type { Release } from '../../../shared/arch/synchronisation.ts'

export type SyncMode = 'eager' | 'latest' | 'seeded' | 'explore'

/** The model's parameters: they belong to every result. */
export interface SyncSettings {
  mode: SyncMode
  release: Release
  /** What may be late, and when. */
  scope: readonly ScopeItem[]
  window: SyncWindow
  /** Explore only: the driver's. */
  chooser?: Chooser | undefined
}

const GCR = lateNumber('GCR_EL1')
const RGSR = lateNumber('RGSR_EL1')
const SCTLR_EL1 = lateNumber('SCTLR_EL1')
const SCTLR_EL2 = lateNumber('SCTLR_EL2')
const HCR = lateNumber('HCR_EL2')
const ITFSB = 37
const HCR_ATA = 1n << 56n
const HCR_E2H = 1n << 34n
const HCR_TGE = 1n << 27n
const SCTLR_WORDS = [0, effectiveSlotOf('SCTLR_EL1'), effectiveSlotOf('SCTLR_EL2')]
const RGSR_SLOT = slotOf('RGSR_EL1')
const RGSR_EFFECTIVE = effectiveSlotOf('RGSR_EL1')

/** Where a PE stands in the window `switch`. */
const stage = { OUTSIDE: 0n, AT_EL2: 1n, RETURNED: 2n } as const

/**
 * When writes and asynchronous tag faults reach those who use them: the context-synchronisation model of one PE
 * (shared/arch/synchronisation.ts is its table, README.md says what is our choice in it).
 *
 * Every register with a class has two words: `architectural` is what MRS returns, `effective` what the next indirect use
 * sees at the oldest. `eager` keeps them equal, as QEMU does, and asks nobody. In the other modes a chooser decides, and only
 * where it can matter: where an instruction uses a register whose words differ, and where a TFSR is accessed while a fault is
 * pending. All that is pending lies in the PE's state words.
 */
export class Synchronisation {
  private readonly state: BigUint64Array
  private readonly halves: Uint32Array
  private readonly features: ReadonlySet<Feature>
  private readonly chooser: Chooser | null
  private readonly writes: LateWrites
  private readonly faults: TagFaults
  /** Number in lateRegisters by architectural or effective word; -1 where writes take effect at once. */
  private readonly lateBySlot = new Int8Array(STATE_WORDS).fill(-1)
  private readonly faultsLate: boolean
  private readonly windowed: boolean
  private watcher: Watcher | null = null
  /** Accesses by different names of one register are not ordered with each other. */
  readonly lateNames: boolean
  /** Called when effective values changed otherwise than by a write of the register itself: what is derived from them is stale. */
  onControls: () => void = () => {}
  /** Instructions of this PE. */
  now: () => number = () => 0

  constructor(
    state: BigUint64Array,
    settings: SyncSettings,
    features: ReadonlySet<Feature>,
    recorder: Observer,
  ) {
    this.state = state
    this.halves = new Uint32Array(state.buffer, state.byteOffset, state.length * 2)
    this.features = features
    this.chooser = chooserOf(settings, state)
    const scope = this.chooser ? scopeUnder(settings.release, settings.scope) : new Set<ScopeItem>()
    const now = (): number => this.now()
    this.writes = new LateWrites(state, this.chooser ?? latest, now, recorder, () => this.onControls())
    this.faults = new TagFaults(state, this.chooser, now, features, recorder)
    this.faultsLate = scope.has('TFSR')
    this.lateNames = scope.has('aliases')
    this.windowed = settings.window === 'switch'
    for (const [number, register] of lateRegisters.entries()) {
      if (!scope.has(register.scope)) continue
      this.lateBySlot[SLOTS[number]!] = number
      this.lateBySlot[EFFECTIVE[number]!] = number
    }
  }

  /** Lets a checker follow events and faults, or nobody. */
  watch(watcher: Watcher | null): void {
    this.watcher = watcher
    this.faults.watcher = watcher
  }

  /** Whether a direct write now would take effect at once. @param slot architectural word */
  immediate(slot: number): boolean {
    return this.lateBySlot[slot]! < 0 || !this.inWindow()
  }

  /** After a reset of the PE's words. @param seed of the choices of `seeded` */
  reset(seed: number): void {
    this.state[SYNC_RANDOM] = BigInt(seed)
  }

  /** Whether a register write may be unseen by someone: where not, no use has to ask. */
  get pending(): boolean {
    return this.halves[PENDING_WRITES * 2]! !== 0
  }

  /** A direct write (MSR) of a register with storage. */
  write(slot: number, effective: number, value: bigint): void {
    const { state, chooser } = this
    if (chooser === null) {
      state[slot] = value
      state[effective] = value
      return
    }
    const tfsr = tfsrOf(slot)
    if (tfsr >= 0) this.faults.beforeWrite(tfsr)
    state[slot] = value
    const late = this.lateBySlot[slot]!
    if (late >= 0 && this.inWindow()) this.writes.write(late)
    else state[effective] = value
    this.faults.controlWritten(slot)
  }

  /** A direct read (MRS) of a TFSR follows. */
  beforeTfsrRead(slot: number): void {
    if (this.chooser !== null) this.faults.beforeRead(tfsrOf(slot))
  }

  /** `aliases` only: a register is about to be written by one of its names, as a packed encoding. */
  beforeWriteByName(slot: number, name: number): void {
    if (this.inWindow()) this.writes.writeByName(slot, name)
  }

  /** `aliases` only: what MRS by this name returns. */
  readByName(slot: number, name: number): bigint {
    return this.writes.readByName(slot, name)
  }

  /** IRG's own update of RGSR_EL1: ordered with later IRG, MRS and MSR under every release (R5, decisions/0001). */
  writeDrawn(value: bigint): void {
    this.state[RGSR_SLOT] = value
    this.state[RGSR_EFFECTIVE] = value
    if (this.pending) this.writes.supersede(RGSR)
  }

  /** A use of GCR_EL1: IRG, ADDG, SUBG with tag access on. */
  useGcr(): void {
    this.writes.use(GCR, whole)
  }

  /** A use of RGSR_EL1: IRG with tag access on. */
  useRgsr(): void {
    this.writes.use(RGSR, whole)
  }

  /** A use of a key of pointer authentication, by the effective words of its halves. Asked where something is pending. */
  useKey(low: number, high: number): void {
    for (const half of [low, high]) {
      const late = this.lateBySlot[half]!
      if (late >= 0) this.writes.use(late, whole)
    }
  }

  /** A use of HCR_EL2.E2H: a register's name, the rules of EL2. One that asks for E2H alone does not depend on TGE. */
  useE2h(): void {
    this.useHcr(HCR_E2H)
  }

  /** A use of HCR_EL2.TGE. */
  useTge(): void {
    this.useHcr(HCR_TGE)
  }

  /** A use of one bit of a control register, by its effective word. */
  useBit(effective: number, bit: number): void {
    const late = this.lateBySlot[effective]!
    if (late === HCR) this.useHcr(1n << BigInt(bit))
    else if (late >= 0) this.writes.use(late, (value) => (value >> BigInt(bit)) & 1n)
  }

  /**
   * A use of the controls of tag access: SCTLR_ELx.ATA or ATA0, and HCR_EL2.ATA in the EL1&0 regime. With HCR_EL2.ATA off the
   * other one does not count, so it is not used.
   */
  useTagAccess(el2: boolean, privileged: boolean): void {
    if (!this.reachableByHcr(el2)) return
    const bit = tagAccessBit(privileged)
    this.writes.use(el2 ? SCTLR_EL2 : SCTLR_EL1, (value) => value & bit)
  }

  /** A use of the controls of tag checking by an access that mismatches. */
  useTagCheck(el2: boolean, privileged: boolean, store: boolean): void {
    if (!this.reachableByHcr(el2)) return
    const { features } = this
    this.writes.use(
      el2 ? SCTLR_EL2 : SCTLR_EL1,
      (value) => effects[tagCheckEffect(value, privileged, store, features)],
    )
  }

  /** Context synchronisation event: ISB, exception entry, exception return. */
  contextEvent(): void {
    if (this.pending) this.writes.synchronise()
    this.faults.revealCompleted()
    if (this.windowed && this.state[SYNC_WINDOW] === stage.RETURNED) {
      this.state[SYNC_WINDOW] = stage.OUTSIDE
      this.faults.landAll()
    }
    this.watcher?.contextEvent()
  }

  /**
   * Exception entry. The controls of the source context were read; here it synchronises, and the controls of the entered EL
   * count from here on, ITFSB among them. What the entry itself writes (ELR, SPSR, ESR, FAR) is seen by every name in any case.
   * @param synchronises false with FEAT_ExS and EIS = 0
   */
  exceptionEntry(target: number, synchronises: boolean): void {
    if (synchronises) this.contextEvent()
    else if (this.pending) this.writes.settleNames()
    if ((this.halves[SCTLR_WORDS[target]! * 2 + 1]! >>> (ITFSB - 32)) & 1) {
      this.faults.complete(target)
      if (synchronises) this.faults.revealCompleted()
    }
    if (this.windowed && target === 2) this.state[SYNC_WINDOW] = stage.AT_EL2
  }

  /** Exception return, before its target context is judged. @param synchronises false with FEAT_ExS and EOS = 0 */
  exceptionReturn(from: number, synchronises: boolean): void {
    if (synchronises) this.contextEvent()
    if (this.windowed && from === 2) this.state[SYNC_WINDOW] = stage.RETURNED
  }

  /**
   * An asynchronous tag check fault: register 0 TFSRE0_EL1, 1 TFSR_EL1, 2 TFSR_EL2; bit 0 TF0 or 1 TF1.
   * @param store the access reads nothing
   * @param host made at EL0 under the EL2&0 regime
   */
  tagFault(register: number, bit: number, store = true, host = false): void {
    this.faults.raise({ register, bit, store, host }, this.faultsLate && this.inWindow())
  }

  /**
   * Completes pending faults: at a DSB that is full or LD (every TFSR), or at an entry to ELy with SCTLR_ELy.ITFSB = 1 (every
   * TFSR accessible at ELy: entry to EL1 leaves TFSR_EL2 alone).
   */
  completeFaults(level: number): void {
    this.faults.complete(level)
  }

  pendingFaults(): number {
    return this.faults.length
  }

  private inWindow(): boolean {
    return !this.windowed || this.state[SYNC_WINDOW] !== stage.OUTSIDE
  }

  /** A use of HCR_EL2 decides all of its bits, since an instruction may use others of them as well. */
  private useHcr(mask: bigint): void {
    const asked = this.state[EFFECTIVE[HCR]!]! & mask
    if (!this.writes.anyOther(HCR, (value) => (value & mask) !== asked)) return
    this.writes.use(HCR, whole)
  }

  private reachableByHcr(el2: boolean): boolean {
    if (el2) return true
    this.useHcr(HCR_ATA)
    return (this.state[EFFECTIVE[HCR]!]! & HCR_ATA) !== 0n
  }
}

const whole = (value: bigint): bigint => value
const effects = { none: 0n, sync: 1n, async: 2n } as const

function chooserOf(settings: SyncSettings, state: BigUint64Array): Chooser | null {
  switch (settings.mode) {
    case 'eager':
      return null
    case 'latest':
      return latest
    case 'seeded':
      return seeded(state)
    case 'explore':
      if (!settings.chooser) throw new Error('explore needs the chooser of its driver')
      return settings.chooser
  }
}
