import { describe, expect, it } from 'vitest'
import { descriptor, EL, place, SCTLR, Tables, TestMachine } from '../../../test/support/machine.ts'

/** PSTATE.BTYPE beside what recorded cases show (cases-branch-targets): returns, saved states, later instructions. */

const BTYPE = (type: bigint): bigint => type << 10n
const GUARDED = 1n << 50n
const BRANCH_TARGET = (0x0dn << 26n) | (1n << 25n)

/** A machine whose EL1 runs from a guarded page at place.code. */
function guardedMachine(): TestMachine {
  const machine = new TestMachine()
  const tables = new Tables(machine, place.tables)
  tables.map(
    place.code,
    place.code | descriptor.PAGE | descriptor.READ_ONLY | descriptor.attribute(0n) | GUARDED,
  )
  machine
    .set('TTBR0_EL1', place.tables)
    .set('MAIR_EL1', 0xffn)
    .set('TCR_EL1', 25n | (2n << 32n))
  machine.set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN)
  return machine
}

describe('PSTATE.BTYPE', () => {
  it('is restored by ERET, and checked at the instruction returned to', () => {
    const machine = guardedMachine()
    machine.load('nop\n bti c\n nop', place.code)
    const back = (offset: bigint, type: bigint): bigint => {
      machine
        .pstate(EL[2])
        .set('ELR_EL2', place.code + offset)
        .set('SPSR_EL2', EL[1] | BTYPE(type))
      machine.core.exceptionReturn()
      expect(machine.core.packPstate()).toBe(EL[1] | BTYPE(type))
      machine.step()
      return machine.core.pc
    }
    expect(back(0n, 2n)).toBe(place.vectors + 0x200n)
    expect([machine.get('ESR_EL1'), machine.get('SPSR_EL1'), machine.get('ELR_EL1')]).toEqual([
      BRANCH_TARGET | 2n,
      EL[1] | BTYPE(2n),
      place.code,
    ])
    expect(machine.core.btype()).toBe(0)
    expect(back(4n, 2n)).toBe(place.code + 8n)
    expect(back(4n, 3n)).toBe(place.vectors + 0x200n)
    expect(back(0n, 0n)).toBe(place.code + 4n)
  })

  it('lasts for one instruction, also across a state that is put back', () => {
    const machine = guardedMachine()
    machine.load('blr x0\n nop\n bti c\n nop\n nop', place.code)
    machine.setX({ 0: place.code + 8n }).pstate(EL[1])
    machine.core.pc = place.code
    machine.step()
    machine.core.store()
    machine.core.load()
    expect(machine.core.packPstate()).toBe(EL[1] | BTYPE(2n))
    machine.step()
    expect([machine.core.pc, machine.core.packPstate()]).toEqual([place.code + 12n, EL[1]])
  })

  it('goes to SPSR_ELx with an interrupt that comes before the target', () => {
    const machine = guardedMachine()
    machine.load('blr x0\n nop\n nop', place.code)
    machine.setX({ 0: place.code + 8n }).pstate(4n | 1n)
    machine.set('HCR_EL2', (1n << 31n) | (1n << 8n) | (1n << 5n)) // VSE with AMO: a virtual SError waits
    machine.core.setPs(1 << 8, true)
    machine.core.pc = place.code
    machine.step()
    machine.core.setPs(1 << 8, false)
    machine.step()
    expect(machine.get('ESR_EL1') >> 26n).toBe(0x2fn)
    expect(machine.get('SPSR_EL1')).toBe(5n | BTYPE(2n))
  })
})
