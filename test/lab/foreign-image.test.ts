/**
 * The same hypervisor as an ELF file from elsewhere: no policy's name and no mode; the experiment says which VMs have MTE. With its marks the sets
 * are those of the rows; without them they are too, or whose state it was cannot be told and the verdict says so.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { check } from '../../electron/workers/check/check.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { rows } from './rows.ts'

const resources = join(import.meta.dirname, '../../resources')
const known = knownNames(resources)
const folder = mkdtempSync(join(tmpdir(), 'switchyard-foreign-'))
afterAll(() => rmSync(folder, { recursive: true }))
const long = process.env.SWITCHYARD_LONG === '1'
const broken = rows.filter(([, , , violations], i) => violations.length > 0 && (long || i % 3 === 0))

const planned = (name: string, set: readonly string[]) => {
  const text = readFileSync(join(resources, `experiments/${name}.json`), 'utf8')
  const { experiment, problems } = readExperiment(text, set, known)
  expect(problems).toEqual([])
  return planRun(experiment!, resources)
}

/** The image with the section of its marks called otherwise. */
function unmarked(bytes: Uint8Array): Uint8Array {
  const image = Buffer.from(bytes)
  const at = image.indexOf('.switchyard\0')
  expect(at).toBeGreaterThan(0)
  image.write('.nobody', at, 'latin1')
  return image
}

async function found(name: string, set: readonly string[], bytes: Uint8Array) {
  const file = join(folder, 'hypervisor.elf')
  writeFileSync(file, bytes)
  const others = set.filter((one) => !one.startsWith('hypervisor.'))
  const { checked } = planned(name, [...others, `hypervisor.source=${JSON.stringify(file)}`])
  expect(checked).toMatchObject({ hypervisor: null })
  const { findings, verdict } = await check(checked!, name, async () => {})
  return {
    word: verdict.word,
    set: [...new Set(findings.map(({ kind, register }) => `${kind} ${register}`))].toSorted(),
  }
}

describe.each(broken)('row %s, %s %s', { timeout: 120_000 }, (_row, name, text, violations) => {
  const set = text.split(' ').filter(Boolean)
  const { bytes } = planned(name, set).plan.image

  it('is found with the marks of the image', async () => {
    expect(await found(name, set, bytes)).toEqual({ word: 'violated', set: violations.toSorted() })
  })

  it('is found without them, or it is said that the owner is unknown', async () => {
    const { word, set: without } = await found(name, set, unmarked(bytes))
    if (word === 'violated') for (const one of without) expect(violations).toContain(one)
    else expect(word).toBe('unknown owner')
  })
})
