import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { locateSource } from './image.ts'
import { planRun } from './plan-run.ts'
import { knownNames } from './resources.ts'

const resources = join(import.meta.dirname, '../../resources')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-image-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function planOf(hypervisor: Record<string, unknown>) {
  const text = JSON.stringify({ name: 'own', hypervisor, vcpus: [{ guest: 'plain', mte: false }] })
  const { experiment, problems } = readExperiment(text, [], knownNames(resources))
  expect(problems).toEqual([])
  return planRun(experiment!, resources)
}

function problemOf(hypervisor: Record<string, unknown>): ProblemError['problem'] {
  try {
    planOf(hypervisor)
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('no problem')
}

describe.each(['nvhe', 'vhe'] as const)('a hypervisor of one’s own, %s', (mode) => {
  const bundled = planOf({ mode, policy: 'v12' })

  it('is a policy: the same switches give the same bytes', () => {
    const source = write('mine.inc', readFileSync(join(resources, 'hyp/policies/v12.inc')))
    const mine = planOf({ mode, source })
    expect(mine.imageHash).toBe(bundled.imageHash)
    expect(mine.experimentHash).not.toBe(bundled.experimentHash)
    expect(mine.plan.image.file).toBe(source)
    write('base.inc', readFileSync(join(resources, 'hyp/policies/mainline.inc')))
    const edited = write('edited.inc', '\t.include "base.inc"\n.set POLICY_GATE_TBZ, 0\n')
    expect(planOf({ mode, source: edited }).imageHash).toBe(planOf({ mode, policy: 'v13' }).imageHash)
  })

  it('is an image that includes what is bundled', () => {
    const source = write('image.S', readFileSync(join(resources, `hyp/${mode}/image.S`)))
    expect(planOf({ mode, policy: 'v12', source }).imageHash).toBe(bundled.imageHash)
  })

  it('is an image whose own files come before those of the same name', () => {
    const text = `\t.include "hyp/${mode}/image.S"\n\t.include "extra.inc"\n`
    const source = write('other.S', text)
    write('extra.inc', '\tnop\n')
    expect(planOf({ mode, policy: 'v12', source }).imageHash).not.toBe(bundled.imageHash)
  })

  it('is an ELF file, byte for byte', () => {
    const { bytes } = bundled.plan.image
    const source = write(`foreign-${mode}`, bytes)
    const { plan, imageHash } = planOf({ mode, source })
    expect(Buffer.from(plan.image.bytes).equals(bytes)).toBe(true)
    expect(imageHash).toBe(bundled.imageHash)
  })
})

describe('a source that is none', () => {
  it('is named with line and column in the person’s own file', () => {
    const source = write('wrong.inc', '\t.include "hyp/policies/mainline.inc"\n.set POLICY_TID5, 1 +\n')
    expect(problemOf({ source })).toMatchObject({ place: expect.stringMatching(/wrong\.inc:2:\d+$/) })
    const image = write('wrong.S', '\tnop\n\tisbb\n')
    expect(problemOf({ source: image })).toMatchObject({
      place: `${image}:2:2`,
      remedy: expect.stringMatching(/.+/),
    })
  })

  it('lacks switches: the place that needs one is named', () => {
    const { cause } = problemOf({ source: write('short.inc', '.set POLICY_TID5, 1\n') })
    expect(cause).toContain('POLICY_')
  })

  it.each([
    ['is not there', join(folder, 'nowhere.inc'), 'cannot be read: ENOENT'],
    ['is a folder', folder, 'cannot be read: EISDIR'],
    ['holds other bytes', write('bytes.S', new Uint8Array([1, 0, 2])), 'neither assembly nor an ELF file'],
    ['has a name that says nothing', write('text.txt', 'nop'), 'the name does not say what it is'],
    ['is a program of another machine', write('other.elf', foreign(62)), 'x86-64'],
    [
      'is an ELF file that was cut',
      write('cut.elf', foreign(183).subarray(0, 40)),
      'truncated after 40 bytes',
    ],
  ])('%s', (_what, source, cause) => {
    expect(problemOf({ source }).cause).toContain(cause)
  })
})

describe('the path', () => {
  it('is looked for beside the experiment, then in the current folder', () => {
    const source = write('beside.inc', '')
    expect(locateSource('beside.inc', join(folder, 'x.json'))).toBe(source)
    expect(locateSource('package.json', join(folder, 'x.json'))).toBe(join(process.cwd(), 'package.json'))
    expect(locateSource(source, 'x.json')).toBe(source)
    expect(() => locateSource('nowhere.inc', join(folder, 'x.json'))).toThrow('there is no file')
  })
})

it('draws of the hypervisor itself change the image, and only where there are any', () => {
  const none = planOf({}).imageHash
  expect(planOf({ draws: 0 }).imageHash).toBe(none)
  expect(planOf({ draws: 2 }).imageHash).not.toBe(none)
})

/** An ELF header for a machine, and nothing behind it. */
function foreign(machine: number): Uint8Array {
  const bytes = new Uint8Array(planOf({}).plan.image.bytes)
  new DataView(bytes.buffer).setUint16(18, machine, true)
  return bytes
}
