import { describe, expect, it } from 'vitest'
import { violationKinds } from '../../shared/model/findings.ts'
import { HOST } from '../../shared/model/trace.ts'
import { missingIsb, reports } from '../../test/support/check-reports.ts'
import {
  checkBadge,
  findingTitle,
  ownersText,
  pendingTitle,
  triedText,
  verdictFacts,
  verdictMeaning,
} from './finding-words.ts'

describe('a finding in words', () => {
  it('has a title of its own for each kind', () => {
    const titles = violationKinds.map((kind) => findingTitle({ ...missingIsb, kind, owner: 1, other: HOST }))
    expect(new Set(titles).size).toBe(violationKinds.length - 2) // host and guest read alike but for the owner
    for (const title of titles) expect(title).toMatch(/^[A-Zv]/)
  })
  it('names both sides', () => {
    expect(findingTitle(missingIsb)).toBe(
      "The host can act under vCPU 0's GCR_EL1: nothing makes its own certain in time",
    )
    expect(ownersText(missingIsb)).toBe('the host → vCPU 0')
    expect(ownersText({ owner: 2, other: null })).toBe('vCPU 2')
  })
})

describe('a verdict in words', () => {
  it('never says safe or secure, whatever was found', () => {
    for (const { verdict, findings } of Object.values(reports)) {
      const all = [
        verdictMeaning(verdict, findings.length),
        ...verdictFacts(verdict).map((fact) => fact.text),
      ]
      expect(all.join(' ')).not.toMatch(/\b(safe|secure|correct|ok)\b/i)
    }
  })
  it('says whether a number is exact or sampled', () => {
    expect(triedText(reports.none.verdict)).toBe('512 choices (exact: all there are)')
    expect(triedText(reports.sampled.verdict)).toBe('64 samples (sampled)')
    expect(triedText({ ...reports.none.verdict, mode: 'latest', choices: 1 })).toBe(
      '1 execution (exact, latest)',
    )
  })
  it('names scope, window, release and control', () => {
    const facts = new Map(verdictFacts(reports.none.verdict).map(({ name, text }) => [name, text]))
    expect(facts.get('Scope')).toContain('GCR_EL1')
    expect(facts.get('Window')).toBe('the whole run')
    expect(facts.get('Release')).toBe('ddi0487-m')
    expect(facts.get('Control')).toContain('isb at mte_switch_to_host+0x18: violated')
  })
  it.each([
    [{ word: 'violated', text: 'violated (witness)', findings: 1 }, '1 finding'],
    [
      {
        word: 'none',
        text: 'no violation in 512 choices (exhaustive for this window and scope)',
        findings: 0,
      },
      'none/512',
    ],
    [{ word: 'none', text: 'no violation in 1 choice (exhaustive)', findings: 0 }, 'none/1'],
    [{ word: 'none', text: 'no violation in 4096 samples', findings: 0 }, 'none/4\u202f096'],
    [{ word: 'vacuous', text: 'vacuous', findings: 0 }, 'vacuous'],
  ] as const)('is the badge of %j', (check, badge) => expect(checkBadge(check)).toBe(badge))
})

it('says what was pending at the boundaries', () => {
  expect(pendingTitle([])).toContain('Nothing was pending')
  expect(pendingTitle(reports.violated.pending)).toBe(
    'HCR_EL2.ATA, GCR_EL1 and SCTLR_EL2.TCF were not yet certain at a boundary; not all of it was closed before the run ended',
  )
})
