import { startFirstRun } from '../base/first-run.ts'
import { packageRoot } from '../base/package-root.ts'
import type { Lab } from '../lab/lab.ts'
import { integerFlag } from './arguments.ts'
import { findDesktop, openBrowser, runDesktop } from './desktop.ts'
import { followRuns, progressPrinter } from './follow-run.ts'
import { serveUntilInterrupted } from './serve.ts'
import { openSession, ownSession } from './session.ts'
import type { Terminal, Verb } from './verb.ts'

export const start: Verb = {
  name: 'start',
  summary: 'opens the workspace: a desktop window where one can open, else in the browser',
  operands: [{ name: 'FILE', doc: 'the session to open; your own when left out', optional: true }],
  flags: { port: { value: 'N', doc: 'the port for the browser; 0, the default, takes any free one' } },
  example: 'start',
  async run(args, terminal) {
    const port = integerFlag(args, 'port', 0, 65535) ?? 0
    const session = args.operands[0] ?? ownSession(terminal.env)
    const root = packageRoot()
    const desktop = await findDesktop(root, terminal)
    if ('electron' in desktop) {
      terminal.err('switchyard: opening the desktop window: there is a display and an Electron binary\n')
      return runDesktop(desktop.electron, root, session, terminal)
    }
    terminal.err(`switchyard: serving the workspace to a browser, not a desktop window: ${desktop.missing}\n`)
    const lab = await openSession(session)
    await computeFirstRun(lab, terminal)
    return serveUntilInterrupted(lab, port, terminal, (url) => void showInBrowser(url, terminal))
  },
}

/** A new session is filled before anybody looks at it. */
async function computeFirstRun(lab: Lab, terminal: Terminal): Promise<void> {
  const progress = progressPrinter(terminal)
  const follower = followRuns(lab, progress.show)
  const run = await startFirstRun(lab)
  if (run !== null) {
    terminal.err('switchyard: computing the first run of this session\n')
    await Promise.race([follower.ended(run), terminal.interrupted])
  }
  progress.end()
  follower.close()
}

async function showInBrowser(url: string, terminal: Terminal): Promise<void> {
  const opened = await openBrowser(url, terminal.env)
  terminal.err(
    opened
      ? 'switchyard: the browser is opening; Ctrl+C ends the workspace\n'
      : 'switchyard: open this address in a browser on this machine; Ctrl+C ends the workspace\n',
  )
}
