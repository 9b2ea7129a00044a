import { afterEach, describe, expect, it, vi } from 'vitest'
import { type FromLab, PROTOCOL, type ToLab } from '../../shared/contract/wire.ts'
import { createLab, type LabClient, type OpenTransport, type TransportEvents } from './lab.ts'

function harness(): {
  lab: LabClient
  sent: ToLab[]
  events: TransportEvents
  opened(): number
  hello(): void
} {
  const sent: ToLab[] = []
  let events: TransportEvents | null = null
  let opened = 0
  const open: OpenTransport = (next) => {
    events = next
    opened++
    return { send: (message) => void sent.push(message), close: () => {} }
  }
  const lab = createLab(open, () => 50)
  const at = (): TransportEvents => {
    if (!events) throw new Error('not opened')
    return events
  }
  return {
    lab,
    sent,
    opened: () => opened,
    events: {
      opened: () => at().opened(),
      message: (message: FromLab) => at().message(message),
      closed: () => at().closed(),
    },
    hello() {
      at().opened()
      at().message({ kind: 'hello', protocol: PROTOCOL, version: '0.1.0' })
    },
  }
}
const nothing = {} as Record<string, never>

afterEach(() => void vi.useRealTimers())

describe('the lab client', () => {
  it('greets first, and sends calls only once the lab has answered', async () => {
    const { lab, sent, events, hello } = harness()
    const answer = lab.call('session.info', nothing)
    expect(sent).toEqual([])
    hello()
    expect(sent.map((message) => message.kind)).toEqual(['hello', 'call'])
    events.message({ kind: 'reply', ticket: 1, value: { name: 'a' } })
    expect(await answer).toEqual({ ok: true, value: { name: 'a' } })
  })

  it('matches replies to calls, in whatever order they come', async () => {
    const { lab, events, hello } = harness()
    hello()
    const [one, two] = [lab.call('run.get', { run: 1 }), lab.call('run.get', { run: 2 })]
    events.message({ kind: 'reply', ticket: 2, value: 'two' })
    events.message({ kind: 'error', ticket: 1, problem: { place: 'p', cause: 'c', remedy: 'r' } })
    expect(await two).toEqual({ ok: true, value: 'two' })
    expect(await one).toEqual({ ok: false, error: { place: 'p', cause: 'c', remedy: 'r' } })
  })

  it('hands events to their listeners until they stop', () => {
    const { lab, events, hello } = harness()
    hello()
    const heard = vi.fn()
    const stop = lab.on('run.started', heard)
    events.message({ kind: 'event', name: 'run.started', payload: { run: 3 } })
    stop()
    events.message({ kind: 'event', name: 'run.started', payload: { run: 4 } })
    expect(heard.mock.calls).toEqual([[{ run: 3 }]])
  })

  it('fails what was on its way when the host goes, keeps what was not, and comes back', async () => {
    vi.useFakeTimers()
    const { lab, sent, events, opened, hello } = harness()
    hello()
    const onItsWay = lab.call('run.list', nothing)
    events.closed()
    expect(lab.connection()).toEqual({ state: 'lost', attempt: 1 })
    expect((await onItsWay).ok).toBe(false)
    const later = lab.call('session.info', nothing)
    vi.advanceTimersByTime(60)
    expect(opened()).toBe(2)
    hello()
    expect(lab.connection()).toEqual({ state: 'ready', version: '0.1.0' })
    const last = sent.at(-1)
    expect(last).toMatchObject({ kind: 'call', name: 'session.info' })
    events.message({ kind: 'reply', ticket: last?.kind === 'call' ? last.ticket : 0, value: 'here' })
    expect(await later).toEqual({ ok: true, value: 'here' })
  })

  it('refuses a lab of another protocol, says so, and does not try again', async () => {
    vi.useFakeTimers()
    const { lab, events, opened } = harness()
    events.opened()
    const call = lab.call('run.list', nothing)
    events.message({ kind: 'hello', protocol: PROTOCOL + 1, version: '9.0.0' })
    expect(lab.connection()).toEqual({ state: 'mismatch', theirs: PROTOCOL + 1, ours: PROTOCOL })
    const result = await call
    expect(result.ok ? '' : result.error.cause).toContain(`protocol ${PROTOCOL + 1}`)
    events.closed()
    vi.advanceTimersByTime(10_000)
    expect(opened()).toBe(1)
  })
})
