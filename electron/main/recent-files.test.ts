import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { forgetRecent, readRecent, rememberRecent } from './recent-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-recent-'))
afterAll(() => rmSync(folder, { recursive: true }))
const list = join(folder, 'recent.json')
const session = (name: string): string => {
  const path = join(folder, name)
  writeFileSync(path, '')
  return path
}

it('has the newest first, each once, ten at most, and only what is still there', () => {
  const all = Array.from({ length: 12 }, (_, i) => session(`${i}.switchyard`))
  for (const path of all) rememberRecent(list, path)
  expect(readRecent(list)).toEqual(all.toReversed().slice(0, 10))
  rememberRecent(list, all[5]!)
  expect(readRecent(list)[0]).toBe(all[5])
  expect(readRecent(list).filter((path) => path === all[5])).toHaveLength(1)
  rmSync(all[11]!)
  expect(readRecent(list)).not.toContain(all[11])
  forgetRecent(list)
  expect(readRecent(list)).toEqual([])
})

it.each(['{', '{"a":1}', '[1,null,{"x":2}]', ''])('a damaged list is an empty one: %s', (text) => {
  writeFileSync(list, text)
  expect(readRecent(list)).toEqual([])
})

it('goes on where the list cannot be written', () => {
  const nowhere = join(folder, 'no/such/folder/recent.json')
  expect(() => rememberRecent(nowhere, session('only.switchyard'))).not.toThrow()
  expect(readRecent(nowhere)).toEqual([])
})
