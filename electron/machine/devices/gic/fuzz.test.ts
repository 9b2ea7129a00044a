import { describe, expect, it } from 'vitest'
import { gic as rows } from '../../../../shared/arch/sysregs/gic.ts'
import { sysregs } from '../../../../shared/arch/sysregs.ts'
import { EL, TestMachine } from '../../../../test/support/machine.ts'
import {
  GIC_DISTRIBUTOR_BASE,
  GIC_DISTRIBUTOR_SIZE,
  GIC_REDISTRIBUTOR_BASE,
  GIC_REDISTRIBUTOR_STRIDE,
} from '../../board/map.ts'
import { GuestFault } from '../../cpu/fault.ts'
import { LOCK } from './layout.ts'

const SEEDS = process.env.SWITCHYARD_LONG === '1' ? 200 : 8
const STEPS = 4000

function generator(seed: number): (below: number) => number {
  let x = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) | 1
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

const names = Object.keys(rows) as (keyof typeof rows)[]

describe('whatever a guest does to the interrupt controller', { timeout: 120_000 }, () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))('seed %i: it answers or faults', (seed) => {
    const random = generator(seed)
    const wide = (): bigint =>
      random(4) === 0 ? BigInt(random(1100)) : (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))
    const machine = new TestMachine()
    const { core, memory, sysregs: access, interrupts } = machine.pe
    let answered = 0
    let faulted = 0
    const attempt = (action: () => void): void => {
      try {
        action()
        answered++
      } catch (error) {
        if (!(error instanceof GuestFault)) throw error
        faulted++
      }
    }
    for (let step = 0; step < STEPS; step++) {
      const inDistributor = random(2) === 0
      const size = inDistributor ? GIC_DISTRIBUTOR_SIZE : GIC_REDISTRIBUTOR_STRIDE * 2
      const base = inDistributor ? GIC_DISTRIBUTOR_BASE : GIC_REDISTRIBUTOR_BASE
      const bytes = 1 << random(4)
      const aligned = random(8) > 0 ? -bytes : -1
      const address = BigInt(base + (random(random(2) ? 0x1000 : size) & aligned))
      const encoding =
        random(8) > 0
          ? sysregs[names[random(names.length)]!].enc
          : ([3, random(2) * 4, 12, 8 + random(8), random(8)] as const)
      switch (random(5)) {
        case 0:
          attempt(() => {
            const value = memory.load(address, { bytes: bytes as 1 | 2 | 4 | 8, checked: false })
            expect(value).toBe(BigInt.asUintN(bytes * 8, value))
          })
          break
        case 1:
          attempt(() => memory.store(address, wide(), { bytes: bytes as 1 | 2 | 4 | 8, checked: false }))
          break
        case 2:
          attempt(() => {
            const value = access.read(encoding)
            expect(value).toBe(BigInt.asUintN(64, value))
          })
          break
        case 3:
          attempt(() => access.write(encoding, wide()))
          break
        default:
          machine.pstate([EL[0], EL[1], EL[2], EL[2]][random(4)]!)
          if (random(2)) machine.set('HCR_EL2', BigInt(random(4)) << 3n)
          if (random(8) === 0) core.controlsChanged()
      }
      expect([0, 1, 2]).toContain(interrupts.physical())
      expect([0, 1, 2]).toContain(interrupts.virtual())
      expect(machine.views.gic[LOCK]).toBe(0)
    }
    expect(answered).toBeGreaterThan(STEPS / 8)
    expect(faulted).toBeGreaterThan(STEPS / 8)
  })
})
