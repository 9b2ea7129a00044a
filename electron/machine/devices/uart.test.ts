import { describe, expect, it } from 'vitest'
import { allocateShared, CONSOLE_BYTES, control, viewsOf } from '../board/shared-memory.ts'
import { absentDevices } from './absent.ts'
import { Bus } from './bus.ts'
import { Rtc } from './rtc.ts'
import { canSignal, resetUart, Uart } from './uart.ts'

const INTID = 33
const [DR, RSR, FR, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR] = [
  0x00, 0x04, 0x18, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44,
]
const [EMPTY, SOME, FULL] = [0x90, 0x80, 0xc0]
const [RX, TX, OVERRUN] = [0x10, 0x20, 0x400]
const FIFO_ON = 0x10
const LOOPBACK = 0x381

function board() {
  const views = viewsOf(allocateShared(1, 2 << 20))
  let waits = 0
  let line = false
  const inputs = {
    setPrivate: () => {},
    setShared(intid: number, level: boolean) {
      expect(intid).toBe(INTID)
      line = level
    },
  }
  const uart = new Uart(views, inputs, () => {
    waits++
    Atomics.add(views.control, control.CONSOLE_READ, 100)
  })
  resetUart(views)
  const input = (...bytes: number[]): void => {
    for (const byte of bytes) {
      const written = views.control[control.INPUT_WRITTEN]!
      views.input[written % views.input.length] = byte
      views.control[control.INPUT_WRITTEN] = written + 1
    }
    uart.takeInput()
  }
  const read = (offset: number): number => Number(uart.read(offset))
  const write = (offset: number, value: number): void => uart.write(offset, 4, BigInt(value))
  return { views, uart, input, read, write, waits: () => waits, line: () => line }
}

describe('PL011', () => {
  it('transmits the low byte of DR, whatever the access size, and is always ready', () => {
    const { views, uart, read } = board()
    uart.write(DR, 4, 0xffff_ff41n)
    uart.write(DR, 1, 0x42n)
    expect([...views.console.subarray(0, 2)]).toEqual([0x41, 0x42])
    expect(views.control[control.CONSOLE_WRITTEN]).toBe(2)
    expect(read(FR)).toBe(EMPTY)
  })

  it('waits for room in a full ring and loses no byte', () => {
    const { views, uart, waits } = board()
    for (let i = 0; i < CONSOLE_BYTES + 150; i++) uart.transmit(i % 251)
    expect(waits()).toBe(2)
    expect(views.control[control.CONSOLE_WRITTEN]).toBe(CONSOLE_BYTES + 150)
    for (const i of [150, CONSOLE_BYTES - 1, CONSOLE_BYTES, CONSOLE_BYTES + 149]) {
      expect(views.console[i % CONSOLE_BYTES]).toBe(i % 251)
    }
  })

  it('goes on where the ring’s counters wrap', () => {
    const { views, uart } = board()
    views.control[control.CONSOLE_WRITTEN] = 0x7fff_ffff
    views.control[control.CONSOLE_READ] = 0x7fff_ffff
    uart.transmit(1)
    uart.transmit(2)
    expect(views.control[control.CONSOLE_WRITTEN]).toBe(-0x7fff_ffff)
    expect([views.console[CONSOLE_BYTES - 1], views.console[0]]).toEqual([1, 2])
  })

  // As QEMU 10.0.2 answers the same accesses.
  it('has its reset values, and keeps the bits that are there', () => {
    const { read, write } = board()
    expect([CR, IFLS, RIS, MIS, IMSC, LCR_H, FR].map(read)).toEqual([0x300, 0x12, 0, 0, 0, 0, EMPTY])
    write(0x24, 0xffff_ffff)
    write(0x28, 0xffff_ffff)
    write(CR, 0x301)
    expect([0x24, 0x28, CR].map(read)).toEqual([0xffff, 0x3f, 0x301])
    const id = Array.from({ length: 8 }, (_, i) => read(0xfe0 + i * 4))
    expect(id).toEqual([0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1])
    write(FR, 0)
    write(RIS, 0xffff_ffff)
    write(0xfe0, 0)
    expect([FR, RIS, MIS, 0x4c, 0x80, 0xfe0].map(read)).toEqual([EMPTY, 0, 0, 0, 0, 0x11])
  })

  it('receives one byte at a time without the FIFO, the others wait outside', () => {
    const { views, input, read } = board()
    input(7, 8)
    expect([read(FR), views.control[control.INPUT_READ]]).toEqual([FULL, 1])
    expect([read(DR), read(FR), read(DR), read(FR), read(DR)]).toEqual([7, FULL, 8, EMPTY, 0])
  })

  it('holds 16 bytes in the FIFO, in order, and empties it when it is switched', () => {
    const { views, input, read, write } = board()
    write(LCR_H, FIFO_ON)
    input(...Array.from({ length: 15 }, (_, i) => i))
    expect(read(FR)).toBe(SOME)
    input(15, 16, 17)
    expect([read(FR), views.control[control.INPUT_READ]]).toEqual([FULL, 16])
    expect(Array.from({ length: 18 }, () => read(DR))).toEqual(Array.from({ length: 18 }, (_, i) => i))
    expect(read(FR)).toBe(EMPTY)
    input(1, 2)
    write(LCR_H, 0)
    expect([read(FR), read(DR)]).toEqual([EMPTY, 0])
  })

  it('raises the receive interrupt with the first byte, and takes it down with the last or by ICR', () => {
    const { input, read, write, line, views } = board()
    write(LCR_H, FIFO_ON)
    input(1)
    expect([read(RIS), read(MIS), line(), canSignal(views)]).toEqual([RX, 0, false, false])
    write(IMSC, RX)
    expect([read(MIS), line(), canSignal(views)]).toEqual([RX, true, true])
    input(2)
    read(DR)
    expect(line()).toBe(true)
    read(DR)
    expect([read(RIS), line()]).toEqual([0, false])
    input(3, 4)
    write(ICR, RX)
    expect([read(RIS), line(), read(FR)]).toEqual([0, false, SOME])
    // Cleared by hand, it stays down until the FIFO has been empty.
    input(5)
    expect(line()).toBe(false)
    for (let i = 0; i < 3; i++) read(DR)
    input(6)
    expect(line()).toBe(true)
    write(IMSC, 0)
    expect(line()).toBe(false)
  })

  it('raises the transmit interrupt with every byte', () => {
    const { read, write, line } = board()
    write(IMSC, TX)
    expect(line()).toBe(false)
    write(DR, 65)
    expect([read(RIS), line()]).toEqual([TX, true])
    write(ICR, TX)
    expect([read(RIS), line()]).toEqual([0, false])
  })

  it('receives what it sends in loopback, and reports an overrun', () => {
    const { views, read, write, line } = board()
    write(CR, LOOPBACK)
    write(IMSC, OVERRUN)
    write(DR, 65)
    expect([read(FR), read(RIS), line()]).toEqual([FULL, RX | TX, false])
    write(DR, 66)
    expect([read(RIS) & OVERRUN, read(RSR), line()]).toEqual([OVERRUN, 8, true])
    expect([read(DR), read(FR)]).toEqual([65, EMPTY])
    write(RSR, 0)
    expect(read(RSR)).toBe(0)
    expect(String.fromCharCode(...views.console.subarray(0, 2))).toBe('AB')
  })
})

describe('the board beyond RAM', () => {
  const devices = () => {
    const { uart, views, line } = board()
    const rtc = new Rtc(
      views,
      { setPrivate() {}, setShared() {} },
      () => 0n,
      () => {},
    )
    return { bus: new Bus([uart, rtc, ...absentDevices]), views, line }
  }

  // As QEMU 10.0.2 answers, where the device is the same.
  it.each([
    [0x0900_0018, 4, 0x90n],
    [0x0900_0019, 1, 0x90n],
    [0x0900_0fe0, 8, 0x10_0000_0011n],
    [0x0900_0fe2, 2, 0x11n],
    [0x0901_0fe0, 8, 0x10_0000_0031n],
    [0x0a00_0000, 4, 0x7472_6976n],
    [0x0a00_3e00, 8, 0x1_7472_6976n],
    [0x0a00_0000, 2, 0x6976n],
    [0x0a00_0008, 4, 0n],
    [0x0a00_020c, 4, 0x554d_4551n],
    [0x0a00_0100, 4, 0n],
    [0, 4, 0n],
    [0x0900_0ffc, 8, null],
    [0x1000_0000, 4, 0xffff_ffffn],
    [0x40_1000_8000, 8, 2n ** 64n - 1n],
    [0x0903_0000, 4, 0n],
    [0x0902_0000, 4, 0n],
  ])('%i reads, in %i bytes, %s', (address, bytes, value) => {
    const { bus } = devices()
    expect(bus.read(address, bytes)).toBe(value)
    if (value !== null) expect(bus.write(address, bytes, 0n)).toBe(true)
  })

  it.each([0x0900_1000, 0x0901_1000, 0x0902_0018, 0x0904_0000, 0x0a00_4000, 0x0c00_0000, 0x3f00_0000])(
    'nothing answers at %i',
    (address) => {
      const { bus } = devices()
      expect(bus.read(address, 4)).toBeNull()
      expect(bus.write(address, 4, 1n)).toBe(false)
    },
  )

  it('stands every access of every size, and tells values that fit', () => {
    const { bus, views } = devices()
    const bases = [0x0900_0000, 0x0901_0000, 0x0a00_0000, 0x0902_0000, 0x0903_0000, 0x07ff_f000, 0x3eff_f000]
    let random = 0x5eed
    const next = (): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return random >>> 4
    }
    for (let i = 0; i < 50_000; i++) {
      const address = bases[next() % bases.length]! - 16 + (next() % 0x1040)
      const bytes = 1 << (next() % 5)
      const value = BigInt(next()) * 0x1_0001_0001_0001n
      if (next() & 1) bus.write(address, bytes, BigInt.asUintN(bytes * 8, value))
      else expect((bus.read(address, bytes) ?? 0n) >> BigInt(bytes * 8)).toBe(0n)
      views.control[control.CONSOLE_READ] = views.control[control.CONSOLE_WRITTEN]!
    }
    expect(views.deviceCells[0]).toBe(0)
  })
})
