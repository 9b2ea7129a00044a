import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { app, BrowserWindow, dialog, ipcMain, Menu, screen } from 'electron'
import { ProblemError } from '../../shared/base/result.ts'
import { CHANNEL } from '../base/channel.ts'
import { defaultSession } from '../base/data-folder.ts'
import { startFirstRun } from '../base/first-run.ts'
import { connectLab, type LabConnection } from '../base/lab-connection.ts'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import { type Lab, openLab } from '../lab/lab.ts'
import { spawnInspector, spawnPe, spawnStore } from '../workers/bundled.ts'
import { startMachine } from '../workers/machine-client.ts'
import { declareAppScheme, PAGE_ORIGIN, PAGE_URL, serveAppScheme } from './app-scheme.ts'
import { DEEP_LINK_SCHEME, hashOfLink, isDeepLink } from './deep-link.ts'
import { denyPermissions, guardContents } from './guard.ts'
import { menuTemplate } from './menu.ts'
import { forgetRecent, readRecent, rememberRecent } from './recent-files.ts'
import { readWindowState, writeWindowState } from './window-state.ts'

/** Vite's development server, when `npm run dev` started us. */
const developmentUrl = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL
const root = packageRoot()
const dataFolder = process.env.SWITCHYARD_DATA || app.getPath('userData')
const stateFile = join(dataFolder, 'window.json')
const recentFile = join(dataFolder, 'recent.json')

let window: BrowserWindow | null = null
let lab: Lab | null = null
/** The file of the open session. */
let openFile: string | null = null
let connection: LabConnection | null = null
/** Opening a session, closing the one before it: one after the other. */
let turn: Promise<void> = Promise.resolve()

/** What a command line asks for. Switches belong to Chromium; in development the first word is our folder. */
function askedFor(argv: readonly string[], folder: string): { file: string | null; link: string | null } {
  const words = argv.slice(app.isPackaged ? 1 : 2).filter((word) => !word.startsWith('-'))
  const file = words.filter((word) => !isDeepLink(word)).at(-1)
  return { file: file === undefined ? null : resolve(folder, file), link: words.find(isDeepLink) ?? null }
}

/** A place in the session that is open. */
function followLink(link: string): void {
  const hash = hashOfLink(link)
  turn = turn.then(async () => {
    if (hash === null)
      explain(
        new ProblemError(
          link,
          'this link names no place in a session',
          'Write it as switchyard://run/3/findings, for example.',
        ),
      )
    else await window?.loadURL(`${developmentUrl ?? PAGE_URL}${hash}`)
  })
}

function showSession(file: string): Promise<void> {
  turn = turn.then(() => openSession(file)).catch(explain)
  return turn
}

async function openSession(file: string): Promise<void> {
  // A session is written by one opening of it alone: a second one would be read-only.
  if (file === openFile && lab !== null && window !== null) return
  const next = await openLab({
    session: file,
    spawnPe,
    spawnStore,
    spawnInspector,
    startMachine,
    resources: join(root, 'resources'),
  })
  connection?.close()
  connection = null
  await lab?.close()
  lab = next
  openFile = file
  app.addRecentDocument(file)
  rememberRecent(recentFile, file)
  showMenu()
  const page = window ?? makeWindow()
  page.setTitle(`${basename(file)} - Switchyard`)
  await page.loadURL(developmentUrl ?? PAGE_URL)
}

/** A problem is explained and the session before it stays; without one there is nothing to stay for. */
function explain(error: unknown): void {
  const { place, cause, remedy } =
    error instanceof ProblemError
      ? error.problem
      : { place: 'Switchyard', cause: `an error of its own: ${String(error)}`, remedy: 'Please report it.' }
  dialog.showErrorBox('This session cannot be opened', `${place}: ${cause}.\n\n${remedy}`)
  if (!lab) app.exit(1)
}

function makeWindow(): BrowserWindow {
  const state = readWindowState(
    stateFile,
    screen.getAllDisplays().map((display) => display.workArea),
  )
  const made = new BrowserWindow({
    ...state,
    show: false,
    title: 'Switchyard',
    webPreferences: {
      preload: join(root, 'out/preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    },
  })
  if (state.maximized) made.maximize()
  made.once('ready-to-show', () => made.show())
  made.on('close', () => {
    writeWindowState(stateFile, { ...made.getNormalBounds(), maximized: made.isMaximized() })
  })
  // The page can be had again; what it showed is in the session, and a run goes on without it.
  made.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return
    explain(
      new ProblemError('the page', `it ended (${reason})`, 'It is loaded again; what was stored is intact.'),
    )
    void made.loadURL(developmentUrl ?? PAGE_URL)
  })
  made.on('closed', () => {
    window = null
  })
  window = made
  return made
}

async function chooseFile(): Promise<void> {
  const filters = [
    { name: 'Switchyard sessions', extensions: ['switchyard', 'sqlite'] },
    { name: 'All files', extensions: ['*'] },
  ]
  const { filePaths } = await dialog.showOpenDialog({ properties: ['openFile'], filters })
  if (filePaths[0]) await showSession(filePaths[0])
}

/** What is on screen, as its own page. */
async function savePdf(): Promise<void> {
  if (!window) return
  const { filePath } = await dialog.showSaveDialog({
    defaultPath: 'switchyard.pdf',
    filters: [{ name: 'PDF', extensions: ['pdf'] }],
  })
  if (!filePath) return
  try {
    await writeFile(filePath, await window.webContents.printToPDF({ printBackground: true, landscape: true }))
  } catch (error) {
    const cause = `the PDF cannot be written: ${(error as Error).message}`
    explain(new ProblemError(filePath, cause, 'Choose another folder.'))
  }
}

function showMenu(): void {
  const commands = {
    open: () => void chooseFile(),
    openRecent: (file: string) => void showSession(file),
    clearRecent() {
      forgetRecent(recentFile)
      app.clearRecentDocuments()
      showMenu()
    },
    savePdf: () => void savePdf(),
  }
  const isMac = process.platform === 'darwin'
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(commands, readRecent(recentFile), isMac)))
}

function listenToPage(): void {
  const pageOrigin = developmentUrl ? new URL(developmentUrl).origin : PAGE_ORIGIN
  ipcMain.on(CHANNEL, (event, message: unknown) => {
    const { sender, senderFrame } = event
    const ours =
      sender === window?.webContents && senderFrame?.parent === null && senderFrame.origin === pageOrigin
    if (!ours || !lab) return
    // A page that has just loaded says hello first: what listened for the page before it must go.
    if ((message as { kind?: unknown } | null)?.kind === 'hello') {
      connection?.close()
      connection = connectLab(lab, packageVersion(root), (reply) => {
        if (!sender.isDestroyed()) sender.send(CHANNEL, reply)
      })
    }
    connection?.receive(message)
  })
}

async function start(): Promise<void> {
  await app.whenReady()
  serveAppScheme(join(root, 'out/renderer'))
  denyPermissions()
  listenToPage()
  mkdirSync(dataFolder, { recursive: true })
  showMenu()
  if (app.isPackaged) app.setAsDefaultProtocolClient(DEEP_LINK_SCHEME)
  const { file, link } = askedFor(process.argv, process.cwd())
  await showSession(file ?? early.file ?? defaultSession(dataFolder))
  if (lab) await startFirstRun(lab).catch(explain)
  const place = link ?? early.link
  if (place) followLink(place)
  early.started = true
}

/** What macOS asks for before the window is there. */
const early: { file: string | null; link: string | null; started: boolean } = {
  file: null,
  link: null,
  started: false,
}
app.on('open-file', (event, path) => {
  event.preventDefault()
  if (early.started) void showSession(path)
  else early.file = path
})
app.on('open-url', (event, link) => {
  event.preventDefault()
  if (early.started) followLink(link)
  else early.link = link
})

declareAppScheme()
guardContents(app)
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, argv, folder) => {
    const { file, link } = askedFor(argv, folder)
    if (file) void showSession(file)
    if (link) followLink(link)
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  let closed = false
  app.on('will-quit', (event) => {
    if (closed || !lab) return
    event.preventDefault() // the store finishes what it has been given, then we quit again
    closed = true
    connection?.close()
    void lab.close().finally(() => app.quit())
  })
  void start()
} else {
  app.quit()
}
