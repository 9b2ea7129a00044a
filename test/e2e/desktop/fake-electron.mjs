// A stand-in for the `electron` module: the built main runs in this Node process, each BrowserWindow is a page of Chromium,
// the built preload runs in that page before its scripts. Not modelled: context isolation, the sandbox, real menus and dialogs.
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** Chromium knows no app: scheme without Electron; a secure origin of its own takes its place. */
const STAND_IN_ORIGIN = 'https://switchyard.test'

const protocols = new Map()
let browser

export const windows = []
export const app = Object.assign(new EventEmitter(), {
  isPackaged: true,
  async whenReady() {
    const { FAKE_ELECTRON_CHROMIUM, FAKE_ELECTRON_ARGS } = process.env
    browser ??= await chromium.launch({
      executablePath: FAKE_ELECTRON_CHROMIUM,
      args: JSON.parse(FAKE_ELECTRON_ARGS),
    })
  },
  getPath: () => process.env.FAKE_ELECTRON_USER_DATA,
  addRecentDocument() {},
  clearRecentDocuments() {},
  setAsDefaultProtocolClient() {},
  requestSingleInstanceLock: () => true,
  quit() {
    let held = false
    app.emit('will-quit', { preventDefault: () => (held = true) })
    if (held) return
    void browser?.close().then(() => app.emit('fake:quit'))
  },
  exit: (code) => process.exit(code),
})

export const ipcMain = new EventEmitter()
export const protocol = {
  registerSchemesAsPrivileged() {},
  handle: (scheme, handler) => void protocols.set(scheme, handler),
}
export const session = {
  defaultSession: { setPermissionRequestHandler() {}, setPermissionCheckHandler() {} },
}
export const Menu = { buildFromTemplate: (template) => template, setApplicationMenu() {} }
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] }
export const dialog = {
  showErrorBox(title, text) {
    throw new Error(`${title}: ${text}`)
  },
}

export class BrowserWindow extends EventEmitter {
  constructor(options) {
    super()
    this.options = options
    this.webContents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler() {},
      isDestroyed: () => false,
      send: (_channel, message) => {
        this.page.evaluate((m) => globalThis.__fromMain(m), message).catch(() => {}) // the page may be gone
      },
    })
    this.frame = { parent: null, origin: '' }
    windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(url) {
    const { origin, pathname } = new URL(url.replace(/^app:/, 'https:'))
    this.frame.origin = origin.replace(/^https:/, 'app:')
    this.page = await browser.newPage({
      viewport: { width: this.options.width, height: this.options.height },
    })
    await this.page.exposeFunction('__toMain', (channel, message) => {
      ipcMain.emit(channel, { sender: this.webContents, senderFrame: this.frame }, message)
    })
    await this.page.route(`${STAND_IN_ORIGIN}/**`, async (route) => {
      const request = new Request(route.request().url().replace(STAND_IN_ORIGIN, 'app://switchyard'))
      const answer = await protocols.get('app')(request)
      const body = Buffer.from(await answer.arrayBuffer())
      await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body })
    })
    await this.page.addInitScript(preloadScript(this.options.webPreferences.preload))
    app.emit('fake:page', this.page)
    await this.page.goto(STAND_IN_ORIGIN + pathname)
    this.emit('ready-to-show')
  }

  setTitle(title) {
    this.title = title
  }
  show() {
    app.emit('fake:shown', this)
  }
  maximize() {}
  isMaximized = () => false
  getNormalBounds = () => ({ x: 0, y: 0, width: this.options.width, height: this.options.height })
}

/** The preload in a function that gives it what a sandboxed one has: `require('electron')` and nothing else. */
function preloadScript(file) {
  return `(() => {
    const listeners = []
    globalThis.__fromMain = (message) => { for (const listener of listeners) listener({}, message) }
    const electron = {
      ipcRenderer: { send: (channel, message) => void __toMain(channel, message), on: (_channel, listener) => listeners.push(listener) },
      contextBridge: { exposeInMainWorld: (name, value) => { globalThis[name] = value } },
    }
    const require = (name) => {
      if (name === 'electron') return electron
      throw new Error('a sandboxed preload may not require ' + name)
    }
    ;((module, exports) => {${readFileSync(file, 'utf8')}\n})({ exports: {} }, {})
  })()`
}
