import { ProblemError } from '../../../shared/base/result.ts'

/**
 * The recorded cases of `test/vectors/oracle` (its README is the format's description): one program of a few words with the
 * whole state it starts from, and what another implementation of the architecture made of it.
 */
export interface OracleCase {
  id: string
  features: readonly string[]
  code: readonly number[]
  /** Bytes from the start of the window to the first instruction. */
  entry: bigint
  /** A program of several parts: those behind `code`, each at its offset from the start. The marker is behind the last. */
  more: readonly CodePart[]
  el: 0 | 1 | 2
  /** PSTATE at entry, in SPSR format. */
  spsr: bigint
  x: readonly bigint[]
  /** V0 to V31 as 128-bit values; null: all zero. */
  v: readonly bigint[] | null
  /** SP_EL0, SP_EL1, SP_EL2. */
  sp: readonly [bigint, bigint, bigint]
  /** Register name to value, for every system register that the case sets. */
  registers: Readonly<Record<string, bigint>>
  /** Initial contents of DATA (8 KiB) and UDATA (4 KiB), and a tag for each granule of DATA. */
  mem: Uint8Array
  umem: Uint8Array
  tags: Uint8Array
}

export interface CodePart {
  /** Bytes from the start of the code. */
  offset: number
  code: readonly number[]
}

/** Contiguous bytes that differ from the initial memory: offset, and hex digits of the new bytes. */
export type MemoryDifference = readonly (readonly [offset: number, bytes: string])[]

export interface OracleException {
  target_el: number
  vector: string
  esr: bigint
  far: bigint
  elr: bigint
  spsr: bigint
  /** PSTATE as the EL1 handler saw it; null for an exception taken to EL2. */
  handler_pstate: bigint | null
}

export const exceptionClass = (esr: bigint): number => Number(esr >> 26n) & 0x3f
export const isDataAbort = (ec: number): boolean => ec === 0x24 || ec === 0x25

/** `stopped`: the program ended the machine itself; never recorded. */
export type CaseEnd = 'marker' | 'exc_el1' | 'exc_el2' | 'timeout' | 'stopped'

export interface OracleResult {
  end: CaseEnd
  pc: bigint
  x: readonly bigint[]
  sp: bigint
  sp_el0: bigint
  sp_el1: bigint
  /** null where the record leaves it out: cases of EL0 and EL1. */
  sp_el2: bigint | null
  pstate: bigint
  gcr: bigint
  rgsr: bigint
  tfsr_el1: bigint
  tfsre0_el1: bigint
  tfsr_el2: bigint
  mem_diff: MemoryDifference
  umem_diff: MemoryDifference
  tag_diff: readonly (readonly [granule: number, tag: number])[]
  /** V registers that differ from those at entry, by number. */
  v_diff: Readonly<Record<string, bigint>>
  fpsr: bigint
  exc: OracleException | null
}

/** What the record says about its result; the README of the vectors defines each. */
export type Status = 'must' | 'deviation' | 'choice' | 'random'

export interface OracleRecord {
  case: OracleCase
  result: OracleResult
  status: Status
}

export const DATA_BYTES = 0x2000
export const UDATA_BYTES = 0x1000
const CODE_WORDS = 1023
const GRANULES = DATA_BYTES / 16

const statuses: readonly string[] = ['must', 'deviation', 'choice', 'random']
const ends: readonly string[] = ['marker', 'exc_el1', 'exc_el2', 'timeout']
const vectors: readonly string[] = ['sp0_sync', 'spx_sync', 'lower64_sync']

export type Json = Record<string, unknown>

/** Raised by the readers below; `readLine` adds the place. */
export class Malformed extends Error {}

export function object(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${name} is not an object`)
  return value as Json
}

export function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${name} is not a list`)
  return value
}

export function text(value: unknown, name: string, allowed?: readonly string[]): string {
  if (typeof value !== 'string' || (allowed && !allowed.includes(value))) {
    throw new Malformed(
      `${name} is ${JSON.stringify(value)}${allowed ? `, not one of ${allowed.join(', ')}` : ', not text'}`,
    )
  }
  return value
}

/** A number, or a string `0x...` where it may pass 2^53. */
function bits(value: unknown, name: string, absent?: bigint): bigint {
  if (value === undefined && absent !== undefined) return absent
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && /^0x[0-9a-f]{1,32}$/i.test(value)) return BigInt(value)
  throw new Malformed(`${name} is ${JSON.stringify(value)}, not an unsigned number`)
}

export const small = (value: unknown, name: string): number => Number(bits(value, name))

function hexBytes(value: unknown, name: string): Uint8Array {
  const digits = text(value, name)
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Malformed(`${name} is not pairs of hex digits`)
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** `{lcg: seed}` or `{hex}` with an optional `patch`; absent means zeros. */
function memory(value: unknown, name: string, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes)
  if (value === undefined) return result
  const spec = object(value, name)
  if (spec.lcg !== undefined) {
    const words = new BigUint64Array(result.buffer)
    let state = bits(spec.lcg, `${name}.lcg`)
    for (let i = 0; i < words.length; i++) {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
      words[i] = state
    }
  } else if (spec.hex !== undefined) {
    result.set(hexBytes(spec.hex, `${name}.hex`).subarray(0, bytes))
  }
  for (const entry of list(spec.patch ?? [], `${name}.patch`)) {
    const [offset, patch] = list(entry, `${name}.patch entry`)
    const at = small(offset, `${name}.patch offset`)
    const patched = hexBytes(patch, `${name}.patch bytes`)
    if (at + patched.length > bytes) throw new Malformed(`${name}.patch at ${at} passes the end`)
    result.set(patched, at)
  }
  return result
}

function generalRegisters(value: unknown, name: string): bigint[] {
  const given = list(value ?? [], name).map((v, i) => bits(v, `${name}[${i}]`))
  if (given.length > 31) throw new Malformed(`${name} has ${given.length} values`)
  return [...given, ...Array<bigint>(31 - given.length).fill(0n)]
}

function vectorRegisters(value: unknown): bigint[] | null {
  if (value === undefined) return null
  const given = list(value, 'case.v').map((v, i) => bits(v, `case.v[${i}]`))
  if (given.length !== 32) throw new Malformed(`case.v has ${given.length} values`)
  return given
}

const registerFields = {
  SCTLR_EL1: 'sctlr_el1',
  TCR_EL1: 'tcr_el1',
  MAIR_EL1: 'mair_el1',
  HCR_EL2: 'hcr_el2',
} as const
const optionalRegisterFields = {
  SCTLR_EL2: 'sctlr_el2',
  TCR_EL2: 'tcr_el2',
  GCR_EL1: 'gcr',
  RGSR_EL1: 'rgsr',
  TFSR_EL1: 'tfsr_el1',
  TFSRE0_EL1: 'tfsre0_el1',
  TFSR_EL2: 'tfsr_el2',
  TPIDR_EL0: 'tpidr_el0',
  ELR_EL2: 'elr_el2',
  SPSR_EL2: 'spsr_el2',
  VBAR_EL2: 'vbar_el2',
} as const

/** `keys`: 128 bits each, those not named are 0. */
function authenticationKeys(value: unknown): [register: string, value: bigint][] {
  if (value === undefined) return []
  return Object.entries(object(value, 'case.keys')).flatMap(([name, key]) => {
    if (!/^ap([id][ab]|ga)$/.test(name)) throw new Malformed(`case.keys names no key: ${name}`)
    const both = bits(key, `case.keys.${name}`)
    const stem = `AP${name.slice(2).toUpperCase()}Key`
    return [
      [`${stem}Lo_EL1`, BigInt.asUintN(64, both)],
      [`${stem}Hi_EL1`, both >> 64n],
    ]
  })
}

/** Where the parts of a switch program lie: entry at EL2, what the ERET returns to, the handler of the HVC. */
const switchParts = { el2: 0, el1: 0x400, hvc: 0xc00 } as const

function words(value: unknown, name: string): number[] {
  const code = list(value, name).map((word, i) => {
    if (typeof word !== 'string' || !/^[0-9a-f]{8}$/i.test(word))
      throw new Malformed(`${name}[${i}] is not 8 hex digits`)
    return Number.parseInt(word, 16)
  })
  if (code.length === 0 || code.length > CODE_WORDS) throw new Malformed(`${name} has ${code.length} words`)
  return code
}

function program(json: Json): { code: number[]; more: CodePart[] } {
  if (json.parts === undefined) return { code: words(json.code, 'case.code'), more: [] }
  const given = object(json.parts, 'case.parts')
  const [first, ...more] = Object.entries(switchParts).map(([name, offset]) => ({
    offset,
    code: words(given[name], `case.parts.${name}`),
  }))
  return { code: first!.code, more }
}

/** The state that a case starts from. @throws an error that says which member is wrong */
export function parseCase(json: Json): OracleCase {
  const { code, more } = program(json)
  const el = small(json.el ?? 1, 'case.el')
  if (el > 2) throw new Malformed(`case.el is ${el}`)
  const own = el > 0 && small(json.spsel ?? 1, 'case.spsel') === 1 ? el : 0
  const sp: [bigint, bigint, bigint] = [0n, 0n, 0n]
  sp[own] = bits(json.sp, 'case.sp', 0n)
  sp[own === 0 ? 1 : 0] = bits(json.sp_other, 'case.sp_other', 0n)
  const digits = text(json.tags ?? '0'.repeat(GRANULES), 'case.tags')
  if (digits.length !== GRANULES || !/^[0-9a-f]*$/i.test(digits))
    throw new Malformed(`case.tags is not ${GRANULES} hex digits`)
  const registers: Record<string, bigint> = {}
  for (const [name, field] of Object.entries(registerFields))
    registers[name] = bits(json[field], `case.${field}`)
  for (const [name, field] of Object.entries(optionalRegisterFields)) {
    if (json[field] !== undefined) registers[name] = bits(json[field], `case.${field}`)
  }
  for (const [name, key] of authenticationKeys(json.keys)) registers[name] = key
  return {
    id: text(json.id, 'case.id'),
    features: list(json.features ?? [], 'case.features').map((f) => text(f, 'case.features')),
    code,
    entry: bits(json.entry, 'case.entry', 0n),
    more,
    el: el as 0 | 1 | 2,
    spsr: bits(json.spsr, 'case.spsr'),
    x: generalRegisters(json.x, 'case.x'),
    v: vectorRegisters(json.v),
    sp,
    registers,
    mem: memory(json.mem, 'case.mem', DATA_BYTES),
    umem: memory(json.umem, 'case.umem', UDATA_BYTES),
    tags: Uint8Array.from(digits, (digit) => Number.parseInt(digit, 16)),
  }
}

function differences(value: unknown, name: string): MemoryDifference {
  return list(value ?? [], name).map((entry) => {
    const [offset, bytes] = list(entry, name)
    return [small(offset, name), text(bytes, name)] as const
  })
}

function parseException(value: unknown): OracleException | null {
  if (value === null || value === undefined) return null
  const json = object(value, 'result.exc')
  const given = (field: string): bigint => bits(json[field], `result.exc.${field}`)
  return {
    target_el: small(json.target_el, 'result.exc.target_el'),
    vector: text(json.vector, 'result.exc.vector', vectors),
    esr: given('esr'),
    far: given('far'),
    elr: given('elr'),
    spsr: given('spsr'),
    handler_pstate: json.handler_pstate === undefined ? null : given('handler_pstate'),
  }
}

function parseResult(json: Json): OracleResult {
  const given = (field: string): bigint => bits(json[field], `result.${field}`)
  return {
    end: text(json.end, 'result.end', ends) as CaseEnd,
    pc: given('pc'),
    x: generalRegisters(json.x, 'result.x'),
    sp: given('sp'),
    sp_el0: given('sp_el0'),
    sp_el1: given('sp_el1'),
    sp_el2: json.sp_el2 === undefined ? null : given('sp_el2'),
    pstate: given('pstate'),
    gcr: given('gcr'),
    rgsr: given('rgsr'),
    tfsr_el1: given('tfsr_el1'),
    tfsre0_el1: given('tfsre0_el1'),
    tfsr_el2: given('tfsr_el2'),
    mem_diff: differences(json.mem_diff, 'result.mem_diff'),
    umem_diff: differences(json.umem_diff, 'result.umem_diff'),
    tag_diff: list(json.tag_diff ?? [], 'result.tag_diff').map((entry) => {
      const [granule, tag] = list(entry, 'result.tag_diff')
      return [small(granule, 'result.tag_diff'), small(tag, 'result.tag_diff')] as const
    }),
    v_diff: Object.fromEntries(
      Object.entries(object(json.v_diff ?? {}, 'result.v_diff')).map(([n, v]) => [
        n,
        bits(v, 'result.v_diff'),
      ]),
    ),
    fpsr: bits(json.fpsr, 'result.fpsr', 0n),
    exc: parseException(json.exc),
  }
}

/**
 * Reads one line of a vector file.
 * @param place file and line, for the message
 * @throws ProblemError when the line is not a case with a result
 */
export function parseRecord(line: string, place: string): OracleRecord {
  return readLine(line, place, 'oracle', (json) => {
    const given = object(json.case, 'case')
    if (given.parts !== undefined)
      throw new Malformed('it is a program of several parts, not a case with code words')
    return {
      case: parseCase(given),
      result: parseResult(object(json.result, 'result')),
      status: text(json.status ?? 'must', 'status', statuses) as Status,
    }
  })
}

/** @param kind the folder of test/vectors whose README describes the format. @throws ProblemError that says what is wrong */
export function readLine<T>(
  line: string,
  place: string,
  kind: 'oracle' | 'sync',
  read: (json: Json) => T,
): T {
  try {
    return read(object(JSON.parse(line), 'the line'))
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof SyntaxError)) throw error
    throw new ProblemError(
      place,
      error instanceof SyntaxError ? 'the line is not JSON' : `not a recorded case: ${error.message}`,
      `Use a file in the format of test/vectors/${kind}/README.md; if this one was, fetch it again.`,
    )
  }
}
