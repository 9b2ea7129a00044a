import { beforeEach, describe, expect, it } from 'vitest'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'
import { HCR } from '../mmu/controls.ts'
import { PS } from './core.ts'

let machine: TestMachine
beforeEach(() => {
  machine = new TestMachine().set('SCTLR_EL1', SCTLR.SPAN).set('SCTLR_EL2', SCTLR.SPAN)
})

const at = (el: 0 | 1 | 2, text: string, extra = 0n) => machine.pstate(EL[el] | extra).run(text)

describe('exception entry (AArch64.TakeException)', () => {
  it.each([
    ['SVC from EL0', 0, 'svc #0x1234', 1, 0x400, 0x5600_1234n, 4n],
    ['SVC from EL1', 1, 'svc #7', 1, 0x200, 0x5600_0007n, 4n],
    ['SVC from EL2', 2, 'svc #7', 2, 0x200, 0x5600_0007n, 4n],
    ['HVC from EL1', 1, 'hvc #0xffff', 2, 0x400, 0x5a00_ffffn, 4n],
    ['HVC from EL2', 2, 'hvc #1', 2, 0x200, 0x5a00_0001n, 4n],
    ['HVC is UNDEFINED at EL0', 0, 'hvc #1', 1, 0x400, 0x0200_0000n, 0n],
    ['BRK', 1, 'brk #0x42', 1, 0x200, 0xf200_0042n, 0n],
    ['an unallocated word', 1, '.inst 0x00000000', 1, 0x200, 0x0200_0000n, 0n],
    ['ERET at EL0', 0, 'eret', 1, 0x400, 0x0200_0000n, 0n],
    ['SMC is UNDEFINED at EL0', 0, 'smc #0', 1, 0x400, 0x0200_0000n, 0n],
  ] as const)('%s', (_, from, text, to, vector, esr, returnOffset) => {
    expect(at(from, text)).toMatchObject({
      el: to,
      vector,
      esr,
      elr: place.code + returnOffset,
      spsr: EL[from],
    })
  })

  it('uses the vectors of SP_EL0 when SPSel is 0, and selects SP_ELx', () => {
    machine.pstate(EL[1] & ~1n)
    expect(machine.run('svc #0')).toMatchObject({ vector: 0x000, spsr: EL[1] & ~1n })
    expect(machine.core.spsel).toBe(1)
  })

  it('saves PSTATE, then sets DAIF and TCO, clears UAO and IL, keeps NZCV, PAN and DIT', () => {
    const before = BigInt(PS.Z | PS.C | PS.DIT | PS.UAO | PS.PAN) | 5n
    machine.pstate(before)
    expect(machine.run('svc #0')).toMatchObject({ spsr: before })
    expect(machine.core.packPstate()).toBe(BigInt(PS.Z | PS.C | PS.DIT | PS.PAN | PS.TCO | PS.DAIF) | 5n)
  })

  it('takes SSBS from DSSBS, and sets PAN where SPAN is 0', () => {
    machine.set('SCTLR_EL1', SCTLR.DSSBS)
    at(0, 'svc #0')
    expect(machine.core.ps & (PS.SSBS | PS.PAN)).toBe(PS.SSBS | PS.PAN)
    machine.set('SCTLR_EL1', SCTLR.SPAN)
    at(0, 'svc #0', BigInt(PS.SSBS))
    expect(machine.core.ps & (PS.SSBS | PS.PAN)).toBe(0)
  })

  it('SPAN of SCTLR_EL2 counts only for a VHE host', () => {
    machine.set('SCTLR_EL2', 0n)
    at(2, 'svc #0')
    expect(machine.core.ps & PS.PAN).toBe(0)
    machine.set('HCR_EL2', HCR.E2H | HCR.TGE)
    at(2, 'svc #0')
    expect(machine.core.ps & PS.PAN).toBe(PS.PAN)
  })

  it('HCR_EL2.TGE routes what EL0 would take to EL1 to EL2', () => {
    machine.set('HCR_EL2', HCR.TGE)
    expect(at(0, 'svc #3')).toMatchObject({ el: 2, vector: 0x400, esr: 0x5600_0003n })
    expect(at(0, 'brk #3')).toMatchObject({ el: 2, vector: 0x400, esr: 0xf200_0003n })
  })

  it('HCR_EL2.HCD makes HVC UNDEFINED, TSC traps SMC', () => {
    machine.set('HCR_EL2', HCR.HCD | HCR.TSC)
    expect(at(1, 'hvc #0')).toMatchObject({ el: 1, esr: 0x0200_0000n })
    expect(at(1, 'smc #9')).toMatchObject({ el: 2, esr: 0x5e00_0009n, elr: place.code })
  })

  it('an SP that is not 16-byte aligned faults as a base only, by SA and SA0', () => {
    machine
      .set('SCTLR_EL1', SCTLR.SA | SCTLR.SPAN)
      .set('SP_EL1', place.data + 8n)
      .set('SP_EL0', place.data + 8n)
    expect(at(1, 'add x0, sp, #1\n ldr x0, [sp, #8]')).toMatchObject({
      esr: 0x9a00_0000n,
      elr: place.code + 4n,
    })
    expect(at(0, 'ldr x0, [sp, #8]')).toBeNull()
    machine.set('SCTLR_EL1', SCTLR.SA0 | SCTLR.SPAN)
    expect(at(0, 'ldr x0, [sp, #8]')).toMatchObject({ esr: 0x9a00_0000n })
    expect(at(1, 'ldr x0, [sp, #8]')).toBeNull()
  })

  it('a misaligned PC faults when it is fetched from, with FAR', () => {
    machine.setX({ 0: place.code + 0x102n })
    expect(at(1, 'br x0')).toBeNull()
    machine.step()
    expect(machine.get('ESR_EL1')).toBe(0x8a00_0000n)
    expect([machine.get('FAR_EL1'), machine.get('ELR_EL1')]).toEqual([
      place.code + 0x102n,
      place.code + 0x102n,
    ])
  })

  it('WFI and WFE are trapped by nTWI, nTWE, TWI and TWE', () => {
    expect(at(0, 'wfi')).toMatchObject({ el: 1, esr: 0x07e0_0000n })
    expect(at(0, 'wfe')).toMatchObject({ el: 1, esr: 0x07e0_0001n })
    machine.set('SCTLR_EL1', SCTLR.SPAN | (1n << 16n) | (1n << 18n)).set('HCR_EL2', HCR.TWI)
    expect(at(0, 'wfi')).toMatchObject({ el: 2, esr: 0x07e0_0000n })
    expect(at(1, 'wfi')).toMatchObject({ el: 2, esr: 0x07e0_0000n })
    expect(at(2, 'wfi')).toBeNull()
  })
})

describe('exception return (AArch64.ExceptionReturn)', () => {
  const returnTo = (spsr: bigint, hcr = 0n) => {
    machine.set('HCR_EL2', hcr).set('SPSR_EL2', spsr).set('ELR_EL2', place.data)
    return at(2, 'eret')
  }

  it('restores PSTATE and PC', () => {
    const spsr = BigInt(PS.C | PS.V | PS.TCO | PS.DIT | PS.UAO | PS.PAN | PS.SSBS) | (3n << 8n) | 4n
    expect(returnTo(spsr)).toBeNull()
    expect(machine.core.packPstate()).toBe(spsr)
    expect(machine.core.pc).toBe(place.data)
    returnTo(0n)
    expect([machine.core.el, machine.core.spsel]).toEqual([0, 0])
  })

  it.each([
    ['EL3', 0xdn, 0n],
    ['M[1] set', 0x6n, 0n],
    ['AArch32', 0x10n, 0n],
    ['EL0 with SP_ELx', 0x1n, 0n],
    ['EL1 while TGE is 1', 0x5n, HCR.TGE],
  ])('is illegal to %s: the EL stays, IL is set, the next instruction takes EC 0x0E', (_, mode, hcr) => {
    expect(returnTo(mode | BigInt(PS.N) | BigInt(PS.PAN), hcr)).toBeNull()
    expect(machine.core.el).toBe(2)
    expect(machine.core.ps & PS.IL).toBe(PS.IL)
    machine.step()
    expect(machine.get('ESR_EL2')).toBe(0x3a00_0000n)
    expect(machine.get('ELR_EL2')).toBe(place.data)
    expect(machine.get('SPSR_EL2')).toBe(BigInt(PS.N >>> 0) | BigInt(PS.PAN | PS.IL) | 9n)
    expect(machine.core.ps & PS.IL).toBe(0)
  })

  it('is illegal from EL1 to EL2', () => {
    machine.set('SPSR_EL1', 9n).set('ELR_EL1', place.data)
    at(1, 'eret')
    expect([machine.core.el, machine.core.ps & PS.IL]).toEqual([1, PS.IL])
  })

  it('the illegal state is reported behind a PC alignment fault', () => {
    machine
      .set('HCR_EL2', 0n)
      .set('SPSR_EL2', 0xdn)
      .set('ELR_EL2', place.data + 2n)
    at(2, 'eret')
    machine.step()
    expect(machine.get('ESR_EL2') >> 26n).toBe(0x22n)
    expect(machine.get('SPSR_EL2') & BigInt(PS.IL)).toBe(BigInt(PS.IL))
  })
})

describe('PSTATE', () => {
  it('packs and unpacks every bit in SPSR format', () => {
    const all = BigInt(PS.Z | PS.V | PS.TCO | PS.UAO | PS.SSBS) | (5n << 6n) | 5n
    expect(machine.pstate(all).core.packPstate()).toBe(all)
  })

  it('TCO does not exist without FEAT_MTE', () => {
    const plain = new TestMachine({ features: { mte: 0, mteAsync: false } })
    expect(plain.pstate(EL[1] | BigInt(PS.TCO)).core.packPstate()).toBe(EL[1])
    expect(plain.run('mrs x0, s3_3_c4_c2_7')).toMatchObject({ esr: 0x0200_0000n })
  })

  it('MSR (immediate) to DAIF at EL0 needs UMA, the others EL1', () => {
    // Op1 3, Op2 6, CRn 4, CRm 15, Rt 31: MSR DAIFSet, #15.
    expect(at(0, 'msr daifset, #15')).toMatchObject({ el: 1, esr: (0x18n << 26n) | (1n << 25n) | 0x0c_d3fen })
    machine.set('SCTLR_EL1', SCTLR.SPAN | (1n << 9n))
    expect(at(0, 'msr daifset, #15')).toBeNull()
    expect(at(0, 'msr tco, #1')).toBeNull()
    expect(machine.core.tco()).toBe(true)
    expect(at(0, 'msr spsel, #1')).toMatchObject({ esr: 0x0200_0000n })
  })
})
