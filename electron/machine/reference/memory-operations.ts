import type { Access, AtomicOp } from '../../../shared/isa/operations.ts'
import type { SafePoints } from '../board/safe-points.ts'
import { pageWord, peControl, peWord } from '../board/shared-memory.ts'
import type { Core } from '../cpu/core.ts'
import { FSC } from '../cpu/fault.ts'
import { MONITOR } from '../cpu/layout.ts'
import type { Bus } from '../devices/bus.ts'
import { DEVICE, type Mmu, type Piece, READ, READ_WRITE, SPLIT, WRITE } from '../mmu/mmu.ts'
import { page } from '../mmu/walk.ts'
import { small } from './integer.ts'
import { guard, Monitors } from './monitors.ts'

const untagged: Access = { bytes: 16, checked: false }
const GRANULE = 16
/** Blocks of LDGM and STGM (GMID_EL1.BS = 6) and of DC ZVA, GVA, GZVA and STZGM (DCZID_EL0.BS = 4), in bytes. */
const TAG_BLOCK = 256
const ZERO_BLOCK = 64

/** Memory of one PE as instructions see it: data, exclusives, atomics and tags. Little-endian. */
export class MemoryOperations {
  private readonly core: Core
  private readonly mmu: Mmu
  private readonly bus: Bus
  private readonly words: Core['views']
  private readonly safePoints: SafePoints
  private readonly monitors: Monitors
  private readonly fenceWord: number

  constructor(core: Core, mmu: Mmu, bus: Bus, safePoints: SafePoints) {
    this.core = core
    this.mmu = mmu
    this.bus = bus
    this.words = core.views
    this.safePoints = safePoints
    this.monitors = new Monitors(core.views, core.pe, safePoints)
    this.fenceWord = peWord(core.pe, peControl.FENCE)
    mmu.exchange = (at, expected, value) => this.exchangeRam(at, 8, expected, value)
  }

  /** After a restored state. */
  restored(): void {
    this.monitors.restored()
  }

  load(address: bigint, access: Access): bigint {
    const at = this.mmu.locate(address, access.bytes, access.bytes, READ, access)
    return this.readAt(address, at, access.bytes, access)
  }

  store(address: bigint, value: bigint, access: Access): void {
    const at = this.mmu.locate(address, access.bytes, access.bytes, WRITE, access)
    this.writeAt(address, at, access.bytes, value, access)
  }

  loadPair(address: bigint, access: Access): readonly [bigint, bigint] {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * 2, bytes, READ, access)
    if (at === SPLIT) {
      const both = this.readPieces(bytes * 2)
      return [BigInt.asUintN(bytes * 8, both), both >> BigInt(bytes * 8)]
    }
    if (at === DEVICE) {
      const { physical } = this.mmu
      return [this.readDevice(address, physical, bytes), this.readDevice(address, physical + bytes, bytes)]
    }
    return [this.readRam(at, bytes), this.readRam(at + bytes, bytes)]
  }

  storePair(address: bigint, first: bigint, second: bigint, access: Access): void {
    const { bytes } = access
    // STGP is aligned to the granule, which is the size of the pair.
    const at = this.mmu.locate(address, bytes * 2, access.aligned ? bytes * 2 : bytes, WRITE, access)
    if (at === SPLIT) {
      this.writePieces(BigInt.asUintN(bytes * 8, first) | (second << BigInt(bytes * 8)), bytes * 2)
    } else if (at === DEVICE) {
      const { physical } = this.mmu
      this.writeDevice(address, physical, bytes, first)
      this.writeDevice(address, physical + bytes, bytes, second)
    } else {
      this.writeRam(at, bytes, first)
      this.writeRam(at + bytes, bytes, second)
    }
  }

  loadElements(address: bigint, count: number, access: Access): readonly bigint[] {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * count, access.unit ?? bytes, READ, access)
    if (at === SPLIT) {
      const all = this.readPieces(bytes * count)
      return Array.from({ length: count }, (_, i) => BigInt.asUintN(bytes * 8, all >> BigInt(i * bytes * 8)))
    }
    const { physical } = this.mmu
    return Array.from({ length: count }, (_, i) =>
      at === DEVICE
        ? this.readDevice(address, physical + i * bytes, bytes)
        : this.readRam(at + i * bytes, bytes),
    )
  }

  storeElements(address: bigint, values: readonly bigint[], access: Access): void {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * values.length, access.unit ?? bytes, WRITE, access)
    if (at === SPLIT) {
      const all = values.reduceRight((above, value) => (above << BigInt(bytes * 8)) | value, 0n)
      this.writePieces(all, bytes * values.length)
      return
    }
    const { physical } = this.mmu
    for (const [i, value] of values.entries()) {
      if (at === DEVICE) this.writeDevice(address, physical + i * bytes, bytes, value)
      else this.writeRam(at + i * bytes, bytes, value)
    }
  }

  loadExclusive(address: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.locateGuarded(address, bytes, READ, access, guard.STORES)
    if (at < 0) {
      this.monitors.clear()
      return this.readAt(address, at, bytes, access)
    }
    this.monitors.lock(at)
    const value = this.readRaw(at, bytes)
    this.monitors.arm(at, bytes, value, 0n)
    this.monitors.unlock(at)
    return value
  }

  loadExclusivePair(address: bigint, access: Access): readonly [bigint, bigint] {
    const { bytes } = access
    const at = this.locateGuarded(address, bytes * 2, READ, access, this.pairGuard(bytes))
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    this.monitors.lock(at)
    const pair = this.readPair(at, bytes)
    this.monitors.arm(at, bytes * 2, pair[0], pair[1])
    this.monitors.unlock(at)
    return pair
  }

  storeExclusive(address: bigint, value: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes, bytes, WRITE, access, false)
    if (!this.attempt(address, at, bytes, access)) return 1n
    const expected = this.core.state[MONITOR + 2]!
    this.monitors.lock(at)
    const passes = this.monitors.holds(at, bytes) && this.readRaw(at, bytes) === expected
    if (passes) this.storeRaw(at, bytes, value)
    return this.concluded(at, passes)
  }

  storeExclusivePair(address: bigint, first: bigint, second: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * 2, bytes * 2, WRITE, access, false)
    if (!this.attempt(address, at, bytes * 2, access)) return 1n
    const { state } = this.core
    const expected = [state[MONITOR + 2]!, state[MONITOR + 3]!] as const
    this.monitors.lock(at)
    const passes = this.monitors.holds(at, bytes * 2) && same(this.readPair(at, bytes), expected)
    if (passes) this.storePairRaw(at, bytes, first, second)
    return this.concluded(at, passes)
  }

  /** Whether a Store-Exclusive finds its monitor, with the tag check of a store that is attempted; else the monitor is open now. */
  private attempt(address: bigint, at: number, bytes: number, access: Access): boolean {
    if (at >= 0 && this.monitors.holds(at, bytes)) {
      this.mmu.checkLocated(address, bytes, WRITE, access, at)
      return true
    }
    this.monitors.clear()
    return false
  }

  private concluded(at: number, passes: boolean): bigint {
    this.monitors.clear()
    this.monitors.unlock(at)
    return passes ? 0n : 1n
  }

  clearExclusive(): void {
    this.monitors.clear()
  }

  atomic(op: AtomicOp, address: bigint, operand: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes, bytes, READ_WRITE, access)
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    let old = this.readRam(at, bytes)
    for (;;) {
      const found = this.exchangeRam(at, bytes, old, modify(op, old, operand, bytes * 8))
      if (found === old) return old
      old = found
    }
  }

  compareAndSwap(address: bigint, expected: bigint, value: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes, bytes, READ_WRITE, access)
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    return this.exchangeRam(at, bytes, BigInt.asUintN(bytes * 8, expected), value)
  }

  compareAndSwapPair(
    address: bigint,
    expected: readonly [bigint, bigint],
    value: readonly [bigint, bigint],
    access: Access,
  ): readonly [bigint, bigint] {
    const { bytes } = access
    const at = this.locateGuarded(address, bytes * 2, READ_WRITE, access, this.pairGuard(bytes))
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    this.monitors.lock(at)
    const old = this.readPair(at, bytes)
    if (same(old, expected)) this.storePairRaw(at, bytes, value[0], value[1])
    this.monitors.unlock(at)
    return old
  }

  /** DSB: orders this PE's accesses, and waits until every PE has followed its maintenance of translations and code. */
  complete(): void {
    this.fence()
    this.safePoints.settle()
  }

  /** The Allocation Tag of one granule; 0 where tag access is off or the page is not Tagged. */
  loadTag(address: bigint): bigint {
    const at = this.mmu.locate(address & ~15n, GRANULE, 1, READ, untagged)
    return at >= 0 && this.mmu.tagsReachable() ? small(this.words.tags[at >>> 4]!) : 0n
  }

  /** Both pages of ST2G are translated before anything changes, so a fault on the second granule leaves the first as it was. */
  storeTags(address: bigint, granules: number, tag: bigint, zero: boolean): void {
    if (address & 15n) throw this.mmu.abort(address, FSC.ALIGNMENT, true, 1)
    const at = this.mmu.locate(address, granules * GRANULE, 1, WRITE, untagged)
    if (at !== SPLIT) {
      this.setGranules(address, at, this.mmu.flags, granules, Number(tag), zero)
      return
    }
    for (const piece of this.mmu.pieces!)
      this.setGranules(address, piece.at, piece.flags, 1, Number(tag), zero)
  }

  loadTagBlock(address: bigint): bigint {
    const start = alignDown(address, TAG_BLOCK)
    const at = this.mmu.locate(start, TAG_BLOCK, 1, READ, untagged)
    if (at < 0 || !this.mmu.tagsReachable()) return 0n
    let nibbles = 0n
    for (let i = 0; i < 16; i++) nibbles |= BigInt(this.words.tags[(at >>> 4) + i]!) << BigInt(i * 4)
    return nibbles
  }

  storeTagBlock(address: bigint, nibbles: bigint): void {
    const at = this.mmu.locate(alignDown(address, TAG_BLOCK), TAG_BLOCK, 1, WRITE, untagged)
    if (at < 0 || !this.mmu.tagsReachable()) return
    for (let i = 0; i < 16; i++) this.setTag((at >>> 4) + i, Number((nibbles >> BigInt(i * 4)) & 15n))
  }

  zeroTagBlock(address: bigint, value: bigint): void {
    const start = alignDown(address, ZERO_BLOCK)
    const at = this.mmu.locate(start, ZERO_BLOCK, 1, WRITE, untagged)
    this.setGranules(start, at, this.mmu.flags, ZERO_BLOCK / GRANULE, Number(value & 15n), true)
  }

  /** DC ZVA: tag-checked, tags unchanged. FAR of an MMU fault is the operand itself. */
  zeroBlock(address: bigint): void {
    const start = alignDown(address, ZERO_BLOCK)
    const at = this.locateBlock(address, start, { bytes: ZERO_BLOCK, checked: true })
    if (at === DEVICE) throw this.mmu.abort(address, FSC.ALIGNMENT, true, 1)
    for (let i = 0; i < ZERO_BLOCK; i += 8) this.writeRam(at + i, 8, 0n)
  }

  /** DC GVA and DC GZVA: the tag comes from the operand's bits 59:56; never checked. */
  tagBlock(address: bigint, zero: boolean): void {
    const start = alignDown(address, ZERO_BLOCK)
    const at = this.locateBlock(address, start, { bytes: ZERO_BLOCK, checked: false })
    if (at === DEVICE) throw this.mmu.abort(address, FSC.ALIGNMENT, true, 1)
    const tag = Number((address >> 56n) & 15n)
    const reachable = this.mmu.tagsReachable()
    for (let i = 0; i < ZERO_BLOCK; i += GRANULE) {
      if (reachable) this.setTag((at + i) >>> 4, tag)
      if (zero) this.zeroGranule(at + i)
    }
  }

  private locateBlock(address: bigint, start: bigint, access: Access): number {
    // Translating the operand's own byte first makes FAR of an MMU fault the operand.
    this.mmu.locate(address, 1, 1, WRITE, { bytes: 1, checked: false })
    return this.mmu.locate(start, access.bytes, 1, WRITE, access)
  }

  /** Gives granules that lie on one page a tag, and zeroes them. To Device memory no tag is written (CONSTRAINED UNPREDICTABLE). */
  private setGranules(
    address: bigint,
    at: number,
    flags: number,
    granules: number,
    tag: number,
    zero: boolean,
  ): void {
    if (at < 0) {
      if (zero && !(flags & page.DEVICE)) throw this.mmu.abort(address, FSC.EXTERNAL, true, 1)
      return
    }
    const tagged = this.mmu.taggable(flags)
    for (let i = 0; i < granules; i++) {
      if (zero) this.zeroGranule(at + i * GRANULE)
      if (tagged) this.setTag((at >>> 4) + i, tag)
    }
  }

  private setTag(granule: number, tag: number): void {
    this.words.tags[granule] = tag
    const page = granule >>> 8
    if (this.words.codePages[page]! & pageWord.WATCHED) this.mmu.tagsWritten(page)
  }

  private zeroGranule(at: number): void {
    this.writeRam(at, 8, 0n)
    this.writeRam(at + 8, 8, 0n)
  }

  /** Like Mmu.locate, aligned as a whole, on a page that is guarded from then on. */
  private locateGuarded(address: bigint, bytes: number, kind: number, access: Access, bits: number): number {
    let at = this.mmu.locate(address, bytes, bytes, kind, access, false)
    while (at >= 0 && this.monitors.guard(at >>> 12, bits)) {
      at = this.mmu.locate(address, bytes, bytes, kind, access, false)
    }
    this.mmu.checkLocated(address, bytes, kind, access, at)
    return at
  }

  /** What guards an atomic pair: one of 16 bytes also needs the reads of others where PEs execute at the same time. */
  private pairGuard(bytes: number): number {
    return bytes === 8 && this.safePoints.concurrent ? guard.STORES | guard.PAIRS : guard.STORES
  }

  private readAt(address: bigint, at: number, bytes: number, access: Access): bigint {
    if (at >= 0) return access.acquire ? this.readOrdered(at, bytes) : this.readRam(at, bytes)
    return at === SPLIT ? this.readPieces(bytes) : this.readDevice(address, this.mmu.physical, bytes)
  }

  private writeAt(address: bigint, at: number, bytes: number, value: bigint, access: Access): void {
    if (at >= 0) {
      if (access.release) this.writeOrdered(at, bytes, value)
      else this.writeRam(at, bytes, value)
    } else if (at === SPLIT) {
      this.writePieces(value, bytes)
    } else {
      this.writeDevice(address, this.mmu.physical, bytes, value)
    }
  }

  /** A full barrier between this PE's accesses and those after it: an atomic read-modify-write of a word of its own. */
  fence(): void {
    Atomics.add(this.words.control, this.fenceWord, 0)
  }

  private readOrdered(at: number, bytes: number): bigint {
    const { words } = this
    if (at & (bytes - 1) || words.guards[at >>> 12] !== 0) return this.readRam(at, bytes)
    switch (bytes) {
      case 8:
        return Atomics.load(words.ram64, at >>> 3)
      case 4:
        return BigInt(Atomics.load(words.ram32, at >>> 2))
      case 2:
        return BigInt(Atomics.load(words.ram16, at >>> 1))
      default:
        return BigInt(Atomics.load(words.ram8, at))
    }
  }

  /** A store that later ordered loads of this PE do not overtake (STLR before LDAR), and earlier accesses neither. */
  private writeOrdered(at: number, bytes: number, value: bigint): void {
    this.writeRam(at, bytes, value)
    this.fence()
  }

  /** A read of up to 8 bytes, single-copy atomic when aligned. */
  private readRam(at: number, bytes: number): bigint {
    if (this.monitors.guarding && this.words.guards[at >>> 12]! & guard.PAIRS) this.monitors.waitUnlocked(at)
    return this.readRaw(at, bytes)
  }

  private readRaw(at: number, bytes: number): bigint {
    const { words } = this
    switch (bytes) {
      case 8:
        return (at & 7) === 0 ? words.ram64[at >>> 3]! : words.ram.getBigUint64(at, true)
      case 4:
        return BigInt((at & 3) === 0 ? words.ram32[at >>> 2]! : words.ram.getUint32(at, true))
      case 2:
        return BigInt((at & 1) === 0 ? words.ram16[at >>> 1]! : words.ram.getUint16(at, true))
      default:
        return BigInt(words.ram8[at]!)
    }
  }

  /** A write of up to 8 bytes, single-copy atomic when aligned. */
  private writeRam(at: number, bytes: number, value: bigint): void {
    if (this.monitors.guarding && this.words.guards[at >>> 12] !== 0) this.writeGuarded(at, bytes, value)
    else this.writeRaw(at, bytes, value)
  }

  private writeRaw(at: number, bytes: number, value: bigint): void {
    const { words } = this
    switch (bytes) {
      case 8:
        if ((at & 7) === 0) words.ram64[at >>> 3] = value
        else words.ram.setBigUint64(at, value, true)
        break
      case 4:
        if ((at & 3) === 0) words.ram32[at >>> 2] = Number(value & 0xffff_ffffn)
        else words.ram.setUint32(at, Number(value & 0xffff_ffffn), true)
        break
      case 2:
        if ((at & 1) === 0) words.ram16[at >>> 1] = Number(value & 0xffffn)
        else words.ram.setUint16(at, Number(value & 0xffffn), true)
        break
      default:
        words.ram8[at] = Number(value & 0xffn)
    }
    if (words.codePages[at >>> 12] !== 0) this.mmu.codeWritten(at >>> 12)
  }

  /** A store on a guarded page: not in the middle of an atomic pair, and other PEs lose their reservations of the block. */
  private writeGuarded(at: number, bytes: number, value: bigint): void {
    if (at >>> 6 !== (at + bytes - 1) >>> 6) {
      for (let i = 0; i < bytes; i++) this.writeGuarded(at + i, 1, value >> BigInt(i * 8))
      return
    }
    this.monitors.lock(at)
    this.storeRaw(at, bytes, value)
    this.monitors.unlock(at)
  }

  private storeRaw(at: number, bytes: number, value: bigint): void {
    this.writeRaw(at, bytes, value)
    this.monitors.stored(at)
  }

  /** Two neighbouring elements; those of 4 bytes as one of 8. */
  private readPair(at: number, bytes: number): readonly [bigint, bigint] {
    if (bytes === 8) return [this.readRaw(at, 8), this.readRaw(at + 8, 8)]
    const both = this.readRaw(at, 8)
    return [both & 0xffff_ffffn, both >> 32n]
  }

  private storePairRaw(at: number, bytes: number, first: bigint, second: bigint): void {
    if (bytes === 8) {
      this.writeRaw(at, 8, first)
      this.storeRaw(at + 8, 8, second)
    } else {
      this.storeRaw(at, 8, (first & 0xffff_ffffn) | BigInt.asUintN(64, second << 32n))
    }
  }

  /** Single-copy atomic compare and exchange; @returns the old value. */
  private exchangeRam(at: number, bytes: number, expected: bigint, value: bigint): bigint {
    const { words } = this
    if (at & (bytes - 1) || words.guards[at >>> 12] !== 0)
      return this.exchangeLocked(at, bytes, expected, value)
    let old: bigint
    switch (bytes) {
      case 8:
        old = Atomics.compareExchange(words.ram64, at >>> 3, expected, BigInt.asUintN(64, value))
        break
      case 4:
        old = BigInt(
          Atomics.compareExchange(words.ram32, at >>> 2, Number(expected), Number(value & 0xffff_ffffn)),
        )
        break
      case 2:
        old = BigInt(
          Atomics.compareExchange(words.ram16, at >>> 1, Number(expected), Number(value & 0xffffn)),
        )
        break
      default:
        old = BigInt(Atomics.compareExchange(words.ram8, at, Number(expected), Number(value & 0xffn)))
    }
    if (words.codePages[at >>> 12] !== 0) this.mmu.codeWritten(at >>> 12)
    return old
  }

  /** On a guarded page, or unaligned inside 16 bytes: FEAT_LSE2, with which no other PE executes at the same time. */
  private exchangeLocked(at: number, bytes: number, expected: bigint, value: bigint): bigint {
    this.monitors.lock(at)
    const old = this.readRaw(at, bytes)
    if (old === expected) this.storeRaw(at, bytes, value)
    this.monitors.unlock(at)
    return old
  }

  private readPieces(bytes: number): bigint {
    let value = 0n
    let done = 0
    for (const piece of this.mmu.pieces!) {
      for (let i = 0; i < piece.bytes; i++, done++)
        value |= BigInt(this.words.ram8[this.inRam(piece, false) + i]!) << BigInt(done * 8)
    }
    return BigInt.asUintN(bytes * 8, value)
  }

  private writePieces(value: bigint, bytes: number): void {
    let done = 0
    for (const piece of this.mmu.pieces!) this.inRam(piece, true)
    for (const piece of this.mmu.pieces!) {
      for (let i = 0; i < piece.bytes && done < bytes; i++, done++) {
        this.writeRam(piece.at + i, 1, (value >> BigInt(done * 8)) & 0xffn)
      }
    }
  }

  private inRam(piece: Piece, write: boolean): number {
    if (piece.at < 0) throw this.mmu.abort(piece.address, FSC.EXTERNAL, write, 1)
    return piece.at
  }

  private readDevice(address: bigint, physical: number, bytes: number): bigint {
    const value = this.bus.read(physical, bytes)
    if (value === null) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    return value
  }

  private writeDevice(address: bigint, physical: number, bytes: number, value: bigint): void {
    if (!this.bus.write(physical, bytes, BigInt.asUintN(bytes * 8, value))) {
      throw this.mmu.abort(address, FSC.EXTERNAL, true, 1)
    }
  }
}

const same = (a: readonly [bigint, bigint], b: readonly [bigint, bigint]): boolean =>
  a[0] === b[0] && a[1] === b[1]

const alignDown = (address: bigint, bytes: number): bigint => address & ~(BigInt(bytes) - 1n)

function modify(op: AtomicOp, old: bigint, operand: bigint, width: number): bigint {
  const value = BigInt.asUintN(width, operand)
  const less = (a: bigint, b: bigint): boolean => BigInt.asIntN(width, a) < BigInt.asIntN(width, b)
  switch (op) {
    case 'add':
      return BigInt.asUintN(width, old + value)
    case 'clr':
      return old & ~value
    case 'eor':
      return old ^ value
    case 'set':
      return old | value
    case 'smax':
      return less(old, value) ? value : old
    case 'smin':
      return less(old, value) ? old : value
    case 'umax':
      return old < value ? value : old
    case 'umin':
      return old < value ? old : value
    case 'swp':
      return value
  }
}
