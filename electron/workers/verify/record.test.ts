import { describe, expect, it } from 'vitest'
import { ProblemError } from '../../../shared/base/result.ts'
import { parseRecord } from './record.ts'

const minimal = {
  case: { id: 'a', code: ['d503201f'], spsr: '0x3c5', sctlr_el1: 1, tcr_el1: 2, mair_el1: 3, hcr_el2: 4 },
  result: {
    end: 'marker',
    pc: '0x200000004',
    x: [],
    sp: 0,
    sp_el0: 0,
    sp_el1: 0,
    pstate: 965,
    gcr: 0,
    rgsr: 0,
    tfsr_el1: 0,
    tfsre0_el1: 0,
    tfsr_el2: 0,
    exc: null,
  },
}

function problem(line: string): { place: string; cause: string } {
  try {
    parseRecord(line, 'f.jsonl:7')
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('the line was accepted')
}

const changed = (
  change: (record: { case: Record<string, unknown>; result: Record<string, unknown> }) => void,
): string => {
  const record = structuredClone(minimal)
  change(record)
  return JSON.stringify(record)
}

describe('a line of a vector file', () => {
  it('takes its defaults from the format', () => {
    const { case: given, status } = parseRecord(JSON.stringify(minimal), 'f:1')
    expect(status).toBe('must')
    expect(given).toMatchObject({ el: 1, sp: [0n, 0n, 0n], code: [0xd503201f], features: [] })
    expect(given.tags).toHaveLength(512)
    expect(given.registers).toEqual({ SCTLR_EL1: 1n, TCR_EL1: 2n, MAIR_EL1: 3n, HCR_EL2: 4n })
  })

  it('puts SP in the register that SPSel names', () => {
    const at = (el: number, spsel: number) =>
      parseRecord(
        changed((r) => Object.assign(r.case, { el, spsel, sp: '0x10', sp_other: '0x20' })),
        'f:1',
      ).case.sp
    expect(at(1, 1)).toEqual([0x20n, 0x10n, 0n])
    expect(at(2, 1)).toEqual([0x20n, 0n, 0x10n])
    expect(at(2, 0)).toEqual([0x10n, 0x20n, 0n])
    expect(at(0, 1)).toEqual([0x10n, 0x20n, 0n])
  })

  it('generates memory from the seed, then patches it', () => {
    const line = changed((r) => Object.assign(r.case, { mem: { lcg: 7, patch: [[8, 'aabb']] } }))
    const { mem } = parseRecord(line, 'f:1').case
    const first = BigInt.asUintN(64, 7n * 6364136223846793005n + 1442695040888963407n)
    expect(new DataView(mem.buffer).getBigUint64(0, true)).toBe(first)
    expect([...mem.subarray(8, 10)]).toEqual([0xaa, 0xbb])
  })

  it('names file, line and what is wrong', () => {
    expect(problem('{"case"')).toMatchObject({ place: 'f.jsonl:7', cause: 'the line is not JSON' })
    expect(problem('[1]').cause).toContain('the line is not an object')
    expect(problem(changed((r) => Object.assign(r.case, { code: ['xyz'] }))).cause).toContain('case.code[0]')
    expect(problem(changed((r) => Object.assign(r.case, { parts: {} }))).cause).toContain('several parts')
    expect(problem(changed((r) => Object.assign(r.case, { tags: '0' }))).cause).toContain('512 hex digits')
    expect(problem(changed((r) => Object.assign(r.case, { spsr: '-1' }))).cause).toContain('case.spsr')
    expect(problem(changed((r) => Object.assign(r.result, { end: 'maybe' }))).cause).toContain('result.end')
    expect(
      problem(changed((r) => Object.assign(r.case, { mem: { patch: [[8191, 'aabb']] } }))).cause,
    ).toContain('passes the end')
  })
})
