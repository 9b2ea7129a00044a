import { definedBits, keptReservedBits, openFaultAddress, unreliableSyndrome } from './deviations.ts'
import { exceptionClass, type OracleException, type OracleRecord, type OracleResult } from './record.ts'

/** Exception classes for which FAR_ELx is defined; for the others it is UNKNOWN (DDI 0487, FAR_EL1 and FAR_EL2). */
const FAR_CLASSES = new Set([0x20, 0x21, 0x22, 0x24, 0x25, 0x34, 0x35])

/**
 * SPSR_ELx bits of features that this machine has: NZCV, TCO, DIT, UAO, PAN, SS, IL, SSBS, BTYPE, DAIF, M. ALLINT (FEAT_NMI)
 * and what lies above bit 31 belong to features it has not.
 */
const SPSR_MASK = 0xf3f0_1fdfn
/** Not assigned by AArch64.TakeException, so it stays as it was; the recorder's machine clears it. */
const NZCV = 0xf000_0000n
/** ESR_ELx.ISS2, bits 63:32, is RES0 without the features that define it. */
const ESR_MASK = 0xffff_ffffn

type Row = readonly [name: string, value: string]

const hex = (value: bigint | null): string => (value === null ? 'absent' : `0x${value.toString(16)}`)

/** `recorded` decides which bits are open, so that both sides are read alike. */
function exceptionRows(exc: OracleException | null, record: OracleRecord, exact: boolean): Row[] {
  if (exc === null) return [['exception', 'none']]
  const recorded = record.result.exc ?? exc
  const farDefined = FAR_CLASSES.has(exceptionClass(exc.esr))
  const open = exact
    ? { esr: 0n, far: 0n }
    : { esr: unreliableSyndrome(record, recorded), far: openFaultAddress(record, recorded) }
  return [
    ['exception', `to EL${exc.target_el}`],
    ['vector', exc.vector],
    ['ESR', hex(exc.esr & ESR_MASK & ~open.esr)],
    ['FAR', hex(farDefined ? exc.far & ~open.far : 0n)],
    ['ELR', hex(exc.elr)],
    ['SPSR', hex(exc.spsr & SPSR_MASK)],
    [
      'PSTATE in the handler',
      hex(exc.handler_pstate === null ? null : exc.handler_pstate & SPSR_MASK & ~NZCV),
    ],
  ]
}

const memoryText = (difference: OracleResult['mem_diff']): string =>
  difference.map(([offset, bytes]) => `+0x${offset.toString(16)} ${bytes}`).join(', ') || 'unchanged'

/** The parts of a result that the architecture defines, as named text. */
function rows(result: OracleResult, record: OracleRecord, exact: boolean): Row[] {
  return [
    ['end', result.end],
    ['PC', hex(result.pc)],
    ...result.x.map((value, n): Row => [`X${n}`, hex(value & ~keptReservedBits(record, n))]),
    ['SP', hex(result.sp)],
    ['SP_EL0', hex(result.sp_el0)],
    ['SP_EL1', hex(result.sp_el1)],
    ['SP_EL2', hex(result.sp_el2)],
    ['PSTATE', hex(result.pstate & SPSR_MASK)],
    ['GCR_EL1', hex(result.gcr & definedBits.gcr)],
    ['RGSR_EL1', hex(result.rgsr & definedBits.rgsr)],
    ['TFSR_EL1', hex(result.tfsr_el1 & definedBits.tfsr_el1)],
    ['TFSRE0_EL1', hex(result.tfsre0_el1 & definedBits.tfsre0_el1)],
    ['TFSR_EL2', hex(result.tfsr_el2 & definedBits.tfsr_el2)],
    ['DATA', memoryText(result.mem_diff)],
    ['UDATA', memoryText(result.umem_diff)],
    [
      'tags',
      result.tag_diff.map(([granule, tag]) => `${granule}=${tag.toString(16)}`).join(' ') || 'unchanged',
    ],
    [
      'V registers',
      Object.entries(result.v_diff)
        .map(([n, v]) => `V${n}=${hex(v)}`)
        .join(' ') || 'unchanged',
    ],
    ['FPSR', hex(result.fpsr)],
    ...exceptionRows(result.exc, record, exact),
  ]
}

/** Rows that a decision gives another value than the recorded one; null where the row is not there. */
export type Differs = Readonly<Record<string, string | null>>

/**
 * Differences between the recorded result and another one, a readable line each; none when all that the architecture
 * defines agrees.
 * @param differs what is expected instead; with it, bits that a comparison usually leaves open count too
 */
export function compare(record: OracleRecord, actual: OracleResult, differs?: Differs): string[] {
  const exact = differs !== undefined
  const expected = new Map<string, string | null>(rows(record.result, record, exact))
  for (const [name, value] of Object.entries(differs ?? {})) expected.set(name, value)
  const got = new Map(rows(actual, record, exact))
  const names = [...new Set([...expected.keys(), ...got.keys()])]
  return names.flatMap((name) => {
    const [want, have] = [expected.get(name) ?? undefined, got.get(name)]
    return want === have ? [] : [`${name}: expected ${want ?? 'nothing'}, got ${have ?? 'nothing'}`]
  })
}
