import { bit, bits } from '../base/bits.ts'
import { hex } from '../base/hex.ts'
import { spanOf } from './layout.ts'
import { sysopByEncoding } from './sysops.ts'
import type { FieldTable } from './sysreg.ts'
import { encodingName, sysregByEncoding } from './sysregs.ts'

/** Layouts of ESR_ELx.ISS by class. Source: DDI 0487, ESR_ELx, "ISS encoding for ...". */
export const issLayouts = {
  none: {},
  wfx: { CV: 24, COND: [23, 20], RN: [9, 5], RV: 2, TI: [1, 0] },
  condition: { CV: 24, COND: [23, 20] },
  branchTarget: { BTYPE: [1, 0] },
  authentication: { Data: 1, KeyB: 0 },
  immediate: { imm16: [15, 0] },
  systemRegister: {
    Op0: [21, 20],
    Op2: [19, 17],
    Op1: [16, 14],
    CRn: [13, 10],
    Rt: [9, 5],
    CRm: [4, 1],
    Direction: 0,
  },
  instructionAbort: { SET: [12, 11], FnV: 10, EA: 9, S1PTW: 7, IFSC: [5, 0] },
  dataAbort: {
    ISV: 24,
    SAS: [23, 22],
    SSE: 21,
    SRT: [20, 16],
    SF: 15,
    AR: 14,
    VNCR: 13,
    SET: [12, 11],
    FnV: 10,
    EA: 9,
    CM: 8,
    S1PTW: 7,
    WnR: 6,
    DFSC: [5, 0],
  },
  error: { IDS: 24, IESB: 13, AET: [12, 10], EA: 9, DFSC: [5, 0] },
  breakpoint: { IFSC: [5, 0] },
  step: { ISV: 24, EX: 6, IFSC: [5, 0] },
  watchpoint: { VNCR: 13, FnV: 10, CM: 8, WnR: 6, DFSC: [5, 0] },
} as const satisfies Record<string, FieldTable>

export interface ExceptionClass {
  /** ESR_ELx.EC. */
  code: number
  /** Short name for tables: `HVC`, `data abort`. */
  name: string
  doc: string
  iss: keyof typeof issLayouts
  /** Where classes come in pairs: whether the exception was taken from a lower EL or from the EL it is taken to. */
  from?: 'lower' | 'same'
}

/** The classes that a PE with EL0 to EL2 in AArch64 reports. Source: DDI 0487, ESR_EL2, field EC. */
export const exceptionClasses = {
  Unknown: { code: 0x00, name: 'undefined', doc: 'UNDEFINED instruction or unknown reason.', iss: 'none' },
  WFx: { code: 0x01, name: 'WFx', doc: 'Trapped WFI or WFE.', iss: 'wfx' },
  FloatingPoint: {
    code: 0x07,
    name: 'FP access',
    doc: 'Trapped floating-point or SIMD access.',
    iss: 'condition',
  },
  PACTrap: {
    code: 0x09,
    name: 'PAC trap',
    doc: 'Trapped use of pointer authentication.',
    iss: 'none',
  },
  BranchTarget: {
    code: 0x0d,
    name: 'branch target',
    doc: 'Indirect branch to something else than a landing pad in a guarded page.',
    iss: 'branchTarget',
  },
  IllegalState: { code: 0x0e, name: 'illegal state', doc: 'Instruction with PSTATE.IL set.', iss: 'none' },
  SVC64: { code: 0x15, name: 'SVC', doc: 'SVC instruction.', iss: 'immediate' },
  HVC64: { code: 0x16, name: 'HVC', doc: 'HVC instruction.', iss: 'immediate' },
  SMC64: { code: 0x17, name: 'SMC', doc: 'Trapped SMC instruction.', iss: 'immediate' },
  SystemRegister: {
    code: 0x18,
    name: 'system register',
    doc: 'Trapped MSR, MRS or System instruction.',
    iss: 'systemRegister',
  },
  InstructionAbortLower: {
    code: 0x20,
    name: 'instruction abort',
    doc: 'Instruction abort.',
    iss: 'instructionAbort',
    from: 'lower',
  },
  InstructionAbortSame: {
    code: 0x21,
    name: 'instruction abort',
    doc: 'Instruction abort.',
    iss: 'instructionAbort',
    from: 'same',
  },
  PACFail: {
    code: 0x1c,
    name: 'PAC fail',
    doc: 'Failed authentication of a pointer (FEAT_FPAC).',
    iss: 'authentication',
  },
  PCAlignment: { code: 0x22, name: 'PC alignment', doc: 'PC alignment fault.', iss: 'none' },
  DataAbortLower: { code: 0x24, name: 'data abort', doc: 'Data abort.', iss: 'dataAbort', from: 'lower' },
  DataAbortSame: { code: 0x25, name: 'data abort', doc: 'Data abort.', iss: 'dataAbort', from: 'same' },
  SPAlignment: { code: 0x26, name: 'SP alignment', doc: 'SP alignment fault.', iss: 'none' },
  SError: { code: 0x2f, name: 'SError', doc: 'SError exception.', iss: 'error' },
  BreakpointLower: {
    code: 0x30,
    name: 'breakpoint',
    doc: 'Hardware breakpoint.',
    iss: 'breakpoint',
    from: 'lower',
  },
  BreakpointSame: {
    code: 0x31,
    name: 'breakpoint',
    doc: 'Hardware breakpoint.',
    iss: 'breakpoint',
    from: 'same',
  },
  SoftwareStepLower: { code: 0x32, name: 'software step', doc: 'Software step.', iss: 'step', from: 'lower' },
  SoftwareStepSame: { code: 0x33, name: 'software step', doc: 'Software step.', iss: 'step', from: 'same' },
  WatchpointLower: { code: 0x34, name: 'watchpoint', doc: 'Watchpoint.', iss: 'watchpoint', from: 'lower' },
  WatchpointSame: { code: 0x35, name: 'watchpoint', doc: 'Watchpoint.', iss: 'watchpoint', from: 'same' },
  BRK64: { code: 0x3c, name: 'BRK', doc: 'BRK instruction.', iss: 'immediate' },
} as const satisfies Record<string, ExceptionClass>

const byCode = new Map<number, ExceptionClass>(Object.values(exceptionClasses).map((row) => [row.code, row]))

/** The row of ESR_ELx.EC, or undefined for a class that this machine does not report. */
export const exceptionClassOf = (esr: bigint): ExceptionClass | undefined =>
  byCode.get(Number(bits(esr, 31, 26)))

/** Short name of an EC value; `EC 0x3f` where there is none. */
export const exceptionClassName = (ec: number): string => byCode.get(ec)?.name ?? `EC ${hex(ec, 2)}`

const level = (name: string, first: number, levels: readonly number[]): [number, string][] =>
  levels.map((n) => [first + n, `${name}, level ${n}`])

/** DFSC and IFSC. Source: DDI 0487, ISS encoding for an exception from a Data Abort. */
export const faultStatusCodes: Readonly<Record<number, string>> = Object.fromEntries([
  ...level('address size fault', 0x00, [0, 1, 2, 3]),
  ...level('translation fault', 0x04, [0, 1, 2, 3]),
  ...level('access flag fault', 0x08, [1, 2, 3]),
  ...level('permission fault', 0x0c, [1, 2, 3]),
  [0x10, 'synchronous external abort'],
  [0x11, 'synchronous tag check fault'],
  ...level('synchronous external abort on a table walk', 0x14, [0, 1, 2, 3]),
  [0x18, 'synchronous parity or ECC error'],
  ...level('synchronous parity or ECC error on a table walk', 0x1c, [0, 1, 2, 3]),
  [0x21, 'alignment fault'],
  [0x22, 'debug exception'],
  [0x30, 'TLB conflict abort'],
  [0x31, 'unsupported atomic hardware update'],
  [0x34, 'lockdown'],
  [0x35, 'unsupported exclusive or atomic access'],
])

/** DFSC of an SError, while IDS is 0. */
export const errorStatusCodes: Readonly<Record<number, string>> = Object.fromEntries([
  [0x00, 'uncategorized'],
  [0x11, 'asynchronous SError'],
])

/** The ISS of a syndrome by fields, in order of position; empty where the class has none. */
export function issFields(esr: bigint): { field: string; high: number; low: number; value: bigint }[] {
  const layout: FieldTable = issLayouts[exceptionClassOf(esr)?.iss ?? 'none']
  return Object.entries(layout).map(([field, position]) => {
    const [high, low] = spanOf(position)
    return { field, high, low, value: bits(esr, high, low) }
  })
}

/**
 * A syndrome in one line for people: `data abort from the same EL: synchronous tag check fault on a write`,
 * `system register: MRS x0, GCR_EL1`, `HVC #0`.
 */
export function describeEsr(esr: bigint): string {
  const row = exceptionClassOf(esr)
  if (!row) return `${exceptionClassName(Number(bits(esr, 31, 26)))}, ISS ${hex(bits(esr, 24, 0), 7)}`
  const name = row.from ? `${row.name} from ${row.from === 'lower' ? 'a lower EL' : 'the same EL'}` : row.name
  const iss = issText(row, esr)
  if (iss === '') return name
  return row.iss === 'immediate' ? `${name} ${iss}` : `${name}: ${iss}`
}

function issText(row: ExceptionClass, esr: bigint): string {
  switch (row.iss) {
    case 'immediate':
      return `#${hex(bits(esr, 15, 0))}`
    case 'systemRegister':
      return trappedInstruction(esr)
    case 'authentication':
      return `AP${bit(esr, 1) ? 'D' : 'I'}${bit(esr, 0) ? 'B' : 'A'}Key_EL1`
    case 'wfx':
      return ['WFI', 'WFE', 'WFIT', 'WFET'][Number(bits(esr, 1, 0))]!
    case 'dataAbort':
    case 'watchpoint':
      return `${faultStatus(esr)} on a ${accessKind(esr)}${stage(row, esr)}`
    case 'instructionAbort':
      return `${faultStatus(esr)}${stage(row, esr)}`
    case 'breakpoint':
    case 'step':
      return faultStatus(esr)
    case 'error':
      return bit(esr, 24)
        ? 'implementation-defined syndrome'
        : (errorStatusCodes[Number(bits(esr, 5, 0))] ?? status(esr))
    default:
      return ''
  }
}

const status = (esr: bigint): string => `status ${hex(bits(esr, 5, 0), 2)}`
const faultStatus = (esr: bigint): string => faultStatusCodes[Number(bits(esr, 5, 0))] ?? status(esr)
const accessKind = (esr: bigint): string =>
  bit(esr, 8) ? 'cache maintenance or address translation' : bit(esr, 6) ? 'write' : 'read'
const stage = (row: ExceptionClass, esr: bigint): string =>
  row.iss !== 'watchpoint' && bit(esr, 7) ? ', stage 2 of a stage 1 table walk' : ''

/** The instruction that EC 0x18 reports, as assembly. */
function trappedInstruction(esr: bigint): string {
  const part = (high: number, low: number): number => Number(bits(esr, high, low))
  const enc = [part(21, 20), part(16, 14), part(13, 10), part(4, 1), part(19, 17)] as const
  const rt = part(9, 5) === 31 ? 'xzr' : `x${part(9, 5)}`
  if (enc[0] === 1) {
    const [, op1, crn, crm, op2] = enc
    const name = sysopByEncoding(op1, crn, crm, op2)
    return name ? `${name}, ${rt}` : `SYS #${op1}, C${crn}, C${crm}, #${op2}, ${rt}`
  }
  const name = sysregByEncoding(...enc) ?? encodingName(...enc)
  return bit(esr, 0) ? `MRS ${rt}, ${name}` : `MSR ${name}, ${rt}`
}

/** PAR_EL1 in one line: the address and memory type of a translation that worked, or why it failed. */
export function describePar(par: bigint): string {
  if (bit(par, 0)) {
    const code = Number(bits(par, 6, 1))
    const fault = faultStatusCodes[code] ?? `status ${hex(code, 2)}`
    const place = bit(par, 9) ? (bit(par, 8) ? 'stage 2 of a stage 1 table walk' : 'stage 2') : 'stage 1'
    return `failed: ${fault}, ${place}`
  }
  const shareability = ['Non-shareable', 'reserved', 'Outer Shareable', 'Inner Shareable'][
    Number(bits(par, 8, 7))
  ]!
  return `${hex(par & 0x0000_ffff_ffff_f000n)}, attributes ${hex(bits(par, 63, 56), 2)}, ${shareability}`
}
