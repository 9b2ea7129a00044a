import { describe, expect, it } from 'vitest'
import { MachineStop } from '../cpu/fault.ts'
import { type PowerPorts, psci } from './psci.ts'

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value))

function board(pes = 2) {
  const on = new Set([0])
  const calls: string[] = []
  const ports: PowerPorts = {
    pes,
    isOn: (pe) => on.has(pe),
    turnOn(pe, entry, context) {
      if (on.has(pe)) return false
      on.add(pe)
      calls.push(`on ${pe} 0x${entry.toString(16)} ${context}`)
      return true
    },
    turnOff: () => void calls.push('off'),
    suspend: () => void calls.push('suspend'),
  }
  const call = (id: number, x1 = 0n, x2 = 0n, x3 = 0n): number =>
    signed(psci([BigInt(id), x1, x2, x3], ports))
  return { call, calls, on }
}

describe('PSCI', () => {
  it('is version 1.1, over SMCCC 1.1, and needs no migration', () => {
    const { call } = board()
    expect(call(0x8400_0000)).toBe(0x1_0001)
    expect(call(0x8000_0000)).toBe(0x1_0001)
    expect(call(0x8400_0006)).toBe(2)
  })

  it.each([0x8400_0003, 0xc400_0003])('CPU_ON %i starts a PE that is off, once', (id) => {
    const { call, calls } = board()
    expect(call(id, 1n, 0x4008_0000n, 0x5an)).toBe(0)
    expect(calls).toEqual(['on 1 0x40080000 90'])
    expect(call(id, 1n, 0x4008_0000n)).toBe(-4)
    expect(call(id, 0n, 0x4008_0000n)).toBe(-4)
  })

  it('refuses a PE that does not exist', () => {
    const { call, calls } = board()
    for (const target of [2n, 0x100n, 1n << 32n]) expect(call(0xc400_0003, target, 0n)).toBe(-2)
    expect(calls).toEqual([])
  })

  it('AFFINITY_INFO tells on from off, at level 0 only', () => {
    const { call, on } = board()
    expect([call(0xc400_0004, 0n), call(0xc400_0004, 1n)]).toEqual([0, 1])
    on.add(1)
    expect(call(0x8400_0004, 1n)).toBe(0)
    expect(call(0xc400_0004, 1n, 1n)).toBe(-2)
    expect(call(0xc400_0004, 9n)).toBe(-2)
  })

  it('CPU_OFF switches the caller off, CPU_SUSPEND returns', () => {
    const { call, calls } = board()
    call(0x8400_0002)
    expect(calls).toEqual(['off'])
    expect(call(0xc400_0001)).toBe(0)
  })

  it.each([
    [0x8400_0008, 'psci-off'],
    [0x8400_0009, 'psci-reset'],
  ])('%i ends the machine', (id, kind) => {
    let stop: unknown
    try {
      board().call(id)
    } catch (error) {
      stop = error
    }
    expect(stop).toBeInstanceOf(MachineStop)
    expect(stop).toMatchObject({ kind, code: 0 })
  })

  it('FEATURES knows what is there; anything else is not supported', () => {
    const { call } = board()
    for (const id of [0x8400_0000, 0xc400_0003, 0x8400_0003, 0x8400_0008])
      expect(call(0x8400_000a, BigInt(id))).toBe(0)
    // MIGRATE, SYSTEM_SUSPEND, and the 64-bit form of a call that has none.
    for (const id of [0x8400_0005, 0xc400_000e, 0xc400_0008]) expect(call(0x8400_000a, BigInt(id))).toBe(-1)
    expect(call(0xc400_0005)).toBe(-1)
    expect(call(0xc400_0008)).toBe(-1)
  })

  it('reads the function from W0', () => {
    expect(signed(psci([0xffff_ffff_8400_0000n, 0n, 0n, 0n], { ...({} as PowerPorts), pes: 1 }))).toBe(
      0x1_0001,
    )
  })
})
