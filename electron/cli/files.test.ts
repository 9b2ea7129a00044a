import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readInput, writeOutput } from './files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('replaces a file whole and leaves nothing beside it', () => {
  const file = join(folder, 'a.elf')
  writeFileSync(file, 'before')
  writeOutput(file, Buffer.from('after'))
  expect(readFileSync(file, 'utf8')).toBe('after')
  expect(readdirSync(folder)).toEqual(['a.elf'])
})

it('says where writing failed and why, and leaves nothing behind', () => {
  expect(() => writeOutput(join(folder, 'none/a.elf'), Buffer.from('x'))).toThrow(
    /none\/a\.elf: there is no such/,
  )
  expect(() => writeOutput(folder, Buffer.from('x'))).toThrow(/folder/)
  expect(readdirSync(folder)).toEqual([])
})

it('says why a file cannot be read', () => {
  expect(() => readInput(join(folder, 'none'))).toThrow(/none: there is no such file/)
  expect(() => readInput(folder)).toThrow(/it is a folder/)
})
