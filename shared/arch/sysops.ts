import { checkSystemOps } from './check.ts'
import type { AddressTranslation, SystemOp, Trap } from './sysreg.ts'
import { el0Use, fromEl1 } from './sysregs/traps.ts'
import { sysregs } from './sysregs.ts'

/**
 * System instructions of the SYS space. Not here because their features are not ours: the nXS forms of TLB maintenance
 * (FEAT_XS), AT S1E1A (FEAT_ATS1A), prediction restriction (FEAT_SPECRES). Source: DDI 0487, chapter C5.3 to C5.5.
 */
const byVaAtEl0: readonly Trap[] = el0Use('UCI', 'TPCP')
const zeroBlock: readonly Trap[] = el0Use('DZE', 'TDZ')
/** To the Point of Unification: TPU, and TOCU (FEAT_EVT), from EL0 and EL1. */
const toPoint: readonly Trap[] = [
  ...el0Use('UCI', 'TPU'),
  { bit: 'HCR_EL2.TOCU', when: 1, from: 'EL0', to: 'EL2', inHost: false },
  ...fromEl1('HCR_EL2.TOCU'),
]
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
    traps: toPoint,
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
    traps: [...fromEl1('HCR_EL2.TPU'), ...fromEl1('HCR_EL2.TICAB')],
    operand: false,
    op: 'ic-all',
    broadcast: true,
    cost: 'cache-maintenance',
  },
  'IC IALLU': {
    doc: 'Invalidate all instruction caches to PoU.',
    enc: [0, 7, 5, 0],
    from: 'EL1',
    traps: [...fromEl1('HCR_EL2.TPU'), ...fromEl1('HCR_EL2.TOCU')],
    operand: false,
    op: 'ic-all',
    cost: 'cache-maintenance',
  },
  'IC IVAU': {
    doc: 'Invalidate the instruction cache by VA to PoU.',
    enc: [3, 7, 5, 1],
    from: 'EL0',
    traps: toPoint,
    op: 'ic-va',
    ...maintenance,
  },
} as const satisfies Record<string, SystemOp>

/** Which PEs a TLBI reaches: the executing one, the Inner Shareable domain, the Outer Shareable domain. */
type Reach = '' | 'IS' | 'OS'

const reaches = { '': 'this PE', IS: 'every PE', OS: 'every PE, Outer Shareable' } as const

/** Traps of a TLBI at EL1: TTLB catches all, TTLBIS and TTLBOS (FEAT_EVT) one domain. */
const tlbTraps: Readonly<Record<Reach, readonly Trap[]>> = {
  '': fromEl1('HCR_EL2.TTLB'),
  IS: [...fromEl1('HCR_EL2.TTLB'), ...fromEl1('HCR_EL2.TTLBIS')],
  OS: [...fromEl1('HCR_EL2.TTLB'), ...fromEl1('HCR_EL2.TTLBOS')],
}

const tlbi = (
  doc: string,
  enc: SystemOp['enc'],
  reach: Reach,
  operand: boolean,
  feature?: SystemOp['feature'],
) =>
  ({
    doc: `${doc}; ${reaches[reach]}.`,
    enc,
    ...(feature !== undefined ? { feature } : reach === 'OS' && { feature: 'FEAT_TLBIOS' as const }),
    from: enc[0] === 0 ? 'EL1' : 'EL2',
    ...(enc[0] === 0 && { traps: tlbTraps[reach] }),
    operand,
    op: 'tlbi',
    ...(reach !== '' && { broadcast: true as const }),
    cost: 'tlb-maintenance',
  }) as const satisfies SystemOp

/** The three forms of one operation, which differ in CRm and, for stage 2, in op2. */
const tlbi3 = <Name extends string>(
  name: Name,
  doc: string,
  op1: 0 | 4,
  [local, inner, outer]: readonly (readonly [crm: number, op2: number])[],
  operand: boolean,
  feature?: SystemOp['feature'],
) =>
  ({
    [`TLBI ${name}`]: tlbi(doc, [op1, 8, ...local!], '', operand, feature),
    [`TLBI ${name}IS`]: tlbi(doc, [op1, 8, ...inner!], 'IS', operand, feature),
    [`TLBI ${name}OS`]: tlbi(doc, [op1, 8, ...outer!], 'OS', operand, feature),
  }) as Readonly<Record<`TLBI ${Name}${Reach}`, SystemOp>>

/** Stage 2 forms by IPA: the Outer Shareable one shares CRm 4 with the local one. */
function stage2Forms(outer: number, op2: number): readonly (readonly [number, number])[] {
  return [
    [4, op2],
    [0, op2],
    [4, outer],
  ]
}

/** CRm of the local, Inner and Outer Shareable forms: of plain operations, and of those by range. */
const forms = (crm: readonly [number, number, number], op2: number): readonly (readonly [number, number])[] =>
  crm.map((each) => [each, op2] as const)
const plain = (op2: number) => forms([7, 3, 1], op2)
const range = (op2: number) => forms([6, 2, 5], op2)
const byRange = 'FEAT_TLBIRANGE'

const tlb = {
  ...tlbi3('VMALLE1', 'Stage 1 of EL1&0, current VMID', 0, plain(0), false),
  ...tlbi3('VAE1', 'By VA and ASID, EL1&0', 0, plain(1), true),
  ...tlbi3('ASIDE1', 'By ASID, EL1&0', 0, plain(2), true),
  ...tlbi3('VAAE1', 'By VA, all ASIDs, EL1&0', 0, plain(3), true),
  ...tlbi3('VALE1', 'By VA and ASID, last level, EL1&0', 0, plain(5), true),
  ...tlbi3('VAALE1', 'By VA, all ASIDs, last level, EL1&0', 0, plain(7), true),
  ...tlbi3('RVAE1', 'By range of VA and ASID, EL1&0', 0, range(1), true, byRange),
  ...tlbi3('RVAAE1', 'By range of VA, all ASIDs, EL1&0', 0, range(3), true, byRange),
  ...tlbi3('RVALE1', 'By range of VA and ASID, last level, EL1&0', 0, range(5), true, byRange),
  ...tlbi3('RVAALE1', 'By range of VA, all ASIDs, last level, EL1&0', 0, range(7), true, byRange),
  ...tlbi3('ALLE2', 'All of EL2', 4, plain(0), false),
  ...tlbi3('VAE2', 'By VA (and ASID with E2H = 1), EL2', 4, plain(1), true),
  ...tlbi3('ALLE1', 'All of EL1&0, both stages, all VMIDs', 4, plain(4), false),
  ...tlbi3('VALE2', 'By VA (and ASID with E2H = 1), last level, EL2', 4, plain(5), true),
  ...tlbi3('VMALLS12E1', 'Both stages of EL1&0, current VMID', 4, plain(6), false),
  ...tlbi3('RVAE2', 'By range of VA, EL2', 4, range(1), true, byRange),
  ...tlbi3('RVALE2', 'By range of VA, last level, EL2', 4, range(5), true, byRange),
  ...tlbi3('IPAS2E1', 'Stage 2 by IPA', 4, stage2Forms(0, 1), true),
  ...tlbi3('IPAS2LE1', 'Stage 2 by IPA, last level', 4, stage2Forms(4, 5), true),
  ...tlbi3('RIPAS2E1', 'Stage 2 by range of IPA', 4, stage2Forms(3, 2), true, byRange),
  ...tlbi3('RIPAS2LE1', 'Stage 2 by range of IPA, last level', 4, stage2Forms(7, 6), true, byRange),
} as const satisfies Record<string, SystemOp>

const at = (doc: string, op1: number, op2: number, op: AddressTranslation) =>
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
  'AT S1E1RP': {
    ...at('Stage 1 of EL1&0, as a read at EL1 under PSTATE.PAN.', 0, 0, 'at-s1e1rp'),
    enc: [0, 7, 9, 0],
    feature: 'FEAT_PAN2',
  },
  'AT S1E1WP': {
    ...at('Stage 1 of EL1&0, as a write at EL1 under PSTATE.PAN.', 0, 1, 'at-s1e1wp'),
    enc: [0, 7, 9, 1],
    feature: 'FEAT_PAN2',
  },
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
