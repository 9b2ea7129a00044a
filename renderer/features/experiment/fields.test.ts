import { describe, expect, it } from 'vitest'
import { experimentSchema } from '../../../shared/model/experiment.ts'
import { type FieldNode, formOf, typedValue, withEntry, withField } from './fields.ts'
import { explanationAt, suggestionsAt } from './schema-help.ts'

const text = `{
  // What is it for.
  "name": "first",
  "machine": { "pes": 2, "sync": "explore" }, // two of them
  "vcpus": [
    { "guest": "alloc", "checks": "sync" },
    { "guest": "plain", "mte": false }
  ]
}
`
const field = (path: string, of = text) =>
  formOf(of)
    ?.flatMap(({ fields }) => fields)
    .find((one) => one.path.join('.') === path)

describe('the form of an experiment', () => {
  it('has a section for every object of the schema, and one for each vCPU', () => {
    const titles = formOf(text)?.map(({ title }) => title)
    const objects = Object.entries((experimentSchema as FieldNode).properties ?? {})
      .filter(([, node]) => node.properties)
      .map(([name]) => name)
    expect(titles).toEqual(expect.arrayContaining(['Experiment', 'vcpus 0', 'vcpus 1']))
    for (const name of objects) expect(titles).toContain(name)
  })
  it('knows what is set, what is the default, and what may be chosen', () => {
    expect(field('machine.pes')).toMatchObject({ value: 2, control: { kind: 'number' } })
    expect(field('machine.sync')).toMatchObject({
      value: 'explore',
      control: { kind: 'choice', options: ['eager', 'latest', 'seeded', 'explore'] },
    })
    expect(field('machine.ras')).toMatchObject({ value: undefined, control: { options: [false, true] } })
    expect(field('vcpus.1.mte')?.value).toBe(false)
    expect(field('host.exclude')).toMatchObject({ control: { kind: 'text' }, fallback: 1 })
  })
  it('writes a value where it stands, and keeps comments and layout', () => {
    const changed = withField(text, ['machine', 'pes'], 4)
    expect(changed).toBe(text.replace('"pes": 2', '"pes": 4'))
    const added = withField(text, ['vcpus', 0, 'seed'], 7)
    expect(added).toContain('// two of them')
    expect(field('vcpus.0.seed', added)?.value).toBe(7)
    const fresh = withField(text, ['stop', 'switches'], 100)
    expect(field('stop.switches', fresh)?.value).toBe(100)
  })
  it('takes a value out again, and an entry of a list', () => {
    expect(field('machine.sync', withField(text, ['machine', 'sync'], undefined))?.value).toBeUndefined()
    const fewer = withField(text, ['vcpus', 0], undefined)
    expect(formOf(fewer)?.filter(({ removable }) => removable)).toHaveLength(1)
    expect(field('vcpus.0.guest', fewer)?.value).toBe('plain')
    const more = withEntry(text, 'vcpus', { guest: 'alloc' })
    expect(field('vcpus.2.guest', more)?.value).toBe('alloc')
    expect(field('vcpus.0.guest', withEntry('{ "name": "x" }', 'vcpus', { guest: 'alloc' }))?.value).toBe(
      'alloc',
    )
  })
  it('says of a broken text that it has no form', () => expect(formOf('{ "name": ')).toBeNull())
  it.each([
    [{ kind: 'number' }, '12', 12],
    [{ kind: 'number' }, 'many', 'many'],
    [{ kind: 'choice', options: [false, true] }, 'true', true],
    [{ kind: 'text' }, '0x8001', '0x8001'],
    [{ kind: 'text' }, '17', 17],
    [{ kind: 'text' }, '  ', undefined],
  ] as const)('%j reads %j', (control, typed, value) => {
    expect(typedValue({ minimum: undefined, maximum: undefined, ...control } as never, typed)).toBe(value)
  })
})

describe('help while typing', () => {
  const labels = (source: string) => {
    const at = source.indexOf('|')
    return suggestionsAt(source.replace('|', ''), at)?.options.map(({ label }) => label)
  }
  it('has the names that an object may have', () => {
    expect(labels('{ "machine": { "|" } }')).toEqual(expect.arrayContaining(['pes', 'memory', 'sync']))
    expect(labels('{ "vcpus": [ { "|" } ] }')).toEqual(expect.arrayContaining(['guest', 'checks']))
    expect(labels('{ "nothing": { "|" } }')).toBeUndefined()
  })
  it('has the values that a property may have', () => {
    expect(labels('{ "machine": { "sync": "|" } }')).toEqual(['eager', 'latest', 'seeded', 'explore'])
    expect(labels('{ "machine": { "ras": | } }')).toEqual(['false', 'true'])
  })
  it('writes a name with its default', () => {
    const found = suggestionsAt('{ "machine": { "" } }', 16)
    expect(found?.options.find(({ label }) => label === 'ras')?.insert).toMatch(/^"ras": (true|false)$/)
  })
  it('explains the property at a place by the schema', () => {
    const at = text.indexOf('explore')
    expect(explanationAt(text, at)?.words).toMatch(/^machine\.sync: /)
    expect(explanationAt('{}', 1)).toBeNull()
  })
})
