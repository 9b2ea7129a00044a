import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'

export const projectRoot = join(import.meta.dirname, '../..')
export const launcher = join(projectRoot, 'electron/cli/switchyard.mjs')

export interface Outcome {
  status: number | null
  out: string
  err: string
}

export interface CommandOptions {
  cwd?: string
  env?: Record<string, string | undefined>
  /** Given to standard input, which is then closed. */
  input?: string
  node?: string
}

/** Starts the command line as a person would; `SWITCHYARD_DATA` must be among `env` where it writes. */
export function startCommand(args: string[], options: CommandOptions = {}): ChildProcessWithoutNullStreams {
  const env = { ...process.env, ...options.env }
  return spawn(options.node ?? process.execPath, [launcher, ...args], { cwd: options.cwd, env })
}

export function runCommand(args: string[], options: CommandOptions = {}): Promise<Outcome> {
  const child = startCommand(args, options)
  child.stdin.end(options.input ?? '')
  return outcomeOf(child)
}

export function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const outcome: Outcome = { status: null, out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    outcome.err += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ ...outcome, status }))
  })
}

/** The first whole line of standard output. */
export function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let errors = ''
    child.stderr.on('data', (part) => {
      errors += part
    })
    child.stdout.on('data', (part) => {
      text += part
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    child.on('close', (status) => reject(new Error(`ended with ${status} before a line came: ${errors}`)))
  })
}
