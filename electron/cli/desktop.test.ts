import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findDesktop } from './desktop.ts'

let root: string
let said: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'switchyard-electron-'))
  mkdirSync(join(root, 'node_modules/electron'), { recursive: true })
  said = ''
})
afterEach(() => rmSync(root, { recursive: true }))

const installer = (script: string) => writeFileSync(join(root, 'node_modules/electron/install.js'), script)

function find(env: NodeJS.ProcessEnv, limitMs?: number) {
  const err = (text: string) => {
    said += text
  }
  return findDesktop(root, { env, err }, limitMs)
}
const display = { DISPLAY: ':0' }

it.runIf(process.platform === 'linux')('needs a display and looks no further without one', async () => {
  installer('throw new Error("must not run")')
  expect(await find({})).toEqual({ missing: 'there is no display' })
  expect(said).toBe('')
})

it('takes a binary that is there, without running the installer', async () => {
  installer('throw new Error("must not run")')
  mkdirSync(join(root, 'dist'))
  writeFileSync(join(root, 'dist/electron'), '')
  const found = await find({ ...display, ELECTRON_OVERRIDE_DIST_PATH: join(root, 'dist') })
  expect(found).toEqual({ electron: join(root, 'dist/electron') })
  expect(said).toBe('')
})

it('lets the installer fetch a binary, and says so', async () => {
  installer(`
    const { mkdirSync, writeFileSync } = require('node:fs')
    mkdirSync(__dirname + '/dist')
    writeFileSync(__dirname + '/dist/electron', '')
    writeFileSync(__dirname + '/path.txt', 'electron')
  `)
  expect(await find(display)).toEqual({ electron: join(root, 'node_modules/electron/dist/electron') })
  expect(said).toBe('switchyard: fetching the Electron binary, for at most 20 s\n')
})

it('gives the installer’s reason when it fails', async () => {
  installer('console.error("\\nno way out\\nmore"); process.exitCode = 1')
  expect(await find(display)).toEqual({ missing: 'the Electron binary could not be fetched: no way out' })
})

it('does not wait for an installer that hangs', async () => {
  installer('setInterval(() => {}, 1000)')
  const missing = 'the Electron binary could not be fetched: it took longer than 0.3 s'
  expect(await find(display, 300)).toEqual({ missing })
})

it('says when the package itself is not installed', async () => {
  expect(await find(display)).toEqual({ missing: 'Electron is not installed' })
})
