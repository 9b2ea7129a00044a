import type { TableWalk } from './granule.ts'

/** HCR_EL2 fields that the machine acts on, as masks. */
export const HCR = {
  VM: 1n << 0n,
  PTW: 1n << 2n,
  FB: 1n << 9n,
  DC: 1n << 12n,
  TSC: 1n << 19n,
  TGE: 1n << 27n,
  HCD: 1n << 29n,
  CD: 1n << 32n,
  E2H: 1n << 34n,
  APK: 1n << 40n,
  API: 1n << 41n,
  FWB: 1n << 46n,
  ATA: 1n << 56n,
  DCT: 1n << 57n,
  TWI: 1n << 13n,
  TWE: 1n << 14n,
} as const

/** What one half of the address space of a regime says: TTBR0's half, or TTBR1's (bit 55 set). */
export interface Half extends TableWalk {
  /** EPDn: a miss of the TLB faults. */
  walkDisabled: boolean
  /** E0PDn: EL0 and unprivileged accesses fault. */
  el0Denied: boolean
  /** Tables may take permission away; not with HPDn. */
  hierarchical: boolean
  topByteIgnored: boolean
  /** TBID: the top byte counts for instruction fetches although TBI is set. */
  topByteIgnoredForCode: boolean
  /** CalculateBottomPACBit: where the code of a signed address begins. TxSZ outside its limits counts as the nearest limit. */
  lowestPacBit: number
  /** TCMA: logical tag all-zeros (half 0) or all-ones (half 1) is not checked. */
  canonicalUnchecked: boolean
}

/** Stage 2 of the EL1&0 regime. */
export interface Stage2 extends TableWalk {
  /** HCR_EL2.FWB: a descriptor's MemAttr replaces the cacheability of stage 1. */
  forced: boolean
  /** HCR_EL2.CD: Normal memory is Non-cacheable. */
  uncached: boolean
  /** HCR_EL2.PTW: a stage 1 walk through Device memory is a permission fault. */
  walkProtected: boolean
}

/**
 * Everything of a translation regime that an access needs, derived from the effective values of its control registers.
 * The hot paths read only this.
 */
export interface Controls {
  regime: 'EL1&0' | 'EL2' | 'EL2&0'
  /** Same number for the same contents of all registers that decide a translation: the TLB's context. */
  context: number
  halves: readonly [Half, Half | null]
  mmuOn: boolean
  stage2: Stage2 | null
  /** HCR_EL2.DC: with the stage 1 MMU off, memory is Normal; DCT makes it Tagged. */
  defaultCacheable: boolean
  defaultTagged: boolean
  /** MAIR_ELx, decoded: see attributes.ts. */
  memoryTypes: readonly number[]
  writeNeverExecute: boolean
  /** SCTLR_ELx.EPAN: PAN also denies data accesses to what EL0 may execute. */
  enhancedPan: boolean
  alignmentCheck: boolean
  /** SP alignment check and tag-check settings, index 0 for EL0 and unprivileged, 1 for the privileged level. */
  spCheck: readonly [boolean, boolean]
  tagAccess: readonly [boolean, boolean]
  tcf: readonly [number, number]
}
