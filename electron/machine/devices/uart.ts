import { UART_BASE, UART_SIZE } from '../board/map.ts'
import { CONSOLE_BYTES, control, INPUT_BYTES, type Views } from '../board/shared-memory.ts'
import type { Device } from './bus.ts'

/** Register offsets of the PL011 (ARM DDI 0183). */
const DR = 0x00
const FR = 0x18
const registers = new Map<number, number>([
  [0x20, 0],
  [0x24, 1],
  [0x28, 2],
  [0x2c, 3],
  [0x30, 4],
  [0x34, 5],
  [0x38, 6],
  [0x48, 7],
])
const RIS = 0x3c
const IMSC = 0x38
/** RXIM and RTIM: an interrupt when bytes were received. */
const RECEIVE = 0x50n
const FR_TX_EMPTY = 0x80
const FR_RX_EMPTY = 0x10
/** UARTPeriphID0-3 and UARTPCellID0-3 at 0xfe0: revision r1p4 as in the part's manual. */
const identification = [0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1]

/** Whether a byte that is received raises the UART's interrupt line. */
export const canSignal = (views: Views): boolean => (views.devices[registers.get(IMSC)!]! & RECEIVE) !== 0n

/**
 * PL011: transmits at once into the machine's console ring, receives from its input ring. Its state lies in shared memory,
 * so every PE sees one device. Interrupts are not wired yet: RIS tells the receive state, nothing is signalled.
 */
export class Uart implements Device {
  readonly name = 'pl011'
  readonly base = UART_BASE
  readonly size = UART_SIZE
  private readonly views: Views
  /** Wakes whoever drains the console when the ring is full. */
  private readonly waitForRoom: () => void

  constructor(views: Views, waitForRoom: () => void) {
    this.views = views
    this.waitForRoom = waitForRoom
  }

  read(offset: number, _bytes: number): bigint {
    if (offset === DR) return BigInt(this.receive())
    if (offset === FR) return BigInt(FR_TX_EMPTY | (this.received() ? 0 : FR_RX_EMPTY))
    if (offset === RIS) return this.received() ? 0x10n : 0n
    if (offset >= 0xfe0 && offset % 4 === 0) return BigInt(identification[(offset - 0xfe0) / 4] ?? 0)
    const word = registers.get(offset)
    return word === undefined ? 0n : this.views.devices[word]!
  }

  write(offset: number, _bytes: number, value: bigint): void {
    if (offset === DR) {
      this.transmit(Number(value & 0xffn))
      return
    }
    const word = registers.get(offset)
    if (word !== undefined) this.views.devices[word] = value & 0xffffn
  }

  /** One byte at a time under a lock, so that bytes of two PEs keep their order and none is lost. */
  transmit(byte: number): void {
    const { control: cells, console } = this.views
    while (Atomics.compareExchange(cells, control.CONSOLE_LOCK, 0, 1) !== 0) {
      // Another PE's worker writes its byte.
    }
    const written = Atomics.load(cells, control.CONSOLE_WRITTEN)
    while (((written - Atomics.load(cells, control.CONSOLE_READ)) | 0) >= CONSOLE_BYTES) this.waitForRoom()
    console[(written >>> 0) % CONSOLE_BYTES] = byte
    Atomics.store(cells, control.CONSOLE_WRITTEN, (written + 1) | 0)
    Atomics.store(cells, control.CONSOLE_LOCK, 0)
  }

  private received(): boolean {
    const { control: cells } = this.views
    return Atomics.load(cells, control.INPUT_WRITTEN) !== Atomics.load(cells, control.INPUT_READ)
  }

  private receive(): number {
    const { control: cells, input } = this.views
    for (;;) {
      const at = Atomics.load(cells, control.INPUT_READ)
      if (at === Atomics.load(cells, control.INPUT_WRITTEN)) return 0
      const byte = input[(at >>> 0) % INPUT_BYTES]!
      // Another PE may have taken the byte meanwhile.
      if (Atomics.compareExchange(cells, control.INPUT_READ, at, (at + 1) | 0) === at) return byte
    }
  }
}
