import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readWindowState, writeWindowState } from './window-state.ts'

const displays = [{ x: 0, y: 0, width: 1920, height: 1080 }]
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-window-'))
  file = join(folder, 'data/window.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('keeps place and size', () => {
  const state = { x: 20, y: 30, width: 1000, height: 700, maximized: true }
  writeWindowState(file, state)
  expect(readWindowState(file, displays)).toEqual(state)
})

it('forgets a place on a display that is gone, and keeps the size', () => {
  writeWindowState(file, { x: 3000, y: 30, width: 1000, height: 700, maximized: false })
  expect(readWindowState(file, displays)).toEqual({ width: 1000, height: 700, maximized: false })
})

it.each(['', 'null', '[]', '{"x":"a","width":1e99,"height":-5,"maximized":1}'])(
  'begins anew from %j',
  (text) => {
    writeFileSync(join(folder, 'window.json'), text)
    const state = readWindowState(join(folder, 'window.json'), displays)
    expect(state.width).toBeGreaterThanOrEqual(640)
    expect(state.height).toBeGreaterThanOrEqual(480)
    expect(state.maximized).toBe(false)
    expect(state).not.toHaveProperty('x')
  },
)
