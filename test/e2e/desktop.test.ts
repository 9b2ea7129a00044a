import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { PROTOCOL } from '../../shared/contract/wire.ts'
import { chromiumArgs, chromiumPath, noChromium } from '../support/chromium.ts'
import { outcomeOf, projectRoot } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-desktop-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('the built main, preload and page work together over a stand-in for Electron', async (ctx) => {
  if (noChromium) return ctx.skip(noChromium)
  const script = (name: string) => join(import.meta.dirname, 'desktop', name)
  const env = {
    ...process.env,
    SWITCHYARD_DATA: '',
    FAKE_ELECTRON_CHROMIUM: chromiumPath,
    FAKE_ELECTRON_ARGS: JSON.stringify(chromiumArgs),
    FAKE_ELECTRON_USER_DATA: folder,
    FAKE_ELECTRON_PROTOCOL: String(PROTOCOL),
  }
  const { status, out, err } = await outcomeOf(
    spawn(process.execPath, ['--import', script('register.mjs'), script('drive.mjs')], { env }),
  )
  expect({ status, err }).toEqual({ status: 0, err: '' })
  const seen = JSON.parse(out)
  expect(seen).toMatchObject({
    exposed: ['onMessage', 'send'],
    refusal: 'TypeError',
    hello: { protocol: PROTOCOL },
    info: { path: join(folder, 'first-light.switchyard') },
    isolated: true,
    node: 'undefined',
    text: true,
    title: 'first-light.switchyard - Switchyard',
    webPreferences: { contextIsolation: true, sandbox: true, nodeIntegration: false },
    troubles: [],
  })
  expect(readFileSync(join(folder, 'first-light.switchyard')).subarray(0, 15).toString()).toBe(
    'SQLite format 3',
  )
})

it('the built program opens its window in Electron itself', async (ctx) => {
  const pathFile = join(projectRoot, 'node_modules/electron/path.txt')
  const binary = existsSync(pathFile)
    ? join(projectRoot, 'node_modules/electron/dist', readFileSync(pathFile, 'utf8'))
    : null
  if (!binary || !existsSync(binary))
    return ctx.skip('the Electron binary is not installed (npx install-electron)')
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return ctx.skip('there is no display')

  const { _electron } = await import('playwright-core')
  const electron = await _electron.launch({
    executablePath: binary,
    args: ['--no-sandbox', projectRoot],
    env: { ...process.env, SWITCHYARD_DATA: join(folder, 'real') } as Record<string, string>,
  })
  try {
    const page = await electron.firstWindow()
    await page.waitForFunction(() => document.body.innerText.trim().length > 0)
    expect(page.url()).toBe('app://switchyard/index.html')
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true)
    expect(
      await page.evaluate(() => Object.keys((globalThis as { switchyard?: object }).switchyard ?? {})),
    ).toEqual(['send', 'onMessage'])
  } finally {
    await electron.close()
  }
})
