import { differenceOf, withDifference } from './memory-difference.ts'
import {
  exceptionClass,
  isDataAbort,
  type OracleException,
  type OracleRecord,
  type OracleResult,
} from './record.ts'

/**
 * Points in which the recorder (QEMU 10.0.2) differs from the architecture, recognised from the program word and the
 * recorded exception. Each is narrow: only the bits named are left out of a comparison, or, where the program went another
 * way, it is compared up to there and for one instruction of the architecture's way.
 */

const CODE_START = 0x2_0000_0000n
const TAG_CHECK_FAULT = 0x11n
const ALIGNMENT_FAULT = 0x21n
const PERMISSION_FAULT_LEVEL_3 = 0x0fn
const WNR = 0x40n
const TRAPPED_MSR = 0x18
const OP1_AND_OP2 = 0x3fn << 14n
const ZERO_BLOCK_BITS = 6n

const statusCode = (exc: OracleException): bigint => exc.esr & 0x3fn
const abortsWith = (exc: OracleException | null, code: bigint): exc is OracleException =>
  exc !== null && isDataAbort(exceptionClass(exc.esr)) && statusCode(exc) === code

/** The word of the case that an exception reports, or 0. */
const faultingWord = (record: OracleRecord, exc: OracleException): number =>
  record.case.code[Number(exc.elr - CODE_START) / 4] ?? 0

/** CAS and CASP with all their orderings: size 001000 1 L 1 Rs o0 11111, and 0 sz 001000 0 L 1 Rs o0 11111. */
const isCompareAndSwap = (word: number): boolean =>
  (word & 0x3fa0_7c00) >>> 0 === 0x08a0_7c00 || (word & 0xbfa0_7c00) >>> 0 === 0x0820_7c00
/** SWP and LD<op>: size 111000 A R 1 Rs o3 opc 00. */
const isReadModifyWrite = (word: number): boolean => (word & 0x3f20_0c00) >>> 0 === 0x3820_0000
/** Exclusive, ordered, compare-and-swap (size 001000), read-modify-write, and LDAPUR/STLUR (size 011001). */
const isOrderedOrAtomic = (word: number): boolean =>
  (word & 0x3f00_0000) >>> 0 === 0x0800_0000 ||
  isReadModifyWrite(word) ||
  (word & 0x3f20_0c00) >>> 0 === 0x1900_0000
/** The read-only view of DATA (pages 0x110 and 0x111 of a case's window). */
const inReadOnlyWindow = (far: bigint): boolean => BigInt.asUintN(32, far) >> 13n === 0x0011_0000n >> 13n
/** MSR DAIFSet and DAIFClr, immediate. */
const isMaskChange = (word: number): boolean => (word & 0xffff_f0df) >>> 0 === 0xd503_40df
const isZeroBlock = (word: number): boolean => (word & 0xffff_ffe0) >>> 0 === 0xd50b_7420

/**
 * Bits of ESR_ELx that the recorded exception does not show as the architecture has them. WnR "is 0 when a read of the
 * location would have generated the fault" for instructions that read and write (DDI 0487, ISS encoding of a Data Abort),
 * so it is 0 for CAS, CASP, SWP, LD<op> and LDXP; it is 1 for DC ZVA, which only writes (AArch64.MemZero). The syndrome of a
 * trapped MSR DAIFSet or DAIFClr has Op1 in bits 16:14 and Op2 in bits 19:17; the recorder has them exchanged.
 */
export function unreliableSyndrome(record: OracleRecord, exc: OracleException): bigint {
  const word = faultingWord(record, exc)
  if (exceptionClass(exc.esr) === TRAPPED_MSR && isMaskChange(word)) return OP1_AND_OP2
  if (!isDataAbort(exceptionClass(exc.esr))) return 0n
  const misaligned = statusCode(exc) === ALIGNMENT_FAULT && isOrderedOrAtomic(word)
  const zeroBlock = statusCode(exc) === TAG_CHECK_FAULT && isZeroBlock(word)
  return isCompareAndSwap(word) || misaligned || zeroBlock ? WNR : 0n
}

/**
 * Bits of FAR_ELx that the exception leaves open. For a tag check fault bits 63:60 are UNKNOWN (DDI 0487, FAR_EL1), and for
 * DC ZVA it is IMPLEMENTATION DEFINED which address inside the block is given.
 */
export function openFaultAddress(record: OracleRecord, exc: OracleException): bigint {
  if (!abortsWith(exc, TAG_CHECK_FAULT)) return 0n
  const insideBlock = isZeroBlock(faultingWord(record, exc)) ? (1n << ZERO_BLOCK_BITS) - 1n : 0n
  return (0xfn << 60n) | insideBlock
}

/** TCF that governs data accesses at the case's own EL: SCTLR_EL1.TCF0 at EL0, TCF above. */
function tagCheckMode({ case: { el, registers } }: OracleRecord): number {
  const sctlr = registers[el === 2 ? 'SCTLR_EL2' : 'SCTLR_EL1'] ?? 0n
  return Number((sctlr >> (el === 0 ? 38n : 40n)) & 3n)
}

/** Where the architecture takes another way than the recorder did, and what it does there. */
export interface Departure {
  clause: string
  /** The recorder stopped at this instruction with the same state; then the architecture goes on to `next`. */
  at: bigint
  next: OracleResult
}

/**
 * Recognises a program that the recorder ended by a known deviation.
 * @returns how the architecture goes on, or null when the recorded way is the architecture's
 */
export function departure(record: OracleRecord): Departure | null {
  const { exc } = record.result
  if (!abortsWith(exc, TAG_CHECK_FAULT)) return null
  const word = faultingWord(record, exc)
  if (isZeroBlock(word) && tagCheckMode(record) === 3 && (exc.esr & WNR) === 0n) {
    return {
      clause:
        'DC ZVA only writes (AArch64.MemZero), and in the asymmetric mode a Tag Check Fault of a write is asynchronous ' +
        '(DDI 0487, D10, Tag Check Faults); the recorder checks it as a read',
      at: exc.elr,
      next: afterZeroBlock(record, exc),
    }
  }
  if (isReadModifyWrite(word) && inReadOnlyWindow(exc.far)) {
    return {
      clause:
        'a Permission fault has priority over a Tag Check Fault (DDI 0487, D8, prioritization of synchronous aborts); the ' +
        'recorder reports the tag of a read-modify-write first',
      at: exc.elr,
      next: {
        ...record.result,
        exc: { ...exc, esr: (exc.esr & ~0x3fn) | WNR | PERMISSION_FAULT_LEVEL_3 },
      },
    }
  }
  return null
}

/** The state in which the recorder met its exception, with the instruction not yet executed. */
export const stateBefore = ({ result }: OracleRecord): OracleResult => ({
  ...result,
  end: 'timeout',
  exc: null,
})

/** DC ZVA with an asynchronous fault: the block is zeroed, the bit of the fault's half is set in the EL's TFSR. */
function afterZeroBlock(record: OracleRecord, exc: OracleException): OracleResult {
  const { case: oracle, result } = record
  const memory = withDifference(oracle.mem, result.mem_diff)
  const block = Number(BigInt.asUintN(13, exc.far)) & -(1 << Number(ZERO_BLOCK_BITS))
  memory.fill(0, block, block + (1 << Number(ZERO_BLOCK_BITS)))
  const upper = oracle.el < 2 && ((exc.far >> 55n) & 1n) !== 0n
  const register = (['tfsre0_el1', 'tfsr_el1', 'tfsr_el2'] as const)[oracle.el]
  return {
    ...stateBefore(record),
    pc: exc.elr + 4n,
    mem_diff: differenceOf(oracle.mem, memory),
    [register]: result[register] | (upper ? 2n : 1n),
  }
}

const tagRegisters = [
  { field: 'gcr', mrs: 0xd538_10c0, defined: 0x1_ffffn },
  { field: 'rgsr', mrs: 0xd538_10a0, defined: 0xff_ffff_ffff_ff0fn },
  { field: 'tfsr_el1', mrs: 0xd538_5600, defined: 3n },
  { field: 'tfsre0_el1', mrs: 0xd538_5620, defined: 3n },
  { field: 'tfsr_el2', mrs: 0xd53c_5600, defined: 3n },
] as const

/** The fields of the tag registers: the rest is RES0 (DDI 0487, register pages), which the recorder keeps as written. */
export const definedBits = Object.fromEntries(
  tagRegisters.map(({ field, defined }) => [field, defined]),
) as Record<(typeof tagRegisters)[number]['field'], bigint>

/** Bits of Xn that come from the RES0 bits of a tag register: the recorded register holds some, and the program read it into Xn. */
export function keptReservedBits(record: OracleRecord, n: number): bigint {
  let kept = 0n
  for (const { field, mrs, defined } of tagRegisters) {
    if ((record.result[field] & ~defined) !== 0n && record.case.code.includes((mrs | n) >>> 0))
      kept |= ~defined
  }
  return kept
}
