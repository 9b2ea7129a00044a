import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { LabApi } from '../../shared/contract/calls.ts'
import { decode, encode } from '../../shared/contract/codec.ts'
import type { FromLab } from '../../shared/contract/wire.ts'
import { connectLab, malformed } from '../base/lab-connection.ts'

/** An experiment's text is the largest thing that a client sends. */
const MAX_MESSAGE_BYTES = 4 << 20
/** A client that reads this little is dropped rather than buffered for: it connects again by itself. */
const MAX_UNSENT_BYTES = 256 << 20

export interface Sockets {
  /** Completes a WebSocket handshake that has been let in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

/** The lab over WebSockets, one connection of the contract per client. Malformed messages are answered, never fatal. */
export function serveSocket(lab: LabApi, version: string): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })

  server.on('connection', (socket: WebSocket) => {
    const post = (message: FromLab) => {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) return socket.terminate()
      socket.send(encode(message))
    }
    const connection = connectLab(lab, version, post)
    socket.on('message', (data, isBinary) => {
      const message = isBinary ? decoded(data as Buffer) : new Error('a message must be binary')
      if (message instanceof Error) post(malformed(0, message.message))
      else connection.receive(message)
    })
    socket.on('close', connection.close)
    socket.on('error', () => socket.terminate()) // too long or broken frames: ws has already sent the close code
  })

  return {
    accept: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request)),
    close() {
      for (const client of server.clients) client.close(1001, 'the host is going away')
      server.close()
      for (const client of server.clients) client.terminate()
    },
  }
}

function decoded(data: Buffer): unknown {
  try {
    return decode(data)
  } catch (error) {
    return error
  }
}
