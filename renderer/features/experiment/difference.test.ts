import { describe, expect, it } from 'vitest'
import { experimentChanges } from './difference.ts'

const text = `{
  "name": "first",
  "machine": { "pes": 2, "sync": "explore" },
  "hypervisor": { "mode": "nvhe", "policy": "mainline" },
  "host": { "exclude": "0x8001" },
  "vcpus": [
    { "guest": "alloc", "checks": "sync" }
  ]
}
`
const changed = (find: string, put: string) => text.replace(find, put)

describe('the difference of two experiments', () => {
  it('names the path, both values and the line', () => {
    expect(experimentChanges(text, changed('"checks": "sync"', '"checks": "async"'), [])).toEqual([
      {
        path: 'vcpus.0.checks',
        before: { words: '"sync"', written: true },
        after: { words: '"async"', written: true },
        line: 7,
      },
    ])
  })
  it('takes another notation, a comment and a default written out for no difference', () => {
    expect(experimentChanges(text, changed('"0x8001"', '32769 /* the same */'), [])).toEqual([])
    expect(experimentChanges(text, changed('"pes": 2,', '"pes": 2, "mte": 3,'), [])).toEqual([])
  })
  it('says which value is the default of a path that one side leaves out', () => {
    expect(experimentChanges(text, changed('"pes": 2,', '"pes": 2, "mte": 2,'), [])).toMatchObject([
      { path: 'machine.mte', before: { words: '3', written: false }, after: { words: '2', written: true } },
    ])
  })
  it('counts the overrides as they would run', () => {
    expect(experimentChanges(text, text, ['machine.sync=latest'])).toMatchObject([
      { path: 'machine.sync', before: { words: '"explore"' }, after: { words: '"latest"' }, line: 3 },
    ])
  })
  it('has nothing on the one side for a vCPU that only the other has', () => {
    const more = changed('"checks": "sync" }', '"checks": "sync" }, { "guest": "plain" }')
    const changes = experimentChanges(text, more, [])
    expect(changes).toContainEqual(expect.objectContaining({ path: 'vcpus.1.guest', before: null }))
    expect(experimentChanges(more, text, [])).toContainEqual(
      expect.objectContaining({ path: 'vcpus.1.guest', after: null }),
    )
  })
  it('says which side cannot be read', () => {
    expect(experimentChanges('{', text, [])).toBe('before')
    expect(experimentChanges(text, changed('2', '"two"'), [])).toBe('after')
    expect(experimentChanges(text, text, ['machine.nothing=1'])).toBe('after')
  })
})
