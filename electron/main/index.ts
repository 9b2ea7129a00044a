import { mkdirSync } from 'node:fs'
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
import { denyPermissions, guardContents } from './guard.ts'
import { menuTemplate } from './menu.ts'
import { readWindowState, writeWindowState } from './window-state.ts'

/** Vite's development server, when `npm run dev` started us. */
const developmentUrl = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL
const root = packageRoot()
const dataFolder = process.env.SWITCHYARD_DATA || app.getPath('userData')
const stateFile = join(dataFolder, 'window.json')

let window: BrowserWindow | null = null
let lab: Lab | null = null
/** The file of the open session. */
let openFile: string | null = null
let connection: LabConnection | null = null
/** Opening a session, closing the one before it: one after the other. */
let turn: Promise<void> = Promise.resolve()

/** The file named on a command line, or null. Switches belong to Chromium; in development the first word is our folder. */
function fileOf(argv: readonly string[], folder: string): string | null {
  const words = argv.slice(app.isPackaged ? 1 : 2).filter((word) => !word.startsWith('-'))
  const file = words.at(-1)
  return file === undefined ? null : resolve(folder, file)
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
  const isMac = process.platform === 'darwin'
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate({ open: () => void chooseFile() }, isMac)))
  mkdirSync(dataFolder, { recursive: true })
  await showSession(fileOf(process.argv, process.cwd()) ?? defaultSession(dataFolder))
  if (lab) await startFirstRun(lab).catch(explain)
}

declareAppScheme()
guardContents(app)
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, argv, folder) => {
    const file = fileOf(argv, folder)
    if (file) void showSession(file)
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
