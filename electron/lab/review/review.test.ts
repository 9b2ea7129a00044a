import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../../shared/model/findings.ts'
import { CheckStopped } from '../../workers/check/execute.ts'
import { CARD_COLUMNS, reviewCard, wrapped } from './card.ts'
import { type Review, review } from './review.ts'
import { cardOf } from './run-card.ts'
import { reviewSubject } from './subject.ts'

const resources = fileURLToPath(new URL('../../../resources', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'switchyard-review-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const MINUTE = 60_000
const long = process.env.SWITCHYARD_LONG === '1'

const of = async (reference: string, ...only: string[]): Promise<Review> =>
  review(
    resources,
    reviewSubject(resources, reference, file),
    only.length > 0 ? only : null,
    async () => {},
    () => {},
  )
const own = ({ scenarios }: Review): string[] =>
  scenarios.flatMap(({ scenario, mode, findings }) =>
    findings
      .filter(({ alsoInMainline }) => !alsoInMainline)
      .map(({ finding }) => `${mode} ${scenario}: ${finding.kind} ${finding.register}`),
  )
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const mail = readFileSync(new URL('../import/fixtures/review-mail.txt', import.meta.url), 'utf8')

describe('a review', { timeout: MINUTE }, () => {
  it('takes the mail that quotes a patch', async () => {
    const found = await of(file('mail.txt', mail), 'contract')
    expect(found.subject).toMatchObject({ kind: 'policy', name: 'mail.txt' })
    expect([...new Set(own(found))]).toEqual(['vhe contract: unsynchronised-host-state GCR_EL1'])
    expect(found.slots.advice.map(({ kind }) => kind)).toEqual(['dead-offset'])
  })

  it('answers the three questions of v12', async () => {
    const found = await of('v12', 'contract', 'contract-h9', 'contract-timer')
    expect([...new Set(own(found))]).toEqual(['vhe contract: unsynchronised-host-state GCR_EL1'])
    const shared = found.scenarios.flatMap(({ findings }) => findings.filter((one) => one.alsoInMainline))
    expect(shared.map(({ finding }) => finding.register)).toEqual(['TFSRE0_EL1'])
    const exit = found.synchronised.filter(
      ({ register, write }) => register === 'GCR_EL1' && write.startsWith('guest_exit+'),
    )
    expect(exit.map(({ mode, events }) => [mode, events[0]?.event])).toEqual([
      ['nvhe', 'exception return from EL2'],
      ['vhe', 'ISB'],
    ])
    expect(exit[1]?.events[0]?.place).toMatch(/^vcpu_run\+/)
    expect(found.slots.advice.map(({ kind }) => kind)).toEqual(['dead-offset'])
    expect(found.slots.used).toBeGreaterThan(20)
    expect(found.placements.map(({ register, mode, answer }) => `${register} ${mode} ${answer}`)).toEqual([
      'TFSR_EL1 nvhe violated',
      'TFSR_EL1 vhe there',
      'TFSRE0_EL1 nvhe violated',
      'TFSRE0_EL1 vhe there',
    ])
    expect(found.placements[0]?.violations).toContainEqual({
      scenario: 'contract-timer',
      kind: 'tag-fault-misattributed',
      register: 'TFSR_EL1',
    })
    expect(found.placements[2]?.violations).toEqual([
      { scenario: 'contract-h9', kind: 'tag-fault-misattributed', register: 'TFSRE0_EL1' },
    ])
    expect(found.costs.map(({ counts }) => counts)).toEqual([
      { alu: 2, isb: -1 },
      { alu: 2, isb: -1 },
    ])
  })

  it('finds nothing of its own in mainline, and a barrier that nVHE does not need', async () => {
    const found = await of('mainline', 'contract', 'contract-fault')
    expect(own(found)).toEqual([])
    expect(found.scenarios.map(({ word }) => word)).toEqual(['none', 'none', 'none', 'none'])
    // Under VHE the scenario whose host draws needs the ISB, so the other one is not asked.
    expect(
      found.needless.map(({ mode, place, scenarios }) => [mode, place.replace(/\+.*/, ''), scenarios]),
    ).toEqual([['nvhe', 'guest_exit', 2]])
    expect(found.slots.advice).toEqual([])
  })

  it('takes a policy file, and a scenario of one’s own', async () => {
    const policy = file('mine.inc', '\t.include "hyp/policies/mainline.inc"\n.set POLICY_GCR_SWITCH, 0\n')
    expect([...new Set(own(await of(policy, 'contract-exs')))]).toContain(
      'vhe contract-exs: host-state-lost GCR_EL1',
    )
    const text = readFileSync(join(resources, 'experiments/contract.json'), 'utf8')
    const scenario = file(
      'own.json',
      text.replace('"mode": "nvhe", "policy": "mainline"', '"mode": "vhe", "policy": "v12"'),
    )
    const found = await of(scenario)
    expect(found.scenarios.map(({ scenario: name, mode, word }) => [name, mode, word])).toEqual([
      ['own', 'vhe', 'violated'],
    ])
    expect(found.placements).toEqual([])
  })

  it('of every bundled policy over every scenario prints a card', { timeout: 30 * MINUTE }, async ({
    skip,
  }) => {
    skip(!long, 'only in the long run')
    for (const name of ['mainline', 'v13', 'tco-restore']) isCard(reviewCard(await of(name), '0.0.0'))
  })

  it('ends when nobody wants it any more', async () => {
    const stopped = review(
      resources,
      reviewSubject(resources, 'v12', file),
      null,
      async () => {
        throw new CheckStopped()
      },
      () => {},
    )
    await expect(stopped).rejects.toBeInstanceOf(CheckStopped)
  })

  it.each([
    ['v14', 'Did you mean v1'],
    ['nowhere/at-all.inc', 'there is no such file'],
    [file('wrong.txt', 'x'), 'there is no diff in it'],
    [
      file('damaged.txt', mail.replace('>> + mrs_s \\scratch, SYS_GCR_EL1\n', '')),
      'damaged.txt:44: the patch cannot be imported',
    ],
    [file('broken.json', '{ "name": 1 }'), 'broken.json:1:'],
    [file('broken.inc', '\t.include "hyp/policies/mainline.inc"\n\tfoo x0\n'), 'broken.inc:2'],
  ])('says what is wrong with %s', async (reference, message) => {
    const problem = await of(reference).catch(
      (error: { problem: { place: string; cause: string; remedy: string } }) =>
        Object.values(error.problem).join(': '),
    )
    expect(problem).toContain(message)
  })
})

function isCard(card: string): void {
  const lines = card.split('\n')
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(CARD_COLUMNS)
  const heads = lines
    .filter((line) => /^(\d\. |VIOLATED|No violation|Advice|Cost|Witness)/.test(line))
    .map((line) => line.slice(0, 12))
  expect(heads.slice(1, 4)).toEqual(['1. Which eve', '2. Is each s', '3. May a sav'])
  // Plain text, as a mail carries it everywhere.
  expect(card).not.toMatch(/[^\n\x20-\x7e]/)
  expect(lines.filter((line) => line !== line.trimEnd())).toEqual([])
}

describe('the card', { timeout: MINUTE }, () => {
  it('of a run that was explored is about its experiment alone', async () => {
    const text = readFileSync(join(resources, 'experiments/contract.json'), 'utf8')
    const explored = { verdict: { mode: 'explore' } } as CheckReport
    const card = await cardOf(resources, 'lab.switchyard#1', 'contract', text, explored, '1.2.3')
    isCard(card)
    expect(card).toContain('review of experiment contract\n')
    expect(card).toContain('\nNo violation in 1 of 1\n')
    const refused = cardOf(resources, 'lab.switchyard#2', 'contract', text, null, '1.2.3')
    await expect(refused).rejects.toThrow('this run was not explored')
  })

  it('is 72 columns of plain text with verdict, answers, costs and a witness', async () => {
    const card = reviewCard(await of('v12', 'contract', 'contract-h9'), '1.2.3')
    isCard(card)
    expect(card).toMatch(
      /^Switchyard 1\.2\.3, review of policy v12\nsha256 [0-9a-f]{16}; synchronisation as in ddi0487-m\n/,
    )
    expect(card).toContain('\nVIOLATED in 1 of 4; 1 more is as in mainline\n')
    expect(card).toContain('  - VHE contract: unsynchronised-host-state GCR_EL1, host\n')
    expect(card).toMatch(
      /\nWitness: unsynchronised-host-state GCR_EL1, VHE contract\n {2}1\. EL\d [0-9a-f]+ /,
    )
    expect(card).toContain('never times')
  })

  it('keeps words whole and indents what goes on', () => {
    expect(wrapped(`- ${'word '.repeat(20)}`, 2)).toEqual([
      `  - ${'word '.repeat(13).trim()}`,
      `    ${'word '.repeat(7).trim()}`,
    ])
    expect(wrapped('x'.repeat(90), 0)).toEqual(['x'.repeat(90)])
  })
})
