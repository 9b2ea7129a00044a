/**
 * Translation tables by their granule. Source: DDI 0487, D8.2, and AArch64.S1StartLevel, S2StartLevel, S2InvalidSL,
 * S2InconsistentSL.
 */

/** log2 of the granule in bytes: 4, 16 or 64 KiB. */
export type Granule = 12 | 14 | 16

/** Addresses of 48 bits are implemented (ID_AA64MMFR0_EL1.PARange = 5): numbers hold them exactly. */
export const IMPLEMENTED_SIZE = 48

/** Where a walk begins and how it goes on. */
export interface TableWalk {
  granule: Granule
  /** The tables cover 2^inputSize bytes; 0 where the registers describe no tables: every walk faults at level 0. */
  inputSize: number
  startLevel: number
  /** Address of the first table (of several side by side in stage 2). */
  base: number
  /** Addresses in descriptors and in the base are below 2^outputSize. */
  outputSize: number
  /** TCR_ELx.HA, VTCR_EL2.HA: a walk sets the access flag instead of faulting. */
  setsAccessFlag: boolean
  /** HA and HD: a write through a descriptor with DBM makes it writable. */
  setsDirty: boolean
}

/** TG0. The reserved encoding is the 4 KiB granule (IMPLEMENTATION DEFINED which one). */
export const granule0 = (tg: number): Granule => (tg === 1 ? 16 : tg === 2 ? 14 : 12)
/** TG1, with its own encoding. */
export const granule1 = (tg: number): Granule => (tg === 3 ? 16 : tg === 1 ? 14 : 12)

/** Bits that one level resolves. */
export const strideOf = (granule: Granule): number => granule - 3

/** log2 of what one descriptor of a level describes. */
export const shiftOf = (granule: Granule, level: number): number => granule + strideOf(granule) * (3 - level)

/**
 * Input size of TxSZ; 0 outside its limits, where a level 0 translation fault is our choice (the other legal one is to
 * clamp). FEAT_TTST extends the upper limit from 39 to 48, or 47 with 64 KiB; there is no FEAT_LVA or FEAT_LPA2.
 */
export function inputSizeOf(size: number, granule: Granule): number {
  return size < 64 - IMPLEMENTED_SIZE || size > (granule === 16 ? 47 : 48) ? 0 : 64 - size
}

/** Bits of an address that TxSZ leaves, by the nearest limit where it is outside (AArch64.PACEffectiveTxSZ). */
export const addressBits = (size: number, granule: Granule): number =>
  64 - Math.min(Math.max(size, 64 - IMPLEMENTED_SIZE), granule === 16 ? 47 : 48)

/** Level of the first table of stage 1. */
export function startLevel1(granule: Granule, inputSize: number): number {
  return 4 - Math.ceil((inputSize - granule) / strideOf(granule))
}

/** Start level by VTCR_EL2.SL0; -1 where reserved. */
export function startLevel2(granule: Granule, sl0: number): number {
  if (granule === 12) return [2, 1, 0, 3][sl0]!
  return sl0 === 3 ? -1 : 3 - sl0
}

/** Whether stage 2 can begin there: the first level resolves at least one bit, at most a full table's and four more. */
export function consistent2(granule: Granule, level: number, inputSize: number): boolean {
  const below = shiftOf(granule, level)
  return inputSize > below && inputSize <= below + strideOf(granule) + 4
}

/** What a descriptor is at its level. Blocks: levels 1 and 2 with 4 KiB, 2 with 16 and 64 KiB (no FEAT_LPA, no FEAT_LPA2). */
export function entryKind(low: number, level: number, granule: Granule): 'invalid' | 'table' | 'leaf' {
  if ((low & 1) === 0) return 'invalid'
  if ((low & 2) !== 0) return level === 3 ? 'leaf' : 'table'
  return level === 2 || (level === 1 && granule === 12) ? 'leaf' : 'invalid'
}

/** The address in a descriptor, without its bits below 2^size. */
export function addressIn(low: number, high: number, size: number): number {
  return (high & 0xffff) * 2 ** 32 + (((low >>> size) << size) >>> 0)
}

/** Address of the first table: aligned to its own size, since the bits below are RES0. */
export function baseOf(register: bigint, granule: Granule, level: number, inputSize: number): number {
  const size = BigInt(Math.max(inputSize - shiftOf(granule, level) + 3, 4))
  return Number(((register & 0xffff_ffff_ffffn) >> size) << size)
}
