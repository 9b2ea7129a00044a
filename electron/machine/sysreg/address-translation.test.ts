import { beforeEach, describe, expect, it } from 'vitest'
import { descriptor, EL, place, SCTLR, Tables, TestMachine } from '../../../test/support/machine.ts'
import { PS } from '../cpu/core.ts'
import { HCR } from '../mmu/controls.ts'

const { PAGE, BLOCK, AF, EL0, READ_ONLY, S2_READ, S2_WRITE, S2_NORMAL, attribute } = descriptor
const VA = 0x20_0000n
/** Where EL1 runs. */
const CODE = 0x10_0000n
const TCR = 25n | (25n << 16n) | (2n << 30n) | (2n << 32n)
const VTCR = 25n | (1n << 6n) | (2n << 16n)
const NORMAL = attribute(1n)
/** PAR_EL1 after success: RES1, and NS, which is UNKNOWN outside Secure state. */
const DONE = (1n << 11n) | (1n << 9n)
const failed = (status: bigint, place = 0n): bigint => 1n | (status << 1n) | place | (1n << 11n)
const S = 1n << 9n
const PTW = 1n << 8n
const INNER = 3n << 7n

let machine: TestMachine
let tables: Tables
let second: Tables

beforeEach(() => {
  machine = new TestMachine()
  tables = new Tables(machine, place.tables)
  second = new Tables(machine, place.tables + 0x8_0000n)
  tables.map(CODE, place.code | PAGE | NORMAL | READ_ONLY)
  machine
    .set('TTBR0_EL1', place.tables)
    .set('TCR_EL1', TCR)
    .set('MAIR_EL1', 0xf0_ff00n)
    .set('SCTLR_EL1', SCTLR.M | SCTLR.SPAN)
    .set('VTTBR_EL2', second.root)
    .set('VTCR_EL2', VTCR)
})

/** Executes an AT; @returns the exception in its place, or null. */
function exceptionOf(op: string, address = VA, el: 1 | 2 = 2, pstate = 0n) {
  machine.pe.mmu.invalidate()
  machine.pstate(EL[el] | pstate).setX({ 0: address })
  const bytes = machine.load(`at ${op}, x0\n isb`)
  const start = el === 2 ? place.code : CODE
  return machine.runFrom(start, start, bytes)
}

/** PAR_EL1 after an AT that takes no exception. */
function at(...args: Parameters<typeof exceptionOf>): bigint {
  machine.set('PAR_EL1', 0xdeadn)
  expect(exceptionOf(...args)).toBeNull()
  return machine.get('PAR_EL1')
}

describe('AT and PAR_EL1', () => {
  it('with stage 1 off is flat, Device and Outer Shareable; beyond 48 bits an address size fault', () => {
    machine.set('SCTLR_EL1', 0n)
    expect(at('s1e1r', place.data + 0x123n)).toBe(place.data | DONE | (2n << 7n))
    expect(at('s1e1r', 1n << 48n)).toBe(failed(0n))
  })

  it('reports address, memory type and shareability of the leaf', () => {
    const par = (bits: bigint) => {
      tables.map(VA, place.data | AF | 3n | bits)
      return at('s1e1r', VA + 0xabcn)
    }
    expect(par(NORMAL | (3n << 8n))).toBe((0xffn << 56n) | place.data | DONE | INNER)
    expect(par(NORMAL)).toBe((0xffn << 56n) | place.data | DONE)
    expect(par(NORMAL | (2n << 8n))).toBe((0xffn << 56n) | place.data | DONE | (2n << 7n))
    expect(par(attribute(2n) | (3n << 8n))).toBe((0xf0n << 56n) | place.data | DONE | INNER)
    expect(par(attribute(0n) | (3n << 8n))).toBe(place.data | DONE | (2n << 7n))
  })

  it('reports the fault of the access that was asked for', () => {
    expect(at('s1e1r')).toBe(failed(0x06n))
    tables.map(VA, place.data | PAGE | NORMAL | READ_ONLY)
    expect(at('s1e1r') & 1n).toBe(0n)
    expect(at('s1e1w')).toBe(failed(0x0fn))
    expect(at('s1e0r')).toBe(failed(0x0fn))
    tables.map(VA, place.data | PAGE | NORMAL | EL0)
    expect(at('s1e0w') & 1n).toBe(0n)
  })

  it('only S1E1RP and S1E1WP look at PAN', () => {
    tables.map(VA, place.data | PAGE | NORMAL | EL0)
    const pan = BigInt(PS.PAN)
    expect(at('s1e1r', VA, 2, pan) & 1n).toBe(0n)
    expect(at('s1e1rp', VA, 2, pan)).toBe(failed(0x0fn))
    expect(at('s1e1wp', VA, 2, pan)).toBe(failed(0x0fn))
    expect(at('s1e1wp') & 1n).toBe(0n)
  })

  it('S1E2 uses the tables of EL2, and for a VHE host S1E1 and S1E0 do', () => {
    const own = new Tables(machine, place.tables + 0x4_0000n)
    own.map(VA, (place.data + 0x1000n) | PAGE | NORMAL | EL0)
    own.map(place.code & ~0x1f_ffffn, (place.code & ~0x1f_ffffn) | BLOCK | NORMAL, 2)
    tables.map(VA, place.data | PAGE | NORMAL | EL0)
    machine.set('TTBR0_EL2', own.root).set('MAIR_EL2', 0xff00n).set('SCTLR_EL2', SCTLR.M)
    const address = (op: string) => at(op) & 0xffff_ffff_f000n
    machine.set('TCR_EL2', 25n | (2n << 16n))
    expect([address('s1e2r'), address('s1e1r')]).toEqual([place.data + 0x1000n, place.data])
    machine.set('HCR_EL2', HCR.E2H).set('TCR_EL2', TCR)
    expect([address('s1e2w'), address('s1e1w')]).toEqual([place.data + 0x1000n, place.data])
    machine.set('HCR_EL2', HCR.E2H | HCR.TGE)
    expect([address('s1e1r'), address('s1e0r')]).toEqual([place.data + 0x1000n, place.data + 0x1000n])
  })

  describe('with stage 2', () => {
    const IPA = 0x5000_0000n
    beforeEach(() => {
      machine.set('HCR_EL2', HCR.VM)
      second.map(0x4000_0000n, 0x4000_0000n | BLOCK | S2_READ | S2_WRITE | S2_NORMAL, 2)
      second.map(IPA, place.data | PAGE | S2_READ | (5n << 2n))
      tables.map(VA, IPA | PAGE | NORMAL)
    })

    it('S1 leaves it out of the result, S12 combines', () => {
      expect(at('s1e1r')).toBe((0xffn << 56n) | IPA | DONE | INNER)
      expect(at('s12e1r')).toBe((0x44n << 56n) | place.data | DONE | (2n << 7n))
      expect(at('s1e1w') & 1n).toBe(0n)
      expect(at('s12e1w')).toBe(failed(0x0fn, S))
    })

    it('a fault on the walk of stage 1 is in PAR_EL1 for EL2, and goes to EL2 from EL1', () => {
      tables.map(0x4000_0000n, 0x6000_0120n | 3n, 1)
      expect(at('s12e0w', 0x4000_0000n)).toBe(failed(0x06n, S | PTW))
      expect(at('s1e0w', 0x4000_0000n)).toBe(failed(0x06n, S | PTW))
      // CM, S1PTW, WnR.
      expect(exceptionOf('s1e1r', 0x4000_0ff8n, 1)).toMatchObject({
        el: 2,
        esr: 0x9200_01c6n,
        far: 0x4000_0ff8n,
      })
      expect(machine.get('HPFAR_EL2')).toBe((0x6000_0000n >> 12n) << 4n)
      // A fault that is stage 1's own stays in PAR_EL1.
      expect(at('s1e1r', 0x8000_0000n, 1)).toBe(failed(0x05n))
    })

    it('a translation that stage 2 refuses is a result too', () => {
      tables.map(VA, 0x7000_0000n | PAGE | NORMAL)
      expect(at('s12e1r')).toBe(failed(0x06n, S))
      expect(at('s1e1r', VA, 1)).toBe((0xffn << 56n) | 0x7000_0000n | DONE | INNER)
    })
  })

  it('an external abort on the walk is an exception at the usual target', () => {
    tables.map(0x4000_0000n, 0x1_0000_0000n | 3n, 1)
    expect(exceptionOf('s1e1r', 0x4000_0000n)).toMatchObject({ el: 2, esr: 0x9600_0156n, far: 0x4000_0000n })
    expect(exceptionOf('s1e1r', 0x4000_0000n, 1)).toMatchObject({
      el: 1,
      esr: 0x9600_0156n,
      far: 0x4000_0000n,
    })
    machine.set('HCR_EL2', 1n << 37n)
    expect(exceptionOf('s1e1w', 0x4000_0000n, 1)).toMatchObject({ el: 2, esr: 0x9200_0156n })
  })

  it('sets the access flag, never the dirty state (FEAT_HAFDBS)', () => {
    machine.set('TCR_EL1', TCR | (3n << 39n))
    const clean = place.data | 3n | NORMAL | READ_ONLY | (1n << 51n)
    tables.map(VA, clean)
    expect(at('s1e1w') & 1n).toBe(0n)
    expect(machine.read64(tables.entry(VA))).toBe(clean | AF)
  })
})
