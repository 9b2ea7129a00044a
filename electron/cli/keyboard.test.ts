import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { MachineHandle } from '../workers/plan.ts'
import { forwardInput, keyFilter } from './keyboard.ts'

const keys = (text: string) => Buffer.from(text, 'latin1')

describe('keyFilter', () => {
  it.each([
    ['ls\n', 'ls\n', false],
    ['\x03', '\x03', false],
    ['a\x01xb', 'a', true],
    ['\x01X', '', true],
    ['\x01\x01x', '\x01x', false],
    ['\x01\x01\x01x', '\x01', true],
    ['\x01cx', 'cx', false],
  ])('%j: the guest gets %j, leave: %s', (typed, bytes, leave) => {
    const result = keyFilter()(keys(typed))
    expect([Buffer.from(result.bytes).toString('latin1'), result.leave]).toEqual([bytes, leave])
  })

  it('remembers Ctrl+A from one key to the next', () => {
    const filter = keyFilter()
    expect(filter(keys('\x01'))).toEqual({ bytes: new Uint8Array(), leave: false })
    expect(filter(keys('x')).leave).toBe(true)
  })
})

describe('forwardInput', () => {
  function stream(isTTY: boolean) {
    const calls: string[] = []
    const stdin = Object.assign(new EventEmitter(), {
      isTTY,
      setRawMode: (on: boolean) => void calls.push(`raw ${on}`),
      pause: () => void calls.push('pause'),
    }) as unknown as NodeJS.ReadStream
    const machine = {
      input: (bytes: Uint8Array) => void calls.push(`input ${Buffer.from(bytes).toString('latin1')}`),
      endInput: () => void calls.push('end'),
    } as MachineHandle
    return { stdin, calls, keyboard: forwardInput(stdin, machine) }
  }

  it('takes a terminal’s keys one by one, and gives it back', async () => {
    const { stdin, calls, keyboard } = stream(true)
    stdin.emit('data', keys('a'))
    stdin.emit('data', keys('\x01x'))
    await keyboard.left
    keyboard.release()
    stdin.emit('data', keys('b'))
    expect(calls).toEqual(['raw true', 'input a', 'input ', 'raw false', 'pause'])
  })

  it('passes on every byte of a pipe, and its end', () => {
    const { stdin, calls, keyboard } = stream(false)
    stdin.emit('data', keys('\x01x'))
    stdin.emit('end')
    stdin.emit('error', new Error('gone'))
    keyboard.release()
    expect(calls).toEqual(['input \x01x', 'end', 'pause'])
  })
})
