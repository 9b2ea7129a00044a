import { expect, it } from 'vitest'
import { faultStatusCodes } from '../../../shared/arch/exception.ts'
import { EL, place, TestMachine } from '../../../test/support/machine.ts'
import { controlsFor, DescriptorMemory, request } from '../../../test/support/translation.ts'
import { translatePage } from './stage1.ts'

const LONG = process.env.SWITCHYARD_LONG === '1'
const SEED = 0x5eed_0001

/** SplitMix64. */
function generator(seed: number): () => bigint {
  let state = BigInt(seed)
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n)
    let z = state
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n)
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn)
    return z ^ (z >> 31n)
  }
}

/** Descriptors that lead somewhere: few addresses, so that tables meet themselves and each other. */
class RandomTables extends Map<number, bigint> {
  private readonly next: () => bigint
  constructor(next: () => bigint) {
    super()
    this.next = next
  }
  override get(at: number): bigint {
    let value = super.get(at)
    if (value === undefined) {
      const bits = this.next()
      const kind = bits & 7n ? (bits & 0xffff_0000_0000_0ffcn) | (bits & 8n ? 3n : 1n) : bits
      value = (kind & ~0xffff_ffff_f000n) | (((bits >> 20n) & 0x7n) << 12n)
      super.set(at, value)
    }
    return value
  }
}

it(`random tables and registers: every walk ends soon, with an address or a fault that exists (seed ${SEED})`, () => {
  const next = generator(SEED)
  const seen = new Set<number>()
  for (let round = 0; round < (LONG ? 200_000 : 4000); round++) {
    const registers = Object.fromEntries(
      ['TCR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'MAIR_EL1', 'SCTLR_EL1', 'HCR_EL2', 'VTCR_EL2', 'VTTBR_EL2'].map(
        (name) => [name, next()],
      ),
    )
    // Often sizes and bases that lead into the tables.
    if (next() & 3n) {
      registers.TCR_EL1 = (registers.TCR_EL1! & ~0x8000_3fn) | (16n + (next() & 15n))
      registers.VTCR_EL2 = (registers.VTCR_EL2! & ~0xffn) | 0x59n
      registers.TTBR0_EL1! &= 0x7000n
      registers.VTTBR_EL2! &= 0x7000n
      registers.SCTLR_EL1! |= 1n
      registers.HCR_EL2! &= ~((1n << 12n) | (1n << 27n))
    }
    const el = Number(next() & 1n) as 0 | 1
    const controls = controlsFor(el, registers)
    const va = next() & 7n ? next() & 0xff_ffff_ffffn : next()
    const half = va >> 63n ? 1 : 0
    const accesses = ['r', 'w', 'rw', 'x', 'm'] as const
    const wanted = request(accesses[Number(next() % 5n)]!, el, {
      pan: (next() & 1n) === 1n,
      unaligned: (next() & 3n) === 0n,
      dirties: (next() & 3n) !== 0n,
    })
    const memory = new DescriptorMemory(new RandomTables(next))
    const { fault, physical, flags } = translatePage(controls, va, half, memory, wanted)
    expect(memory.reads, `round ${round}`).toBeLessThan(200)
    if (fault) {
      expect(faultStatusCodes[fault.fsc], `round ${round}: ${fault.fsc}`).toBeDefined()
      seen.add(fault.fsc)
    } else {
      expect(physical % 4096, `round ${round}`).toBe(0)
      expect(physical, `round ${round}`).toBeLessThan(2 ** 48)
      expect((flags & wanted.wanted) === wanted.wanted || !wanted.dirties, `round ${round}`).toBe(true)
    }
  }
  // Translation, access flag and permission at several levels, address size, alignment: the tables are not trivial.
  for (const fsc of [0x04, 0x05, 0x06, 0x07, 0x09, 0x0d, 0x0f, 0x21]) expect(seen, `${fsc}`).toContain(fsc)
})

it(`random registers under a running guest: an exception at most, and no other error (seed ${SEED})`, () => {
  const next = generator(SEED + 1)
  const machine = new TestMachine()
  machine.load('1: ldr x0, [x1]\n str x0, [x2]\n at s1e1r, x1\n tlbi vmalle1\n dc civac, x2\n b 1b')
  for (let round = 0; round < (LONG ? 20_000 : 400); round++) {
    for (let at = 0; at < 64; at++)
      machine.write64(
        place.tables + (next() & 0xfff8n),
        (next() & ~0xffff_f000_0000n) | (place.tables & ~0xfffffn) | 1n,
      )
    for (const name of ['TCR_EL1', 'MAIR_EL1', 'SCTLR_EL1', 'VTCR_EL2']) machine.set(name, next())
    machine
      .set('TTBR0_EL1', place.tables | (next() & 0xfffn))
      .set('VTTBR_EL2', place.tables | (next() & 0xfffn))
    machine.set('HCR_EL2', (next() & ~0x8000_0000n & ~(1n << 27n)) | (1n << 31n))
    machine.pe.mmu.invalidate()
    machine.setX({ 1: next(), 2: next() & 0xffff_ffffn }).pstate(EL[1])
    machine.core.pc = place.code
    machine.core.refetch = true
    // Each round is a machine of its own: what the one before did without an end is no lockup of this one.
    machine.core.faultsInARow = 0
    machine.pe.engine.run(20)
    expect(machine.core.el).toBeLessThanOrEqual(2)
  }
})
