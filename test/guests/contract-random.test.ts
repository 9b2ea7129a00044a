/**
 * Mainline in machines and scenarios drawn at random: the contract finds nothing in either mode, with marks and without, however
 * late writes are. A finding here is a defect of the checker, or of the image, whose own counters then say so too.
 */
import { describe, expect, it } from 'vitest'
import { checked, setOf } from '../support/contract.ts'

const RUNS = process.env.SWITCHYARD_LONG === '1' ? 200 : 10
const QUARTER = 900_000

/** A linear congruential generator: the same seed, the same runs. */
function generator(seed: number): <T>(...choices: readonly T[]) => T {
  let state = seed * 7919
  return (...choices) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return choices[(state >>> 8) % choices.length]!
  }
}

const modes = ['none', 'sync', 'async', 'asym']
const late = ['GCR_EL1', 'RGSR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'HCR_EL2', 'TFSR']
const scopes = [late, [...late, 'aliases'], ['GCR_EL1'], ['TFSR']]
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

function drawn(seed: number): { name: string; set: string[]; unmarked: boolean } {
  const pick = generator(seed)
  const name = pick(
    'handover',
    'handover',
    'contract',
    'contract-exits',
    'contract-task',
    'contract-deferred',
  )
  const sync = pick('eager', 'latest', 'seeded')
  const set = [
    `hypervisor.mode=${pick('nvhe', 'vhe')}`,
    `machine.sync=${sync}`,
    `machine.pes=${pick(1, 2, 3)}`,
    `machine.ras=${pick(true, false)}`,
    `machine.exs=${pick(true, false)}`,
    `machine.release=${pick('ddi0487-m', 'xml-2020-09')}`,
    `machine.syncWindow=${pick('run', 'run', 'switch')}`,
    `machine.syncScope=${JSON.stringify(pick(...scopes))}`,
    `schedule.seed=${pick(...numbers(1000))}`,
    `schedule.quantum=${pick(13, 61, 250, 999)}`,
    `host.checks=${pick(...modes)}`,
    `host.tco=${pick(0, 1)}`,
    `host.rrnd=${pick(0, 1)}`,
    `host.exclude=${pick(...numbers(0x1_0000))}`,
    `host.faultEvery=${pick(0, 1, 2, 3)}`,
    `host.probe=${pick('none', 'tag-draw')}`,
    `host.tagAccess=${pick(true, true, false)}`,
    `vcpus.0.checks=${pick(...modes)}`,
    `vcpus.0.exclude=${pick(...numbers(0x1_0000))}`,
    `vcpus.0.rrnd=${pick(0, 1)}`,
    ...(sync === 'seeded' ? [`machine.syncSeed=${pick(...numbers(1000))}`] : []),
  ]
  return { name, set, unmarked: pick(true, false) }
}

describe('mainline', () => {
  it(
    `has no finding in ${RUNS} runs`,
    () => {
      for (let seed = 1; seed <= RUNS; seed++) {
        const { name, set, unmarked } = drawn(seed)
        const run = checked(name, set, { unmarked })
        const where = `seed ${seed}: ${name} ${set.join(' ')}${unmarked ? ', without marks' : ''}`
        expect(setOf(run.finish()), where).toEqual([])
        expect(run.board.end(), where).toMatchObject({ kind: 'exit' })
        expect(run.contract.statistics.unknownOwner, where).toBe(false)
      }
    },
    QUARTER,
  )
})
