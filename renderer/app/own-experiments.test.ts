import { describe, expect, it } from 'vitest'
import { droppedExperiment } from './own-experiments.ts'

const file = (name: string, content: BlobPart = '{}') => new File([content], name)
const none = new Set<string>()

describe('a file dropped onto the window', () => {
  it('is an experiment under its own name, with its text as it is', async () => {
    const text = '{ // broken\n'
    expect(await droppedExperiment([file('mine.json', text)], none)).toMatchObject({
      ok: true,
      value: { name: 'mine', text },
    })
  })
  it('is never mistaken for another experiment, or for a run', async () => {
    const taken = new Set(['contract', 'contract-2'])
    expect(await droppedExperiment([file('contract.json')], taken)).toMatchObject({
      value: { name: 'contract-3' },
    })
    expect(await droppedExperiment([file('run-3.json')], none)).toMatchObject({
      value: { name: 'run-3-2' },
    })
  })
  it('is refused with what to do instead', async () => {
    const cases: [File[], RegExp][] = [
      [[file('a.json'), file('b.json')], /^Drop one/],
      [[file('old.switchyard')], /switchyard serve old\.switchyard/],
      [[file('fix.patch')], /ends in \.json/],
      [[file('big.json', 'x'.repeat(1_000_001))], /Is it/],
      [[file('binary.json', new Uint8Array([0xff, 0xfe, 0xff]))], /UTF-8/],
    ]
    for (const [files, remedy] of cases)
      expect(await droppedExperiment(files, none)).toMatchObject({
        ok: false,
        error: { remedy: expect.stringMatching(remedy) },
      })
  })
})
