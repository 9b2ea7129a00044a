import { join } from 'node:path'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import type { Lab } from '../lab/lab.ts'
import { startHost } from '../serve/host.ts'
import { integerFlag } from './arguments.ts'
import { openSession, ownSession } from './session.ts'
import { exits, type Terminal, type Verb } from './verb.ts'

export const serve: Verb = {
  name: 'serve',
  summary: 'serves the workspace to a browser on this machine, until Ctrl+C',
  operands: [{ name: 'FILE', doc: 'the session to open; your own when left out', optional: true }],
  flags: { port: { value: 'N', doc: 'the port on 127.0.0.1; 0, the default, takes any free one' } },
  example: 'serve lab.switchyard --port 8100',
  async run(args, terminal) {
    const port = integerFlag(args, 'port', 0, 65535) ?? 0
    const lab = await openSession(args.operands[0] ?? ownSession(terminal.env))
    return serveUntilInterrupted(lab, port, terminal, () => {})
  },
}

async function sayReadOnly(lab: Lab, terminal: Terminal): Promise<void> {
  const info = await lab.call('session.info', {})
  if (info.ok && info.value.readOnly)
    terminal.err(`switchyard: ${info.value.name} is read-only: ${info.value.readOnlyWhy}\n`)
}

/** Serves a lab, says where on one line of standard output, and closes both at the first signal. */
export async function serveUntilInterrupted(
  lab: Lab,
  port: number,
  terminal: Terminal,
  opened: (url: string) => void,
): Promise<number> {
  try {
    const renderer = join(packageRoot(), 'out/renderer')
    const host = await startHost({ lab, version: packageVersion(), renderer, port })
    await sayReadOnly(lab, terminal)
    terminal.out(`${host.url}\n`)
    opened(host.url)
    await terminal.interrupted
    await host.close()
    return exits.ran
  } finally {
    await lab.close()
  }
}
