import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { hex } from '../../../shared/base/hex.ts'
import type { Release, SyncMode } from '../../machine/sync/synchronisation.ts'
import { CaseMachine } from './case-machine.ts'
import { type OracleCase, type OracleResult, parseCase } from './record.ts'

const vectors = resolve(import.meta.dirname, '../../../test/vectors/sync')
const releases: Record<'new' | 'old', Release> = { new: 'ddi0487-m', old: 'xml-2020-09' }

interface Outcome {
  end: string
  pc: string
  x: Record<string, string>
  gcr: string
  rgsr: string
  tfsr_el1: string
  tfsre0_el1: string
  tfsr_el2: string
  mem: [number, string][]
  tags: [number, number][]
}

interface SyncRecord {
  case: Record<string, unknown> & { id: string }
  release: 'new' | 'old'
  outcomes: Outcome[]
  eager: number
}

const records = (file: string): SyncRecord[] =>
  gunzipSync(readFileSync(resolve(vectors, file)))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SyncRecord)

/** Data in units of eight bytes, as the sets hold it: a difference of neighbouring units is one entry in a result. */
const units = (result: OracleResult): [number, string][] =>
  result.mem_diff.flatMap(([offset, bytes]) =>
    Array.from({ length: bytes.length / 16 }, (_, i): [number, string] => [
      offset + i * 8,
      bytes.slice(i * 16, i * 16 + 16),
    ]),
  )

function outcomeOf(start: OracleCase, result: OracleResult): Outcome {
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
    mem: units(result),
    tags: result.tag_diff.map(([granule, tag]): [number, number] => [granule, tag]),
  }
}

const text = (outcome: Outcome): string =>
  JSON.stringify([
    outcome.end,
    outcome.pc,
    Object.entries(outcome.x).toSorted(),
    outcome.gcr,
    outcome.rgsr,
    outcome.tfsr_el1,
    outcome.tfsre0_el1,
    outcome.tfsr_el2,
    outcome.mem,
    outcome.tags,
  ])

/** Records whose outcome is not a legal one, and how often the machine ended as the eager one does. */
function replay(file: string, mode: SyncMode): { wrong: string[]; total: number; asEager: number } {
  const machines = {
    new: new CaseMachine(mode, releases.new),
    old: new CaseMachine(mode, releases.old),
  }
  const wrong: string[] = []
  let asEager = 0
  const all = records(file)
  for (const record of all) {
    const start = parseCase(record.case)
    const outcome = text(outcomeOf(start, machines[record.release].run(start)))
    const legal = record.outcomes.map(text)
    if (!legal.includes(outcome)) wrong.push(`${record.case.id} (${record.release}): ${outcome}`)
    if (outcome === legal[record.eager]) asEager++
  }
  return { wrong, total: all.length, asEager }
}

describe.each([
  { file: 'sync-hand.jsonl.gz', total: 136 },
  { file: 'sync-cases.jsonl.gz', total: 3200 },
])('the outcome sets of $file', ({ file, total }) => {
  it('hold what the eager machine does: always the outcome named eager', { timeout: 120_000 }, () => {
    expect(replay(file, 'eager')).toEqual({ wrong: [], total, asEager: total })
  })

  it('hold what latest does, which often is another outcome', { timeout: 120_000 }, () => {
    const { wrong, asEager } = replay(file, 'latest')
    expect(wrong).toEqual([])
    expect(asEager).toBeLessThan(total)
  })
})
