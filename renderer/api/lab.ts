/**
 * The renderer's end of the contract, and the only file that touches a transport: a message port that the Electron preload
 * exposes, or a WebSocket to the loopback host. Calls wait while there is no lab and fail when it goes away under them.
 */
import { fail, ok, type Problem, type Result } from '../../shared/base/result.ts'
import type { CallName, Calls, EventName, Events, LabApi } from '../../shared/contract/calls.ts'
import { decode, encode } from '../../shared/contract/codec.ts'
import { type FromLab, PROTOCOL, type ToLab } from '../../shared/contract/wire.ts'

declare global {
  interface Window {
    /** Exposed by the Electron preload, absent in a browser. */
    switchyard?: { send(message: ToLab): void; onMessage(listener: (message: FromLab) => void): void }
  }
}

export type Connection =
  | { state: 'connecting' }
  | { state: 'ready'; version: string }
  /** The host went away; the next attempt is made by itself. */
  | { state: 'lost'; attempt: number }
  | { state: 'mismatch'; theirs: number; ours: number }

export interface Transport {
  send(message: ToLab): void
  close(): void
}

export interface TransportEvents {
  opened(): void
  message(message: FromLab): void
  closed(): void
}

export type OpenTransport = (events: TransportEvents) => Transport

export interface LabClient extends LabApi {
  connection(): Connection
  /** @returns a function that stops listening. The listener is called at every change, not at once. */
  onConnection(listener: (connection: Connection) => void): () => void
  close(): void
}

interface Pending {
  name: CallName
  args: unknown
  settle(result: Result<unknown>): void
  sent: boolean
}

const lost: Problem = {
  place: 'the lab',
  cause: 'the connection was lost before the answer came',
  remedy: 'It is being re-established; try again when the bar at the top has gone.',
}

/** @param retryMs how long to wait before attempt n (1-based) after the host went away */
export function createLab(
  open: OpenTransport,
  retryMs = (n: number) => Math.min(5000, 250 * 2 ** n),
): LabClient {
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  const watchers = new Set<(connection: Connection) => void>()
  const pending = new Map<number, Pending>()
  let connection: Connection = { state: 'connecting' }
  let transport: Transport | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let ticket = 0
  let attempt = 0
  let closing = false

  function become(next: Connection): void {
    connection = next
    for (const watcher of watchers) watcher(next)
  }

  function sendWaiting(): void {
    for (const [number, call] of pending) {
      if (call.sent) continue
      call.sent = true
      transport?.send({ kind: 'call', ticket: number, name: call.name, args: call.args })
    }
  }

  function settle(number: number, result: Result<unknown>): void {
    const call = pending.get(number)
    pending.delete(number)
    call?.settle(result)
  }

  function receive(message: FromLab): void {
    switch (message.kind) {
      case 'hello':
        if (message.protocol !== PROTOCOL) {
          become({ state: 'mismatch', theirs: message.protocol, ours: PROTOCOL })
          for (const number of [...pending.keys()])
            settle(number, { ok: false, error: mismatch(message.protocol) })
          return
        }
        attempt = 0
        become({ state: 'ready', version: message.version })
        sendWaiting()
        return
      case 'reply':
        settle(message.ticket, ok(message.value))
        return
      case 'error':
        settle(message.ticket, { ok: false, error: message.problem })
        return
      case 'event':
        for (const listener of listeners.get(message.name) ?? []) listener(message.payload as never)
    }
  }

  function start(): void {
    transport = open({
      opened: () => transport?.send({ kind: 'hello', protocol: PROTOCOL }),
      message: receive,
      closed: () => {
        if (closing || connection.state === 'mismatch') return
        for (const [number, call] of pending) if (call.sent) settle(number, { ok: false, error: lost })
        attempt++
        become({ state: 'lost', attempt })
        timer = setTimeout(start, retryMs(attempt))
      },
    })
  }
  start()

  return {
    call<C extends CallName>(name: C, args: Calls[C]['args']): Promise<Result<Calls[C]['reply']>> {
      if (connection.state === 'mismatch')
        return Promise.resolve({ ok: false, error: mismatch(connection.theirs) })
      return new Promise((settled) => {
        // The reply's type is the contract's: both ends are built from it and compare PROTOCOL first.
        pending.set(++ticket, {
          name,
          args,
          sent: false,
          settle: settled as (result: Result<unknown>) => void,
        })
        if (connection.state === 'ready') sendWaiting()
      })
    },
    on<E extends EventName>(name: E, listener: (payload: Events[E]) => void): () => void {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(listener as (payload: never) => void))
      return () => void set.delete(listener as (payload: never) => void)
    },
    connection: () => connection,
    onConnection(listener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
    close() {
      closing = true
      clearTimeout(timer)
      transport?.close()
    },
  }
}

const mismatch = (theirs: number): Problem =>
  fail(
    'the lab',
    `it speaks protocol ${theirs}, this window speaks ${PROTOCOL}`,
    'Close the window and start the workspace from the same version as the lab.',
  ).error

/** The port of the Electron preload: always there, never closes before the window does. */
export const overPort =
  (port: NonNullable<Window['switchyard']>): OpenTransport =>
  (events) => {
    port.onMessage(events.message)
    queueMicrotask(events.opened)
    return { send: (message) => port.send(message), close: () => {} }
  }

/** The loopback host that served this page; `token` is the one of the page's address. */
export const overWebSocket =
  (host: string, token: string): OpenTransport =>
  (events) => {
    const socket = new WebSocket(`ws://${host}/ws?token=${encodeURIComponent(token)}`)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => events.opened()
    socket.onclose = () => events.closed()
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) =>
      events.message(decode(new Uint8Array(event.data)) as FromLab)
    return { send: (message) => socket.send(encode(message)), close: () => socket.close() }
  }

let current: LabApi | null = null

/** Called once by the composition root, and by tests with a fake. */
export function provideLab(api: LabApi): void {
  current = api
}

function provided(): LabApi {
  if (!current) throw new Error('provideLab() has not been called')
  return current
}

/** The lab as every store sees it. */
export const lab: LabApi = {
  call: (name, args) => provided().call(name, args),
  on: (name, listener) => provided().on(name, listener),
}
