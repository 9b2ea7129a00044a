import { describe, expect, it } from 'vitest'
import { EL, TestMachine } from '../../../test/support/machine.ts'
import { MachineStop } from '../cpu/fault.ts'

const FP_ACCESS = (0x07n << 26n) | (1n << 25n) | (1n << 24n) | (0xen << 20n)
const UNKNOWN = 1n << 25n
const E2H = 1n << 34n
const TGE = 1n << 27n
const RW = 1n << 31n
const TFP = 1n << 10n
const fpen = (value: bigint): bigint => value << 20n

/** What `fmov d0, d1` does at an EL: where it is trapped to and with which syndrome, or null. */
function access(
  el: 0 | 1 | 2,
  registers: { cpacr?: bigint; cptr?: bigint; hcr?: bigint },
  program = 'fmov d0, d1',
): [number, bigint] | null {
  const machine = new TestMachine()
  machine.set('CPACR_EL1', registers.cpacr ?? fpen(3n))
  machine.set('CPTR_EL2', registers.cptr ?? 0n)
  machine.set('HCR_EL2', RW | (registers.hcr ?? 0n))
  machine.pstate(EL[el])
  const taken = machine.run(program)
  return taken && [taken.el, taken.esr]
}

describe('the access check of vector registers', () => {
  it.each([
    [0n, [1, 1]],
    [1n, [1, 0]],
    [2n, [1, 1]],
    [3n, [0, 0]],
  ] as const)('CPACR_EL1.FPEN = %i', (value, [el0, el1]) => {
    const cpacr = fpen(value)
    expect(access(0, { cpacr })).toEqual(el0 ? [1, FP_ACCESS] : null)
    expect(access(1, { cpacr })).toEqual(el1 ? [1, FP_ACCESS] : null)
    expect(access(2, { cpacr })).toBeNull()
  })

  it('CPTR_EL2.TFP traps every EL to EL2, behind CPACR_EL1', () => {
    for (const el of [0, 1, 2] as const) expect(access(el, { cptr: TFP })).toEqual([2, FP_ACCESS])
    expect(access(1, { cptr: TFP, cpacr: 0n })).toEqual([1, FP_ACCESS])
  })

  it.each([
    [0n, [1, 1, 1]],
    [1n, [0, 0, 0]],
    [2n, [1, 1, 1]],
    [3n, [0, 0, 0]],
  ] as const)('CPTR_EL2.FPEN = %i under E2H, without TGE', (value, trapped) => {
    for (const el of [0, 1, 2] as const) {
      expect(access(el, { cptr: fpen(value), hcr: E2H }), `EL${el}`).toEqual(
        trapped[el] ? [2, FP_ACCESS] : null,
      )
    }
  })

  it('a host reads CPTR_EL2 for its EL0, and not CPACR_EL1', () => {
    const host = { hcr: E2H | TGE, cpacr: 0n }
    expect(access(0, { ...host, cptr: fpen(3n) })).toBeNull()
    expect(access(0, { ...host, cptr: fpen(1n) })).toEqual([2, FP_ACCESS])
    expect(access(2, { ...host, cptr: fpen(1n) })).toBeNull()
    expect(access(0, { ...host, cptr: fpen(0n) })).toEqual([2, FP_ACCESS])
  })

  it('a trap to EL1 that TGE sends to EL2 is of unknown reason there', () => {
    expect(access(0, { cpacr: 0n, hcr: TGE })).toEqual([2, UNKNOWN])
  })

  it.each(['mrs x0, fpcr', 'msr fpsr, x0', 'ldr q0, [x1]', 'ld1 {v0.b}[0], [x1]', 'movi v0.4s, #1'])(
    'covers %s, before its memory access',
    (program) => {
      expect(access(1, { cpacr: 0n }, program)).toEqual([1, FP_ACCESS])
    },
  )
})

describe('arithmetic that is not modelled', () => {
  const stop = (program: string, cpacr: bigint): unknown => {
    try {
      return access(1, { cpacr }, program)
    } catch (error) {
      if (error instanceof MachineStop) return [error.kind, error.message]
      throw error
    }
  }

  it('ends the run with its name and place', () => {
    expect(stop('nop\n.inst 0x1e622820', fpen(3n))).toEqual([
      'model-error',
      'at 0x40010004: FADD (scalar) is not modelled (word 0x1e622820)',
    ])
    expect(stop('.inst 0x4ea28420', fpen(3n))).toEqual([
      'model-error',
      'at 0x40010000: ADD (vector) is not modelled (word 0x4ea28420)',
    ])
  })

  it('is trapped first, and UNDEFINED where a feature is missing', () => {
    expect(stop('.inst 0x1e622820', 0n)).toEqual([1, FP_ACCESS])
    expect(stop('.inst 0x1ee22820', fpen(3n))).toEqual([1, UNKNOWN]) // FADD of half precision
    expect(stop('.inst 0x4e284820', fpen(3n))).toEqual([1, UNKNOWN]) // AESE
  })
})

it('keeps what FPCR and FPSR define, and no more', () => {
  const machine = new TestMachine()
  machine.setX({ 0: 0xffff_ffff_ffff_ffffn })
  machine.run('msr fpcr, x0\nmsr fpsr, x0\nmrs x1, fpcr\nmrs x2, fpsr')
  expect([machine.x(1), machine.x(2)]).toEqual([0x07c0_0000n, 0x0800_009fn])
})
