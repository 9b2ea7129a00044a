import type { Terminal } from './verb.ts'

/** The process's own streams. A reader that goes away (`switchyard dis x | head`) ends the program quietly. */
export function processTerminal(): Terminal {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  process.stderr.on('error', () => {}) // nobody is left to be told
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY === true,
    stdin: process.stdin,
    env: process.env,
    interrupted: new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.once(signal, () => resolve(signal))
    }),
  }
}

/** Waits until what was written has left the process. */
export async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => {
      if (stream.writableEnded || stream.destroyed) resolve()
      else stream.write('', () => resolve())
    })
  }
}
