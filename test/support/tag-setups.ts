import { descriptor, EL, place, SCTLR, Tables, type TestMachine, tagged } from './machine.ts'

/** Bits of HCR_EL2. */
export const HCR = { ATA: 1n << 56n, E2H: 1n << 34n, RW: 1n << 31n, TGE: 1n << 27n } as const

/**
 * Tag access everywhere. X1 is a pointer with tag 0, so that ADDG by one tag shows which GCR_EL1.Exclude it used: the
 * initial one, that in X10, or that in X11. X12 is another RGSR_EL1.
 */
export function withTags(machine: TestMachine): TestMachine {
  return machine
    .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS | SCTLR.EOS)
    .set('SCTLR_EL1', SCTLR.ATA | SCTLR.ATA0 | SCTLR.SPAN | SCTLR.EIS | SCTLR.EOS)
    .set('HCR_EL2', HCR.ATA | HCR.RW)
    .set('GCR_EL1', 0x2n)
    .set('RGSR_EL1', 0x12_3400n)
    .setX({ 1: place.data, 10: 0x6n, 11: 0xen, 12: 0xbe_ef03n })
}

/** What that ADDG gives with the initial mask, X10 and X11. */
export const masks = { OLD: 2n, NEW: 3n, NEWER: 4n } as const

export const tagOf = (address: bigint): bigint => (address >> 56n) & 15n
export const tag = (machine: TestMachine, n: number): bigint => tagOf(machine.x(n))

/** EL1&0 with asynchronous checks and a page of tag 5, which EL0 may use as well: X20 mismatches, X22 matches. */
export function withChecks(machine: TestMachine, sctlr = 0n): TestMachine {
  new Tables(machine, place.tables)
    .map(
      0x4001_0000n,
      place.code | descriptor.PAGE | descriptor.attribute(1n) | descriptor.UXN | descriptor.READ_ONLY,
    )
    .map(0x4002_0000n, place.vectors | descriptor.PAGE | descriptor.attribute(1n) | descriptor.READ_ONLY)
    .map(0x4004_0000n, place.data | descriptor.PAGE | descriptor.attribute(2n) | descriptor.EL0)
  return withTags(machine)
    .set('TTBR0_EL1', place.tables)
    .set('TCR_EL1', 25n | (25n << 16n) | (2n << 30n) | (2n << 32n) | (3n << 37n))
    .set('MAIR_EL1', 0xf0_ff00n)
    .set('SCTLR_EL1', machine.get('SCTLR_EL1') | SCTLR.M | SCTLR.TCF(2n) | SCTLR.TCF0(2n) | sctlr)
    .setTags(place.data, 5)
    .setX({ 20: tagged(place.data, 3n), 22: tagged(place.data, 5n) })
    .pstate(EL[1])
}
