import { spawn } from 'node:child_process'

/** One command of the gate. */
export interface Step {
  name: string
  /** A JavaScript file under node_modules, or of ours, run by this same Node; arguments follow. */
  script: string
  args: string[]
}

export const checkSteps: readonly Step[] = [
  {
    name: 'format and lint',
    script: 'node_modules/@biomejs/biome/bin/biome',
    args: ['ci', '.', '--colors=off'],
  },
  { name: 'import law', script: 'test/gate/run.mjs', args: ['imports'] },
  { name: 'types', script: 'node_modules/vue-tsc/bin/vue-tsc.js', args: ['--build'] },
  {
    name: 'build',
    script: 'node_modules/electron-vite/bin/electron-vite.js',
    args: ['build', '--logLevel', 'warn'],
  },
]

/** Runs a step on our own terminal. Ends its children with it when `signal` aborts. @returns whether it exited with 0 */
export function runStep(
  step: Step,
  env: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [step.script, ...step.args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
      detached: true,
    })
    const stop = () => {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
    }
    const forward = () => {
      stop()
      process.exit(130)
    }
    signal?.addEventListener('abort', stop, { once: true })
    process.once('SIGINT', forward).once('SIGTERM', forward)
    child.on('error', () => resolve(false))
    child.on('exit', (code) => {
      signal?.removeEventListener('abort', stop)
      process.off('SIGINT', forward).off('SIGTERM', forward)
      resolve(code === 0)
    })
  })
}
