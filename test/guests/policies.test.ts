/**
 * Every switch of the policy mainline inverted, on our machine: which owners find something disturbed, and whether `eager`
 * or only `latest` shows it. What must hold follows from the synchronisation rules (DDI 0487 M.a.a, D24.1.2.2).
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { buildImage, handoverConfig, run } from './run-guest.ts'

const resource = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../resources/${path}`, import.meta.url)), 'utf8')
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
  sync: 'eager' | 'latest',
  more: { exs?: boolean; include?: Record<string, string> } = {},
): Promise<Owner[]> {
  const image = buildImage(handoverConfig(), { [POLICY]: text, ...more.include })
  const { end, console } = await run(image, {
    pes: 2,
    sync,
    features: { mte: 3, mteAsync: true, ras: true, exs: more.exs ?? false },
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

describe.each(inversions)(
  'inverted: $names, ExS $exs',
  { timeout: 120_000 },
  ({ names, always, late = [], exs, why }) => {
    const text = inverted(...names.map((name) => `POLICY_${name}`))

    it(`eager: ${why}`, async () => {
      expect(await disturbed(text, 'eager', { exs })).toEqual(always)
    })

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

  it('lets a guest draw with the host’s GCR_EL1, in latest only', async () => {
    expect(alloc).toContain('2:\tg_call\tHC_TIME\n')
    expect(await disturbed(policy, 'latest', { exs: true, include })).toEqual([])
    expect(await disturbed(eos(), 'eager', { exs: true, include })).toEqual([])
    expect(await disturbed(eos(), 'latest', { exs: true, include })).toEqual(['v0', 'v1'])
    expect(await disturbed(eos(), 'latest', { exs: false, include })).toEqual([])
  })

  it('is mended by an ISB behind the guest’s pair', async () => {
    const text = inverted('POLICY_EL2_EOS', 'POLICY_ENTRY_ISB')
    expect(await disturbed(text, 'latest', { exs: true, include })).toEqual([])
  })
})
