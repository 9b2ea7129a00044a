// Just enough of Electron for electron/main and electron/preload to run in plain Node; the electron project of vitest
// uses it in place of the package, and keeps what was asked of it in `state`.
import { EventEmitter } from 'node:events'

type Listener = (event: unknown, ...args: unknown[]) => void

export interface MenuItem {
  label?: string
  role?: string
  submenu?: MenuItem[]
  click?: () => void
}

export const state = {
  windows: [] as BrowserWindow[],
  exposed: {} as Record<string, unknown>,
  schemes: [] as { scheme: string; privileges: Record<string, boolean> }[],
  protocols: new Map<string, (request: Request) => Promise<Response>>(),
  menu: [] as MenuItem[],
  recent: [] as string[],
  clientOf: [] as string[],
  /** Where the next save dialog leads. */
  saveTo: undefined as string | undefined,
  errors: [] as string[],
  /** What the next open-file dialog answers. */
  chosen: [] as string[],
  permission: null as
    | null
    | ((contents: unknown, permission: string, decide: (allowed: boolean) => void) => void),
  permissionCheck: null as null | (() => boolean),
  quits: 0,
  exits: [] as number[],
  userData: '',
  isFirstInstance: true,
}

export const app = Object.assign(new EventEmitter(), {
  isPackaged: true,
  whenReady: () => Promise.resolve(),
  getPath: () => state.userData,
  addRecentDocument: (file: string) => void state.recent.push(file),
  clearRecentDocuments: () => void state.recent.splice(0),
  setAsDefaultProtocolClient: (scheme: string) => void state.clientOf.push(scheme),
  requestSingleInstanceLock: () => state.isFirstInstance,
  /** As Electron: will-quit may hold it back. */
  quit: () => {
    let held = false
    app.emit('will-quit', { preventDefault: () => (held = true) })
    if (!held) state.quits++
  },
  exit: (code: number) => void state.exits.push(code),
})

class WebContents extends EventEmitter {
  openHandler: (() => { action: string }) | null = null
  received: unknown[] = []
  readonly frame = { parent: null, origin: '' }

  setWindowOpenHandler(handler: () => { action: string }) {
    this.openHandler = handler
  }
  isDestroyed = () => false
  printToPDF = async () => Buffer.from('%PDF-1.7')
  send(channel: string, message: unknown) {
    const copy = structuredClone(message)
    this.received.push(copy)
    ipcRenderer.emit(channel, {}, copy)
  }
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents()
  readonly options: Record<string, unknown> & { webPreferences: Record<string, unknown> }
  title = ''
  urls: string[] = []
  shown = 0
  minimized = false
  focused = 0

  constructor(options: BrowserWindow['options']) {
    super()
    this.options = options
    state.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  async loadURL(url: string) {
    this.urls.push(url)
    this.webContents.frame.origin = url.split('/').slice(0, 3).join('/')
    this.emit('ready-to-show')
  }
  setTitle(title: string) {
    this.title = title
  }
  show() {
    this.shown++
  }
  maximize() {}
  isMaximized = () => false
  isMinimized = () => this.minimized
  restore() {
    this.minimized = false
  }
  focus() {
    this.focused++
  }
  getNormalBounds = () => ({ x: 5, y: 6, width: 800, height: 600 })
}

export const ipcMain = new EventEmitter()

/** The page's side: what it sends reaches ipcMain with the first window as its sender. */
export const ipcRenderer = Object.assign(new EventEmitter(), {
  send: (channel: string, message: unknown) => {
    const sender = state.windows[0]!.webContents
    ipcMain.emit(channel, { sender, senderFrame: sender.frame }, structuredClone(message))
  },
})

export const contextBridge = {
  exposeInMainWorld: (name: string, value: unknown) => {
    state.exposed[name] = value
  },
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes: typeof state.schemes) => void state.schemes.push(...schemes),
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
    void state.protocols.set(scheme, handler),
}

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: typeof state.permission) => {
      state.permission = handler
    },
    setPermissionCheckHandler: (handler: () => boolean) => {
      state.permissionCheck = handler
    },
  },
}

export const Menu = {
  buildFromTemplate: (template: typeof state.menu) => template,
  setApplicationMenu: (menu: typeof state.menu) => {
    state.menu = menu
  },
}

export const dialog = {
  showErrorBox: (title: string, text: string) => void state.errors.push(`${title}: ${text}`),
  showOpenDialog: async () => ({ filePaths: state.chosen }),
  showSaveDialog: async () => ({ filePath: state.saveTo }),
}

export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] }

/** Calls a listener of an event that may be prevented. @returns whether it was */
export function isPrevented(contents: EventEmitter, event: string): boolean {
  let prevented = false
  const details = { preventDefault: () => (prevented = true) }
  for (const listener of contents.listeners(event) as Listener[]) listener(details)
  return prevented
}
