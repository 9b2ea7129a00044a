import type { Feature } from '../../../shared/arch/features.ts'
import type { Views } from '../board/shared-memory.ts'
import { type Controls, HCR } from '../mmu/controls.ts'
import { ControlsCache } from '../mmu/controls-cache.ts'
import type { Observer } from '../observe/observer.ts'
import type { Watcher } from '../observe/watcher.ts'
import type { Synchronisation } from '../sync/synchronisation.ts'
import { AsynchronousExceptions } from './asynchronous.ts'
import { EC, FSC, type GuestFault } from './fault.ts'
import {
  CYCLES,
  EVENT,
  effectiveSlotOf,
  FAULTS_IN_A_ROW,
  INSTRUCTIONS,
  MONITOR,
  PC,
  PSTATE,
  RETIRED_AT_FAULT,
  slotOf,
} from './layout.ts'

/** PSTATE bits in SPSR format. */
export const PS = {
  N: 1 << 31,
  Z: 1 << 30,
  C: 1 << 29,
  V: 1 << 28,
  TCO: 1 << 25,
  DIT: 1 << 24,
  UAO: 1 << 23,
  PAN: 1 << 22,
  SS: 1 << 21,
  IL: 1 << 20,
  SSBS: 1 << 12,
  D: 1 << 9,
  A: 1 << 8,
  I: 1 << 7,
  F: 1 << 6,
  DAIF: 15 << 6,
} as const

/** Offset of a vector by where an exception comes from (AArch64.TakeException). @param spsel PSTATE.SP before the entry */
export const vectorOffset = (from: number, target: number, spsel: number): number =>
  from === target ? (spsel ? 0x200 : 0x000) : 0x400

/**
 * PSTATE after an exception entry, without NZCV, EL and SP, which the caller knows: DIT and PAN stay as they were, UAO, IL and
 * SS are cleared (AArch64.TakeException).
 * @param mte whether the PE has FEAT_MTE
 * @param span whether SCTLR_ELx.SPAN = 0 counts and sets PAN
 * @param dssbs SCTLR_ELx.DSSBS
 */
export function enteredPstate(ps: number, mte: boolean, span: boolean, dssbs: boolean): number {
  return (ps & (PS.PAN | PS.DIT)) | PS.DAIF | (mte ? PS.TCO : 0) | (span ? PS.PAN : 0) | (dssbs ? PS.SSBS : 0)
}

const bank = (names: readonly [string, string]): readonly number[] => [0, slotOf(names[0]), slotOf(names[1])]
const SPSR = bank(['SPSR_EL1', 'SPSR_EL2'])
const ELR = bank(['ELR_EL1', 'ELR_EL2'])
const ESR = bank(['ESR_EL1', 'ESR_EL2'])
const FAR = bank(['FAR_EL1', 'FAR_EL2'])
const VBAR = [0, effectiveSlotOf('VBAR_EL1'), effectiveSlotOf('VBAR_EL2')]
const SCTLR = [effectiveSlotOf('SCTLR_EL1'), effectiveSlotOf('SCTLR_EL1'), effectiveSlotOf('SCTLR_EL2')]
const SP = [slotOf('SP_EL0'), slotOf('SP_EL1'), slotOf('SP_EL2')]
const HPFAR = slotOf('HPFAR_EL2')
const HCR_EFFECTIVE = effectiveSlotOf('HCR_EL2')
const MDCR = effectiveSlotOf('MDCR_EL2')

/** A synchronous external abort, on the access or on a table walk. */
const isExternal = (status: number): boolean => status === FSC.EXTERNAL || (status & 0x3c) === 0x14

const bitOf = (value: bigint, bit: number): boolean => ((value >> BigInt(bit)) & 1n) !== 0n

/**
 * One PE's architectural state and the rules of EL0 to EL2: PSTATE, exception entry and return, the controls in force.
 * General and system registers live in shared memory (layout.ts); PSTATE is kept unpacked while the PE runs and is packed
 * by `store` whenever somebody else may look.
 */
export class Core {
  readonly pe: number
  readonly views: Views
  readonly state: BigUint64Array
  /** The state in halves, the low one first: reading a bit from it allocates nothing. */
  private readonly halves: Uint32Array
  readonly features: ReadonlySet<Feature>
  readonly hasMte: boolean
  readonly hasExS: boolean
  readonly hasBti: boolean
  readonly sync: Synchronisation
  readonly recorder: Observer
  /** A checker beside the machine. */
  watcher: Watcher | null = null
  readonly asynchronous: AsynchronousExceptions
  readonly controlsCache: ControlsCache

  el = 2
  spsel = 1
  n = 0
  z = 0
  c = 0
  v = 0
  /** PSTATE bits other than NZCV, EL and SPSel, at their SPSR positions. */
  ps: number = PS.DAIF
  /** Address of the current instruction, kept as its page and an offset so that stepping needs no bigint arithmetic. */
  pcPage = 0n
  pcOffset = 0
  instructions = 0
  cycles = 0
  /** Cycles at which the engine looks at the timers: see GenericTimers. */
  deadline = Number.POSITIVE_INFINITY
  retiredAtFault = 0
  faultsInARow = 0
  /** The instruction word being executed: a stage 2 abort's syndrome describes it. */
  word = 0
  /** Word of the SP in use. */
  sp = SP[2]!
  /** The page that instructions come from is guarded (FEAT_BTI). */
  guarded = false
  /** PSTATE.BTYPE as an indirect branch or an exception return left it, and the count of instructions then. */
  private branchType = 0
  private branchTypeAt = -1
  /** Set when translation controls changed or the EL did: the engine fetches anew. */
  refetch = true
  private readonly cachedControls: (Controls | null)[] = [null, null, null]
  /**
   * HCR_EL2.E2H and TGE in force. Reading them is not a use by an instruction (see e2h and tge): for what is derived from
   * them, and for interrupts, which may come a moment later as well.
   */
  hostExtensions = false
  generalTraps = false

  constructor(
    pe: number,
    views: Views,
    features: ReadonlySet<Feature>,
    sync: Synchronisation,
    recorder: Observer,
  ) {
    this.pe = pe
    this.views = views
    this.state = views.state(pe)
    this.halves = new Uint32Array(this.state.buffer, this.state.byteOffset, this.state.length * 2)
    this.controlsCache = new ControlsCache(this.state, features)
    this.features = features
    this.hasMte = features.has('FEAT_MTE')
    this.hasExS = features.has('FEAT_ExS')
    this.hasBti = features.has('FEAT_BTI')
    this.sync = sync
    this.recorder = recorder
    this.asynchronous = new AsynchronousExceptions(this)
  }

  get pc(): bigint {
    return this.pcPage + BigInt(this.pcOffset)
  }

  set pc(address: bigint) {
    this.pcPage = address & ~0xfffn
    this.pcOffset = Number(address & 0xfffn)
  }

  /** One bit of a word of the state. */
  bit(slot: number, bit: number): 0 | 1 {
    return ((this.halves[slot * 2 + (bit >>> 5)]! >>> (bit & 31)) & 1) as 0 | 1
  }

  /** Bits 31:0 of a word of the state, as a signed number. */
  low(slot: number): number {
    return this.halves[slot * 2]! | 0
  }

  /** The controls of the current EL's regime; index 1 of their pairs is the privileged level, 0 EL0. */
  controls(): Controls {
    let controls = this.cachedControls[this.el]
    if (controls === null || controls === undefined) {
      controls = this.controlsCache.of(this.el)
      this.cachedControls[this.el] = controls
    }
    return controls
  }

  /** The controls that an address-translation instruction or a walk for another EL uses. */
  controlsFor(el: number): Controls {
    return this.controlsCache.of(el)
  }

  /** A register that decides translation, checks or traps was written: everything derived from it is rebuilt on next use. */
  controlsChanged(): void {
    const { cachedControls } = this
    cachedControls[0] = cachedControls[1] = cachedControls[2] = null
    const hcr = this.state[HCR_EFFECTIVE]!
    this.hostExtensions = (hcr & HCR.E2H) !== 0n
    this.generalTraps = (hcr & HCR.TGE) !== 0n
    this.asynchronous.update()
    this.refetch = true
  }

  hcr(): bigint {
    return this.state[HCR_EFFECTIVE]!
  }

  /** HCR_EL2.E2H as an instruction uses it. */
  e2h(): boolean {
    if (this.sync.pending) this.sync.useE2h()
    return this.hostExtensions
  }

  /** HCR_EL2.TGE as an instruction uses it. */
  tge(): boolean {
    if (this.sync.pending) this.sync.useTge()
    return this.generalTraps
  }

  /** SCTLR_ELx of the current EL's regime, effective. */
  sctlr(): bigint {
    const el0InHost = this.el === 0 && this.e2h() && this.tge()
    return this.state[el0InHost ? SCTLR[2]! : SCTLR[this.el]!]!
  }

  /** ELR_ELx of the current EL, 1 or 2. */
  elr(): bigint {
    return this.state[ELR[this.el]!]!
  }

  /** PSTATE.BTYPE: the instruction behind the one that sets it clears it, so the count of instructions tells whether it holds. */
  btype(): number {
    return this.branchTypeAt === this.instructions ? this.branchType : 0
  }

  setBranchType(type: number): void {
    this.branchType = type
    this.branchTypeAt = this.instructions
  }

  /** PSTATE as SPSR_ELx would hold it. */
  packPstate(): bigint {
    const low =
      (this.n ? PS.N : 0) |
      (this.z ? PS.Z : 0) |
      (this.c ? PS.C : 0) |
      (this.v ? PS.V : 0) |
      this.ps |
      (this.btype() << 10) |
      (this.el << 2) |
      (this.el === 0 ? 0 : this.spsel)
    return BigInt(low >>> 0)
  }

  /** Takes PSTATE from a value in SPSR format whose mode is legal. */
  unpackPstate(value: bigint): void {
    const low = Number(value & 0xffff_ffffn) | 0
    this.n = (low >>> 31) & 1
    this.z = (low >>> 30) & 1
    this.c = (low >>> 29) & 1
    this.v = (low >>> 28) & 1
    let kept = PS.DIT | PS.UAO | PS.PAN | PS.IL | PS.SSBS | PS.DAIF
    if (this.hasMte) kept |= PS.TCO
    this.ps = low & kept
    this.setBranchType(this.hasBti ? (low >>> 10) & 3 : 0)
    this.setLevel((low >>> 2) & 3, low & 1)
  }

  setLevel(el: number, spsel: number): void {
    if (el !== this.el) this.refetch = true
    this.el = el
    this.spsel = spsel
    this.sp = SP[el > 0 && spsel ? el : 0]!
  }

  tco(): boolean {
    return (this.ps & PS.TCO) !== 0
  }

  setPs(mask: number, on: boolean): void {
    this.ps = on ? this.ps | mask : this.ps & ~mask
    if (mask & PS.DAIF) this.masksChanged()
  }

  /** PSTATE.{A,I,F} changed: what is pending may be taken before the next instruction. */
  masksChanged(): void {
    if (this.asynchronous.pending !== 0) this.refetch = true
  }

  /** Reads the whole state from shared memory: at start, and after somebody else changed it. */
  load(): void {
    this.pc = this.state[PC]!
    this.instructions = Number(this.state[INSTRUCTIONS]!)
    this.unpackPstate(this.state[PSTATE]!)
    this.cycles = Number(this.state[CYCLES]!)
    this.retiredAtFault = Number(this.state[RETIRED_AT_FAULT]!)
    this.faultsInARow = Number(this.state[FAULTS_IN_A_ROW]!)
    this.controlsChanged()
    this.asynchronous.sample()
  }

  /** The PE goes on at another time, while it executes nothing. */
  setCycles(cycles: number): void {
    this.cycles = cycles
    this.state[CYCLES] = BigInt(cycles)
  }

  /** Writes what is kept unpacked back to shared memory. */
  store(): void {
    this.state[PC] = this.pc
    this.state[PSTATE] = this.packPstate()
    this.state[INSTRUCTIONS] = BigInt(this.instructions)
    this.state[CYCLES] = BigInt(this.cycles)
    this.state[RETIRED_AT_FAULT] = BigInt(this.retiredAtFault)
    this.state[FAULTS_IN_A_ROW] = BigInt(this.faultsInARow)
  }

  /**
   * EL that a synchronous exception is taken to. From EL0 and EL1 HCR_EL2.TEA sends external aborts to EL2, MDCR_EL2.TDE a
   * breakpoint instruction.
   */
  private targetOf({ target, ec, iss }: GuestFault): number {
    if (target === 2 || this.el === 2) return 2
    if (this.el === 0 && this.tge()) return 2
    const abort = ec === EC.DATA_ABORT || ec === EC.INSTRUCTION_ABORT
    if (abort && isExternal(iss & 0x3f) && this.bit(HCR_EFFECTIVE, 37)) return 2
    return ec === EC.BRK && this.bit(MDCR, 8) ? 2 : 1
  }

  /**
   * Takes a synchronous exception (AArch64.TakeException). `this.pc` is the faulting instruction.
   * The entry synchronises context unless FEAT_ExS and EIS = 0, and completes pending asynchronous tag faults where
   * SCTLR_ELx.ITFSB of the entered EL says so.
   */
  takeFault(fault: GuestFault): void {
    const target = this.targetOf(fault)
    const from = this.el
    let ec = fault.ec
    const same = target === from
    if (same && (ec === EC.DATA_ABORT || ec === EC.INSTRUCTION_ABORT)) ec += 1
    // An exception of unknown reason and an illegal state carry IL = 1; all A64 instructions are 32-bit.
    const esr = (BigInt(ec) << 26n) | (1n << 25n) | BigInt(fault.iss >>> 0)
    const returnAddress = fault.returnTo === 'next' ? BigInt.asUintN(64, this.pc + 4n) : this.pc
    // Whether SVC and HVC save or clear BTYPE is CONSTRAINED UNPREDICTABLE (Unpredictable_ZEROBTYPE): like every exception they save it.
    if (fault.returnTo === 'next' && this.branchTypeAt === this.instructions - 1) this.branchTypeAt++
    this.recorder.exceptionEntry(this, target, esr, from, null)
    this.watcher?.exceptionEntry(target, esr, returnAddress, false)
    if (fault.far !== null) this.state[FAR[target]!] = fault.far
    if (fault.ipa !== null) this.state[HPFAR] = (BigInt(fault.ipa) >> 12n) << 4n
    this.state[ESR[target]!] = esr
    this.enter(target, returnAddress, 0)
  }

  /**
   * Takes the asynchronous exception that is due before the instruction at `pc`, if there is one. IRQ and FIQ leave ESR_ELx
   * alone. @returns whether one was taken
   */
  takeAsynchronous(): boolean {
    const due = this.asynchronous.due()
    if (due === null) return false
    const { kind, virtual, target } = due
    if (kind === PS.A) {
      const esr = (BigInt(EC.SERROR) << 26n) | (1n << 25n) | this.asynchronous.acknowledge(virtual)
      this.recorder.exceptionEntry(this, target, esr, this.el, null)
      this.watcher?.exceptionEntry(target, esr, this.pc, true)
      this.state[ESR[target]!] = esr
      this.enter(target, this.pc, 0x180)
    } else {
      this.recorder.exceptionEntry(this, target, 0n, this.el, kind === PS.I ? 'IRQ' : 'FIQ')
      this.watcher?.exceptionEntry(target, 0n, this.pc, true)
      this.enter(target, this.pc, kind === PS.I ? 0x80 : 0x100)
    }
    return true
  }

  /** The common part of every exception entry. @param kind 0 synchronous, 0x80 IRQ, 0x100 FIQ, 0x180 SError */
  private enter(target: number, returnAddress: bigint, kind: number): void {
    const from = this.el
    const offset = vectorOffset(from, target, this.spsel) + kind
    const sctlr = SCTLR[target]!
    this.state[SPSR[target]!] = this.packPstate()
    this.state[ELR[target]!] = returnAddress
    const synchronisesErrors = this.bit(sctlr, 21) === 1
    this.sync.exceptionEntry(target, !this.hasExS || this.bit(sctlr, 22) === 1)
    // SPAN = 0 sets PAN on entry to EL1, and to EL2 of a VHE host.
    const panApplies = target === 1 || (target === 2 && this.e2h() && this.tge())
    const span = panApplies && this.bit(sctlr, 23) === 0
    this.ps = enteredPstate(this.ps, this.hasMte, span, this.bit(sctlr, 44) === 1)
    this.setBranchType(0)
    this.setLevel(target, 1)
    this.pc = BigInt.asUintN(64, (this.state[VBAR[target]!]! & ~0x7ffn) + BigInt(offset))
    this.refetch = true
    // SCTLR_ELx.IESB: an error found here is taken before the handler's first instruction, if it is not masked now.
    if (synchronisesErrors) this.asynchronous.synchronizeErrors()
  }

  /**
   * ERET (AArch64.ExceptionReturn). An illegal return sets PSTATE.IL and keeps the EL, so that the next instruction takes
   * an Illegal Execution State exception. With SCTLR_ELx.IESB errors are synchronized first, and one that is not masked is
   * taken in place of the return. `authenticated` is ELR_ELx behind an ERETAA or ERETAB. Synchronises context unless FEAT_ExS and SCTLR_ELx.EOS = 0 of the EL it leaves.
   */
  exceptionReturn(authenticated?: bigint): void {
    const from = this.el
    if (this.bit(SCTLR[from]!, 21) === 1) {
      this.asynchronous.synchronizeErrors()
      if (this.asynchronous.due()?.kind === PS.A && this.takeAsynchronous()) return
    }
    const spsr = this.state[SPSR[from]!]!
    const target = authenticated ?? this.state[ELR[from]!]!
    this.sync.exceptionReturn(from, !this.hasExS || this.bit(SCTLR[from]!, 11) === 1)
    if (this.legalReturn(spsr)) {
      this.unpackPstate(spsr)
      this.pc = this.branchAddress(target)
    } else {
      const low = Number(spsr & 0xffff_ffffn) | 0
      this.n = (low >>> 31) & 1
      this.z = (low >>> 30) & 1
      this.c = (low >>> 29) & 1
      this.v = (low >>> 28) & 1
      const kept = PS.DAIF | PS.PAN | PS.DIT | PS.UAO | PS.SSBS | (this.hasMte ? PS.TCO : 0)
      this.ps = (low & kept) | PS.IL
      this.setBranchType(0)
      this.pc = target
    }
    // ClearExclusiveLocal and SendEventLocal of AArch64.ExceptionReturn.
    this.state[MONITOR] = 0n
    this.state[EVENT] = 1n
    this.refetch = true
    this.recorder.exceptionReturn(this, from)
    this.watcher?.exceptionReturn(from)
  }

  private legalReturn(spsr: bigint): boolean {
    const mode = Number(spsr & 0x1fn)
    const target = (mode >> 2) & 3
    if (mode & 0x10 || mode & 2 || target > this.el || target === 3) return false
    if (target === 0 && mode & 1) return false
    return !(target === 1 && this.tge())
  }

  /** AArch64.BranchAddr: drops the top byte where the regime ignores it for instruction fetches. */
  branchAddress(target: bigint): bigint {
    const controls = this.controls()
    const upper = bitOf(target, 55)
    const half = controls.halves[1] === null ? controls.halves[0] : controls.halves[upper ? 1 : 0]!
    if (!half.topByteIgnoredForCode) return target
    if (controls.halves[1] === null) return BigInt.asUintN(56, target)
    return BigInt.asUintN(64, BigInt.asIntN(56, target))
  }
}
