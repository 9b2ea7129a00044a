/**
 * The architecture features that a machine of ours may have. A PE's set decides which instruction rows are allocated,
 * which system registers exist and what the ID registers say; all three read this one list.
 */
export const features = [
  'FEAT_MTE',
  'FEAT_MTE2',
  'FEAT_MTE3',
  'FEAT_MTE_ASYNC',
  'FEAT_LSE',
  'FEAT_CRC32',
  'FEAT_FlagM',
  'FEAT_FlagM2',
  'FEAT_LRCPC',
  'FEAT_LRCPC2',
  'FEAT_PAN',
  'FEAT_PAN2',
  'FEAT_PAN3',
  'FEAT_HAFDBS',
  'FEAT_HPDS',
  'FEAT_XNX',
  'FEAT_VMID16',
  'FEAT_TTST',
  'FEAT_TTCNP',
  'FEAT_TTL',
  'FEAT_BBM',
  'FEAT_S2FWB',
  'FEAT_E0PD',
  'FEAT_EVT',
  'FEAT_TLBIOS',
  'FEAT_TLBIRANGE',
  'FEAT_UAO',
  'FEAT_SSBS',
  'FEAT_DIT',
  'FEAT_SB',
  'FEAT_IDST',
  'FEAT_DPB',
  'FEAT_DPB2',
  'FEAT_EL2',
  'FEAT_VHE',
  'FEAT_E2H0',
  'FEAT_RAS',
  'FEAT_IESB',
  'FEAT_ExS',
  'FEAT_LSE2',
  'FEAT_WFxT',
  'FEAT_BTI',
  'FEAT_PAuth',
] as const

export type Feature = (typeof features)[number]

/** What an experiment says about a machine's architecture. */
export interface FeatureChoice {
  /** ID_AA64PFR1_EL1.MTE: 0 none, 1 instructions only, 2 with tag storage and checks, 3 with asymmetric checks. */
  mte: 0 | 1 | 2 | 3
  /** FEAT_MTE_ASYNC; meaningful for mte = 2 (3 implies it). */
  mteAsync: boolean
  /** FEAT_RAS and FEAT_IESB. */
  ras: boolean
  /** FEAT_ExS: EIS and EOS may switch off the synchronisation of entry and return. */
  exs: boolean
  /**
   * Pointer authentication, default false: FEAT_PAuth with QARMA5 (FEAT_PACQARMA5), FEAT_PAuth2, FEAT_FPAC and
   * FEAT_FPACCOMBINE, as QEMU's max CPU has it with pauth-qarma5=on.
   */
  pauth?: boolean
  /** FEAT_EL2; default true. Without it the PE starts at EL1, EL2's registers are UNDEFINED, and nothing routes or traps there. */
  el2?: boolean
  /** Virtualization host extensions: 'on' (the default), 'off' (E2H is RES0), or 'res1' (no FEAT_E2H0: E2H is RES1). */
  vhe?: VheChoice
  /**
   * FEAT_LSE2; default false. Only a machine whose 16-byte accesses are single-copy atomic may say so: one PE, or PEs that
   * take turns. `featuresOf` (electron/workers/plan.ts) sees to it.
   */
  lse2?: boolean
}

export type VheChoice = 'on' | 'off' | 'res1'

const always: readonly Feature[] = [
  'FEAT_LSE',
  'FEAT_CRC32',
  'FEAT_FlagM',
  'FEAT_FlagM2',
  'FEAT_LRCPC',
  'FEAT_LRCPC2',
  'FEAT_PAN',
  'FEAT_PAN2',
  'FEAT_PAN3',
  'FEAT_HAFDBS',
  'FEAT_HPDS',
  'FEAT_TTST',
  'FEAT_TTCNP',
  'FEAT_TTL',
  'FEAT_BBM',
  'FEAT_E0PD',
  'FEAT_TLBIOS',
  'FEAT_TLBIRANGE',
  'FEAT_UAO',
  'FEAT_SSBS',
  'FEAT_DIT',
  'FEAT_SB',
  'FEAT_IDST',
  'FEAT_DPB',
  'FEAT_DPB2',
  'FEAT_BTI',
  'FEAT_WFxT',
]

/** What comes with EL2: stage 2 and traps of its own. */
const ofEl2: readonly Feature[] = ['FEAT_EL2', 'FEAT_XNX', 'FEAT_VMID16', 'FEAT_S2FWB', 'FEAT_EVT']

/** The full feature set of one PE. MTE3 implies MTE2 and MTE_ASYNC, MTE2 implies MTE (Features.json). */
export function featureSet(choice: FeatureChoice): ReadonlySet<Feature> {
  const set = new Set<Feature>(always)
  if (choice.mte >= 1) set.add('FEAT_MTE')
  if (choice.mte >= 2) set.add('FEAT_MTE2')
  if (choice.mte >= 3) set.add('FEAT_MTE3')
  if (choice.mte >= 3 || (choice.mte === 2 && choice.mteAsync)) set.add('FEAT_MTE_ASYNC')
  if (choice.ras) set.add('FEAT_RAS').add('FEAT_IESB')
  if (choice.exs) set.add('FEAT_ExS')
  const el2 = choice.el2 !== false
  if (el2) for (const feature of ofEl2) set.add(feature)
  if (el2 && choice.vhe !== 'off') set.add('FEAT_VHE')
  if (!el2 || choice.vhe !== 'res1') set.add('FEAT_E2H0')
  if (choice.lse2) set.add('FEAT_LSE2')
  if (choice.pauth) set.add('FEAT_PAuth')
  return set
}

/** What PEs that differ have in common, as a kernel finds it that supports a feature only where every PE has it. */
export function leastOf(choices: readonly FeatureChoice[]): FeatureChoice {
  const [first] = choices
  if (first === undefined) throw new Error('a machine has at least one PE')
  const every = (has: (choice: FeatureChoice) => boolean): boolean => choices.every(has)
  return {
    ...first,
    mte: Math.min(...choices.map((choice) => choice.mte)) as FeatureChoice['mte'],
    mteAsync: every((choice) => choice.mte === 3 || choice.mteAsync),
    ras: every((choice) => choice.ras),
    exs: every((choice) => choice.exs),
    pauth: every((choice) => choice.pauth === true),
  }
}
