import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { PacketReader, packet, type Received } from '../../electron/gdb/packet.ts'

export const noGdb = spawnSync('gdb-multiarch', ['--version']).status !== 0
export const noGdbReason = 'gdb-multiarch is not installed'

/** A client of gdb's remote protocol that says what a test wants. */
export class GdbClient {
  /** Settles when the other end has closed. */
  readonly closed: Promise<void>
  private readonly socket: Socket
  private readonly reader = new PacketReader()
  private readonly received: Received[] = []
  private waiting: (() => void) | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      this.received.push(...this.reader.read(bytes, true))
      this.waiting?.()
    })
  }

  static connect(port: number): Promise<GdbClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new GdbClient(socket)))
      socket.once('error', reject)
    })
  }

  /** Bytes as they are. */
  raw(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** The next thing that came. */
  async next(): Promise<Received> {
    while (this.received.length === 0) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve
      })
    }
    return this.received.shift()!
  }

  /** Sends a packet and gives the data of the answer. */
  async ask(data: string): Promise<string> {
    this.raw(packet(data))
    return this.answer()
  }

  async answer(): Promise<string> {
    const received = await this.next()
    if (received.kind !== 'packet') throw new Error(`not a packet: ${JSON.stringify(received)}`)
    return received.data
  }

  close(): void {
    this.socket.destroy()
  }
}
