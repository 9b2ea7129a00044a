import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ProblemError } from '../../shared/base/result.ts'
import type { Timeline } from '../machine/debug/timeline.ts'
import { PacketReader, packet } from './packet.ts'
import { GdbSession, type Leaving } from './session.ts'

const ADDRESS = '127.0.0.1'
/** Milliseconds after which an idle machine looks for input again. */
const IDLE_MS = 10
/** Packets that gdb may send ahead of their answers. */
const MAX_WAITING = 64

export interface GdbServer {
  port: number
  /** Settles when the machine is done with: gdb killed it, or it ended after gdb had let it go. */
  done: Promise<void>
  close(): Promise<void>
}

/**
 * Offers a machine to one gdb at a time, on 127.0.0.1 only. It stands still until gdb lets it run. A gdb that detaches leaves it
 * running on; one that is lost leaves it as it is, for the next.
 * @param tell lines for a person
 * @throws ProblemError when the port cannot be had
 */
export async function serveGdb(
  timeline: Timeline,
  wanted: number,
  tell: (text: string) => void,
): Promise<GdbServer> {
  const server = createServer()
  await listen(server, wanted)
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  let client: Client | null = null
  let closed = false
  /** What gdb left running. */
  async function runOn(): Promise<void> {
    while (client === null && !closed) {
      if (timeline.run([]).kind === 'ended') return resolve()
      await pause(timeline.board.idle)
    }
  }
  server.on('connection', (socket) => {
    if (client !== null) {
      tell('a second gdb was refused: one is attached')
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    client = new Client(timeline, socket)
    tell('gdb is attached')
    client.gone.then((how) => {
      client = null
      if (closed) return
      if (how === 'killed') return resolve()
      tell(
        how === 'detached'
          ? 'gdb let the machine go: it runs on'
          : `${how}: the machine stands still, gdb may attach again`,
      )
      if (how === 'detached') runOn().catch(reject)
    }, reject)
  })
  return {
    port: (server.address() as AddressInfo).port,
    done,
    async close() {
      closed = true
      client?.drop()
      await new Promise<void>((settled) => server.close(() => settled()))
    },
  }
}

/** Lets the event loop turn: at once, or after a moment when the machine is idle. */
const pause = (idle: boolean): Promise<void> =>
  new Promise((resolve) => {
    if (idle) setTimeout(resolve, IDLE_MS)
    else setImmediate(resolve)
  })

/** One attached gdb. */
class Client {
  /** How it went: as it said, or what broke. Rejects for a bug of ours. */
  readonly gone: Promise<Leaving | string>
  private readonly socket: Socket
  private readonly session: GdbSession
  private readonly reader = new PacketReader()
  private readonly waiting: string[] = []
  private lastSent = ''
  private working = false
  private settle: (how: Leaving | string) => void = () => {}
  private fail: (error: unknown) => void = () => {}
  private lost = false

  constructor(timeline: Timeline, socket: Socket) {
    this.socket = socket
    const { promise, resolve, reject } = Promise.withResolvers<Leaving | string>()
    this.gone = promise
    this.settle = resolve
    this.fail = reject
    this.session = new GdbSession(timeline, { send: (data) => this.send(packet(data)), lookUp: pause })
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.read(bytes))
    socket.on('error', (error) => this.lose(`the connection to gdb broke (${error.message})`))
    socket.on('close', () => this.lose('gdb left without a word'))
  }

  drop(): void {
    this.socket.destroy()
  }

  private send(text: string): void {
    this.lastSent = text
    if (!this.lost) this.socket.write(text, 'latin1')
  }

  /** The connection is no more: what runs stops, then the machine is free. */
  private lose(why: string): void {
    if (this.lost) return
    this.lost = true
    this.session.interrupt()
    if (!this.working) this.settle(why)
  }

  private read(bytes: Buffer): void {
    for (const received of this.reader.read(bytes, this.session.acknowledged)) {
      if (received.kind === 'interrupt') this.session.interrupt()
      else if (received.kind === 'again') this.send(this.lastSent)
      else if (received.kind === 'broken') this.socket.write('-')
      else this.take(received.data)
    }
  }

  private take(data: string): void {
    if (this.session.acknowledged) this.socket.write('+')
    if (this.waiting.length >= MAX_WAITING) {
      this.socket.destroy(new Error('more packets than it waits for answers to'))
      return
    }
    this.waiting.push(data)
    if (!this.working) void this.work()
  }

  private async work(): Promise<void> {
    this.working = true
    let how: Leaving | null = null
    try {
      while (this.waiting.length > 0 && how === null && !this.lost) {
        how = await this.session.receive(this.waiting.shift()!)
      }
    } catch (error) {
      this.lost = true
      this.socket.destroy()
      this.fail(error)
    }
    this.working = false
    if (how !== null) {
      this.lost = true
      this.settle(how)
      this.socket.end()
    } else if (this.lost) {
      this.settle('gdb left while the machine ran')
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const cause: Record<string, string> = {
        EADDRINUSE: 'the port is taken by another program',
        EACCES: 'the system does not let this user open the port',
      }
      reject(
        new ProblemError(
          `${ADDRESS}:${port}`,
          cause[error.code ?? ''] ?? error.message,
          'Choose another one with --gdb, or --gdb 0 for any free one.',
        ),
      )
    })
    server.listen(port, ADDRESS, () => resolve())
  })
}
