import type { Feature } from '../../../shared/arch/features.ts'

/** What a mismatching access does: the values of SCTLR_ELx.TCF without the asymmetric one, which is one of these by access. */
export type TagCheckEffect = 'none' | 'sync' | 'async'

/** TCF without the modes that the machine lacks: 2 needs FEAT_MTE_ASYNC, 3 FEAT_MTE3; else no effect. */
export function tagCheckMode(tcf: number, features: ReadonlySet<Feature>): number {
  if (tcf === 2 && !features.has('FEAT_MTE_ASYNC')) return 0
  if (tcf === 3 && !features.has('FEAT_MTE3')) return 0
  return tcf
}

/** SCTLR_ELx.ATA, or ATA0 for accesses made with EL0's settings. */
export const tagAccessBit = (privileged: boolean): bigint => (privileged ? 1n << 43n : 1n << 42n)

/** What a mismatch does under a value of SCTLR_ELx. @param store the access reads nothing */
export function tagCheckEffect(
  sctlr: bigint,
  privileged: boolean,
  store: boolean,
  features: ReadonlySet<Feature>,
): TagCheckEffect {
  if ((sctlr & tagAccessBit(privileged)) === 0n) return 'none'
  switch (tagCheckMode(Number((sctlr >> (privileged ? 40n : 38n)) & 3n), features)) {
    case 0:
      return 'none'
    case 1:
      return 'sync'
    case 2:
      return 'async'
    default:
      return store ? 'async' : 'sync'
  }
}
