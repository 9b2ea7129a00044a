import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { decode, encode } from '../../shared/contract/codec.ts'
import { PROTOCOL } from '../../shared/contract/wire.ts'
import { scriptedLab } from '../../test/support/scripted-lab.ts'
import { type Host, startHost } from './host.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-host-'))
const renderer = join(folder, 'renderer')
const lab = scriptedLab({ 'run.experiment': ({ run }) => ({ text: `run ${run}`, imageHash: '' }) })
let host: Host
let port: number

beforeAll(async () => {
  mkdirSync(join(renderer, 'assets'), { recursive: true })
  writeFileSync(join(renderer, 'index.html'), '<p>page</p>')
  writeFileSync(join(renderer, 'assets/a.js'), 'a')
  writeFileSync(join(folder, 'secret.json'), 'secret')
  host = await startHost({ lab, version: '1.2.3', renderer, port: 0 })
  port = Number(new URL(host.url).port)
})
afterAll(async () => {
  await host.close()
  rmSync(folder, { recursive: true })
})

const token = () => new URL(host.url).searchParams.get('token')

function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      })
      sent.on('error', reject).end()
    },
  )
}

describe('the page', () => {
  it('is served with its token, isolated and under a strict policy', async () => {
    const answer = await get(`/?token=${token()}`)
    expect(answer).toMatchObject({
      status: 200,
      body: '<p>page</p>',
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    })
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.headers['content-security-policy']).not.toMatch(/unsafe/)
  })

  it.each([
    ['without a token', '/', {}, 'GET', 401],
    ['with a wrong token', '/?token=wrong', {}, 'GET', 401],
    ['by its file name without a token', '/index.html', {}, 'GET', 401],
    ['by another name of the machine', '/', { host: 'evil.example' }, 'GET', 403],
    ['from a page of another origin', '/assets/a.js', { origin: 'http://evil.example' }, 'GET', 403],
    ['from an opaque origin', '/assets/a.js', { origin: 'null' }, 'GET', 403],
    ['by another method', '/', {}, 'POST', 405],
    ['of a file that is not there', '/assets/b.js', {}, 'GET', 404],
    ['with two dots', '/../secret.json', {}, 'GET', 404],
    ['with encoded dots', '/%2e%2e/secret.json', {}, 'GET', 404],
    ['with an encoded slash', '/..%2fsecret.json', {}, 'GET', 404],
    ['with a backslash', '/..%5csecret.json', {}, 'GET', 404],
    ['with a zero byte', '/assets/a.js%00', {}, 'GET', 404],
    ['with broken encoding', '/%', {}, 'GET', 404],
  ])('refuses a request %s', async (_name, path, headers, method, status) => {
    const answer = await get(path, headers, method)
    expect(answer.status).toBe(status)
    expect(answer.body).not.toContain('secret')
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-embedder-policy': 'require-corp',
      'content-security-policy': expect.any(String),
    })
  })

  it('serves scripts without the token, which a browser could not add', async () => {
    expect(await get('/assets/a.js')).toMatchObject({ status: 200, body: 'a' })
  })

  it('answers what is not HTTP with the same headers', async () => {
    const text = await new Promise<string>((resolve) => {
      let received = ''
      const socket = connect(port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (part: string) => {
        received += part
      })
      socket.on('close', () => resolve(received))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*x-content-type-options: nosniff/)
  })
})

describe('the socket', () => {
  function open(query = `?token=${token()}`, origin = `http://127.0.0.1:${port}`) {
    return new WebSocket(`ws://127.0.0.1:${port}/ws${query}`, { origin })
  }
  const refused = (socket: WebSocket) =>
    new Promise<number>((resolve, reject) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      socket.on('open', () => reject(new Error('it was let in')))
      socket.on('error', () => {})
    })
  async function greeted() {
    const socket = open()
    const received: unknown[] = []
    socket.on('message', (data: Buffer) => received.push(decode(data)))
    await new Promise((resolve) => socket.on('open', resolve))
    socket.send(encode({ kind: 'hello', protocol: PROTOCOL }))
    await vi.waitFor(() =>
      expect(received).toEqual([{ kind: 'hello', protocol: PROTOCOL, version: '1.2.3' }]),
    )
    received.length = 0
    return { socket, received }
  }

  it('carries calls, answers and events', async () => {
    const { socket, received } = await greeted()
    socket.send(encode({ kind: 'call', ticket: 1, name: 'run.experiment', args: { run: 4 } }))
    await vi.waitFor(() =>
      expect(received).toEqual([{ kind: 'reply', ticket: 1, value: { text: 'run 4', imageHash: '' } }]),
    )
    lab.announce('run.deleted', { run: 9 })
    await vi.waitFor(() =>
      expect(received.at(-1)).toEqual({ kind: 'event', name: 'run.deleted', payload: { run: 9 } }),
    )
    socket.close()
    await vi.waitFor(() => expect(lab.listeners()).toBe(0))
  })

  it('is refused without the token, with a wrong one, and from another origin', async () => {
    expect(await refused(open(''))).toBe(401)
    expect(await refused(open('?token=wrong'))).toBe(401)
    expect(await refused(open(undefined, 'http://evil.example'))).toBe(403)
  })

  it('answers malformed messages and stays open', async () => {
    const { socket, received } = await greeted()
    socket.send('text')
    socket.send(Buffer.from([1, 2, 3]))
    socket.send(Buffer.alloc(0))
    socket.send(encode([]))
    await vi.waitFor(() => expect(received).toHaveLength(4))
    for (const message of received) expect(message).toMatchObject({ kind: 'error', ticket: 0 })
    socket.send(encode({ kind: 'call', ticket: 2, name: 'run.experiment', args: { run: 1 } }))
    await vi.waitFor(() => expect(received.at(-1)).toMatchObject({ kind: 'reply', ticket: 2 }))
    socket.close()
  })

  it('drops a client that sends too much at once, and serves the next', async () => {
    const { socket } = await greeted()
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.send(Buffer.alloc(5 << 20))
    expect(await closed).toBe(1009)
    const { socket: next } = await greeted()
    next.close()
  })
})

describe('the port', () => {
  it('that is taken is a problem with a remedy', async () => {
    await expect(startHost({ lab, version: '1.2.3', renderer, port })).rejects.toMatchObject({
      problem: {
        place: `127.0.0.1:${port}`,
        cause: expect.stringContaining('taken'),
        remedy: expect.stringContaining('--port'),
      },
    })
  })

  it('is on 127.0.0.1 and free again after close, though a client is connected', async () => {
    const other = await startHost({ lab, version: '1.2.3', renderer, port: 0 })
    const url = new URL(other.url)
    expect(url.hostname).toBe('127.0.0.1')
    const socket = new WebSocket(`ws://${url.host}/ws${url.search}`)
    await new Promise((resolve) => socket.on('open', resolve))
    await other.close()
    const again = await startHost({ lab, version: '1.2.3', renderer, port: Number(url.port) })
    await again.close()
  })
})
