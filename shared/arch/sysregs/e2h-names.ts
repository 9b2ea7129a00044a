import type { Sysreg } from '../sysreg.ts'

/**
 * Names by which a VHE host reaches the registers of EL1 and EL0 while its own accesses to them are redirected.
 * They exist at EL2 with HCR_EL2.E2H = 1 only. TFSR_EL12 stands in mte.ts.
 */
const another = <E extends Sysreg['enc']>(enc: E, alias: string) =>
  ({
    doc: `${alias} as a VHE host names it.`,
    enc,
    feature: 'FEAT_VHE',
    read: 'EL2',
    write: 'EL2',
    fields: {},
    alias,
    onlyE2h: true,
  }) as const satisfies Sysreg

export const e2hNames = {
  SCTLR_EL12: another([3, 5, 1, 0, 0], 'SCTLR_EL1'),
  CPACR_EL12: another([3, 5, 1, 0, 2], 'CPACR_EL1'),
  TTBR0_EL12: another([3, 5, 2, 0, 0], 'TTBR0_EL1'),
  TTBR1_EL12: another([3, 5, 2, 0, 1], 'TTBR1_EL1'),
  TCR_EL12: another([3, 5, 2, 0, 2], 'TCR_EL1'),
  SPSR_EL12: another([3, 5, 4, 0, 0], 'SPSR_EL1'),
  ELR_EL12: another([3, 5, 4, 0, 1], 'ELR_EL1'),
  AFSR0_EL12: another([3, 5, 5, 1, 0], 'AFSR0_EL1'),
  AFSR1_EL12: another([3, 5, 5, 1, 1], 'AFSR1_EL1'),
  ESR_EL12: another([3, 5, 5, 2, 0], 'ESR_EL1'),
  FAR_EL12: another([3, 5, 6, 0, 0], 'FAR_EL1'),
  MAIR_EL12: another([3, 5, 10, 2, 0], 'MAIR_EL1'),
  AMAIR_EL12: another([3, 5, 10, 3, 0], 'AMAIR_EL1'),
  VBAR_EL12: another([3, 5, 12, 0, 0], 'VBAR_EL1'),
  CONTEXTIDR_EL12: another([3, 5, 13, 0, 1], 'CONTEXTIDR_EL1'),
  CNTKCTL_EL12: another([3, 5, 14, 1, 0], 'CNTKCTL_EL1'),
  CNTP_TVAL_EL02: another([3, 5, 14, 2, 0], 'CNTP_TVAL_EL0'),
  CNTP_CTL_EL02: another([3, 5, 14, 2, 1], 'CNTP_CTL_EL0'),
  CNTP_CVAL_EL02: another([3, 5, 14, 2, 2], 'CNTP_CVAL_EL0'),
  CNTV_TVAL_EL02: another([3, 5, 14, 3, 0], 'CNTV_TVAL_EL0'),
  CNTV_CTL_EL02: another([3, 5, 14, 3, 1], 'CNTV_CTL_EL0'),
  CNTV_CVAL_EL02: another([3, 5, 14, 3, 2], 'CNTV_CVAL_EL0'),
} as const satisfies Record<string, Sysreg>
