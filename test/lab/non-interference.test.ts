/**
 * Two runs with other secrets, compared instruction by instruction: nothing of the code that finds violations takes part. Where
 * a policy has no violation, a guest's registers and PSTATE at every one of its instructions are the same whatever the host's
 * masks, seeds, faults and tags are, and what the host draws and is told of its own MTE state does not depend on the guests'.
 * Where a policy lets state through, they differ.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { slotOf, X0 } from '../../electron/machine/cpu/layout.ts'
import { readMemory } from '../../electron/machine/debug/memory.ts'
import { openOneThread } from '../../electron/workers/one-thread.ts'
import { costClasses } from '../../shared/arch/cost.ts'
import { disassemble } from '../../shared/asm/disassemble.ts'
import { readElf } from '../../shared/asm/elf-read.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)
const VTTBR = slotOf('VTTBR_EL2')
const VM = 1n
const TGE = 1n << 27n
/** What tells the host of its own MTE state; the switch reads everybody's, and only draws for the host. */
const MTE_READ = /^(mrs x\d+, (rgsr_el1|gcr_el1|tfsr_el1|tfsr_el2|tfsre0_el1)|ldg x|irg x)/
const DRAW = /^irg x/

interface Seen {
  /** By VM: instructions, and a hash over PC, PSTATE and registers before each of them. */
  guests: Record<number, { instructions: number; hash: string }>
  /** What the host's own code gets to see of MTE, in order: draws, loaded tags, and reads of its registers. */
  host: string[]
}

/** Runs an experiment on one PE, one instruction at a time. */
function observe(name: string, set: readonly string[]): Seen {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, [...set, 'machine.sync=latest'], known)
  expect(problems).toEqual([])
  const { plan } = planRun(experiment!, resources)
  // Time stands still: how long the host works is a channel of its own, and no matter of MTE state.
  const costs = Object.fromEntries(costClasses.map((key) => [key, 0])) as typeof plan.costs
  const board = openOneThread({ ...plan, costs }, { console: () => {} })
  const pe = board.pes[0]!
  const { core } = pe
  const guests = new Map<number, { instructions: number; hash: ReturnType<typeof createHash> }>()
  const host: string[] = []
  const words = new BigUint64Array(33)
  const hosts = hostCode(plan.image.bytes)
  while (board.end() === null) {
    const { el, pc } = core
    const hcr = core.hcr()
    const guest = el < 2 && (hcr & VM) !== 0n && (hcr & TGE) === 0n
    if (guest) {
      const vmid = Number((core.state[VTTBR]! >> 48n) & 0xffffn)
      const own = guests.get(vmid) ?? { instructions: 0, hash: createHash('sha256') }
      guests.set(vmid, own)
      own.instructions++
      for (let i = 0; i < 31; i++) words[i] = core.state[X0 + i]!
      words[31] = pc
      words[32] = core.packPstate()
      own.hash.update(new Uint8Array(words.buffer))
      if (board.advance(1) === 0) break
    } else {
      const bytes = readMemory(pe, pc, 4)
      const word = bytes.length === 4 ? new DataView(bytes.buffer).getUint32(0, true) : 0
      const instruction = disassemble(word, pc, () => null)
      if (board.advance(1) === 0) break
      if (!(hosts(pc) ? MTE_READ : DRAW).test(instruction)) continue
      const target = Number(/x(\d+)/.exec(instruction)![1])
      host.push(`${instruction} ${core.state[X0 + target]!.toString(16)}`)
    }
  }
  expect(board.end()).toMatchObject({ kind: 'exit', code: 0 })
  return {
    guests: Object.fromEntries(
      [...guests].map(([vmid, { instructions, hash }]) => [vmid, { instructions, hash: hash.digest('hex') }]),
    ),
    host,
  }
}

/** Whether an address lies in a routine of the host: those of resources/hosts are called so. */
function hostCode(image: Uint8Array): (pc: bigint) => boolean {
  const symbols = readElf(image, 'image')
    .symbols.filter(({ section, name }) => section !== null && name !== '' && !name.startsWith('$'))
    .toSorted((a, b) => Number(a.value - b.value))
  return (pc) => symbols.findLast(({ value }) => value <= pc)?.name.startsWith('host_') ?? false
}

const seen = (name: string, ...sets: string[][]): Seen[] => sets.map((set) => observe(name, set))
const mode = (name: string) => `hypervisor.mode=${name}`
const policy = (name: string) => `hypervisor.policy=${name}`
/** The host with another mask, another seed (so other tags on its pages), and faults of its own in TFSR_EL1 and TFSRE0_EL1. */
const otherHost = ['host.exclude=0x4006', 'host.seed=12345']
/** The guests likewise. */
const otherGuests = [
  'vcpus.0.exclude=0x0e10',
  'vcpus.0.seed=999',
  'vcpus.1.exclude=0x10f1',
  'vcpus.1.seed=31337',
]

describe.each(['nvhe', 'vhe'])('under %s', { timeout: 120_000 }, (name) => {
  const correct =
    name === 'vhe' ? ['mainline', 'v13', 'extra-isb', 'tco-restore'] : ['mainline', 'v13', 'v12', 'extra-isb']

  it.each(correct)('the host’s secrets change nothing that a guest sees: %s', (which) => {
    const set = [mode(name), policy(which)]
    const [one, other] = seen('contract', set, [...set, ...otherHost])
    expect(Object.keys(one!.guests)).toHaveLength(3)
    for (const { instructions } of Object.values(one!.guests)) expect(instructions).toBeGreaterThan(200)
    expect(other!.guests).toEqual(one!.guests)
    // They are other secrets: the host itself sees them.
    expect(other!.host).not.toEqual(one!.host)
  })

  it.each(correct)('the guests’ secrets change nothing that the host draws or reads: %s', (which) => {
    const set = [mode(name), policy(which)]
    const [one, other] = seen('contract', set, [...set, ...otherGuests])
    expect(one!.host.length).toBeGreaterThan(40)
    expect(other!.host).toEqual(one!.host)
    expect(other!.guests).not.toEqual(one!.guests)
  })

  it.each(['no-gcr', 'no-rgsr'])(
    '%s lets them through: to the host, and from one guest to the next',
    (which) => {
      const set = [mode(name), policy(which)]
      // vCPU 1 sets its own up while vCPU 0 waits for its next run.
      const [one, other] = seen('contract', set, [...set, ...otherGuests.slice(2)])
      expect(other!.host).not.toEqual(one!.host)
      expect(other!.guests[1]).not.toEqual(one!.guests[1])
      // The VM without MTE sees none of it all the same.
      expect(other!.guests[3]).toEqual(one!.guests[3])
    },
  )

  it('no-rgsr lets the host’s seed through to a guest', () => {
    const set = [mode(name), policy('no-rgsr')]
    const [one, other] = seen('contract', set, [...set, ...otherHost])
    expect(other!.guests[1]).not.toEqual(one!.guests[1])
    expect(other!.guests[3]).toEqual(one!.guests[3])
  })

  it('a page’s former owner is seen by the next with no-sanitise only', () => {
    const former = ['vcpus.0.exclude=0x0ff0', 'vcpus.0.seed=4242']
    const [one, other] = seen('contract-recycled', [mode(name)], [mode(name), ...former])
    expect(other!.guests[1]).not.toEqual(one!.guests[1])
    expect(other!.guests[2]).toEqual(one!.guests[2])
    const set = [mode(name), policy('no-sanitise')]
    const [stale, otherStale] = seen('contract-recycled', set, [...set, ...former])
    expect(otherStale!.guests[2]).not.toEqual(stale!.guests[2])
  })
})
