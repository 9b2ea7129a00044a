import type { CaseMachine } from './case-machine.ts'
import { compare } from './compare.ts'
import { needsLse2, wentAnotherWay } from './deviations.ts'
import type { OracleCase, OracleRecord } from './record.ts'

export type Verdict =
  | { kind: 'passed' }
  | { kind: 'failed'; lines: string[] }
  | { kind: 'skipped'; reason: string }

/** Why a case is left out. The texts are what a report counts by. */
export const skipReasons = {
  simd: 'AdvSIMD and floating-point instructions are a later version',
  lse2: 'FEAT_LSE2 is not implemented: unaligned ordered accesses fault',
  deviation: 'the recorded result is a known deviation from the architecture',
  choice:
    'the recorded result is one of several that the architecture allows, and this machine chose another',
  random: 'the recorded result is not reproducible',
} as const

/**
 * Whether a word belongs to AdvSIMD and floating-point: the data-processing group (bits 28:25 x111), or a load or store
 * (x1x0) with V, bit 26, set. Source: DDI 0487, C4.1, top-level encodings.
 */
function isSimd(word: number): boolean {
  const group = (word >>> 25) & 15
  return (group & 7) === 7 || ((group & 5) === 4 && (word & 0x0400_0000) !== 0)
}

const usesSimd = ({ features, code }: OracleCase): boolean => features.includes('simd') || code.some(isSimd)

/**
 * Replays one record. A case is skipped only when its result differs and the difference has a reason that is not this
 * machine's fault; what AdvSIMD cases would do is not tried.
 */
export function replayCase(machine: CaseMachine, record: OracleRecord): Verdict {
  if (usesSimd(record.case)) return { kind: 'skipped', reason: skipReasons.simd }
  const actual = machine.run(record.case)
  const lines = compare(record, actual)
  if (lines.length === 0) return { kind: 'passed' }
  if (needsLse2(record, actual)) return { kind: 'skipped', reason: skipReasons.lse2 }
  if (record.status !== 'must') return { kind: 'skipped', reason: skipReasons[record.status] }
  if (wentAnotherWay(record, actual)) return { kind: 'skipped', reason: skipReasons.deviation }
  return { kind: 'failed', lines }
}
