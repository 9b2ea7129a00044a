/** Permissions and attributes of one 4 KiB page, as bits; the TLB keeps them with the page. */
export const page = {
  PRIVILEGED_READ: 1,
  PRIVILEGED_WRITE: 2,
  PRIVILEGED_EXECUTE: 4,
  /** What EL0 and unprivileged accesses may do: the privileged bits shifted by three. */
  EL0_READ: 8,
  EL0_WRITE: 16,
  EL0_EXECUTE: 32,
  TAGGED: 64,
  DEVICE: 128,
  /** GP of the stage 1 block or page: branch targets in it are checked (FEAT_BTI). */
  GUARDED: 256,
  /** Stage 1 lets EL0 access the page, so that PSTATE.PAN denies privileged data accesses. */
  USER: 512,
} as const

export const READS: number = page.PRIVILEGED_READ | page.EL0_READ
export const WRITES: number = page.PRIVILEGED_WRITE | page.EL0_WRITE
export const EXECUTES: number = page.PRIVILEGED_EXECUTE | page.EL0_EXECUTE
export const EL0_ACCESS: number = page.EL0_READ | page.EL0_WRITE | page.EL0_EXECUTE

/** What an access asks of a page. */
export interface Request {
  /** Bits of `page` that it needs: all privileged, or all EL0's. None for maintenance that needs no permission. */
  wanted: number
  /** PSTATE.PAN applies. */
  pan: boolean
  /** Not aligned: a fault where the memory is Device. */
  unaligned: boolean
  /** A write may mark descriptors dirty: not for address translation and cache maintenance (AArch64.SetDirtyState). */
  dirties: boolean
}

export interface WalkFault {
  /** DFSC with the level. */
  fsc: number
  stage: 1 | 2
  /** Intermediate physical address, for HPFAR_EL2. */
  ipa: number
  /** The fault came from stage 2 translation of a stage 1 descriptor's address. */
  onWalk: boolean
  /** Of a permission fault: the wanted bits that were not granted. */
  denied: number
}

/** The memory that holds translation tables. */
export interface TableMemory {
  /** Halves of the descriptor read last, as signed 32-bit numbers. */
  readonly low: number
  readonly high: number
  /**
   * Reads the 8 bytes at a physical address as one. False where there is no memory.
   * @param stage and level of the table that they belong to
   */
  read(physical: number, stage: 1 | 2, level: number): boolean
  /** Replaces the low half of the descriptor read last, unless another PE changed the descriptor meanwhile: then false. */
  update(physical: number, low: number): boolean
}

/** One descriptor that a walk has read. */
export interface DescriptorRead {
  stage: 1 | 2
  level: number
  /** Physical address of the descriptor. */
  at: number
  descriptor: bigint
}

/** Result of a walk: the page's physical address and its bits, or the fault that it met. */
export interface Translation {
  physical: number
  /** Bits of `page`; no write permission while a descriptor is not yet dirty, so that a first write walks again. */
  flags: number
  fault: WalkFault | null
  /** For PAR_EL1: MAIR encoding of the memory type, and SH. */
  attribute: number
  shareability: number
}

/** Bits of descriptors, in their low and high halves. */
export const LOW = { EL0: 1 << 6, READ_ONLY: 1 << 7, S2_READ: 1 << 6, S2_WRITE: 1 << 7, AF: 1 << 10 } as const
export const HIGH = {
  GP: 1 << 18,
  DBM: 1 << 19,
  PXN: 1 << 21,
  UXN: 1 << 22,
  S2_XNX: 1 << 21,
  S2_XN: 1 << 22,
  PXN_TABLE: 1 << 27,
  UXN_TABLE: 1 << 28,
  NO_EL0_TABLE: 1 << 29,
  READ_ONLY_TABLE: 1 << 30,
} as const
