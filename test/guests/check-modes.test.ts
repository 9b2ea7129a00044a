/** The world switch with every pair of host and guest check modes, on 1, 2 and 4 PEs: nobody is disturbed. */
import { describe, expect, it } from 'vitest'
import type { FaultRow } from '../../shared/model/trace.ts'
import { HOST, HOST_TASK } from '../../shared/model/trace.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { allProbes, buildImage, run, sortedLines } from './run-guest.ts'

const modes = ['none', 'sync', 'async', 'asym'] as const
type Mode = (typeof modes)[number]
const long = process.env.SWITCHYARD_LONG === '1'
/** Rounds of each guest; a fifth or a quarter of them has mismatches. */
const ROUNDS = long ? 60 : 20

const config = (pes: number, host: Mode, guest: Mode): string => {
  const checks = modes.indexOf(guest)
  return `
.set CFG_PES,           ${pes}
.set CFG_VCPUS,         4
.set CFG_MTE,           3
.set CFG_MTE_ASYNC,     1
.set CFG_RAS,           ${pes % 2}
.set CFG_PAUTH,         0
.set CFG_TIMERS,        0
.set CFG_HOST_EXCLUDE,  0x8001
.set CFG_HOST_OTHER,    0x8001
.set CFG_HOST_RRND,     0
.set CFG_HOST_CHECKS,   ${modes.indexOf(host)}
.set CFG_HOST_TCF0,     ${modes.indexOf(host)}
.set CFG_HOST_TASK,     0
.set CFG_TASK_EXCLUDE,  0
.set CFG_TASK_FAULTS,   0
.set CFG_HOST_SEED,     0x1dea
.set CFG_HOST_FAULTS,   3
.set CFG_HOST_FAULT_BY, 7
.set CFG_HOST_FAULT_LOADED, 0
.set CFG_HOST_READS_TFSR, 1
.set CFG_HOST_CHECKS_TCO, 0
.set CFG_HOST_TIMER,    0
.set CFG_HOST_PENDING,  0
.set CFG_HOST_ILLEGAL,  0
.set CFG_SAVE_AT,       0
.set CFG_RESTORE,       0
.set CFG_HOST_DRAWS,    0
.set CFG_HYP_DRAWS,     0
.set CFG_HOST_SIGNS,    0
.set CFG_MOVE_LOADED,   0
.set CFG_HOST_ONE_REG,  0
.set CFG_ONE_REG,       0
.set CFG_HOST_ATA,      1
.set CFG_HOST_TCO,      0
.macro vcpu_config
	cfg_vcpu guest=alloc, mte=1, checks=${checks}, exclude=0x00f1, seed=0x1234, rounds=${ROUNDS}, faults=5
	cfg_vcpu guest=user, mte=1, checks=${checks}, exclude=0xff0e, seed=0xbeef, rounds=${ROUNDS}, faults=4
	cfg_vcpu guest=alloc, mte=1, checks=${checks}, exclude=0x0f01, seed=0x5a5a, rounds=${ROUNDS}, faults=4
	cfg_vcpu guest=plain, mte=0, exclude=0x0001, seed=1, rounds=${ROUNDS}
.endm
	.include "hyp/policies/mainline.inc"
`
}

const counts = (faults: readonly FaultRow[], ...owners: number[]): { sync: number; async: number } => {
  const own = faults.filter((fault) => owners.includes(fault.owner))
  return {
    sync: own.filter((fault) => fault.kind === 'sync').length,
    async: own.filter((fault) => fault.kind === 'async').length,
  }
}

/** Which kinds of faults a mode can give. */
const possible = (mode: Mode): { sync: boolean; async: boolean } => ({
  sync: mode === 'sync' || mode === 'asym',
  async: mode === 'async' || mode === 'asym',
})

const rows = modes.flatMap((host, h) =>
  modes.map((guest, g) => ({ host, guest, sync: (h + g) % 2 ? ('eager' as const) : ('latest' as const) })),
)

/** Every other pair on one number of PEs, in the long run all on all of them. */
const share = (pes: number): typeof rows =>
  rows.filter((_row, i) => long || ((i + (i >> 2)) % 2 === 0 && [1, 2, 4][(i + (i >> 2)) % 3] === pes))

describe.each([1, 2, 4])('on %i PEs', { timeout: 120_000 }, (pes) => {
  it.each(share(pes))('host $host, guests $guest, sync $sync', async ({ host, guest, sync }) => {
    const kind = pes === 2 && guest === 'async' ? 'parallel' : 'deterministic'
    const { end, console, faults } = await run(buildImage(config(pes, host, guest)), {
      pes,
      sync,
      schedule: { kind, quantum: 400, seed: 5 },
      features: { mte: 3, mteAsync: true, ras: pes % 2 === 1, exs: false },
      probes: allProbes,
    })
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
    expect(console).toMatch(/^switchyard: /m)
    expect([...console.matchAll(/bad (\d+)/g)].map(([, bad]) => bad)).toEqual(['0', '0', '0', '0', '0'])
    const said = [...console.matchAll(/v(\d) (\w+) rounds (\d+) sync (\d+) async (\d+)/g)]
    expect(said).toHaveLength(4)
    for (const [, vcpu, name, rounds, syncCount, asyncCount] of said) {
      const counted = counts(faults, Number(vcpu))
      const { sync: hasSync, async: hasAsync } = name === 'plain' ? possible('none') : possible(guest)
      expect(Number(rounds)).toBe(ROUNDS)
      expect(counted.sync, `v${vcpu} sync`).toBe(Number(syncCount))
      expect(counted.sync > 0, `v${vcpu} sync`).toBe(hasSync)
      expect(counted.async > 0, `v${vcpu} async`).toBe(hasAsync)
      expect(Number(asyncCount) > 0, `v${vcpu} async`).toBe(hasAsync)
      expect(counted.async).toBeGreaterThanOrEqual(Number(asyncCount))
    }
    const [, hostSync, hostAsync] = /host sync (\d+) async (\d+)/.exec(console)!
    const counted = counts(faults, HOST, HOST_TASK)
    expect([counted.sync > 0, counted.async > 0]).toEqual([possible(host).sync, possible(host).async])
    expect([Number(hostSync) > 0, Number(hostAsync) > 0]).toEqual([possible(host).sync, possible(host).async])
  })

  it.for(long ? rows : share(pes).slice(0, 2))(
    'host $host, guests $guest: QEMU says the same',
    async ({ host, guest, sync }, { skip }) => {
      skip(noQemu, noQemuReason)
      // QEMU's max has RAS; the image decides which path it takes, so the machine here need not.
      const image = buildImage(config(pes, host, guest))
      const there = await runOnQemu(image, pes)
      const here = await run(image, { pes, sync })
      expect(sortedLines(here.console)).toEqual(sortedLines(there.console))
      expect(there.code).toBe(0)
    },
  )
})
