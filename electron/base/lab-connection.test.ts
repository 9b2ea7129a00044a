import { expect, it, vi } from 'vitest'
import { type FromLab, PROTOCOL } from '../../shared/contract/wire.ts'
import { scriptedLab } from '../../test/support/scripted-lab.ts'
import { connectLab } from './lab-connection.ts'

const hello = { kind: 'hello', protocol: PROTOCOL }

function connected() {
  const lab = scriptedLab({ 'run.stop': () => null })
  const posted: FromLab[] = []
  return { lab, posted, connection: connectLab(lab, '1.2.3', (message) => posted.push(message)) }
}

it('answers hello, then calls, and passes events on until it is closed', async () => {
  const { lab, posted, connection } = connected()
  connection.receive(hello)
  connection.receive({ kind: 'call', ticket: 7, name: 'run.stop', args: { run: 1 } })
  await vi.waitFor(() => expect(posted).toHaveLength(2))
  lab.announce('run.deleted', { run: 3 })
  connection.close()
  lab.announce('run.deleted', { run: 4 })
  expect(posted).toEqual([
    { kind: 'hello', protocol: PROTOCOL, version: '1.2.3' },
    { kind: 'reply', ticket: 7, value: null },
    { kind: 'event', name: 'run.deleted', payload: { run: 3 } },
  ])
  expect(lab.listeners()).toBe(0)
})

it('listens once however often hello comes', () => {
  const { lab, posted, connection } = connected()
  connection.receive(hello)
  connection.receive(hello)
  lab.announce('run.deleted', { run: 3 })
  expect(posted.filter((message) => message.kind === 'event')).toHaveLength(1)
})

it('passes on the problem of a call', async () => {
  const { posted, connection } = connected()
  connection.receive(hello)
  connection.receive({ kind: 'call', ticket: 1, name: 'run.list', args: {} })
  await vi.waitFor(() =>
    expect(posted.at(-1)).toMatchObject({ kind: 'error', ticket: 1, problem: { place: 'run.list' } }),
  )
})

it.each([
  ['null', null, 0, 'must be an object'],
  ['an array', [], 0, 'must be an object'],
  ['an unknown kind', { kind: 'shutdown' }, 0, 'unknown kind "shutdown"'],
  [
    'a ticket that is no integer',
    { kind: 'call', ticket: 'x', name: 'run.list', args: {} },
    0,
    'integer, not "x"',
  ],
  ['an unknown call', { kind: 'call', ticket: 5, name: 'file.delete', args: {} }, 5, 'no call "file.delete"'],
  [
    'a property of every object',
    { kind: 'call', ticket: 5, name: 'constructor', args: {} },
    5,
    'no call "constructor"',
  ],
  [
    'arguments that are no object',
    { kind: 'call', ticket: 6, name: 'run.get', args: 1 },
    6,
    'must be an object',
  ],
])('answers %s with an error and asks the lab nothing', (_name, message, ticket, cause) => {
  const { lab, posted, connection } = connected()
  connection.receive(hello)
  connection.receive(message)
  expect(posted.at(-1)).toMatchObject({
    kind: 'error',
    ticket,
    problem: { cause: expect.stringContaining(cause) },
  })
  expect(lab.calls).toEqual([])
})

it('takes no calls from a client of another protocol', () => {
  const { lab, posted, connection } = connected()
  connection.receive({ kind: 'hello', protocol: PROTOCOL + 1 })
  connection.receive({ kind: 'call', ticket: 2, name: 'run.list', args: {} })
  expect(posted).toMatchObject([
    { kind: 'hello', protocol: PROTOCOL },
    { kind: 'error', ticket: 2 },
  ])
  expect(lab.calls).toEqual([])
})
