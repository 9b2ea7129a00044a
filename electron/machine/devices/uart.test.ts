import { describe, expect, it } from 'vitest'
import { allocateShared, CONSOLE_BYTES, control, viewsOf } from '../board/shared-memory.ts'
import { Bus } from './bus.ts'
import { Uart } from './uart.ts'

function board() {
  const views = viewsOf(allocateShared(1, 2 << 20))
  let waits = 0
  const uart = new Uart(views, () => {
    waits++
    Atomics.add(views.control, control.CONSOLE_READ, 100)
  })
  return { views, uart, waits: () => waits }
}

describe('PL011', () => {
  it('transmits the low byte of DR, whatever the access size, and is always ready', () => {
    const { views, uart } = board()
    uart.write(0, 4, 0xffff_ff41n)
    uart.write(0, 1, 0x42n)
    expect([...views.console.subarray(0, 2)]).toEqual([0x41, 0x42])
    expect(views.control[control.CONSOLE_WRITTEN]).toBe(2)
    expect(uart.read(0x18, 4)).toBe(0x90n)
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

  it('receives in order, and shows it in FR and RIS', () => {
    const { views, uart } = board()
    expect([uart.read(0x18, 4), uart.read(0x3c, 4), uart.read(0, 4)]).toEqual([0x90n, 0n, 0n])
    views.input.set([7, 8])
    views.control[control.INPUT_WRITTEN] = 2
    expect([uart.read(0x18, 4), uart.read(0x3c, 4)]).toEqual([0x80n, 0x10n])
    expect([uart.read(0, 4), uart.read(0, 1), uart.read(0, 4)]).toEqual([7n, 8n, 0n])
    expect(views.control[control.INPUT_READ]).toBe(2)
  })

  it('keeps its control registers, and identifies itself', () => {
    const { uart } = board()
    uart.write(0x30, 4, 0x301n)
    uart.write(0x24, 4, 0x1_0012n)
    expect([uart.read(0x30, 4), uart.read(0x24, 4), uart.read(0x2c, 4)]).toEqual([0x301n, 0x12n, 0n])
    const id = [0, 1, 2, 3].map((i) => uart.read(0xff0 + i * 4, 4))
    expect(id).toEqual([0x0dn, 0xf0n, 0x05n, 0xb1n])
    const part = [0, 1].map((i) => uart.read(0xfe0 + i * 4, 4))
    expect(part).toEqual([0x11n, 0x10n])
  })
})

describe('Bus', () => {
  it('routes to the device that holds the address; elsewhere nothing answers', () => {
    const { uart, views } = board()
    const bus = new Bus([uart])
    expect(bus.read(0x0900_0018, 4)).toBe(0x90n)
    expect(bus.write(0x0900_0000, 4, 0x61n)).toBe(true)
    expect(views.console[0]).toBe(0x61)
    for (const address of [0x08ff_ffff, 0x0900_1000, 0]) {
      expect(bus.read(address, 4)).toBeNull()
      expect(bus.write(address, 4, 1n)).toBe(false)
    }
  })
})
