/**
 * Every switch of the policy mainline inverted, on our machine: which owners find something disturbed, and whether `eager`
 * or only `latest` shows it. What must hold follows from the synchronisation rules (DDI 0487 M.a.a, D24.1.2.2).
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { SyncParameters } from '../../shared/arch/synchronisation.ts'
import { buildImage, handoverConfig, run } from './run-guest.ts'

const resource = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../resources/${path}`, import.meta.url)), 'utf8')
const long = process.env.SWITCHYARD_LONG === '1'
const POLICY = 'hyp/policies/mainline.inc'
const policy = resource(POLICY)
const switches = [...policy.matchAll(/^\.set (POLICY_\w+),/gm)].map(([, name]) => name!)

/** Who in handover.json counts something bad: v0 alloc sync, v1 alloc async, v2 user asym, v3 plain without MTE, the host. */
type Owner = 'v0' | 'v1' | 'v2' | 'v3' | 'host'

function inverted(...names: string[]): string {
  let text = policy
  for (const name of names) {
    const line = new RegExp(`^(\\.set ${name},\\s+)([01])`, 'm')
    expect(text).toMatch(line)
    text = text.replace(line, (_line, start: string, value: string) => `${start}${1 - Number(value)}`)
  }
  return text
}

async function disturbed(
  text: string,
  sync: 'eager' | 'latest' | 'seeded',
  more: { exs?: boolean; include?: Record<string, string>; syncParameters?: Partial<SyncParameters> } = {},
): Promise<Owner[]> {
  const image = buildImage(handoverConfig(), { [POLICY]: text, ...more.include })
  const { end, console } = await run(image, {
    pes: 2,
    sync,
    features: { mte: 3, mteAsync: true, ras: true, exs: more.exs ?? false },
    syncParameters: more.syncParameters,
    stop: { instructions: 20_000_000 },
  })
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  const summary = /^switchyard: (.*)$/m.exec(console)![1]!
  const parts = summary.split('; ').filter((part) => part.includes(' bad '))
  expect(parts).toHaveLength(5)
  return parts.filter((part) => !part.endsWith(' bad 0')).map((part) => part.split(' ')[0] as Owner)
}

interface Inversion {
  names: string[]
  /** Disturbed in both modes. */
  always: Owner[]
  /** Disturbed besides when indirect writes are as late as the architecture allows. */
  late?: Owner[]
  exs?: boolean
  why: string
}

const inversions: Inversion[] = [
  { names: [], always: [], why: 'mainline itself' },
  { names: [], always: [], exs: true, why: 'mainline itself with FEAT_ExS' },
  { names: ['RGSR_SWITCH'], always: ['v0', 'v1', 'v2', 'host'], why: 'tag sequences mix' },
  { names: ['GCR_SWITCH'], always: ['v0', 'v1', 'v2', 'host'], why: 'excluded tags mix' },
  { names: ['TFSR_SWITCH'], always: ['v0', 'v1', 'v2', 'host'], why: 'TFSR_EL1 changes owners' },
  { names: ['TFSRE0_SWITCH'], always: ['v0', 'v1', 'v2', 'host'], why: 'TFSRE0_EL1 changes owners' },
  { names: ['TID5'], always: ['v3'], why: 'GMID_EL1 is readable without MTE' },
  { names: ['ID_MASK'], always: ['v3'], why: 'the ID register shows MTE' },
  { names: ['INJECT_TCO'], always: ['v0', 'v1'], why: 'an injected exception leaves checks on' },
  { names: ['CLEAR_TAGS'], always: ['v0', 'v1', 'v2'], why: 'tags of the former owner' },
  { names: ['GATE_TBZ'], always: [], why: 'another instruction, the same gate' },
  { names: ['ENTRY_ISB'], always: [], why: 'a needless barrier' },
  { names: ['EXIT_ISB'], always: [], why: 'EL2 draws no tag before the ERET, which synchronises' },
  { names: ['DEFERRED_ISB'], always: [], why: 'no entry is given up: there are no interrupts' },
  { names: ['DEFERRED_TAIL'], always: [], why: 'no entry is given up: there are no interrupts' },
  { names: ['LATE_RESTORE'], always: [], why: 'the host draws behind the late restore' },
  { names: ['DEAD_SAVE'], always: [], why: 'a needless store' },
  { names: ['TCO_RESTORE'], always: [], why: 'under nVHE nothing is changed' },
  { names: ['TFSR_LOADPUT'], always: [], why: 'the host does not look while a vCPU is loaded' },
  {
    names: ['TFSRE0_LOADPUT'],
    always: [],
    why: 'the host stores nothing for its task while a vCPU is loaded',
  },
  { names: ['TFSR_ALIAS'], always: [], why: 'under nVHE the names are one' },
  { names: ['ATA_PER_VM'], always: ['v3'], why: 'a VM without MTE has tags' },
  { names: ['SWITCH_DSB'], always: [], why: 'ITFSB has completed the faults' },
  {
    names: ['EL2_ITFSB'],
    always: [],
    late: ['v1', 'v2', 'host'],
    why: 'a pending fault lands at the DSB, behind the save: only owners with asynchronous faults lose them',
  },
  {
    names: ['EL2_ITFSB', 'SWITCH_DSB'],
    always: [],
    late: ['v0', 'v1', 'v2', 'host'],
    why: 'a pending fault lands in the next owner: the VM with synchronous checks gets foreign ones',
  },
  { names: ['EL2_EIS'], always: [], why: 'without FEAT_ExS the bit is RES1' },
  { names: ['EL2_EOS'], always: [], why: 'without FEAT_ExS the bit is RES1' },
  {
    names: ['EL2_EIS'],
    always: [],
    late: ['host'],
    exs: true,
    why: 'the MRS of TFSR_EL1 behind the HVC has no context synchronisation event before it',
  },
]

it('covers every switch of the policy', () => {
  const covered = new Set(inversions.flatMap(({ names }) => names.map((name) => `POLICY_${name}`)))
  expect([...covered].sort()).toEqual([...switches].sort())
})

/** Every other one, in the long run all. */
const tried = inversions.filter((_, i) => long || i % 2 === 0)

describe.each(tried)(
  'inverted: $names, ExS $exs',
  { timeout: 120_000 },
  ({ names, always, late = [], exs, why }) => {
    const text = inverted(...names.map((name) => `POLICY_${name}`))

    // What `latest` leaves alone, `eager` does: without an effect in `latest` it is for the long run.
    if (long || always.length + late.length > 0) {
      it(`eager: ${why}`, async () => {
        expect(await disturbed(text, 'eager', { exs })).toEqual(always)
      })
    }

    it(`latest: ${why}`, async () => {
      expect(await disturbed(text, 'latest', { exs })).toEqual(always.length > 0 ? always : late)
    })
  },
)

describe('SCTLR_EL2.EOS = 0 with FEAT_ExS', { timeout: 120_000 }, () => {
  // The guests of resources/ draw behind an ISB of their own; here they draw first thing after a call.
  const alloc = resource('guests/alloc.S').replace(
    '2:\tbl\talloc_object',
    '2:\tg_call\tHC_TIME\n\tbl\talloc_object',
  )
  const include = { 'guests/alloc.S': alloc }
  const eos = (): string => inverted('POLICY_EL2_EOS')

  // What else follows the last event before an ERET is late as well; here only the registers of the draw are.
  const syncParameters = { scope: ['GCR_EL1', 'RGSR_EL1'] } as const

  it('lets a guest draw with the host’s GCR_EL1, in latest only', async () => {
    expect(alloc).toContain('2:\tg_call\tHC_TIME\n')
    const draws = (text: string, sync: 'eager' | 'latest', exs = true) =>
      disturbed(text, sync, { exs, include, syncParameters })
    expect(await draws(policy, 'latest')).toEqual([])
    expect(await draws(eos(), 'eager')).toEqual([])
    expect(await draws(eos(), 'latest')).toEqual(['v0', 'v1'])
    expect(await draws(eos(), 'latest', false)).toEqual([])
  })

  it('is mended by an ISB behind the guest’s pair', async () => {
    const text = inverted('POLICY_EL2_EOS', 'POLICY_ENTRY_ISB')
    expect(await disturbed(text, 'latest', { exs: true, include, syncParameters })).toEqual([])
  })

  it('leaves HCR_EL2.ATA of a VM without MTE in force when the host runs again: it is trapped', async () => {
    const image = buildImage(handoverConfig(), { [POLICY]: eos() })
    const ended = async (scope: SyncParameters['scope']) => {
      const features = { mte: 3, mteAsync: true, ras: true, exs: true } as const
      const { end, console } = await run(image, {
        pes: 2,
        sync: 'latest',
        features,
        syncParameters: { scope },
      })
      return { reason: end.reason, panic: /EL2 panic: ESR_EL2 0x0*([0-9a-f]+)/.exec(console)?.[1] }
    }
    // EC 0x18: MRS X0, RGSR_EL1 by the host.
    expect(await ended(['HCR_EL2'])).toMatchObject({ reason: { kind: 'exit', code: 3 }, panic: '623a0401' })
    expect(await ended(['SCTLR_EL1', 'SCTLR_EL2', 'TFSR'])).toMatchObject({
      reason: { kind: 'exit', code: 0 },
    })
  })
})

describe('seeded', { timeout: 120_000 }, () => {
  it.each([{ seed: 1 }, { seed: 2, window: 'switch' }] as const)(
    'mainline disturbs nobody: %o',
    async (syncParameters) => {
      expect(await disturbed(policy, 'seeded', { syncParameters })).toEqual([])
      expect(await disturbed(policy, 'seeded', { syncParameters, exs: true })).toEqual([])
    },
  )

  it('without completion of faults at the entry to EL2, some land in the next owner', async () => {
    const text = inverted('POLICY_EL2_ITFSB', 'POLICY_SWITCH_DSB')
    // Where each fault arrives is drawn: one of a few seeds is enough.
    let owners: Owner[] = []
    for (let seed = 1; seed <= 3 && owners.length === 0; seed++) {
      owners = await disturbed(text, 'seeded', { syncParameters: { seed } })
    }
    expect(owners.length).toBeGreaterThan(0)
    expect(await disturbed(text, 'seeded', { syncParameters: { seed: 1, scope: ['GCR_EL1'] } })).toEqual([])
  })
})
