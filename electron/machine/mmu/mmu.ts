import type { Access } from '../../../shared/isa/operations.ts'
import { RAM_BASE } from '../board/map.ts'
import { control, pageWord, peControl, peWord, type Views } from '../board/shared-memory.ts'
import { type Core, PS } from '../cpu/core.ts'
import { EC, FSC, GuestFault } from '../cpu/fault.ts'
import type { Controls } from './controls.ts'
import { translatePage } from './stage1.ts'
import { instructionSyndrome } from './syndrome.ts'
import { type Exchange, RamTables } from './table-memory.ts'
import { Tlb, type TlbState } from './tlb.ts'
import {
  type DescriptorRead,
  page,
  READS,
  type Request,
  type TableMemory,
  type Translation,
  type WalkFault,
} from './walk.ts'

/** What an access does: bits, so that a read-modify-write is both. */
export const READ = 1
export const WRITE = 2
export const READ_WRITE = 3
/** An instruction fetch; maintenance by address, which reports CM and WnR = 1. */
const FETCH = 0
const MAINTENANCE = 4
/** ESR_ELx.ISS of a data abort. */
const ISS = { WNR: 0x40, S1PTW: 0x80, CM: 0x100 } as const

/** SCTLR_ELx.nAA: unaligned ordered accesses that cross 16 bytes do not fault. */
const NAA = 1n << 6n

/** Results of `locate` other than an offset into RAM. */
export const DEVICE = -1
/** The access crosses a page: see `pieces`. */
export const SPLIT = -2

/** Part of an access on one page. */
export interface Piece {
  /** Offset into RAM, or DEVICE. */
  at: number
  /** Virtual address of its first byte, for an abort. */
  address: bigint
  bytes: number
  flags: number
}

/** EL0-side bits of `page` are the privileged ones shifted by three. */
const wantedBits = (kind: number, privileged: number): number => {
  const bits = (kind & READ ? page.PRIVILEGED_READ : 0) | (kind & WRITE ? page.PRIVILEGED_WRITE : 0)
  return privileged ? bits : bits << 3
}

const isPermission = (fsc: number): boolean => (fsc & 0x3c) === FSC.PERMISSION
/** A synchronous external abort, on a walk or not. */
const isExternal = (fsc: number): boolean => (fsc & 0x3c) === FSC.EXTERNAL + 4 || fsc === FSC.EXTERNAL

/**
 * Finds the memory behind a data access: TBI, alignment, translation with the TLB, permission, tag check, in the
 * architecture's order of priority (mte-isa 4.9). One per PE.
 */
export class Mmu {
  private readonly core: Core
  private readonly views: Views
  private readonly tlb = new Tlb()
  private readonly value64 = new BigUint64Array(1)
  private readonly value32 = new Uint32Array(this.value64.buffer)
  private readonly memory: TableMemory
  private readonly unchanged: TableMemory
  /** How a walk replaces a descriptor; from the memory operations, which know what else a write means. */
  exchange: Exchange = () => {
    throw new Error('no memory operations')
  }
  /** Told of every data access before it is made: for watchpoints. */
  watch: ((address: bigint, bytes: number, kind: number) => void) | null = null
  /** Physical address of the last access found to be DEVICE. */
  physical = 0
  /** The parts of the last access found to be SPLIT, in address order. */
  pieces: readonly [Piece, Piece] | null = null
  /** Page bits of the last access found in one piece. */
  flags = 0
  /** Whether the page of the last fetch is guarded: its first instruction after an indirect branch must be a landing pad. */
  guarded = false

  constructor(core: Core) {
    this.core = core
    this.views = core.views
    this.memory = new RamTables(core.views, (at, expected, value) => this.exchange(at, expected, value))
    this.unchanged = new RamTables(core.views, null)
  }

  save(): TlbState {
    return this.tlb.save()
  }

  restore(saved: TlbState): void {
    this.tlb.restore(saved)
  }

  invalidate(): void {
    this.tlb.clear()
    this.core.refetch = true
  }

  /** Whether an access of the LDTR class is made with EL0's permissions and settings here (UAO, {E2H,TGE}). */
  unprivileged(): boolean {
    const { core } = this
    if (core.ps & PS.UAO) return false
    return core.el === 1 || (core.el === 2 && core.e2h() && core.tge())
  }

  /**
   * @param bytes   total size of the access
   * @param unit    size whose natural alignment counts: an element, or the whole for exclusive pairs
   * @param checkTags false where the caller checks later (STXR: after the monitor)
   * @returns offset into RAM, DEVICE or SPLIT
   * @throws GuestFault in order of priority; nothing has been changed then
   */
  locate(
    address: bigint,
    bytes: number,
    unit: number,
    kind: number,
    access: Access,
    checkTags = true,
  ): number {
    if (this.watch !== null) this.watch(address, bytes, kind)
    this.value64[0] = address
    const low = this.value32[0]!
    const high = this.value32[1]!
    const { core } = this
    const controls = core.controls()
    if (
      (low & (unit - 1)) !== 0 &&
      (controls.alignmentCheck ||
        (access.aligned === true && !this.unalignedAllowed(low, bytes, kind, access)))
    ) {
      throw this.abort(address, FSC.ALIGNMENT, kind === WRITE, 1)
    }
    const privileged = core.el === 0 || (access.unprivileged === true && this.unprivileged()) ? 0 : 1
    const offset = low & 0xfff
    const unaligned = (low & (unit - 1)) !== 0
    if (offset + bytes > 4096) {
      return this.locateSplit(address, bytes, unaligned, kind, access, privileged, checkTags)
    }
    const entry = this.entry(address, low, high, controls, kind, privileged, unaligned)
    const flags = this.tlb.flags[entry]!
    this.flags = flags
    const physical = this.tlb.physical[entry]! + offset
    const at = physical - RAM_BASE
    if (at < 0 || at >= this.views.ramBytes) {
      this.physical = physical
      return DEVICE
    }
    if (checkTags && access.checked && flags & page.TAGGED && this.mayCheck(controls, privileged)) {
      this.checkTags(address, high, at, bytes, bytes, kind, privileged, controls)
    }
    return at
  }

  /**
   * Whether an ordered, exclusive or atomic access may be unaligned where SCTLR_ELx.A does not forbid it: inside 16 bytes
   * with FEAT_LSE2, and an ordered one everywhere with nAA (AArch64.UnalignedAccessFaults).
   */
  private unalignedAllowed(low: number, bytes: number, kind: number, access: Access): boolean {
    if (!this.core.features.has('FEAT_LSE2')) return false
    if ((low & 15) + bytes <= 16) return true
    const ordered = access.acquire === true || access.release === true
    return ordered && access.exclusive !== true && kind !== READ_WRITE && (this.core.sctlr() & NAA) !== 0n
  }

  /** Tag check of an access that was located without one. `at` as `locate` returned it. */
  checkLocated(address: bigint, bytes: number, kind: number, access: Access, at: number): void {
    if (at < 0 || !access.checked || !(this.flags & page.TAGGED)) return
    const controls = this.core.controls()
    const privileged = this.core.el === 0 ? 0 : 1
    if (!this.mayCheck(controls, privileged)) return
    this.value64[0] = address
    this.checkTags(address, this.value32[1]!, at, bytes, bytes, kind, privileged, controls)
  }

  /** Whether the last located page carries tags and tag access is on at the current EL. */
  tagsReachable(): boolean {
    return this.taggable(this.flags)
  }

  taggable(flags: number): boolean {
    if ((flags & page.TAGGED) === 0) return false
    const { core } = this
    const level = core.el === 0 ? 0 : 1
    if (core.sync.pending) core.sync.useTagAccess(core.controls().regime !== 'EL1&0', level === 1)
    return core.controls().tagAccess[level]!
  }

  /** Offset into RAM of an address that was accessed just now, from the TLB; DEVICE where it is not there. For who watches. */
  lastAt(address: bigint): number {
    this.value64[0] = address
    const low = this.value32[0]!
    const entry = this.tlb.find(low >>> 12, this.value32[1]! & 0xff_ffff, this.core.controls().context)
    const at = entry < 0 ? DEVICE : this.tlb.physical[entry]! + (low & 0xfff) - RAM_BASE
    return at >= 0 && at < this.views.ramBytes ? at : DEVICE
  }

  /** Physical address for an instruction fetch. @throws GuestFault an instruction abort */
  fetch(address: bigint): number {
    this.value64[0] = address
    const low = this.value32[0]!
    const { core } = this
    const high = this.value32[1]!
    const controls = core.controls()
    const wanted = core.el === 0 ? page.EL0_EXECUTE : page.PRIVILEGED_EXECUTE
    const upper = controls.halves[1] !== null && (high >>> 23) & 1 ? 1 : 0
    let entry = -1
    if (controls.halves[upper]!.topByteIgnoredForCode || high >>> 24 === (upper ? 0xff : 0)) {
      entry = this.tlb.find(low >>> 12, high & 0xff_ffff, controls.context)
    }
    if (entry < 0 || (this.tlb.flags[entry]! & wanted) === 0) {
      const request = { wanted, pan: false, unaligned: false, dirties: true }
      entry = this.walk(address, low >>> 12, high & 0xff_ffff, controls, FETCH, request)
    }
    this.guarded = (this.tlb.flags[entry]! & page.GUARDED) !== 0
    return this.tlb.physical[entry]! + (low & 0xfff)
  }

  /**
   * Cache maintenance by virtual address. EL0 needs to be able to read; above, only invalidation without cleaning needs
   * permission, to write (DDI 0487, D7.5.8). Changes nothing.
   * @returns offset into RAM, or DEVICE
   * @throws GuestFault a data abort with CM and WnR set
   */
  maintain(address: bigint, invalidate: boolean): number {
    const { core } = this
    const wanted = core.el === 0 ? page.EL0_READ : invalidate ? page.PRIVILEGED_WRITE : 0
    const request = { wanted, pan: false, unaligned: false, dirties: false }
    const { fault, physical } = this.translateFor(address, core.controls(), request, 2)
    if (fault) throw this.maintenanceAbort(address, fault)
    const at = physical - RAM_BASE + Number(address & 0xfffn)
    return at >= 0 && at < this.views.ramBytes ? at : DEVICE
  }

  /** The translation of an address under the controls of any EL, for AT and maintenance. The TLB is not used. */
  translateFor(address: bigint, controls: Controls, request: Request, stages: 1 | 2): Translation {
    return this.translate(address, controls, request, false, stages)
  }

  /** What an address means under some controls, whatever is permitted there; for a debugger: nothing changes. */
  look(address: bigint, controls: Controls): Translation {
    const request = { wanted: 0, pan: false, unaligned: false, dirties: false }
    return this.translate(address, controls, request, false, 2, this.unchanged)
  }

  /** The same with each descriptor that was read on the way. */
  lookThrough(address: bigint, controls: Controls): { translation: Translation; reads: DescriptorRead[] } {
    const reads: DescriptorRead[] = []
    const { unchanged } = this
    const memory: TableMemory = {
      get low() {
        return unchanged.low
      },
      get high() {
        return unchanged.high
      },
      read(at, stage, level) {
        const found = unchanged.read(at, stage, level)
        const descriptor = (BigInt(unchanged.high >>> 0) << 32n) | BigInt(unchanged.low >>> 0)
        if (found) reads.push({ stage, level, at, descriptor })
        return found
      },
      update: (at, low) => unchanged.update(at, low),
    }
    const request = { wanted: 0, pan: false, unaligned: false, dirties: false }
    return { translation: this.translate(address, controls, request, false, 2, memory), reads }
  }

  /** The abort of an address translation or maintenance instruction. */
  maintenanceAbort(address: bigint, fault: WalkFault): GuestFault {
    return this.dataAbort(address, fault, MAINTENANCE)
  }

  /** A data abort at `address`. @param stage 1 to the usual target, 2 to EL2 */
  abort(address: bigint, fsc: number, write: boolean, stage: 1 | 2, extra = 0, ipa?: number): GuestFault {
    const iss = fsc | (write ? ISS.WNR : 0) | extra
    return ipa === undefined
      ? new GuestFault(EC.DATA_ABORT, iss, { far: address, target: stage })
      : new GuestFault(EC.DATA_ABORT, iss, { far: address, target: stage, ipa })
  }

  /**
   * A page whose word in `codePages` is not 0 was written. It differs from the last snapshot from now on; and where PEs may
   * have decoded it, each is told and looks before its next instruction.
   */
  codeWritten(ramPage: number): void {
    const words = this.views.control
    const { codePages } = this.views
    if ((Atomics.and(codePages, ramPage, ~pageWord.WATCHED) & pageWord.VERSION) === 0) return
    // The count wraps around 0, which would say that nobody has decoded the page.
    if ((Atomics.add(codePages, ramPage, pageWord.ONE) & pageWord.VERSION) === pageWord.VERSION) {
      Atomics.add(codePages, ramPage, pageWord.ONE)
    }
    Atomics.add(words, control.CODE_GENERATION, 1)
    for (let pe = 0; pe < this.views.shared.pes; pe++) {
      Atomics.store(words, peWord(pe, peControl.ATTENTION), 1)
    }
  }

  /** Tags of a page were written: it differs from the last snapshot from now on. */
  tagsWritten(ramPage: number): void {
    Atomics.and(this.views.codePages, ramPage, ~pageWord.WATCHED)
  }

  private half(address: bigint, controls: Controls): 0 | 1 {
    return controls.halves[1] !== null && (address >> 55n) & 1n ? 1 : 0
  }

  private translate(
    address: bigint,
    controls: Controls,
    request: Request,
    fetch: boolean,
    stages: 1 | 2 = 2,
    memory = this.memory,
  ): Translation {
    const half = this.half(address, controls)
    const range = controls.halves[half]!
    let va = address
    // The top byte is replaced by bit 55 (two ranges) or zeros where it is ignored.
    if (fetch ? range.topByteIgnoredForCode : range.topByteIgnored) {
      va =
        controls.halves[1] === null
          ? BigInt.asUintN(56, address)
          : BigInt.asUintN(64, BigInt.asIntN(56, address))
    }
    return translatePage(controls, va, half, memory, request, stages)
  }

  /**
   * The TLB entry of an address that the access is permitted to use, filled by a walk when it is not there or denies. A
   * walk may grant more than an old entry: descriptors become dirty by the first write.
   */
  private entry(
    address: bigint,
    low: number,
    high: number,
    controls: Controls,
    kind: number,
    privileged: number,
    unaligned: boolean,
  ): number {
    const upper = controls.halves[1] !== null && (high >>> 23) & 1 ? 1 : 0
    const pageLow = low >>> 12
    const pageHigh = high & 0xff_ffff
    const wanted = wantedBits(kind, privileged)
    const pan = privileged === 1 && (this.core.ps & PS.PAN) !== 0
    if (controls.halves[upper]!.topByteIgnored || high >>> 24 === (upper ? 0xff : 0)) {
      const found = this.tlb.find(pageLow, pageHigh, controls.context)
      if (found >= 0) {
        const refused = (pan ? page.USER : 0) | (unaligned ? page.DEVICE : 0)
        if ((this.tlb.flags[found]! & (wanted | refused)) === wanted) return found
      }
    }
    return this.walk(address, pageLow, pageHigh, controls, kind, { wanted, pan, unaligned, dirties: true })
  }

  /** The slow half of `entry`, apart so that the fast one stays small. */
  private walk(
    address: bigint,
    pageLow: number,
    pageHigh: number,
    controls: Controls,
    kind: number,
    request: Request,
  ): number {
    const { fault, physical, flags } = this.translate(address, controls, request, kind === FETCH)
    if (fault)
      throw kind === FETCH ? this.instructionAbort(address, fault) : this.dataAbort(address, fault, kind)
    return this.tlb.fill(pageLow, pageHigh, controls.context, physical, flags)
  }

  private dataAbort(address: bigint, fault: WalkFault, kind: number): GuestFault {
    const { fsc, stage, onWalk } = fault
    // An atomic counts as a write only where a read alone would have been permitted.
    const readable = isPermission(fsc) && !onWalk && (fault.denied & READS) === 0
    const write = kind === WRITE || kind === MAINTENANCE || (kind === READ_WRITE && readable)
    let extra = kind === MAINTENANCE ? ISS.CM : 0
    if (stage === 1) return this.abort(address, fsc, write, 1, extra)
    if (onWalk) extra |= ISS.S1PTW
    else if (!isExternal(fsc)) extra |= instructionSyndrome(this.core.word)
    return this.abort(address, fsc, write, 2, extra, fault.ipa)
  }

  private instructionAbort(address: bigint, { fsc, stage, onWalk, ipa }: WalkFault): GuestFault {
    const iss = fsc | (onWalk ? ISS.S1PTW : 0)
    return stage === 1
      ? new GuestFault(EC.INSTRUCTION_ABORT, iss, { far: address })
      : new GuestFault(EC.INSTRUCTION_ABORT, iss, { far: address, target: 2, ipa })
  }

  private locateSplit(
    address: bigint,
    bytes: number,
    unaligned: boolean,
    kind: number,
    access: Access,
    privileged: number,
    checkTags: boolean,
  ): number {
    const controls = this.core.controls()
    const firstBytes = 4096 - Number(address & 0xfffn)
    const second = BigInt.asUintN(64, address + BigInt(firstBytes))
    const one = this.piece(address, firstBytes, unaligned, kind, privileged, controls)
    const two = this.piece(second, bytes - firstBytes, unaligned, kind, privileged, controls)
    if (checkTags && access.checked && this.mayCheck(controls, privileged)) {
      for (const [piece, start] of [
        [one, address],
        [two, second],
      ] as const) {
        if (!(piece.flags & page.TAGGED) || piece.at < 0) continue
        this.value64[0] = start
        const high = this.value32[1]!
        if (this.checkTags(start, high, piece.at, piece.bytes, bytes, kind, privileged, controls)) break
      }
    }
    this.pieces = [one, two]
    return SPLIT
  }

  private piece(
    address: bigint,
    bytes: number,
    unaligned: boolean,
    kind: number,
    privileged: number,
    controls: Controls,
  ): Piece {
    this.value64[0] = address
    const low = this.value32[0]!
    const entry = this.entry(address, low, this.value32[1]!, controls, kind, privileged, unaligned)
    const flags = this.tlb.flags[entry]!
    const physical = this.tlb.physical[entry]! + (low & 0xfff)
    const at = physical - RAM_BASE
    return { at: at >= 0 && at < this.views.ramBytes ? at : DEVICE, address, bytes, flags }
  }

  /**
   * Compares the pointer's tag with that of every granule touched, in ascending order (mte-isa 4.1, 4.5). A mismatch is a
   * synchronous fault at the first failing granule, or one pending fault for the access.
   * @param total bytes of the whole access, for the record
   * @returns whether the access was found to mismatch, asynchronously: its other parts are then of no account
   */
  private checkTags(
    address: bigint,
    high: number,
    at: number,
    bytes: number,
    total: number,
    kind: number,
    privileged: number,
    controls: Controls,
  ): boolean {
    const { core } = this
    if (core.ps & PS.TCO || (!controls.tagAccess[privileged] && !core.sync.pending)) return false
    const two = controls.halves[1] !== null
    const upper = (high >>> 23) & 1
    const half = controls.halves[two ? upper : 0]!
    if (!half.topByteIgnored) return false
    const tag = (high >>> 24) & 15
    if (half.canonicalUnchecked && tag === (upper ? 15 : 0) && (two || upper === 0)) return false
    const { tags } = this.views
    const last = (at + bytes - 1) >>> 4
    for (let granule = at >>> 4; granule <= last; granule++) {
      const stored = tags[granule]!
      if (stored === tag) continue
      const first = granule === at >>> 4
      const failing = first ? address : BigInt.asUintN(64, address + BigInt(granule * 16 - at))
      const tcf = this.modeOfMismatch(controls, privileged, (kind & READ) === 0)
      if (tcf === 0) return false
      const synchronous = tcf === 1 || (tcf === 3 && (kind & READ) !== 0)
      const mismatch = {
        synchronous,
        tcf,
        privileged,
        address: failing,
        granule: RAM_BASE + granule * 16,
        pointerTag: tag,
        memoryTag: stored,
        write: kind === WRITE,
        bytes: total,
      }
      core.recorder.tagFault(core, mismatch)
      core.watcher?.tagMismatch(mismatch)
      if (synchronous) throw this.abort(failing, FSC.TAG_CHECK, kind === WRITE, 1)
      // The bit is VA[55], TF0 always where the regime has a single range.
      core.sync.tagFault(
        privileged ? core.el : 0,
        two ? upper : 0,
        (kind & READ) === 0,
        controls.regime !== 'EL1&0',
      )
      return true
    }
    return false
  }

  /** Whether a mismatch could have an effect: while writes are pending, the controls in force do not yet say so. */
  private mayCheck(controls: Controls, privileged: number): boolean {
    return controls.tcf[privileged] !== 0 || this.core.sync.pending
  }

  /** SCTLR_ELx.TCF or TCF0 as a mismatching access sees it, 0 with tag access off. Only a mismatch is a use of them. */
  private modeOfMismatch(controls: Controls, privileged: number, store: boolean): number {
    const { core } = this
    let used = controls
    if (core.sync.pending) {
      core.sync.useTagCheck(controls.regime !== 'EL1&0', privileged === 1, store)
      used = core.controls()
    }
    return used.tagAccess[privileged] ? used.tcf[privileged]! : 0
  }
}
