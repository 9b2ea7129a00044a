import { UART_BASE, UART_SIZE, UART_SPI } from '../board/map.ts'
import { CONSOLE_BYTES, control, INPUT_BYTES, type Views } from '../board/shared-memory.ts'
import type { InterruptInputs } from '../cpu/interrupts.ts'
import type { Device } from './bus.ts'
import { deviceCell } from './cells.ts'
import { InterruptController } from './gic/controller.ts'
import { FIRST_SPI } from './gic/layout.ts'
import { locked } from './lock.ts'

/** Cells of the device's state, from deviceCell.UART on. */
const LOCK = 0
/** UARTRSR: errors of the last byte that was read, and an overrun. */
const STATUS = 1
const LINE_CONTROL = 2
const CONTROL = 3
const MASK = 4
const RAW = 5
/** Bytes in the receive FIFO, where the oldest is, and the FIFO. */
const COUNT = 6
const FIRST = 7
const FIFO = 8
/** The registers that only hold what was written follow the FIFO. */
const KEPT = 24

const FIFO_BYTES = 16

/** Register offsets (ARM DDI 0183, chapter 3). */
const register = {
  DR: 0x00,
  RSR_ECR: 0x04,
  FR: 0x18,
  LCR_H: 0x2c,
  CR: 0x30,
  IMSC: 0x38,
  RIS: 0x3c,
  MIS: 0x40,
  ICR: 0x44,
} as const

/** ILPR, IBRD, FBRD, IFLS, DMACR: bits that are there, and where they are kept. */
const kept: ReadonlyMap<number, { cell: number; mask: number }> = new Map(
  [
    [0x20, 0xff],
    [0x24, 0xffff],
    [0x28, 0x3f],
    [0x34, 0x3f],
    [0x48, 0x7],
  ].map(([offset, mask], i) => [offset!, { cell: KEPT + i, mask: mask! }]),
)
const IFLS_CELL = KEPT + 3

const FLAG = { RX_EMPTY: 0x10, RX_FULL: 0x40, TX_EMPTY: 0x80 } as const
const LINE_CONTROL_FIFO = 0x10
const LINE_CONTROL_BITS = 0xff
const CONTROL_LOOPBACK = 0x80
const CONTROL_BITS = 0xffff
const INTERRUPT = { RECEIVE: 0x10, TRANSMIT: 0x20, OVERRUN: 0x400 } as const
const INTERRUPT_BITS = 0x7ff
const STATUS_OVERRUN = 8

/** UARTPeriphID0-3 and UARTPCellID0-3 at 0xfe0: revision r1p4 as in the part's manual. */
const identification = [0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1]

const cellOf = (cell: number): number => deviceCell.UART + cell

/** The registers as after a reset: transmitter and receiver enabled, FIFO levels at a half. */
export function resetUart(views: Views): void {
  views.deviceCells[cellOf(CONTROL)] = 0x300
  views.deviceCells[cellOf(IFLS_CELL)] = 0x12
}

/** Whether a byte that is received raises the UART's interrupt line. */
export const canSignal = (views: Views): boolean =>
  (Atomics.load(views.deviceCells, cellOf(MASK)) & INTERRUPT.RECEIVE) !== 0

/**
 * PL011: transmits at once into the machine's console ring, and receives from its input ring through a FIFO of 16 bytes, or of
 * one while UARTLCR_H.FEN is 0. Its state lies in shared memory, so every PE sees one device.
 *
 * As on QEMU's board, the receive interrupt is raised by the first byte whatever UARTIFLS says, so that no timeout interrupt
 * is needed; the transmit interrupt by every byte, since the FIFO is empty again at once. With UARTCR.LBE what is sent is
 * received too. There are no modem lines, breaks or errors of a line.
 */
export class Uart implements Device {
  readonly narrow = true
  readonly name = 'pl011'
  readonly base = UART_BASE
  readonly size = UART_SIZE
  private readonly views: Views
  private readonly cells: Int32Array
  private readonly inputs: InterruptInputs
  /** Wakes whoever drains the console when the ring is full. */
  private readonly waitForRoom: () => void

  constructor(views: Views, inputs: InterruptInputs, waitForRoom: () => void) {
    this.views = views
    this.cells = views.deviceCells
    this.inputs = inputs
    this.waitForRoom = waitForRoom
  }

  read(offset: number): bigint {
    return BigInt(this.readRegister(offset & ~3) >>> 0)
  }

  private readRegister(offset: number): number {
    const { cells } = this
    switch (offset) {
      case register.DR:
        return this.locked(() => this.takeByte())
      case register.FR:
        return this.locked(() => {
          this.fill()
          return this.flags()
        })
      case register.RSR_ECR:
        return Atomics.load(cells, cellOf(STATUS))
      case register.LCR_H:
        return Atomics.load(cells, cellOf(LINE_CONTROL))
      case register.CR:
        return Atomics.load(cells, cellOf(CONTROL))
      case register.IMSC:
        return Atomics.load(cells, cellOf(MASK))
      case register.RIS:
        return Atomics.load(cells, cellOf(RAW))
      case register.MIS:
        return Atomics.load(cells, cellOf(RAW)) & Atomics.load(cells, cellOf(MASK))
      default:
    }
    if (offset >= 0xfe0) return identification[(offset - 0xfe0) >> 2]!
    const found = kept.get(offset)
    return found ? Atomics.load(cells, cellOf(found.cell)) : 0
  }

  write(offset: number, _bytes: number, value: bigint): void {
    const low = Number(value & 0xffff_ffffn) | 0
    const at = offset & ~3
    if (at === register.DR) {
      this.transmit(low & 0xff)
      this.locked(() => this.sent(low & 0xff))
    } else this.locked(() => this.writeRegister(at, low))
  }

  private writeRegister(offset: number, value: number): void {
    const { cells } = this
    switch (offset) {
      case register.RSR_ECR:
        this.set(STATUS, 0)
        return
      case register.LCR_H:
        // Switching the FIFO on or off empties it.
        if ((this.get(LINE_CONTROL) ^ value) & LINE_CONTROL_FIFO) this.set(COUNT, 0)
        this.set(LINE_CONTROL, value & LINE_CONTROL_BITS)
        this.fill()
        return
      case register.CR:
        this.set(CONTROL, value & CONTROL_BITS)
        return
      case register.IMSC:
        this.set(MASK, value & INTERRUPT_BITS)
        this.signal()
        return
      case register.ICR:
        this.raise(0, value)
        return
      default: {
        const found = kept.get(offset)
        if (found) Atomics.store(cells, cellOf(found.cell), value & found.mask)
      }
    }
  }

  /** Takes up what has come into the input ring: the client calls it when it has put bytes there. */
  takeInput(): void {
    this.locked(() => this.fill())
  }

  /** The oldest byte that was received, or -1. */
  receive(): number {
    return this.locked(() => {
      this.fill()
      return this.get(COUNT) === 0 ? -1 : this.takeByte()
    })
  }

  /** One byte at a time under a lock, so that bytes of two PEs keep their order and none is lost. */
  transmit(byte: number): void {
    const { control: words, console } = this.views
    locked(words, control.CONSOLE_LOCK, () => {
      const written = Atomics.load(words, control.CONSOLE_WRITTEN)
      while (((written - Atomics.load(words, control.CONSOLE_READ)) | 0) >= CONSOLE_BYTES) this.waitForRoom()
      console[(written >>> 0) % CONSOLE_BYTES] = byte
      Atomics.store(words, control.CONSOLE_WRITTEN, (written + 1) | 0)
    })
  }

  private sent(byte: number): void {
    if (this.get(CONTROL) & CONTROL_LOOPBACK) this.push(byte)
    this.raise(INTERRUPT.TRANSMIT, 0)
  }

  private depth(): number {
    return this.get(LINE_CONTROL) & LINE_CONTROL_FIFO ? FIFO_BYTES : 1
  }

  private flags(): number {
    const count = this.get(COUNT)
    const receiver = count === 0 ? FLAG.RX_EMPTY : count >= this.depth() ? FLAG.RX_FULL : 0
    return FLAG.TX_EMPTY | receiver
  }

  /** Moves bytes from the input ring into the FIFO while there is room. */
  private fill(): void {
    const { control: words, input } = this.views
    while (this.get(COUNT) < this.depth()) {
      const at = Atomics.load(words, control.INPUT_READ)
      if (at === Atomics.load(words, control.INPUT_WRITTEN)) return
      const byte = input[(at >>> 0) % INPUT_BYTES]!
      Atomics.store(words, control.INPUT_READ, (at + 1) | 0)
      this.push(byte)
    }
  }

  private push(byte: number): void {
    const count = this.get(COUNT)
    if (count >= this.depth()) {
      this.set(STATUS, this.get(STATUS) | STATUS_OVERRUN)
      this.raise(INTERRUPT.OVERRUN, 0)
      return
    }
    this.set(FIFO + ((this.get(FIRST) + count) % FIFO_BYTES), byte)
    this.set(COUNT, count + 1)
    if (count === 0) this.raise(INTERRUPT.RECEIVE, 0)
  }

  /** UARTDR: the oldest byte; 0 from an empty FIFO. */
  private takeByte(): number {
    this.fill()
    const count = this.get(COUNT)
    if (count === 0) return 0
    const first = this.get(FIRST)
    const byte = this.get(FIFO + first)
    this.set(FIRST, (first + 1) % FIFO_BYTES)
    this.set(COUNT, count - 1)
    if (count === 1) this.raise(0, INTERRUPT.RECEIVE)
    this.fill()
    return byte
  }

  private raise(set: number, clear: number): void {
    this.set(RAW, (this.get(RAW) & ~clear) | set)
    this.signal()
  }

  private signal(): void {
    this.inputs.setShared(FIRST_SPI + UART_SPI, (this.get(RAW) & this.get(MASK)) !== 0)
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

/** The UART as whoever brings input sees it: it takes bytes up, and signals them. */
export const receiver = (views: Views): Pick<Uart, 'takeInput'> =>
  new Uart(views, new InterruptController(views), () => {})
