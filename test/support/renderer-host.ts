/** Serves the built renderer (out/renderer, or the folder that RENDERER names) with a fake lab behind a WebSocket that speaks the real codec. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, resolve } from 'node:path'
import { WebSocketServer } from 'ws'
import type { EventName } from '../../shared/contract/calls.ts'
import { decode, encode } from '../../shared/contract/codec.ts'
import { type FromLab, PROTOCOL, type ToLab } from '../../shared/contract/wire.ts'
import type { FakeLab } from './fake-lab.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
}
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'"

const events: EventName[] = [
  'run.started',
  'run.progress',
  'run.console',
  'run.ended',
  'run.checked',
  'run.deleted',
  'machine.moving',
  'session.damaged',
]

export interface RendererHost {
  url: string
  /** Drops every connection and refuses new ones until `resume`. */
  vanish(): void
  resume(): void
  close(): Promise<void>
}

export async function serveRenderer(lab: FakeLab, protocol = PROTOCOL): Promise<RendererHost> {
  const root = process.env.RENDERER ?? resolve(import.meta.dirname, '../../out/renderer')
  let away = false
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    const file = join(root, path === '/' ? 'index.html' : path)
    try {
      const body = await readFile(file)
      response.writeHead(200, {
        'content-type': types[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': policy,
      })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  const sockets = new WebSocketServer({ server, path: '/ws', verifyClient: () => !away })
  sockets.on('connection', (socket) => {
    const send = (message: FromLab): void => socket.send(encode(message))
    const stops = events.map((name) => lab.on(name, (payload) => send({ kind: 'event', name, payload })))
    socket.on('close', () => {
      for (const stop of stops) stop()
    })
    socket.on('message', async (data: Buffer) => {
      const message = decode(new Uint8Array(data)) as ToLab
      if (message.kind === 'hello') return send({ kind: 'hello', protocol, version: '0.1.0' })
      const result = await lab.call(message.name, message.args as never)
      send(
        result.ok
          ? { kind: 'reply', ticket: message.ticket, value: result.value }
          : { kind: 'error', ticket: message.ticket, problem: result.error },
      )
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/?token=test`,
    vanish() {
      away = true
      for (const socket of sockets.clients) socket.terminate()
    },
    resume() {
      away = false
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close()
        server.close(() => done())
      }),
  }
}
