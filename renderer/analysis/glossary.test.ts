import { describe, expect, it } from 'vitest'
import { sysregs } from '../../shared/arch/sysregs.ts'
import { glossary, searchGlossary } from './glossary.ts'

describe('the glossary', () => {
  it('has every register of the machine once, each with something to say', () => {
    expect(glossary.map(({ name }) => name).toSorted()).toEqual(Object.keys(sysregs).toSorted())
    for (const { name, doc, modelled } of glossary)
      expect(doc.length * modelled.length, name).toBeGreaterThan(0)
  })
  it('says of GCR_EL1 who reaches it, what synchronises it, and when it is switched', () => {
    const entry = glossary.find(({ name }) => name === 'GCR_EL1')
    expect(entry).toMatchObject({ encoding: 'S3_0_C1_C0_6', group: 'Memory tagging' })
    expect(entry?.fields.map(({ name, bits }) => `${name} ${bits}`)).toEqual(['RRND 16', 'Exclude 15:0'])
    const said = entry?.modelled.join(' ')
    expect(said).toMatch(/context synchronisation event/)
    expect(said).toMatch(/every entry and exit/)
    expect(said).toMatch(/FEAT_MTE2/)
  })
  it('says of a name that it is another’s, and of a register without a model that there is none', () => {
    expect(glossary.find(({ name }) => name === 'TFSR_EL12')?.modelled[0]).toMatch(
      /^Another name of TFSR_EL1/,
    )
    const late = glossary.find(({ name }) => name === 'CONTEXTIDR_EL1')
    expect([...(late?.modelled ?? []), ...(late?.notModelled ?? [])].length).toBeGreaterThan(1)
  })
  it('finds by name, purpose and field, all words together', () => {
    const names = (words: string) => searchGlossary(words).map(({ name }) => name)
    expect(names('gcr')).toEqual(['GCR_EL1'])
    expect(names('asynchronous tag')).toEqual(expect.arrayContaining(['TFSR_EL1', 'TFSRE0_EL1']))
    expect(names('ITFSB')).toEqual(expect.arrayContaining(['SCTLR_EL1', 'SCTLR_EL2']))
    expect(names('nothing at all like this')).toEqual([])
    expect(names('')).toHaveLength(glossary.length)
  })
})
