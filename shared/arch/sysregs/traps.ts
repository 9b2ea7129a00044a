import type { Trap } from '../sysreg.ts'

/** Traps that many rows share. Order inside a list is the order of the manual's accessor pseudocode. */

/** HCR_EL2.TVM and TRVM: the virtual memory controls of EL1. */
export const virtualMemory: readonly Trap[] = [
  { bit: 'HCR_EL2.TRVM', when: 1, from: 'EL1', to: 'EL2', direction: 'read' },
  { bit: 'HCR_EL2.TVM', when: 1, from: 'EL1', to: 'EL2', direction: 'write' },
]

/** The MTE registers of EL1 while HCR_EL2.ATA is 0. */
export const tagAccess: readonly Trap[] = [{ bit: 'HCR_EL2.ATA', when: 0, from: 'EL1', to: 'EL2' }]

/** The keys of pointer authentication while HCR_EL2.APK is 0. */
export const authenticationKeys: readonly Trap[] = [{ bit: 'HCR_EL2.APK', when: 0, from: 'EL1', to: 'EL2' }]

/** An EL1 access trapped to EL2 while a field is 1. */
export const fromEl1 = (bit: string): readonly Trap[] => [{ bit, when: 1, from: 'EL1', to: 'EL2' }]

/** Identification of caches: TID2, which also covers CTR_EL0, and TID4 (FEAT_EVT). */
export const cacheIdentification: readonly Trap[] = [...fromEl1('HCR_EL2.TID2'), ...fromEl1('HCR_EL2.TID4')]

/** Debug registers: MDCR_EL2.TDE covers every group, the second field one group. */
export const debugGroup = (field: string): readonly Trap[] => [
  ...fromEl1('MDCR_EL2.TDE'),
  ...fromEl1(`MDCR_EL2.${field}`),
]

/**
 * Use by EL0, enabled by a field of SCTLR_EL1, or of SCTLR_EL2 for EL0 of a VHE host, and trapped further by a field of
 * HCR_EL2 that also covers EL1.
 */
export const el0Use = (enable: string, hypervisor: string): readonly Trap[] => [
  { bit: `SCTLR_EL1.${enable}`, when: 0, from: 'EL0', to: 'EL1', inHost: false },
  { bit: `HCR_EL2.${hypervisor}`, when: 1, from: 'EL0', to: 'EL2', inHost: false },
  { bit: `SCTLR_EL2.${enable}`, when: 0, from: 'EL0', to: 'EL2', inHost: true },
  ...fromEl1(`HCR_EL2.${hypervisor}`),
]
