import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { museumCases } from './museum.ts'

let resources = ''
let folder = ''
beforeEach(() => {
  resources = mkdtempSync(join(tmpdir(), 'switchyard-museum-'))
  folder = join(resources, 'experiments/museum')
  mkdirSync(folder, { recursive: true })
})
afterEach(() => rmSync(resources, { recursive: true }))

const variant = (what: string) => ({ experiment: '../contract.json', set: ['hypervisor.policy=v12'], what })
const entry = {
  name: 'missing-isb',
  title: 'The missing ISB',
  line: 'The host draws under the mask of a guest.',
  hazards: ['H1'],
  broken: variant('v12'),
  fixed: variant('v13'),
}
const place = (index: unknown): void => writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
function problemOf(work: () => unknown): ProblemError['problem'] {
  try {
    work()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
  }
  throw new Error('no ProblemError')
}

it('has no case without a museum', () => expect(museumCases(resources)).toEqual([]))

it('reads a case with its story and its two experiments', () => {
  place([entry])
  writeFileSync(join(folder, 'missing-isb.md'), '# Story')
  writeFileSync(join(resources, 'experiments/contract.json'), '{ "name": "contract" }')
  const { broken, fixed, ...more } = entry
  expect(museumCases(resources)).toEqual([
    {
      ...more,
      story: '# Story',
      broken: { name: 'contract', text: '{ "name": "contract" }', set: broken.set, what: 'v12' },
      fixed: { name: 'contract', text: '{ "name": "contract" }', set: fixed.set, what: 'v13' },
    },
  ])
})

it('names the file of a story that is missing', () => {
  place([entry])
  expect(problemOf(() => museumCases(resources))).toMatchObject({
    place: join(folder, 'missing-isb.md'),
    cause: 'it cannot be read',
  })
})

it('says what is wrong with the index', () => {
  place([{ ...entry, hazards: ['first'] }])
  expect(problemOf(() => museumCases(resources))).toMatchObject({
    place: join(folder, 'index.json'),
    cause: expect.stringContaining('/0/hazards/0'),
  })
  writeFileSync(join(folder, 'index.json'), '[')
  expect(problemOf(() => museumCases(resources)).cause).toBe('it is not JSON')
})
