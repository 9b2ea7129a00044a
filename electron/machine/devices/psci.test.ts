import { describe, expect, it } from 'vitest'
import { MachineStop } from '../cpu/fault.ts'
import { type PowerPorts, power, psci } from './psci.ts'

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value))

function board() {
  const state: number[] = [power.ON, power.OFF]
  const calls: string[] = []
  const ports: PowerPorts = {
    pes: state.length,
    power: (pe) => state[pe]!,
    turnOn(pe, entry, context) {
      if (state[pe] !== power.OFF) return false
      state[pe] = power.ON_PENDING
      calls.push(`on ${pe} 0x${entry.toString(16)} ${context}`)
      return true
    },
    turnOff: () => void calls.push('off'),
    suspend: () => void calls.push('suspend'),
  }
  const call = (id: number | bigint, x1 = 0n, x2 = 0n, x3 = 0n): number =>
    signed(psci([BigInt(id), x1, x2, x3], ports))
  return { call, calls, state }
}

// The answers of QEMU 10.0.2 to the same calls (test/guests/psci.S makes them there and here), but for the last test.
describe('PSCI', () => {
  it.each([0x8400_0003, 0xc400_0003, 0x95c1_ba60])('CPU_ON %i starts a PE that is off, once', (id) => {
    const { call, calls, state } = board()
    expect(call(id, 1n, 0x4008_0000n, 0x5an)).toBe(0)
    expect(calls).toEqual(['on 1 0x40080000 90'])
    expect(call(id, 1n, 0x4008_0000n)).toBe(-5)
    state[1] = power.ON
    expect(call(id, 1n, 0x4008_0000n)).toBe(-4)
    expect(call(id, 0n, 0x4008_0000n)).toBe(-4)
    expect(calls).toHaveLength(1)
  })

  it('refuses a PE that does not exist', () => {
    const { call, calls } = board()
    for (const target of [2n, 0x100n, 1n << 32n]) expect(call(0xc400_0003, target, 0n)).toBe(-2)
    expect(calls).toEqual([])
  })

  it('AFFINITY_INFO tells on, off and in between; what is above a PE is on', () => {
    const { call } = board()
    expect([call(0xc400_0004, 0n), call(0xc400_0004, 1n)]).toEqual([0, 1])
    call(0xc400_0003, 1n)
    expect(call(0x8400_0004, 1n)).toBe(2)
    expect(call(0xc400_0004, 9n)).toBe(-2)
    expect([1n, 9n].map((level) => call(0xc400_0004, 9n, level))).toEqual([0, 0])
  })

  it('CPU_OFF switches the caller off, CPU_SUSPEND waits in a standby and knows no higher level', () => {
    const { call, calls } = board()
    call(0x8400_0002)
    expect([call(0xc400_0001), call(0x8400_0001, 0x1ffffn)]).toEqual([0, 0])
    expect(calls).toEqual(['off', 'suspend', 'suspend'])
    expect([0x2_0000n, 0x100_0000n, 0x8000_0000n].map((state) => call(0xc400_0001, state))).toEqual([
      -2, -2, -2,
    ])
    expect(calls).toHaveLength(3)
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

  it('is version 1.1, needs no migration, and says by FEATURES what is there', () => {
    const { call } = board()
    expect([call(0x8400_0000), call(0x8400_0006)]).toEqual([0x1_0001, 2])
    const there = [
      0x8400_0000, 0x8400_0001, 0xc400_0001, 0x8400_0002, 0x8400_0003, 0xc400_0003, 0x8400_0004, 0xc400_0004,
      0x8400_0006, 0x8400_0008, 0x8400_0009, 0x8400_000a, 0x95c1_ba5e, 0x95c1_ba5f, 0x95c1_ba60,
    ]
    expect(there.map((id) => call(0x8400_000a, BigInt(id)))).toEqual(there.map(() => 0))
    // MIGRATE, CPU_FREEZE, SYSTEM_SUSPEND, SYSTEM_RESET2, the SMCCC's own, 64-bit forms of calls that have none.
    const absent = [
      0x8400_0005, 0x8400_000b, 0xc400_000e, 0x8400_0012, 0x8000_0000, 0x8000_0001, 0xc400_0008, 0xc400_0000,
    ]
    expect(absent.map((id) => call(0x8400_000a, BigInt(id)))).toEqual(absent.map(() => -1))
    expect(absent.map((id) => call(id))).toEqual(absent.map(() => -1))
    expect(call(0x8400_000a, 0xffff_ffff_8400_0000n)).toBe(-1)
  })

  it('reads the function from W0, where QEMU compares X0 (Arm DEN 0028, 2.5)', () => {
    expect(board().call(0xffff_ffff_8400_0000n)).toBe(0x1_0001)
  })
})
