import { RTC_BASE, RTC_SIZE, RTC_SPI } from '../board/map.ts'
import type { Views } from '../board/shared-memory.ts'
import type { InterruptInputs } from '../cpu/interrupts.ts'
import type { Alarm } from '../cpu/timers.ts'
import type { Device } from './bus.ts'
import { deviceCell } from './cells.ts'
import { FIRST_SPI } from './gic/layout.ts'
import { locked } from './lock.ts'

/** Cells of the device's state, from deviceCell.RTC on. */
const LOCK = 0
/** What the counter showed, in seconds, when the system counter was 0. */
const OFFSET = 1
const MATCH = 2
const LOAD = 3
const MASK = 4
const RAW = 5
/** 1 while the counter has yet to reach the match register, and the distance when it was set, from the second SINCE on. */
const ARMED = 6
const DISTANCE = 7
const SINCE = 8

/** Register offsets (ARM DDI 0224, chapter 3). */
const register = {
  DR: 0x00,
  MR: 0x04,
  LR: 0x08,
  CR: 0x0c,
  IMSC: 0x10,
  RIS: 0x14,
  MIS: 0x18,
  ICR: 0x1c,
} as const

/** RTCPeriphID0-3 and RTCPCellID0-3 at 0xfe0. */
const identification = [0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1]
const NANOSECONDS = 1_000_000_000n

const cellOf = (cell: number): number => deviceCell.RTC + cell

/** @param seconds since 1970, when the run begins */
export function resetRtc(views: Views, seconds: number): void {
  views.deviceCells[cellOf(OFFSET)] = seconds | 0
}

/**
 * PL031: counts seconds of the system counter's time, from what the run began with; RTCLR sets it. The interrupt is raised
 * when the counter reaches RTCMR. The counter cannot be stopped (RTCCR reads as 1).
 */
export class Rtc implements Device, Alarm {
  readonly narrow = true
  readonly name = 'pl031'
  readonly base = RTC_BASE
  readonly size = RTC_SIZE
  private readonly cells: Int32Array
  private readonly inputs: InterruptInputs
  /** The system counter, at 1 GHz. */
  private readonly count: () => bigint
  /** Told when a write has moved the next match. */
  private readonly changed: () => void

  constructor(views: Views, inputs: InterruptInputs, count: () => bigint, changed: () => void) {
    this.cells = views.deviceCells
    this.inputs = inputs
    this.count = count
    this.changed = changed
  }

  read(offset: number): bigint {
    return BigInt(this.locked(() => this.readRegister(offset & ~3)) >>> 0)
  }

  write(offset: number, _bytes: number, value: bigint): void {
    this.locked(() => this.writeRegister(offset & ~3, Number(value & 0xffff_ffffn) | 0))
    this.changed()
  }

  /** Raises the interrupt if the match is reached by now. */
  look(): void {
    if (Atomics.load(this.cells, cellOf(ARMED)) !== 0) this.locked(() => this.compare())
  }

  /** Count of the system counter at which the match is reached, or null when none is awaited. */
  nextChange(): bigint | null {
    if (Atomics.load(this.cells, cellOf(ARMED)) === 0) return null
    return BigInt(this.get(SINCE) + (this.get(DISTANCE) >>> 0)) * NANOSECONDS
  }

  private readRegister(offset: number): number {
    this.compare()
    switch (offset) {
      case register.DR:
        return (this.get(OFFSET) + this.seconds()) | 0
      case register.MR:
        return this.get(MATCH)
      case register.LR:
        return this.get(LOAD)
      case register.CR:
        return 1
      case register.IMSC:
        return this.get(MASK)
      case register.RIS:
        return this.get(RAW)
      case register.MIS:
        return this.get(RAW) & this.get(MASK)
      default:
        return offset >= 0xfe0 ? identification[(offset - 0xfe0) >> 2]! : 0
    }
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case register.MR:
        this.set(MATCH, value)
        this.await()
        return
      case register.LR:
        this.set(LOAD, value)
        this.set(OFFSET, (value - this.seconds()) | 0)
        this.await()
        return
      case register.IMSC:
        this.set(MASK, value & 1)
        this.signal()
        return
      case register.ICR:
        this.compare()
        this.set(RAW, this.get(RAW) & ~value)
        this.signal()
        return
      default:
    }
  }

  private seconds(): number {
    return Number((this.count() / NANOSECONDS) & 0x7fff_ffffn)
  }

  /** The counter or the match register was set: the distance between them is counted from now. */
  private await(): void {
    const now = this.seconds()
    this.set(DISTANCE, (this.get(MATCH) - (this.get(OFFSET) + now)) | 0)
    this.set(SINCE, now)
    this.set(ARMED, 1)
    this.compare()
  }

  private compare(): void {
    if (this.get(ARMED) === 0 || this.seconds() - this.get(SINCE) < this.get(DISTANCE) >>> 0) return
    this.set(ARMED, 0)
    this.set(RAW, 1)
    this.signal()
  }

  private signal(): void {
    this.inputs.setShared(FIRST_SPI + RTC_SPI, (this.get(RAW) & this.get(MASK)) !== 0)
  }

  private get(cell: number): number {
    return Atomics.load(this.cells, cellOf(cell))
  }

  private set(cell: number, value: number): void {
    Atomics.store(this.cells, cellOf(cell), value)
  }

  private locked<T>(body: () => T): T {
    return locked(this.cells, cellOf(LOCK), body)
  }
}
