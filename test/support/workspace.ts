/** The workspace on the real lab: runs made by the command line, served, and open in a Chromium. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openBrowser } from './browser.ts'
import { firstLine, projectRoot, runCommand, startCommand } from './command-line.ts'

const shots = process.env.SCREENS

export interface Workspace {
  page: Page
  /** The address of the workspace, up to its hash. */
  home: string
  /** The session file. */
  session: string
  /** A folder that goes when the workspace is closed. */
  folder: string
  /** Errors of the page and of its console, as they come. */
  complaints: readonly string[]
  /** A picture for a person to look at, in the folder that SCREENS names; none without it. */
  picture(name: string, options?: { fullPage: boolean }): Promise<void>
  close(): Promise<void>
}

/** An experiment of resources, and what is set in it. */
export type WorkspaceRun = readonly [experiment: string, ...set: string[]]

/** @throws Error where a run ends otherwise than with status 0, or the server does not start */
export async function openWorkspace(runs: readonly WorkspaceRun[] = []): Promise<Workspace> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-workspace-'))
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const each of undo.splice(0).reverse()) await each()
  }
  try {
    const session = join(folder, 'lab.switchyard')
    const options = { cwd: folder, env: { SWITCHYARD_DATA: join(folder, 'data') } }
    for (const [name, ...set] of runs) {
      const file = join(projectRoot, 'resources/experiments', `${name}.json`)
      const flags = set.flatMap((each) => ['--set', each])
      const { status, err } = await runCommand(['run', file, '--db', session, '--quiet', ...flags], options)
      if (status !== 0) throw new Error(`${name} ${set.join(' ')} ended with ${status}: ${err}`)
    }
    const server = startCommand(['serve', session, '--port', '0'], options)
    undo.push(() => server.kill('SIGTERM'))
    const home = await firstLine(server)
    const browser = await openBrowser()
    undo.push(() => browser.close())
    const page = await browser.context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    const picture: Workspace['picture'] = async (name, how) => {
      if (!shots) return
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `${name}.png`), ...how })
    }
    return { page, home, session, folder, complaints, picture, close }
  } catch (error) {
    await close()
    throw error
  }
}
