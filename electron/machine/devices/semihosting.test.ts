import { describe, expect, it } from 'vitest'
import { MachineStop } from '../cpu/fault.ts'
import { type SemihostingPorts, semihosting } from './semihosting.ts'

const BLOCK = 0x1000n

function host(words: bigint[] = [], text = '') {
  let written = ''
  const ports: SemihostingPorts = {
    readWord: (address) => words[Number(address - BLOCK) / 8] ?? 0n,
    readByte: (address) => text.charCodeAt(Number(address)) || 0,
    transmit: (byte) => {
      written += String.fromCharCode(byte)
    },
    elapsed: () => 1_234_567_890n,
  }
  const call = (operation: number, parameter = BLOCK): bigint => semihosting(operation, parameter, ports)
  return { call, written: () => written }
}

describe('semihosting', () => {
  it('SYS_WRITEC and SYS_WRITE0 write to the console', () => {
    const { call, written } = host([], 'xhello\0more')
    call(0x03, 0n)
    call(0x04, 1n)
    expect(written()).toBe('xhello')
  })

  it('SYS_WRITE writes its bytes to the console handle and says how many it did not', () => {
    const console = host([1n, 2n, 5n], '..hello world')
    expect(console.call(0x05)).toBe(0n)
    expect(console.written()).toBe('hello')
    const file = host([3n, 2n, 5n], '..hello')
    expect(file.call(0x05)).toBe(5n)
    expect(file.written()).toBe('')
  })

  it('SYS_OPEN opens the console only', () => {
    expect(host([0n, 4n, 3n], ':tt').call(0x01)).toBe(1n)
    expect(host([0n, 0n, 3n], 'a.b').call(0x01)).toBe(2n ** 64n - 1n)
  })

  it('SYS_CLOCK counts hundredths of a second', () => {
    expect(host().call(0x10)).toBe(123n)
  })

  it.each([
    { operation: 0x18, words: [0x20026n, 0n], code: 0 },
    { operation: 0x18, words: [0x20026n, 42n], code: 42 },
    { operation: 0x20, words: [0x20026n, 2n ** 64n - 1n], code: -1 },
    { operation: 0x18, words: [0x20023n, 0n], code: 1 },
  ])('exit $operation with $words ends the machine with $code', ({ operation, words, code }) => {
    let stop: unknown
    try {
      host(words).call(operation)
    } catch (error) {
      stop = error
    }
    expect(stop).toBeInstanceOf(MachineStop)
    expect(stop).toMatchObject({ kind: 'semihosting-exit', code })
  })

  it('answers -1 to what it does not have', () => {
    expect(host().call(0x02)).toBe(2n ** 64n - 1n)
  })
})
