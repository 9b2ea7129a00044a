/**
 * The policies by name: each differs from mainline in what its page says and in nothing else, assembles in both modes, and
 * the correct ones disturb nobody, here with every register in scope and on QEMU.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { knownNames } from '../../electron/lab/resources.ts'
import { scopeItems } from '../../shared/arch/synchronisation.ts'
import { assemble } from '../../shared/asm/assemble.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { buildImage, handoverConfig, run, sortedLines } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const { policies } = knownNames(resources)
const modes = ['nvhe', 'vhe'] as const
const long = process.env.SWITCHYARD_LONG === '1'
const textOf = (path: string): string => readFileSync(join(resources, path), 'utf8')
const page = (name: string): string => textOf(`hyp/policies/${name}.md`)

const named = [
  ['v12', 'v13'],
  ['no-itfsb', 'loadput-tfsre0', 'loadput-tfsr', 'no-gcr', 'no-rgsr', 'late-restore', 'no-sanitise'],
  [
    'deferred-shared-tail',
    'eos-clear',
    'inject-no-tco',
    'tco-restore',
    'no-id-mask',
    'no-tid5',
    'ata-always',
  ],
  ['tfsr-alias', 'extra-isb', 'dead-slot'],
].flat()

/** The switches of a policy by name, as the assembler sees them. */
function switchesOf(policy: string): Record<string, bigint> {
  const include = (path: string): string => textOf(path)
  const text = `\t.include "hyp/policies/${policy}.inc"\n\t.set CTX_TFSRE0, 0\n`
  const { symbols } = assemble({ file: 'policy.S', text }, { include })
  return Object.fromEntries(
    symbols.filter(({ name }) => name.startsWith('POLICY_')).map(({ name, value }) => [name, value]),
  )
}

it('are those that the lab promises', () => {
  expect(policies.filter((name) => name !== 'mainline')).toEqual(expect.arrayContaining(named))
})

describe.each(named)('%s', (name) => {
  it('differs from mainline in what its page says, and in nothing else', () => {
    const mainline = switchesOf('mainline')
    const own = switchesOf(name)
    expect(Object.keys(own)).toEqual(Object.keys(mainline))
    const changes = Object.keys(own).filter((key) => own[key] !== mainline[key])
    const said = [...page(name).matchAll(/`POLICY_\w+` from \d to \d/g)].map(([words]) => words)
    expect(changes.length).toBeGreaterThan(0)
    expect(said.sort()).toEqual(
      changes.map((key) => `\`${key}\` from ${mainline[key]} to ${own[key]}`).sort(),
    )
  })

  it('has a page that says when it matters and when not', () => {
    expect(page(name)).toMatch(
      new RegExp(`^# ${name}\n\nChanges [^]*Modes: [^]*\n## What it shows\n[^]*\n## What it does not show\n`),
    )
  })
})

it('mainline has a page that explains every switch', () => {
  for (const key of Object.keys(switchesOf('mainline'))) expect(page('mainline')).toContain(`\`${key}\``)
})

const imageOf = (policy: string, mode: (typeof modes)[number]): Uint8Array =>
  buildImage(handoverConfig().replace('policies/mainline.inc', `policies/${policy}.inc`), {}, mode)

/** Policies whose switch is right in handover.json, by mode. */
const correct = (['vhe', 'nvhe'] as const).flatMap((mode) =>
  ['mainline', 'v13', 'extra-isb', 'dead-slot', 'tco-restore', 'v12', 'late-restore'].map(
    (name) => [name, mode] as const,
  ),
)
/** All of them in the long run; else each once, the odd ones under VHE. */
const tried = correct.filter((_pair, i) => long || i % 2 === 0)

describe.each(tried)('%s under %s', { timeout: 120_000 }, (name, mode) => {
  it.each(long ? (['eager', 'latest'] as const) : (['latest'] as const))(
    'disturbs nobody, sync %s with every register in scope',
    async (sync) => {
      const { end, console } = await run(imageOf(name, mode), {
        pes: 2,
        sync,
        syncParameters: { scope: scopeItems },
        stop: { instructions: 20_000_000 },
      })
      expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
      expect([...console.matchAll(/ bad (\d+)/g)].map(([, bad]) => bad)).toEqual(['0', '0', '0', '0', '0'])
    },
  )
})

describe.each(modes)('on QEMU, %s', { timeout: 120_000 }, (mode) => {
  it.for(long ? policies : ['ata-always', 'tfsr-alias'])(
    '%s prints what it prints here',
    async (name, { skip }) => {
      skip(noQemu, noQemuReason)
      // One PE: what a broken policy does to others depends on who ran where.
      const config = handoverConfig()
        .replace('policies/mainline.inc', `policies/${name}.inc`)
        .replace(/CFG_PES,.*/, 'CFG_PES, 1')
      const image = buildImage(config, {}, mode)
      const here = await run(image, { pes: 1, stop: { instructions: 20_000_000 } })
      const there = await runOnQemu(image, 1)
      expect(sortedLines(there.console)).toEqual(sortedLines(here.console))
      expect(there.code).toBe(0)
    },
  )
})
