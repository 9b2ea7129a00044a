import { describe, expect, it } from 'vitest'
import { MachineStop } from '../cpu/fault.ts'
import { type SemihostingPorts, semihosting } from './semihosting.ts'

const BLOCK = 0x1000n
const FAILED = 2n ** 64n - 1n
const [ENOENT, E2BIG, EBADF, EINVAL] = [2, 7, 9, 22]

function host(words: bigint[] = [], text = '', received = '') {
  let written = ''
  let errno = 0
  let read = 0
  const stored = new Map<bigint, bigint>()
  const ports: SemihostingPorts = {
    readWord: (address) => words[Number(address - BLOCK) / 8] ?? 0n,
    writeWord: (address, value) => void stored.set(address, value),
    readByte: (address) => text.charCodeAt(Number(address)) || 0,
    writeByte: (address, value) => void stored.set(address, BigInt(value)),
    transmit: (byte) => {
      written += String.fromCharCode(byte)
    },
    receive: () => (read < received.length ? received.charCodeAt(read++) : -1),
    elapsed: () => 1_234_567_890n,
    time: () => 1_700_000_000n,
    errno: () => errno,
    setErrno: (number) => {
      errno = number
    },
    host: { commandLine: 'prog a b', heap: [0x4100_0000, 0x4800_0000] },
  }
  const call = (operation: number, parameter = BLOCK): bigint => semihosting(operation, parameter, ports)
  return { call, written: () => written, stored, errno: () => Number(call(0x13)) }
}

// Handles, results and error numbers are those of QEMU 10.0.2 for the same calls, where it has no file.
describe('semihosting', () => {
  it('SYS_WRITEC and SYS_WRITE0 write to the console', () => {
    const { call, written } = host([], 'xhello\0more')
    call(0x03, 0n)
    call(0x04, 1n)
    expect(written()).toBe('xhello')
  })

  it('SYS_WRITE writes its bytes to the console and says how many it did not', () => {
    const console = host([2n, 2n, 5n], '..hello world')
    expect(console.call(0x05)).toBe(0n)
    expect(console.written()).toBe('hello')
    const file = host([99n, 2n, 5n], '..hello')
    expect([file.call(0x05), file.errno(), file.written()]).toEqual([5n, EBADF, ''])
  })

  it('SYS_READ and SYS_READC take what was received, without waiting', () => {
    const console = host([1n, 0x2000n, 4n], '', 'abcdef')
    expect(console.call(0x06)).toBe(0n)
    expect(console.call(0x06)).toBe(2n)
    expect(console.stored.get(0x2000n)).toBe(0x65n)
    expect(console.call(0x06)).toBe(4n)
    expect(host([], '', 'q').call(0x07)).toBe(0x71n)
    const file = host([2n, 0x2000n, 4n], '', 'abc')
    expect([file.call(0x06), file.errno()]).toEqual([4n, EBADF])
  })

  it.each([
    { words: [0n, 0n, 3n], text: ':tt', handle: 1n, errno: 0 },
    { words: [0n, 4n, 3n], text: ':tt', handle: 2n, errno: 0 },
    { words: [0n, 8n, 3n], text: ':tt', handle: 3n, errno: 0 },
    { words: [0n, 12n, 3n], text: ':tt', handle: FAILED, errno: EINVAL },
    { words: [0n, 0n, 3n], text: 'a.b', handle: FAILED, errno: ENOENT },
    { words: [0n, 0n, 4n], text: ':ttx', handle: FAILED, errno: ENOENT },
  ])('SYS_OPEN of $text with $words gives $handle', ({ words, text, handle, errno }) => {
    const console = host(words, text)
    expect([console.call(0x01), console.errno()]).toEqual([handle, errno])
  })

  it('SYS_ISTTY and SYS_CLOSE know the handles of the console', () => {
    for (const [operation, good] of [
      [0x09, 1n],
      [0x02, 0n],
    ] as const) {
      expect(host([2n]).call(operation)).toBe(good)
      const bad = host([9n])
      expect([bad.call(operation), bad.errno()]).toEqual([FAILED, EBADF])
    }
  })

  it('tells the time in hundredths, seconds and ticks', () => {
    const { call, stored } = host()
    expect([call(0x10), call(0x11), call(0x31), call(0x30)]).toEqual([123n, 1_700_000_000n, 10n ** 9n, 0n])
    expect(stored.get(BLOCK)).toBe(1_234_567_890n)
  })

  it('SYS_GET_CMDLINE gives name and arguments where they fit', () => {
    const roomy = host([0x2000n, 9n])
    expect([roomy.call(0x15), roomy.stored.get(BLOCK + 8n), roomy.stored.get(0x2000n)]).toEqual([
      0n,
      8n,
      0x70n,
    ])
    expect(roomy.stored.get(0x2008n)).toBe(0n)
    const tight = host([0x2000n, 8n])
    expect([tight.call(0x15), tight.errno(), tight.stored.size]).toEqual([FAILED, E2BIG, 0])
  })

  it('SYS_HEAPINFO gives free memory to heap and stack', () => {
    const { call, stored } = host([0x2000n])
    expect(call(0x16)).toBe(0n)
    expect([...stored.values()]).toEqual([0x4100_0000n, 0x4800_0000n, 0x4800_0000n, 0x4100_0000n])
  })

  it.each([
    { operation: 0x18, words: [0x20026n, 0n], code: 0 },
    { operation: 0x18, words: [0x20026n, 42n], code: 42 },
    { operation: 0x20, words: [0x20026n, FAILED], code: -1 },
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

  it('answers -1 to what needs a file, and to what it does not know', () => {
    for (const operation of [0x0a, 0x0c, 0x0d, 0x0e, 0x0f, 0x12, 0x99]) {
      const { call, errno } = host([1n])
      expect([call(operation), errno()]).toEqual([FAILED, EINVAL])
    }
  })
})
