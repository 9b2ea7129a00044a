import { hex } from '../../../shared/base/hex.ts'
import type { Release } from '../../machine/sync/synchronisation.ts'
import {
  type Json,
  list,
  Malformed,
  type OracleCase,
  type OracleResult,
  object,
  parseCase,
  readLine,
  small,
  text,
} from './record.ts'

/** What a program of `test/vectors/sync` may leave, in words that can be compared. */
export interface Outcome {
  end: string
  pc: string
  /** General registers that differ from the initial ones, by number. */
  x: Readonly<Record<string, string>>
  gcr: string
  rgsr: string
  tfsr_el1: string
  tfsre0_el1: string
  tfsr_el2: string
  /** Data in units of eight bytes that differ: offset and hex digits. */
  mem: readonly (readonly [offset: number, bytes: string])[]
  tags: readonly (readonly [granule: number, tag: number])[]
}

/** A program with every outcome that the synchronisation model allows. */
export interface SyncRecord {
  case: OracleCase
  /** FEAT_ExS; EIS and EOS are in the case's SCTLR_EL2 then. */
  exs: boolean
  release: Release
  outcomes: readonly Outcome[]
  /** Index of the outcome of a machine on which every write takes effect at once. */
  eager: number
  /** What a named program shows, in one sentence. */
  rule: string | null
}

/** Documents by the names that the records use. */
const releases: Readonly<Record<string, Release>> = { new: 'ddi0487-m', old: 'xml-2020-09' }
const registers = ['gcr', 'rgsr', 'tfsr_el1', 'tfsre0_el1', 'tfsr_el2'] as const

/** Bits of SCTLR_EL2 that a record of a machine with FEAT_ExS names by themselves. */
const EXS_BITS = { eis: 1n << 22n, eos: 1n << 11n } as const

function parseOutcome(value: unknown, name: string): Outcome {
  const json = object(value, name)
  const x = object(json.x ?? {}, `${name}.x`)
  const pairs = (field: 'mem' | 'tags') =>
    list(json[field] ?? [], `${name}.${field}`).map((v) => list(v, `${name}.${field}`))
  const values = Object.fromEntries(registers.map((r) => [r, text(json[r], `${name}.${r}`)]))
  return {
    ...(values as Record<(typeof registers)[number], string>),
    end: text(json.end, `${name}.end`),
    pc: text(json.pc, `${name}.pc`),
    x: Object.fromEntries(Object.entries(x).map(([n, v]) => [n, text(v, `${name}.x.${n}`)])),
    mem: pairs('mem').map(([at, bytes]) => [small(at, `${name}.mem`), text(bytes, `${name}.mem`)] as const),
    tags: pairs('tags').map(([at, tag]) => [small(at, `${name}.tags`), small(tag, `${name}.tags`)] as const),
  }
}

function parseSync(json: Json): SyncRecord {
  const given = object(json.case, 'case')
  const outcomes = list(json.outcomes, 'outcomes').map((outcome, i) =>
    parseOutcome(outcome, `outcomes[${i}]`),
  )
  const eager = small(json.eager, 'eager')
  if (eager >= outcomes.length)
    throw new Malformed(`eager is ${eager}, but there are ${outcomes.length} outcomes`)
  const parsed = parseCase(given)
  const exs = small(given.exs ?? 0, 'case.exs') === 1
  const sctlr = parsed.registers.SCTLR_EL2
  return {
    case: exs && sctlr !== undefined ? withExs(parsed, given, sctlr) : parsed,
    exs,
    release: releases[text(json.release, 'release', Object.keys(releases))]!,
    outcomes,
    eager,
    rule: json.rule === undefined ? null : text(json.rule, 'rule'),
  }
}

function withExs(parsed: OracleCase, given: Json, sctlr: bigint): OracleCase {
  let value = sctlr
  for (const [name, bit] of Object.entries(EXS_BITS)) {
    value = small(given[name] ?? 1, `case.${name}`) === 1 ? value | bit : value & ~bit
  }
  return { ...parsed, registers: { ...parsed.registers, SCTLR_EL2: value } }
}

/**
 * Reads one line of a file of outcome sets.
 * @param place file and line, for the message
 * @throws ProblemError when the line is not such a record
 */
export const parseSyncRecord = (line: string, place: string): SyncRecord =>
  readLine(line, place, 'sync', parseSync)

/** The outcome that a result is. A difference of neighbouring units is one entry in a result. */
export function outcomeOf(start: OracleCase, result: OracleResult): Outcome {
  const changed = result.x.map((value, n) => [n, value] as const).filter(([n, value]) => value !== start.x[n])
  return {
    end: result.end,
    pc: hex(result.pc),
    x: Object.fromEntries(changed.map(([n, value]) => [n, hex(value)])),
    gcr: hex(result.gcr),
    rgsr: hex(result.rgsr),
    tfsr_el1: hex(result.tfsr_el1),
    tfsre0_el1: hex(result.tfsre0_el1),
    tfsr_el2: hex(result.tfsr_el2),
    mem: result.mem_diff.flatMap(([offset, bytes]) =>
      Array.from({ length: bytes.length / 16 }, (_, i): [number, string] => [
        offset + i * 8,
        bytes.slice(i * 16, i * 16 + 16),
      ]),
    ),
    tags: result.tag_diff,
  }
}

/** One line for an outcome: equal for equal outcomes, and readable. */
export function outcomeText(outcome: Outcome): string {
  const x = Object.entries(outcome.x)
    .map(([n, value]) => [Number(n), value] as const)
    .toSorted(([a], [b]) => a - b)
  return [
    `${outcome.end} at ${outcome.pc}`,
    ...x.map(([n, value]) => `X${n}=${value}`),
    `GCR_EL1=${outcome.gcr}`,
    `RGSR_EL1=${outcome.rgsr}`,
    `TFSR_EL1=${outcome.tfsr_el1}`,
    `TFSRE0_EL1=${outcome.tfsre0_el1}`,
    `TFSR_EL2=${outcome.tfsr_el2}`,
    ...outcome.mem.map(([offset, bytes]) => `DATA+0x${offset.toString(16)}=${bytes}`),
    ...outcome.tags.map(([granule, tag]) => `tag${granule}=${tag.toString(16)}`),
  ].join(' ')
}
