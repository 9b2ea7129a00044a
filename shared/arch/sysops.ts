import { checkSystemOps } from './check.ts'
import type { SystemOp, SystemOpKey, Trap } from './sysreg.ts'
import { el0Use, fromEl1 } from './sysregs/traps.ts'
import { sysregs } from './sysregs.ts'

/**
 * System instructions of the SYS space. Not here because their features are not ours: Outer Shareable and range TLB
 * maintenance (FEAT_TLBIOS, FEAT_TLBIRANGE), AT S1E1RP and S1E1WP (FEAT_PAN2), prediction restriction (FEAT_SPECRES).
 * Source: DDI 0487, chapter C5.3 to C5.5.
 */
const byVaAtEl0: readonly Trap[] = el0Use('UCI', 'TPCP')
const zeroBlock: readonly Trap[] = el0Use('DZE', 'TDZ')
const setWay: readonly Trap[] = fromEl1('HCR_EL2.TSW')
const maintenance = { operand: true, cost: 'cache-maintenance' } as const

const setWayOp = (doc: string, crm: number, op2: number, feature?: 'FEAT_MTE2') =>
  ({
    doc,
    enc: [0, 7, crm, op2],
    ...(feature && { feature }),
    from: 'EL1',
    traps: setWay,
    op: 'dc-set-way',
    ...maintenance,
  }) as const satisfies SystemOp

const cleanOp = (doc: string, crm: number, op2: number, feature?: SystemOp['feature']) =>
  ({
    doc,
    enc: [3, 7, crm, op2],
    ...(feature && { feature }),
    from: 'EL0',
    traps: byVaAtEl0,
    op: 'dc-va',
    ...maintenance,
  }) as const satisfies SystemOp

const invalidateOp = (doc: string, op2: number, feature?: 'FEAT_MTE2') =>
  ({
    doc,
    enc: [0, 7, 6, op2],
    ...(feature && { feature }),
    from: 'EL1',
    traps: fromEl1('HCR_EL2.TPCP'),
    op: 'dc-va-invalidate',
    ...maintenance,
  }) as const satisfies SystemOp

/** Data cache operations, and the block operations that share their name space. */
const dataCache = {
  'DC IVAC': invalidateOp('Invalidate data by VA to PoC.', 1),
  'DC IGVAC': invalidateOp('Invalidate tags by VA to PoC.', 3, 'FEAT_MTE2'),
  'DC IGDVAC': invalidateOp('Invalidate data and tags by VA to PoC.', 5, 'FEAT_MTE2'),
  'DC ISW': setWayOp('Invalidate data by set and way.', 6, 2),
  'DC IGSW': setWayOp('Invalidate tags by set and way.', 6, 4, 'FEAT_MTE2'),
  'DC IGDSW': setWayOp('Invalidate data and tags by set and way.', 6, 6, 'FEAT_MTE2'),
  'DC CSW': setWayOp('Clean data by set and way.', 10, 2),
  'DC CGSW': setWayOp('Clean tags by set and way.', 10, 4, 'FEAT_MTE2'),
  'DC CGDSW': setWayOp('Clean data and tags by set and way.', 10, 6, 'FEAT_MTE2'),
  'DC CISW': setWayOp('Clean and invalidate data by set and way.', 14, 2),
  'DC CIGSW': setWayOp('Clean and invalidate tags by set and way.', 14, 4, 'FEAT_MTE2'),
  'DC CIGDSW': setWayOp('Clean and invalidate data and tags by set and way.', 14, 6, 'FEAT_MTE2'),
  'DC ZVA': {
    doc: 'Zero one block of data; checked, tags unchanged.',
    enc: [3, 7, 4, 1],
    from: 'EL0',
    traps: zeroBlock,
    operand: true,
    op: 'dc-zva',
    cost: 'store',
  },
  'DC GVA': {
    doc: 'Set the tags of one block to Xt[59:56]; unchecked, data unchanged.',
    enc: [3, 7, 4, 3],
    feature: 'FEAT_MTE',
    from: 'EL0',
    traps: zeroBlock,
    operand: true,
    op: 'dc-gva',
    cost: 'tag-store',
  },
  'DC GZVA': {
    doc: 'Zero one block of data and set its tags to Xt[59:56]; unchecked.',
    enc: [3, 7, 4, 4],
    feature: 'FEAT_MTE',
    from: 'EL0',
    traps: zeroBlock,
    operand: true,
    op: 'dc-gzva',
    cost: 'tag-store',
  },
  'DC CVAC': cleanOp('Clean data by VA to PoC.', 10, 1),
  'DC CGVAC': cleanOp('Clean tags by VA to PoC.', 10, 3, 'FEAT_MTE'),
  'DC CGDVAC': cleanOp('Clean data and tags by VA to PoC.', 10, 5, 'FEAT_MTE'),
  'DC CVAU': {
    doc: 'Clean data by VA to PoU.',
    enc: [3, 7, 11, 1],
    from: 'EL0',
    traps: el0Use('UCI', 'TPU'),
    op: 'dc-va',
    ...maintenance,
  },
  'DC CVAP': cleanOp('Clean data by VA to PoP.', 12, 1, 'FEAT_DPB'),
  'DC CGVAP': cleanOp('Clean tags by VA to PoP.', 12, 3, 'FEAT_MTE'),
  'DC CGDVAP': cleanOp('Clean data and tags by VA to PoP.', 12, 5, 'FEAT_MTE'),
  'DC CVADP': cleanOp('Clean data by VA to PoDP.', 13, 1, 'FEAT_DPB2'),
  'DC CGVADP': cleanOp('Clean tags by VA to PoDP.', 13, 3, 'FEAT_MTE'),
  'DC CGDVADP': cleanOp('Clean data and tags by VA to PoDP.', 13, 5, 'FEAT_MTE'),
  'DC CIVAC': cleanOp('Clean and invalidate data by VA to PoC.', 14, 1),
  'DC CIGVAC': cleanOp('Clean and invalidate tags by VA to PoC.', 14, 3, 'FEAT_MTE'),
  'DC CIGDVAC': cleanOp('Clean and invalidate data and tags by VA to PoC.', 14, 5, 'FEAT_MTE'),
} as const satisfies Record<string, SystemOp>

const instructionCache = {
  'IC IALLUIS': {
    doc: 'Invalidate all instruction caches to PoU, Inner Shareable.',
    enc: [0, 7, 1, 0],
    from: 'EL1',
    traps: fromEl1('HCR_EL2.TPU'),
    operand: false,
    op: 'ic-all',
    broadcast: true,
    cost: 'cache-maintenance',
  },
  'IC IALLU': {
    doc: 'Invalidate all instruction caches to PoU.',
    enc: [0, 7, 5, 0],
    from: 'EL1',
    traps: fromEl1('HCR_EL2.TPU'),
    operand: false,
    op: 'ic-all',
    cost: 'cache-maintenance',
  },
  'IC IVAU': {
    doc: 'Invalidate the instruction cache by VA to PoU.',
    enc: [3, 7, 5, 1],
    from: 'EL0',
    traps: el0Use('UCI', 'TPU'),
    op: 'ic-va',
    ...maintenance,
  },
} as const satisfies Record<string, SystemOp>

const tlbMaintenance = { cost: 'tlb-maintenance' } as const

/** A TLBI usable from EL1, trapped by HCR_EL2.TTLB. */
const tlbiEl1 = (doc: string, crm: number, op2: number, op: SystemOpKey, operand: boolean) =>
  ({
    doc,
    enc: [0, 8, crm, op2],
    from: 'EL1',
    traps: fromEl1('HCR_EL2.TTLB'),
    operand,
    op,
    ...(crm === 3 && { broadcast: true }),
    ...tlbMaintenance,
  }) as const satisfies SystemOp

const tlbiEl2 = (doc: string, crm: number, op2: number, op: SystemOpKey, operand: boolean) =>
  ({
    doc,
    enc: [4, 8, crm, op2],
    from: 'EL2',
    operand,
    op,
    ...((crm === 3 || crm === 0) && { broadcast: true }),
    ...tlbMaintenance,
  }) as const satisfies SystemOp

const tlb = {
  'TLBI VMALLE1IS': tlbiEl1('Stage 1 of EL1&0, current VMID, every PE.', 3, 0, 'tlbi-vmalle1', false),
  'TLBI VAE1IS': tlbiEl1('By VA and ASID, EL1&0, every PE.', 3, 1, 'tlbi-vae1', true),
  'TLBI ASIDE1IS': tlbiEl1('By ASID, EL1&0, every PE.', 3, 2, 'tlbi-aside1', true),
  'TLBI VAAE1IS': tlbiEl1('By VA, all ASIDs, EL1&0, every PE.', 3, 3, 'tlbi-vaae1', true),
  'TLBI VALE1IS': tlbiEl1('By VA and ASID, last level, EL1&0, every PE.', 3, 5, 'tlbi-vale1', true),
  'TLBI VAALE1IS': tlbiEl1('By VA, all ASIDs, last level, EL1&0, every PE.', 3, 7, 'tlbi-vaale1', true),
  'TLBI VMALLE1': tlbiEl1('Stage 1 of EL1&0, current VMID.', 7, 0, 'tlbi-vmalle1', false),
  'TLBI VAE1': tlbiEl1('By VA and ASID, EL1&0.', 7, 1, 'tlbi-vae1', true),
  'TLBI ASIDE1': tlbiEl1('By ASID, EL1&0.', 7, 2, 'tlbi-aside1', true),
  'TLBI VAAE1': tlbiEl1('By VA, all ASIDs, EL1&0.', 7, 3, 'tlbi-vaae1', true),
  'TLBI VALE1': tlbiEl1('By VA and ASID, last level, EL1&0.', 7, 5, 'tlbi-vale1', true),
  'TLBI VAALE1': tlbiEl1('By VA, all ASIDs, last level, EL1&0.', 7, 7, 'tlbi-vaale1', true),
  'TLBI IPAS2E1IS': tlbiEl2('Stage 2 by IPA, every PE.', 0, 1, 'tlbi-ipas2e1', true),
  'TLBI IPAS2LE1IS': tlbiEl2('Stage 2 by IPA, last level, every PE.', 0, 5, 'tlbi-ipas2le1', true),
  'TLBI ALLE2IS': tlbiEl2('All of EL2, every PE.', 3, 0, 'tlbi-alle2', false),
  'TLBI VAE2IS': tlbiEl2('By VA, EL2, every PE.', 3, 1, 'tlbi-vae2', true),
  'TLBI ALLE1IS': tlbiEl2('All of EL1&0, both stages, all VMIDs, every PE.', 3, 4, 'tlbi-alle1', false),
  'TLBI VALE2IS': tlbiEl2('By VA, last level, EL2, every PE.', 3, 5, 'tlbi-vale2', true),
  'TLBI VMALLS12E1IS': tlbiEl2(
    'Both stages of EL1&0, current VMID, every PE.',
    3,
    6,
    'tlbi-vmalls12e1',
    false,
  ),
  'TLBI IPAS2E1': tlbiEl2('Stage 2 by IPA.', 4, 1, 'tlbi-ipas2e1', true),
  'TLBI IPAS2LE1': tlbiEl2('Stage 2 by IPA, last level.', 4, 5, 'tlbi-ipas2le1', true),
  'TLBI ALLE2': tlbiEl2('All of EL2.', 7, 0, 'tlbi-alle2', false),
  'TLBI VAE2': tlbiEl2('By VA, EL2.', 7, 1, 'tlbi-vae2', true),
  'TLBI ALLE1': tlbiEl2('All of EL1&0, both stages, all VMIDs.', 7, 4, 'tlbi-alle1', false),
  'TLBI VALE2': tlbiEl2('By VA, last level, EL2.', 7, 5, 'tlbi-vale2', true),
  'TLBI VMALLS12E1': tlbiEl2('Both stages of EL1&0, current VMID.', 7, 6, 'tlbi-vmalls12e1', false),
} as const satisfies Record<string, SystemOp>

const at = (doc: string, op1: number, op2: number, op: SystemOpKey) =>
  ({
    doc,
    enc: [op1, 7, 8, op2],
    from: op1 === 0 ? 'EL1' : 'EL2',
    operand: true,
    op,
    cost: 'address-translation',
  }) as const satisfies SystemOp

const addressTranslation = {
  'AT S1E1R': at('Stage 1 of EL1&0, as a read at EL1.', 0, 0, 'at-s1e1r'),
  'AT S1E1W': at('Stage 1 of EL1&0, as a write at EL1.', 0, 1, 'at-s1e1w'),
  'AT S1E0R': at('Stage 1 of EL1&0, as a read at EL0.', 0, 2, 'at-s1e0r'),
  'AT S1E0W': at('Stage 1 of EL1&0, as a write at EL0.', 0, 3, 'at-s1e0w'),
  'AT S1E2R': at('Stage 1 of EL2, as a read.', 4, 0, 'at-s1e2r'),
  'AT S1E2W': at('Stage 1 of EL2, as a write.', 4, 1, 'at-s1e2w'),
  'AT S12E1R': at('Both stages of EL1&0, as a read at EL1.', 4, 4, 'at-s12e1r'),
  'AT S12E1W': at('Both stages of EL1&0, as a write at EL1.', 4, 5, 'at-s12e1w'),
  'AT S12E0R': at('Both stages of EL1&0, as a read at EL0.', 4, 6, 'at-s12e0r'),
  'AT S12E0W': at('Both stages of EL1&0, as a write at EL0.', 4, 7, 'at-s12e0w'),
} as const satisfies Record<string, SystemOp>

const joined = { ...dataCache, ...instructionCache, ...tlb, ...addressTranslation }

export type SystemOpName = keyof typeof joined

/** Every system instruction of the machine, by its assembly name with one space: `DC GVA`, `TLBI VMALLE1IS`. */
export const sysops: Readonly<Record<SystemOpName, SystemOp>> = joined

const problems = checkSystemOps(sysops, sysregs)
if (problems.length > 0) throw new Error(`system instruction rows:\n${problems.join('\n')}`)

const encodingKey = (op1: number, crn: number, crm: number, op2: number): number =>
  (op1 << 11) | (crn << 7) | (crm << 3) | op2

const byEncoding = new Map<number, SystemOpName>()
for (const [name, row] of Object.entries(sysops) as [SystemOpName, SystemOp][]) {
  byEncoding.set(encodingKey(...row.enc), name)
}

/** @returns undefined for an encoding without a row, which is UNDEFINED. */
export function sysopByEncoding(
  op1: number,
  crn: number,
  crm: number,
  op2: number,
): SystemOpName | undefined {
  return byEncoding.get(encodingKey(op1, crn, crm, op2))
}
