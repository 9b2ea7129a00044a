import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { type FromLab, PROTOCOL, type ToLab } from '../../shared/contract/wire.ts'
import type { ScriptedLab } from '../support/scripted-lab.ts'
import { scriptedLab } from '../support/scripted-lab.ts'
import { app, ipcMain, isPrevented, state } from './electron-stub.ts'

interface OpenedLab {
  lab: ScriptedLab
  session: string
  closed: number
}
const opened: OpenedLab[] = []

vi.mock('../../electron/workers/bundled.ts', () => ({
  spawnPe: null,
  spawnStore: null,
  spawnInspector: null,
}))
vi.mock('../../electron/workers/machine-client.ts', () => ({ startMachine: null }))
vi.mock('../../electron/lab/lab.ts', () => ({
  openLab: async ({ session }: { session: string }) => {
    if (session.endsWith('damaged.switchyard'))
      throw new ProblemError(session, 'it is damaged', 'Restore a backup.')
    const lab = scriptedLab({
      'session.info': () => ({
        name: 'x',
        path: session,
        readOnly: false,
        readOnlyWhy: null,
        runs: 0,
        schemaVersion: 1,
        sqliteVersion: '3.54.1',
        appVersion: '0.1.0',
      }),
      'experiment.list': () => [
        { name: 'handover.json', title: 'Handover', path: '/e/handover.json', text: '{}' },
      ],
      'run.start': () => 1,
      'run.list': () => [],
    })
    const entry: OpenedLab = { lab, session, closed: 0 }
    opened.push(entry)
    return Object.assign(lab, { close: async () => void entry.closed++ })
  },
}))

const page = () =>
  state.exposed.switchyard as { send(m: ToLab): void; onMessage(l: (m: FromLab) => void): void }

beforeAll(async () => {
  state.userData = mkdtempSync(join(tmpdir(), 'switchyard-desktop-'))
  vi.stubEnv('SWITCHYARD_DATA', '')
  delete process.env.SWITCHYARD_DATA
  process.argv = ['switchyard', '--no-sandbox']
  await import('../../electron/main/index.ts')
  await import('../../electron/preload/index.ts')
  await vi.waitFor(() => expect(opened[0]?.lab.calls.at(-1)?.name).toBe('run.start'))
})
afterAll(() => rmSync(state.userData, { recursive: true }))

const window = () => state.windows[0]!
const fileMenu = () => state.menu.find(({ label }) => label === '&File')!.submenu!

describe('the window', () => {
  it('opens on the own session, which it fills with a first run', () => {
    expect(opened.map((entry) => entry.session)).toEqual([join(state.userData, 'first-light.switchyard')])
    expect(opened[0]!.lab.calls.at(-1)).toEqual({
      name: 'run.start',
      args: { text: '{}', name: '/e/handover.json', set: [] },
    })
    expect(window()).toMatchObject({ urls: ['app://switchyard/index.html'], shown: 1 })
    expect(window().title).toBe('first-light.switchyard - Switchyard')
    expect(state.recent).toEqual([opened[0]!.session])
  })

  it('is isolated, sandboxed and without Node', () => {
    expect(window().options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    })
    expect(window().options.webPreferences.preload).toMatch(/out\/preload\/index\.cjs$/)
  })

  it('goes nowhere, opens nothing and asks for nothing', () => {
    const { webContents } = window()
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
      expect(isPrevented(webContents, event), event).toBe(true)
    }
    expect(webContents.openHandler?.()).toEqual({ action: 'deny' })
    const decided: boolean[] = []
    state.permission?.(webContents, 'media', (allowed) => decided.push(allowed))
    expect([...decided, state.permissionCheck?.()]).toEqual([false, false])
  })

  it('keeps its place', () => {
    window().emit('close')
    const saved = readFileSync(join(state.userData, 'window.json'), 'utf8')
    expect(JSON.parse(saved)).toEqual({ x: 5, y: 6, width: 800, height: 600, maximized: false })
  })
})

describe('the app: scheme', () => {
  const get = (url: string) => state.protocols.get('app')!(new Request(url))

  it('is declared as a secure standard scheme', () => {
    expect(state.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ])
  })

  it.each([
    'app://switchyard/none.js',
    'app://elsewhere/index.html',
    'app://switchyard/..%2f..%2fpackage.json',
  ])('answers %s with 404, and the headers of every answer', async (url) => {
    const answer = await get(url)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

describe('messages', () => {
  const received: FromLab[] = []

  it('go from the page to the lab and back', async () => {
    page().onMessage((message) => received.push(message))
    page().send({ kind: 'hello', protocol: PROTOCOL })
    page().send({ kind: 'call', ticket: 1, name: 'run.list', args: {} })
    await vi.waitFor(() => expect(received).toHaveLength(2))
    opened[0]!.lab.announce('run.deleted', { run: 2 })
    expect(received).toMatchObject([
      { kind: 'hello', protocol: PROTOCOL },
      { kind: 'reply', ticket: 1, value: [] },
      { kind: 'event', name: 'run.deleted', payload: { run: 2 } },
    ])
  })

  it('reach a page that was loaded again once, not twice', () => {
    page().send({ kind: 'hello', protocol: PROTOCOL })
    received.length = 0
    opened[0]!.lab.announce('run.deleted', { run: 5 })
    expect(received).toHaveLength(1)
  })

  it('that are not of the contract do not leave the page', () => {
    const send = (message: unknown) => () => page().send(message as ToLab)
    expect(send({ kind: 'call', ticket: 1, name: 'file.delete', args: {} })).toThrow(TypeError)
    expect(send(null)).toThrow(TypeError)
    expect(send({ kind: 'shutdown' })).toThrow(TypeError)
  })

  it('from another window, frame or origin are ignored', () => {
    const { webContents } = window()
    const before = opened[0]!.lab.calls.length
    const message = { kind: 'call', ticket: 9, name: 'run.list', args: {} }
    const strangers = [
      { sender: {}, senderFrame: webContents.frame },
      { sender: webContents, senderFrame: { ...webContents.frame, parent: {} } },
      { sender: webContents, senderFrame: { ...webContents.frame, origin: 'https://evil.example' } },
      { sender: webContents, senderFrame: null },
    ]
    for (const stranger of strangers) ipcMain.emit('switchyard', stranger, message)
    expect(opened[0]!.lab.calls).toHaveLength(before)
  })
})

describe('sessions', () => {
  it('of a second launch open in the first, which is brought forward', async () => {
    window().minimized = true
    app.emit('second-instance', {}, ['switchyard', '--x', 'b.switchyard'], '/sessions')
    await vi.waitFor(() => expect(window().urls).toHaveLength(2))
    expect(opened[1]!.session).toBe('/sessions/b.switchyard')
    expect(opened[0]!.closed).toBe(1)
    expect(window()).toMatchObject({ minimized: false, focused: 1, title: 'b.switchyard - Switchyard' })
    expect(state.windows).toHaveLength(1)
  })

  it('that are open already are not opened again, only brought forward', async () => {
    app.emit('second-instance', {}, ['switchyard', 'b.switchyard'], '/sessions')
    await vi.waitFor(() => expect(window().focused).toBe(2))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(opened).toHaveLength(2)
    expect(opened[1]!.closed).toBe(0)
  })

  it('are chosen from the menu', async () => {
    const open = state.menu.flatMap((menu) => menu.submenu ?? []).find((item) => item.label?.includes('Open'))
    state.chosen = ['/sessions/c.switchyard']
    open!.click!()
    await vi.waitFor(() => expect(opened.at(-1)!.session).toBe('/sessions/c.switchyard'))
    await vi.waitFor(() => expect(opened[1]!.closed).toBe(1))
  })

  it('that cannot be opened are explained, and the one before stays', async () => {
    app.emit('second-instance', {}, ['switchyard', '/sessions/damaged.switchyard'], '/')
    await vi.waitFor(() => expect(state.errors).toHaveLength(1))
    expect(state.errors[0]).toContain('/sessions/damaged.switchyard: it is damaged.\n\nRestore a backup.')
    expect(opened.at(-1)).toMatchObject({ session: '/sessions/c.switchyard', closed: 0 })
    expect(state.exits).toEqual([])
  })

  it('come back from the list of recent ones, which can be cleared', async () => {
    const path = join(state.userData, 'd.switchyard')
    writeFileSync(path, '')
    app.emit('open-file', { preventDefault() {} }, path)
    await vi.waitFor(() => expect(opened.at(-1)!.session).toBe(path))
    const recent = () => fileMenu().find(({ label }) => label === 'Open &Recent')!.submenu!
    await vi.waitFor(() => expect(recent()[0]!.label).toBe(`d.switchyard  (${state.userData})`))
    recent().find(({ label }) => label === 'Clear This List')!.click!()
    expect(recent()).toEqual([{ label: 'No session was opened yet', enabled: false }])
    expect(state.recent).toEqual([])
  })

  it('are led to by links of their own, and by no others', async () => {
    app.emit('second-instance', {}, ['switchyard', 'switchyard://run/3/findings/finding/1'], '/')
    await vi.waitFor(() =>
      expect(window().urls.at(-1)).toBe('app://switchyard/index.html#/run/3/findings/finding/1'),
    )
    const before = { urls: window().urls.length, errors: state.errors.length, opened: opened.length }
    app.emit('open-url', { preventDefault() {} }, 'switchyard://evil.example/?x=<script>')
    await vi.waitFor(() => expect(state.errors).toHaveLength(before.errors + 1))
    expect(window().urls).toHaveLength(before.urls)
    expect(opened).toHaveLength(before.opened)
    expect(state.clientOf).toEqual(['switchyard'])
  })

  it('are saved as a PDF of what is on screen', async () => {
    state.saveTo = join(state.userData, 'view.pdf')
    fileMenu().find(({ label }) => label?.includes('PDF'))!.click!()
    await vi.waitFor(() => expect(readFileSync(state.saveTo!, 'utf8')).toMatch(/^%PDF/))
    state.saveTo = join(state.userData, 'no/such/folder/view.pdf')
    const errors = state.errors.length
    fileMenu().find(({ label }) => label?.includes('PDF'))!.click!()
    await vi.waitFor(() => expect(state.errors).toHaveLength(errors + 1))
  })

  it('outlive a page that crashed: it is loaded again', async () => {
    const urls = window().urls.length
    window().webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    await vi.waitFor(() => expect(window().urls).toHaveLength(urls + 1))
    expect(state.errors.at(-1)).toContain('the page: it ended (crashed)')
  })

  it('are closed before the program ends, once', async () => {
    app.emit('window-all-closed')
    await vi.waitFor(() => expect(state.quits).toBe(1))
    expect(opened.map((entry) => entry.closed)).toEqual(opened.map(() => 1))
  })
})
