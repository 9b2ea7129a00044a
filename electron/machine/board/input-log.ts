import { receiver, type Uart } from '../devices/uart.ts'
import { control, INPUT_BYTES, type Views } from './shared-memory.ts'

/** Bytes that reached the UART's receiver before a turn began. */
export interface InputEvent {
  /** Turns begun before. */
  turn: number
  /** Bytes that the receiver had taken before, modulo 2^32. */
  from: number
  bytes: Uint8Array
}

/**
 * What came from outside, with its place in the schedule: a turn's beginning. Running the same stretch again delivers the
 * same bytes at the same turns; new ones follow behind the last.
 */
export class InputLog {
  private readonly cells: Int32Array
  private readonly ring: Uint8Array
  private readonly uart: Pick<Uart, 'takeInput'>
  private events: InputEvent[]
  private offered: number[] = []

  constructor(views: Views, events: readonly InputEvent[] = []) {
    this.cells = views.control
    this.ring = views.input
    this.uart = receiver(views)
    this.events = [...events]
  }

  all(): readonly InputEvent[] {
    return this.events
  }

  offer(bytes: Uint8Array): void {
    this.offered.push(...bytes)
  }

  /** Called where a turn begins: hands over what was delivered here before, or what has been offered since. */
  deliver(turn: number): void {
    const written = this.cells[control.INPUT_WRITTEN]!
    const known = this.events.find((event) => event.from === written)
    if (known) {
      if (known.turn === turn) this.write(known.bytes)
      return
    }
    if (this.offered.length === 0) return
    // A full receiver drops what comes, as the part's FIFO does.
    const room = INPUT_BYTES - ((written - this.cells[control.INPUT_READ]!) | 0)
    const bytes = Uint8Array.from(this.offered.slice(0, room))
    this.offered = []
    if (bytes.length === 0) return
    this.events.push({ turn, from: written, bytes })
    this.write(bytes)
  }

  /** Drops what was delivered at a turn and after it. */
  forgetFrom(turn: number): void {
    this.events = this.events.filter((event) => event.turn < turn)
  }

  private write(bytes: Uint8Array): void {
    let at = this.cells[control.INPUT_WRITTEN]!
    for (const byte of bytes) {
      this.ring[(at >>> 0) % INPUT_BYTES] = byte
      at = (at + 1) | 0
    }
    Atomics.store(this.cells, control.INPUT_OFFERED, at)
    Atomics.store(this.cells, control.INPUT_WRITTEN, at)
    this.uart.takeInput()
  }
}

/**
 * Lets bytes arrive that a client has offered to a machine with workers, where a turn begins.
 * @returns the event for a log, or null when there were none
 */
export function admitInput(views: Views, turn: number): InputEvent | null {
  const { control: cells, input } = views
  const from = Atomics.load(cells, control.INPUT_WRITTEN)
  const offered = Atomics.load(cells, control.INPUT_OFFERED)
  if (offered === from) return null
  const count = (offered - from) | 0
  const bytes = Uint8Array.from({ length: count }, (_, i) => input[((from + i) >>> 0) % INPUT_BYTES]!)
  Atomics.store(cells, control.INPUT_WRITTEN, offered)
  receiver(views).takeInput()
  return { turn, from, bytes }
}
