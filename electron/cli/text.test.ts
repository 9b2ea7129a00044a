import { expect, it } from 'vitest'
import type { RunSummary } from '../../shared/model/run.ts'
import { HOST } from '../../shared/model/trace.ts'
import { jsonLine } from './json.ts'
import { bootStats, exploreLine, runText, verifyDecided, verifyLine } from './text.ts'

const summary: RunSummary = {
  run: 3,
  title: 'handover',
  experiment: 'handover',
  experimentHash: 'ab',
  stateHash: 'cd',
  state: 'finished',
  stop: { kind: 'limit', which: 'switches' },
  startedMs: 0,
  switches: 1200,
  instructions: 3_400_000,
  cycles: 5_000_001,
  hostNs: 1_234_000_000,
  pes: 2,
  vcpus: [],
  latency: { unit: 'model cycles', n: 1200, p50: 310, p90: 402, p99: 1044, max: 2000 },
  tagFaults: { sync: 12, async: 7 },
  registerChanges: [
    { register: 'GCR_EL1', owner: HOST, count: 5 },
    { register: 'GCR_EL1', owner: 1, count: 1005 },
    { register: 'RGSR_EL1', owner: 1, count: 9 },
  ],
  schedule: 'deterministic',
  seed: 1,
  sync: 'eager',
  mode: 'nvhe',
  policy: 'mainline',
  costProfile: 'unit',
  version: '0.1.0',
  check: null,
}

it('prints a run as tables', () => {
  expect(runText(summary, 'lab.switchyard#3')).toBe(`lab.switchyard#3: handover

world switches         1,200
instructions       3,400,000
model cycles       5,000,001
host time             1.23 s
tag faults, sync          12
tag faults, async          7

switch latency (model cycles, n 1,200)  p50  p90    p99    max
                                        310  402  1,044  2,000

register changes  host  vcpu 1
GCR_EL1              5   1,005
RGSR_EL1             0       9

state hash cd
`)
})

it('says what a run without switches and register changes has not', () => {
  const text = runText({ ...summary, latency: null, registerChanges: [], stateHash: null }, 'x#1')
  expect(text).toContain('switch latency: no complete switch\n')
  expect(text).toContain('register changes: none recorded\n')
})

it('prints rates of a boot, also of one that took no time', () => {
  const pe = {
    pe: 0,
    power: 'on',
    el: 2,
    instructions: 2000,
    cycles: 0,
    switches: 0,
    owner: HOST,
    pc: 0n,
  } as const
  expect(bootStats([pe], 1e9)).toContain('2,000 instructions/s')
  expect(bootStats([pe], 0)).toMatch(/^rate +0 instructions\/s$/m)
})

it('ends verify with one line', () => {
  const line = (reasons: Record<string, number>, count: number) =>
    verifyLine({ passed: 5, failed: 0, skipped: { count, reasons } })
  expect(line({}, 0)).toBe('5 passed, 0 failed, 0 skipped\n')
  expect(line({ SIMD: 2 }, 2)).toBe('5 passed, 0 failed, 2 skipped (SIMD)\n')
  expect(verifyDecided({})).toBe('')
  expect(verifyDecided({ 'choice: one': 1, 'deviation: two': 2 })).toBe(
    'decided by a clause instead of the record: 3\n  2 by deviation: two\n  1 by choice: one\n',
  )
  expect(line({ SIMD: 1, SVE: 3 }, 4)).toBe('5 passed, 0 failed, 4 skipped (SVE: 3; SIMD: 1)\n')
})

it('says what explore went through', () => {
  expect(exploreLine({ executions: 1285, outcomes: 279, scope: ['GCR_EL1', 'TFSR'], window: 'run' })).toBe(
    '1,285 executions, 279 outcomes; late: GCR_EL1, TFSR; window: run\n',
  )
})

it('writes 64-bit values into JSON as hex strings', () => {
  expect(jsonLine({ pc: 0x40080000n, text: 'a\nb' })).toBe('{"pc":"0x40080000","text":"a\\nb"}\n')
})
