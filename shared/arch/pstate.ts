import type { Feature } from './features.ts'
import type { FieldTable } from './sysreg.ts'

/**
 * PSTATE as SPSR_ELx holds it. Every special-purpose register that shows a part of PSTATE (NZCV, DAIF, CurrentEL, SPSel,
 * PAN, UAO, DIT, SSBS, TCO) has its bits at these positions, so one packed value serves them all.
 * Source: DDI 0487, SPSR_EL1 and SPSR_EL2, exceptions taken from AArch64.
 */
export const spsrFields = {
  N: 31,
  Z: 30,
  C: 29,
  V: 28,
  TCO: 25,
  DIT: 24,
  UAO: 23,
  PAN: 22,
  SS: 21,
  IL: 20,
  SSBS: 12,
  BTYPE: [11, 10],
  D: 9,
  A: 8,
  I: 7,
  F: 6,
  M: [4, 0],
} as const satisfies FieldTable

export const spsrFieldFeatures: Readonly<Record<string, Feature>> = {
  TCO: 'FEAT_MTE',
  DIT: 'FEAT_DIT',
  UAO: 'FEAT_UAO',
  PAN: 'FEAT_PAN',
  SSBS: 'FEAT_SSBS',
  BTYPE: 'FEAT_BTI',
}

/** M[4:0] of the modes that exist on a machine with EL0 to EL2 in AArch64 only; M[3:2] is the EL and M[0] is SPSel. */
export const modes = { 0: 'EL0t', 4: 'EL1t', 5: 'EL1h', 8: 'EL2t', 9: 'EL2h' } as const

/** Name of the mode in M[4:0] of an SPSR value, or undefined for one whose use is an illegal exception return. */
export function modeName(spsr: bigint): string | undefined {
  return (modes as Readonly<Record<number, string>>)[Number(spsr & 0x1fn)]
}

/** A PSTATE for people, `EL1h NzCv DAIf TCO PAN`: flags and masks in capitals where set, the rest only where set. */
export function describePstate(spsr: bigint): string {
  const set = (position: number): boolean => ((spsr >> BigInt(position)) & 1n) === 1n
  const letters = (names: readonly ('N' | 'Z' | 'C' | 'V' | 'D' | 'A' | 'I' | 'F')[]): string =>
    names.map((name) => (set(spsrFields[name]) ? name : name.toLowerCase())).join('')
  const rest = (['TCO', 'DIT', 'UAO', 'PAN', 'SS', 'IL', 'SSBS'] as const).filter((name) =>
    set(spsrFields[name]),
  )
  const mode = modeName(spsr) ?? `mode 0x${(spsr & 0x1fn).toString(16)}`
  return [mode, letters(['N', 'Z', 'C', 'V']), letters(['D', 'A', 'I', 'F']), ...rest].join(' ')
}
