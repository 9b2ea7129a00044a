import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { ProblemError } from '../../shared/base/result.ts'
import type { LabApi } from '../../shared/contract/calls.ts'
import { securityHeaders, staticFile } from '../base/static-files.ts'
import { type Refusal, refuseForeign, refuseWithoutToken } from './gatekeeper.ts'
import { serveSocket } from './socket.ts'

const ADDRESS = '127.0.0.1'

export interface HostOptions {
  lab: LabApi
  version: string
  /** Absolute folder of the built renderer. */
  renderer: string
  /** 0: any free port. */
  port: number
}

export interface Host {
  /** With the token: whoever has it may use the lab. */
  url: string
  /** Drops the clients and frees the port. */
  close(): Promise<void>
}

/**
 * The loopback host: the built renderer over HTTP, the lab over a WebSocket at /ws, on 127.0.0.1 only.
 *
 * @throws ProblemError when the port cannot be had
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => void answer(request, response))
  server.requestTimeout = 10_000
  await listen(server, options.port)
  const { port } = server.address() as AddressInfo
  const headers = securityHeaders(`ws://${ADDRESS}:${port} ws://localhost:${port}`)
  const sockets = serveSocket(options.lab, options.version)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, contentType: string, body: string | Buffer) => {
      response.writeHead(status, {
        ...headers,
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const refuse = (refusal: NonNullable<Refusal>) =>
      send(refusal.status, 'text/plain; charset=utf-8', `${refusal.reason}\n`)

    const target = request.url ?? '/'
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse({ status: 405, reason: 'only GET is served' })
    }
    if (!target.startsWith('/') || !URL.canParse(target, `http://${ADDRESS}`)) {
      return refuse({ status: 400, reason: 'not an address of this host' })
    }
    const path = target.split('?', 1)[0] as string
    // Only the page carries the token: scripts, styles and fonts are public, and a browser could not add it to them.
    const isPage = path === '/' || path.endsWith('.html')
    const refusal = refuseForeign(request, port) ?? (isPage ? refuseWithoutToken(target, token) : null)
    if (refusal) return refuse(refusal)
    const file = await staticFile(options.renderer, path)
    if (file) send(200, file.contentType, file.bytes)
    else send(404, 'text/plain; charset=utf-8', 'no such file\n')
  }

  server.on('upgrade', (request, socket, head) => {
    const target = request.url ?? '/'
    const isSocket = target.split('?', 1)[0] === '/ws'
    const refusal: Refusal = isSocket
      ? (refuseForeign(request, port) ?? refuseWithoutToken(target, token))
      : { status: 400, reason: 'the socket is at /ws' }
    if (!refusal) return sockets.accept(request, socket, head)
    socket.on('error', () => socket.destroy())
    endRaw(socket, refusal.status, refusal.reason)
  })
  server.on('clientError', (_error, socket) => {
    if (socket.writable) endRaw(socket, 400, 'not a request of HTTP')
    else socket.destroy()
  })

  /** An answer where Node has no response object for one. */
  function endRaw(socket: Duplex, status: number, reason: string): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    socket.end([`HTTP/1.1 ${status} Refused`, ...lines, 'connection: close', '', `${reason}\n`].join('\r\n'))
  }

  return {
    url: `http://${ADDRESS}:${port}/?token=${token}`,
    async close() {
      sockets.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = 'Choose another one with --port, or --port 0 for any free one.'
      const cause: Record<string, string> = {
        EADDRINUSE: 'the port is taken by another program',
        EACCES: 'the system does not let this user open the port',
      }
      reject(new ProblemError(`${ADDRESS}:${port}`, cause[error.code ?? ''] ?? error.message, remedy))
    })
    server.listen(port, ADDRESS, () => resolve())
  })
}
