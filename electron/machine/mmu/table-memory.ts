import { RAM_BASE } from '../board/map.ts'
import type { Views } from '../board/shared-memory.ts'
import type { TableMemory } from './walk.ts'

/** Compare and exchange of an aligned 8-byte word at an offset into RAM; @returns the old value. */
export type Exchange = (at: number, expected: bigint, value: bigint) => bigint

/** RAM as table walks see it: descriptors are read and replaced as one, whatever other PEs do to them. */
export class RamTables implements TableMemory {
  private readonly ram64: BigUint64Array
  private readonly ramBytes: number
  private readonly exchange: Exchange | null
  private readonly value = new BigUint64Array(1)
  private readonly half = new Int32Array(this.value.buffer)
  private readonly next = new BigUint64Array(1)
  private readonly nextHalf = new Int32Array(this.next.buffer)
  low = 0
  high = 0

  /** @param exchange null for a debugger's walks, which leave descriptors as they are */
  constructor(views: Views, exchange: Exchange | null) {
    this.ram64 = views.ram64
    this.ramBytes = views.ramBytes
    this.exchange = exchange
  }

  read(physical: number): boolean {
    const offset = physical - RAM_BASE
    if (offset < 0 || offset >= this.ramBytes) return false
    this.value[0] = Atomics.load(this.ram64, offset / 8)
    this.low = this.half[0]!
    this.high = this.half[1]!
    return true
  }

  update(physical: number, low: number): boolean {
    if (this.exchange === null) return true
    this.nextHalf[0] = low
    this.nextHalf[1] = this.high
    this.half[0] = this.low
    this.half[1] = this.high
    const expected = this.value[0]!
    return this.exchange(physical - RAM_BASE, expected, this.next[0]!) === expected
  }
}
