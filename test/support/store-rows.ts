import type { NewRun, RunChunk } from '../../electron/store/protocol.ts'
import type { PeStatus } from '../../shared/model/trace.ts'
import { traces } from './trace-rows.ts'

/** A run as the lab announces it to the store. */
export const newRun = (title = 'two guests'): NewRun => ({
  title,
  experiment: 'first',
  text: '{ "name": "first" }',
  experimentHash: 'ab'.repeat(32),
  imageHash: 'cd'.repeat(32),
  startedMs: 1_700_000_000_000,
  pes: 2,
  vcpus: [
    { vcpu: 0, guest: 'alloc', mte: true, checks: 'sync' },
    { vcpu: 1, guest: 'plain', mte: false, checks: 'none' },
  ],
  schedule: 'deterministic',
  seed: 1,
  sync: 'eager',
  mode: 'nvhe',
  policy: 'mainline',
  costProfile: 'unit',
})

/** A chunk of two PEs with so many switches each. */
export function chunk(switches: number, seed = 1): RunChunk {
  const rows = traces(2, 2, switches, seed)
  const pes = [0, 1].map((pe): PeStatus => {
    const mine = rows.flatMap((trace) => trace.switches).filter((row) => row.pe === pe)
    return {
      pe,
      power: 'on',
      el: 1,
      instructions: mine.length * 390,
      cycles: mine.at(-1)?.endCycle ?? 0,
      switches: mine.length,
      owner: -1,
      pc: 0xffff_8000_0000_0000n,
    }
  })
  return { traces: rows, console: [Buffer.from(`switches ${switches}\n`)], pes, hostNs: 1e9 }
}
