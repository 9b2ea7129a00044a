import { beforeEach, describe, expect, it } from 'vitest'
import { place, TestMachine } from '../../../test/support/machine.ts'
import { EVENT, MONITOR, STATE_WORDS } from '../cpu/layout.ts'

const { data } = place
/** Code of the second PE: programs of the two lie apart. */
const elsewhere = 0x4001_8000n

let first: TestMachine
let second: TestMachine
beforeEach(() => {
  first = new TestMachine({ pes: 2 })
  second = new TestMachine({ beside: { machine: first, pe: 1 } })
  for (const machine of [first, second]) machine.setX({ 1: data, 2: 7n, 3: 8n })
  first.write64(data, 7n)
})

const status = (text: string, register: number): bigint => {
  first.run(text)
  return first.x(register)
}

describe('the global monitor', () => {
  const stores = [
    ['str x2, [x1]', 'the value that was there'],
    ['strb w3, [x1, #63]', 'another byte of the reservation granule'],
    ['stp x2, x2, [x1]', 'a pair'],
    ['stlr x2, [x1]', 'a store-release'],
    ['swp x2, x4, [x1]', 'an atomic'],
    ['cas x2, x2, [x1]', 'a compare and swap that succeeds'],
    ['casp x2, x3, x4, x5, [x1]', 'a CASP that succeeds'],
    ['ldxr x4, [x1]\n stxr w5, x4, [x1]', 'a Store-Exclusive'],
    ['dc zva, x1', 'DC ZVA'],
  ] as const

  it.each(stores)('is cleared by %s of another PE: %s', (text) => {
    first.write64(data, 7n).write64(data + 8n, 8n)
    first.run('ldxr x0, [x1]')
    expect(second.run(text, elsewhere)).toBeNull()
    expect(first.core.state[MONITOR]).toBe(0n)
    expect(first.core.state[EVENT]).toBe(1n)
    const after = first.read64(data)
    expect([status('stxr w4, x3, [x1]', 4), first.read64(data)]).toEqual([1n, after])
  })

  it.each([
    ['str x3, [x1, #64]', 'a store to the next granule'],
    ['ldr x4, [x1]', 'a load'],
    ['ldxr x4, [x1]', 'a Load-Exclusive'],
    ['cas x3, x2, [x1]', 'a compare and swap that fails'],
    ['stg x1, [x1]', 'a tag'],
  ])('is not cleared by %s: %s', (text) => {
    first.run('ldxr x0, [x1]')
    expect(second.run(text, elsewhere)).toBeNull()
    expect([status('stxr w4, x3, [x1]', 4), first.read64(data)]).toEqual([0n, 8n])
  })

  it('of a pair is cleared by a store to either half', () => {
    for (const offset of [0n, 8n]) {
      first.run('ldxp x0, x5, [x1]')
      second.setX({ 1: data + offset, 2: first.read64(data + offset) }).run('str x2, [x1]', elsewhere)
      expect(status('stxp w4, x2, x3, [x1]', 4)).toBe(1n)
    }
    first.run('ldxp w0, w5, [x1]')
    expect([status('stxp w4, w2, w3, [x1]', 4), first.read64(data)]).toEqual([0n, 0x8_0000_0007n])
  })
})

describe('the local monitor', () => {
  it('is cleared by CLREX, by a Store-Exclusive and by an exception return', () => {
    expect(status('ldxr x0, [x1]\n clrex\n stxr w4, x3, [x1]', 4)).toBe(1n)
    expect(status('ldxr x0, [x1]\n stxr w5, x3, [x1]\n stxr w4, x3, [x1]', 4)).toBe(1n)
    first.set('SPSR_EL2', 0x3c9n)
    const back = 'adr x9, 1f\n msr elr_el2, x9\n ldxr x0, [x1]\n eret\n1: stxr w4, x3, [x1]'
    expect([status(back, 4), first.core.state[EVENT]]).toEqual([1n, 1n])
  })

  it('looks at address, size and value', () => {
    expect(status('ldxr x0, [x1]\n stxr w4, w3, [x1]', 4)).toBe(1n)
    expect(status('ldxr x0, [x1]\n add x6, x1, #8\n stxr w4, x3, [x6]', 4)).toBe(1n)
    expect(status('ldxr x0, [x1]\n str xzr, [x1]\n stxr w4, x3, [x1]', 4)).toBe(1n)
    expect(status('ldxr x0, [x1]\n stxr w4, x3, [x1]', 4)).toBe(0n)
  })

  it('is kept when a state is put back', () => {
    first.run('ldxr x0, [x1]')
    const words = first.core.state.slice(0, STATE_WORDS)
    first.run('clrex')
    const restored = new TestMachine({ pes: 2 })
    const beside = new TestMachine({ beside: { machine: restored, pe: 1 } })
    restored.core.state.set(words)
    restored.pe.memory.restored()
    beside.setX({ 1: data, 2: 7n }).run('str x2, [x1]', elsewhere)
    expect(restored.core.state[MONITOR]).toBe(0n)
  })
})
