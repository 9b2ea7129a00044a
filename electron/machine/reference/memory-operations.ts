import type { Access, AtomicOp } from '../../../shared/isa/operations.ts'
import { control, pageWord } from '../board/shared-memory.ts'
import type { Core } from '../cpu/core.ts'
import { FSC } from '../cpu/fault.ts'
import { MONITOR } from '../cpu/layout.ts'
import type { Bus } from '../devices/bus.ts'
import { DEVICE, type Mmu, type Piece, READ, READ_WRITE, SPLIT, WRITE } from '../mmu/mmu.ts'
import { page } from '../mmu/walk.ts'
import { small } from './integer.ts'

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

  constructor(core: Core, mmu: Mmu, bus: Bus) {
    this.core = core
    this.mmu = mmu
    this.bus = bus
    this.words = core.views
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
    const at = this.mmu.locate(address, access.bytes, access.bytes, READ, access)
    const value = this.readAt(address, at, access.bytes, { ...access, acquire: true })
    this.arm(at, access.bytes, value, 0n)
    return value
  }

  loadExclusivePair(address: bigint, access: Access): readonly [bigint, bigint] {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * 2, bytes * 2, READ, access)
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    const pair = this.locked(() => [this.readRam(at, bytes), this.readRam(at + bytes, bytes)] as const)
    this.arm(at, bytes * 2, pair[0], pair[1])
    return pair
  }

  storeExclusive(address: bigint, value: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes, bytes, WRITE, access, false)
    const state = this.core.state
    const held = state[MONITOR] === BigInt(at + 1) && state[MONITOR + 1] === BigInt(bytes) && at >= 0
    const expected = state[MONITOR + 2]!
    if (held) this.mmu.checkLocated(address, bytes, WRITE, access, at)
    this.clearExclusive()
    return held && this.exchangeRam(at, bytes, expected, value) === expected ? 0n : 1n
  }

  storeExclusivePair(address: bigint, first: bigint, second: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes * 2, bytes * 2, WRITE, access, false)
    const state = this.core.state
    const held = state[MONITOR] === BigInt(at + 1) && state[MONITOR + 1] === BigInt(bytes * 2) && at >= 0
    const expected = [state[MONITOR + 2]!, state[MONITOR + 3]!] as const
    if (held) this.mmu.checkLocated(address, bytes * 2, WRITE, access, at)
    this.clearExclusive()
    if (!held) return 1n
    return this.locked(() => {
      if (this.readRam(at, bytes) !== expected[0] || this.readRam(at + bytes, bytes) !== expected[1])
        return 1n
      this.writeRam(at, bytes, first)
      this.writeRam(at + bytes, bytes, second)
      return 0n
    })
  }

  clearExclusive(): void {
    this.core.state[MONITOR] = 0n
  }

  atomic(op: AtomicOp, address: bigint, operand: bigint, access: Access): bigint {
    const { bytes } = access
    const at = this.mmu.locate(address, bytes, bytes, READ_WRITE, access)
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    for (;;) {
      const old = this.readRam(at, bytes)
      if (this.exchangeRam(at, bytes, old, modify(op, old, operand, bytes * 8)) === old) return old
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
    const at = this.mmu.locate(address, bytes * 2, bytes * 2, READ_WRITE, access)
    if (at < 0) throw this.mmu.abort(address, FSC.EXTERNAL, false, 1)
    return this.locked(() => {
      const old = [this.readRam(at, bytes), this.readRam(at + bytes, bytes)] as const
      const width = bytes * 8
      if (old[0] === BigInt.asUintN(width, expected[0]) && old[1] === BigInt.asUintN(width, expected[1])) {
        this.writeRam(at, bytes, value[0])
        this.writeRam(at + bytes, bytes, value[1])
      }
      return old
    })
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

  /** Translates for cache maintenance by VA; reports faults as the manual says, changes nothing. */
  probe(address: bigint, write: boolean): void {
    this.mmu.locate(address, 1, 1, write ? WRITE : READ, { bytes: 1, checked: false })
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

  private arm(at: number, bytes: number, low: bigint, high: bigint): void {
    const { state } = this.core
    state[MONITOR] = at >= 0 ? BigInt(at + 1) : 0n
    state[MONITOR + 1] = BigInt(bytes)
    state[MONITOR + 2] = low
    state[MONITOR + 3] = high
  }

  private readAt(address: bigint, at: number, bytes: number, access: Access): bigint {
    if (at >= 0) return access.acquire ? this.readOrdered(at, bytes) : this.readRam(at, bytes)
    return at === SPLIT ? this.readPieces(bytes) : this.readDevice(address, this.mmu.physical, bytes)
  }

  private writeAt(address: bigint, at: number, bytes: number, value: bigint, access: Access): void {
    if (at >= 0) {
      if (access.release) this.fence()
      this.writeRam(at, bytes, value)
      if (access.release) this.fence()
    } else if (at === SPLIT) {
      this.writePieces(value, bytes)
    } else {
      this.writeDevice(address, this.mmu.physical, bytes, value)
    }
  }

  /** A full barrier between this PE's accesses and those after it: an atomic read-modify-write of a shared word. */
  fence(): void {
    Atomics.add(this.words.control, control.FENCE, 0)
  }

  private readOrdered(at: number, bytes: number): bigint {
    if (at & (bytes - 1)) return this.readRam(at, bytes)
    switch (bytes) {
      case 8:
        return Atomics.load(this.words.ram64, at >>> 3)
      case 4:
        return BigInt(Atomics.load(this.words.ram32, at >>> 2))
      case 2:
        return BigInt(Atomics.load(this.words.ram16, at >>> 1))
      default:
        return BigInt(Atomics.load(this.words.ram8, at))
    }
  }

  private readRam(at: number, bytes: number): bigint {
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

  private writeRam(at: number, bytes: number, value: bigint): void {
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

  /** Single-copy atomic compare and exchange; @returns the old value. */
  private exchangeRam(at: number, bytes: number, expected: bigint, value: bigint): bigint {
    const { words } = this
    if (at & (bytes - 1)) {
      // FEAT_LSE2 only, so no other PE runs between the read and the write.
      const found = this.readRam(at, bytes)
      if (found === expected) this.writeRam(at, bytes, value)
      return found
    }
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

  /** JavaScript has no 16-byte atomic: exclusive pairs and CASP exclude each other by a lock. */
  private locked<T>(body: () => T): T {
    const { control: cells } = this.words
    while (Atomics.compareExchange(cells, control.PAIR_LOCK, 0, 1) !== 0) {
      // Held for a few instructions by another PE's worker; it never blocks inside.
    }
    try {
      return body()
    } finally {
      Atomics.store(cells, control.PAIR_LOCK, 0)
    }
  }

  private readPieces(bytes: number): bigint {
    let value = 0n
    let done = 0
    for (const piece of this.mmu.pieces!) {
      for (let i = 0; i < piece.bytes; i++, done++)
        value |= BigInt(this.words.ram8[this.inRam(piece) + i]!) << BigInt(done * 8)
    }
    return BigInt.asUintN(bytes * 8, value)
  }

  private writePieces(value: bigint, bytes: number): void {
    let done = 0
    for (const piece of this.mmu.pieces!) this.inRam(piece)
    for (const piece of this.mmu.pieces!) {
      for (let i = 0; i < piece.bytes && done < bytes; i++, done++) {
        this.writeRam(piece.at + i, 1, (value >> BigInt(done * 8)) & 0xffn)
      }
    }
  }

  private inRam(piece: Piece): number {
    if (piece.at < 0) throw this.mmu.abort(BigInt(piece.physical), FSC.EXTERNAL, false, 1)
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
