import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Terminal } from './verb.ts'

const FETCH_LIMIT_MS = 20_000

export type Desktop = { electron: string } | { missing: string }

/**
 * Finds out whether a desktop window can open: a display and an Electron binary, which is fetched by Electron's own
 * installer when only that is missing. Never imports the `electron` package, whose entry downloads without a limit.
 *
 * @returns the binary, or the reason why there is none
 */
export async function findDesktop(
  root: string,
  terminal: Pick<Terminal, 'env' | 'err'>,
  limitMs = FETCH_LIMIT_MS,
): Promise<Desktop> {
  if (!hasDisplay(terminal.env)) return { missing: 'there is no display' }
  const present = electronBinary(root, terminal.env)
  if (present) return { electron: present }
  const installer = join(root, 'node_modules/electron/install.js')
  if (!existsSync(installer)) return { missing: 'Electron is not installed' }
  terminal.err(`switchyard: fetching the Electron binary, for at most ${limitMs / 1000} s\n`)
  const failure = await fetchBinary(installer, terminal, limitMs)
  const fetched = electronBinary(root, terminal.env)
  if (fetched) return { electron: fetched }
  return { missing: `the Electron binary could not be fetched: ${failure ?? 'the installer left none'}` }
}

function hasDisplay(env: NodeJS.ProcessEnv): boolean {
  return process.platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/** What the package's index.js would answer, without its download. */
function electronBinary(root: string, env: NodeJS.ProcessEnv): string | null {
  const electronPackage = join(root, 'node_modules/electron')
  const pathFile = join(electronPackage, 'path.txt')
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : 'electron'
  const binary = join(env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electronPackage, 'dist'), name)
  return existsSync(binary) ? binary : null
}

/** @returns null when the installer ended well, else why not */
function fetchBinary(
  installer: string,
  terminal: Pick<Terminal, 'err'>,
  limitMs: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [installer], { stdio: ['ignore', 'pipe', 'pipe'] })
    const started = Date.now()
    let lastLine = ''
    const ticker = setInterval(() => {
      terminal.err(`switchyard: still fetching, ${Math.round((Date.now() - started) / 1000)} s\n`)
    }, 5000)
    const limit = setTimeout(() => {
      lastLine = `it took longer than ${limitMs / 1000} s`
      child.kill('SIGKILL')
    }, limitMs)
    const settle = (failure: string | null) => {
      clearInterval(ticker)
      clearTimeout(limit)
      resolve(failure)
    }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastLine ||=
        text
          .split('\n')
          .find((line) => line.trim() !== '')
          ?.trim() ?? ''
    })
    child.on('error', (error) => settle(error.message))
    child.on('exit', (code) => settle(code === 0 ? null : lastLine || `the installer ended with ${code}`))
  })
}

/** Opens the desktop window and ends with it. @returns its exit status */
export function runDesktop(
  electron: string,
  root: string,
  session: string,
  terminal: Terminal,
): Promise<number> {
  // Chromium's sandbox cannot be set up by root, and Electron refuses to start then.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return new Promise((resolve, reject) => {
    const child = spawn(electron, [...asRoot, root, session], { stdio: 'inherit' })
    void terminal.interrupted.then((signal) => child.kill(signal))
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/** Shows an address in the person's browser, where there is one. @returns whether one was started */
export function openBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (!hasDisplay(env)) return Promise.resolve(false)
  const [command, ...args] = env.BROWSER
    ? [env.BROWSER, url]
    : process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url]
  return new Promise((resolve) => {
    const child = spawn(command!, args, { stdio: 'ignore', detached: true })
    child.on('error', () => resolve(false))
    child.on('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
