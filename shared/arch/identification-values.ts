import { bits, maskOf } from '../base/bits.ts'
import { type FeatureChoice, featureSet } from './features.ts'
import { fieldAt, spanOf } from './layout.ts'
import { sysregs } from './sysregs.ts'

/**
 * What the ID registers say. The rule is the truth about this machine: a field is non-zero only where the thing is there.
 * Fields that a register's entry leaves out are 0, which in every one of them means "not implemented".
 */
type FieldValues = Readonly<Record<string, number>>

/**
 * Caches are not modelled; what is told is one level of separate 32 KiB, 4-way caches with lines of 64 bytes, so that
 * maintenance loops of boot code end. DIC and IDC are 0: software does the maintenance that real parts need, and the lab
 * sees it. L1Ip is PIPT, since a fetch here depends on the physical address only. ERG and CWG are 64 bytes.
 */
const cacheType: FieldValues = { DIC: 0, IDC: 0, CWG: 4, ERG: 4, DminLine: 4, L1Ip: 3, IminLine: 4 }

const values: Readonly<Record<string, (choice: FeatureChoice) => FieldValues>> = {
  CTR_EL0: () => cacheType,
  DCZID_EL0: () => ({ BS: 4 }),
  GMID_EL1: () => ({ BS: 6 }),
  CLIDR_EL1: () => ({ LoUU: 1, LoC: 1, LoUIS: 1, Ctype1: 3 }),
  ID_AA64PFR0_EL1: ({ ras, el2 }) => ({
    CSV3: 1,
    CSV2: 1, // nothing is executed speculatively
    DIT: 1,
    RAS: ras ? 1 : 0,
    GIC: 1,
    AdvSIMD: 0, // the registers, and the instructions of v8.0 without half precision
    FP: 0,
    EL2: el2 === false ? 0 : 1,
    EL1: 1,
    EL0: 1,
  }),
  ID_AA64PFR1_EL1: ({ mte, mteAsync }) => ({
    MTE: mte,
    MTE_frac: mte === 2 && !mteAsync ? 0xf : 0,
    SSBS: 2,
    BT: 1,
  }),
  ID_AA64PFR2_EL1: () => ({}),
  ID_AA64ZFR0_EL1: () => ({}),
  ID_AA64DFR0_EL1: () => ({ DoubleLock: 0xf, WRPs: 1, BRPs: 1, DebugVer: 9 }),
  ID_AA64DFR1_EL1: () => ({}),
  ID_AA64AFR0_EL1: () => ({}),
  ID_AA64AFR1_EL1: () => ({}),
  ID_AA64ISAR0_EL1: () => ({ TLB: 2, TS: 2, Atomic: 2, CRC32: 1 }),
  // APA = 5: FEAT_FPACCOMBINE and all that comes before it, with QARMA5
  ID_AA64ISAR1_EL1: ({ pauth }) => ({ SB: 1, LRCPC: 2, DPB: 2, ...(pauth && { APA: 5, GPA: 1 }) }),
  ID_AA64ISAR2_EL1: () => ({ WFxT: 2 }),
  // 48-bit addresses, 16-bit ASIDs, little-endian, all granules (TGran*_2 = 0: stage 2 as stage 1)
  ID_AA64MMFR0_EL1: ({ exs }) => ({
    ExS: exs ? 1 : 0,
    TGran4: 0,
    TGran64: 0,
    TGran16: 1,
    ASIDBits: 2,
    PARange: 5,
  }),
  // EPAN, hierarchical permission disables, execute-never per EL in stage 2, 16-bit VMIDs, access flag and dirty state
  ID_AA64MMFR1_EL1: ({ el2, vhe }) => ({
    PAN: 3,
    HPDS: 1,
    HAFDBS: 2,
    ...(el2 !== false && { XNX: 1, VH: vhe === 'off' ? 0 : 1, VMIDBits: 2 }),
  }),
  // No translation is ever kept in another size than it is looked up by, so a change of block size needs no break (BBM)
  ID_AA64MMFR2_EL1: ({ ras, lse2, el2 }) => ({
    E0PD: 1,
    BBM: 2,
    TTL: 1,
    IDS: 1,
    AT: lse2 ? 1 : 0,
    ST: 1,
    IESB: ras ? 1 : 0,
    UAO: 1,
    CnP: 1,
    ...(el2 !== false && { EVT: 2, FWB: 1 }),
  }),
  ID_AA64MMFR3_EL1: () => ({}),
  ID_AA64MMFR4_EL1: ({ el2, vhe }) => ({ E2H0: el2 !== false && vhe === 'res1' ? 0xf : 0 }),
}

/** Value of a register whose row says computed 'idRegister', or of DCZID_EL0 with DZP = 0. @throws for any other name. */
export function idRegisterValue(name: string, choice: FeatureChoice): bigint {
  const fieldValues = values[name]
  if (!fieldValues) throw new Error(`${name} is not an ID register with a fixed value`)
  const row = sysregs[name as keyof typeof sysregs]
  const features = featureSet(choice)
  let value = row.res1 ?? 0n
  for (const [field, number] of Object.entries(fieldValues(choice))) {
    const needs = row.fieldFeatures?.[field]
    if (needs && !features.has(needs)) continue
    value |= placed(name, field, BigInt(number))
  }
  return value
}

function placed(name: string, field: string, value: bigint): bigint {
  const position = sysregs[name as keyof typeof sysregs].fields[field]
  if (position === undefined) throw new Error(`${name} has no field ${field}`)
  const [high, low] = spanOf(position)
  if (value > maskOf(high - low, 0)) throw new Error(`${name}.${field} cannot hold ${value}`)
  return value << BigInt(low)
}

/** Bytes of the translation granules that ID_AA64MMFR0_EL1 says are there, ascending. */
export function granulesOf(choice: FeatureChoice): number[] {
  const value = idRegisterValue('ID_AA64MMFR0_EL1', choice)
  const field = (name: string): bigint => bits(value, ...fieldAt(sysregs.ID_AA64MMFR0_EL1, name)!)
  const sizes: number[] = []
  if (field('TGran4') !== 0xfn) sizes.push(4096)
  if (field('TGran16') !== 0n) sizes.push(16384)
  if (field('TGran64') !== 0xfn) sizes.push(65536)
  return sizes
}

/**
 * MIDR_EL1: implementer 0 is reserved for software use, Architecture 0xF says "see the ID registers", and part 0x053 is
 * this machine's own.
 */
export const mainIdValue: bigint =
  placed('MIDR_EL1', 'Architecture', 0xfn) | placed('MIDR_EL1', 'PartNum', 0x053n)

/** MPIDR_EL1 of the PE with this index: clusters of 16 as on QEMU's virt board with a GICv3; bit 31 is RES1, U is 0. */
export function affinityValue(pe: number): bigint {
  return (
    sysregs.MPIDR_EL1.res1! |
    placed('MPIDR_EL1', 'Aff1', BigInt(pe >> 4)) |
    placed('MPIDR_EL1', 'Aff0', BigInt(pe & 15))
  )
}

/** CCSIDR_EL1 for a CSSELR_EL1: 128 sets, 4 ways, 64 bytes for both caches of level 1; 0 where there is no cache. */
export function cacheSizeValue(csselr: bigint): bigint {
  const tagCache = bits(csselr, 4, 4) === 1n
  if (bits(csselr, 3, 1) !== 0n || tagCache) return 0n
  return (
    placed('CCSIDR_EL1', 'NumSets', 127n) |
    placed('CCSIDR_EL1', 'Associativity', 3n) |
    placed('CCSIDR_EL1', 'LineSize', 2n)
  )
}
