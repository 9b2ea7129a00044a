import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { helpVerb } from './help.ts'
import { runCommand } from './main.ts'
import type { Terminal, Verb } from './verb.ts'
import { version } from './version.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-cli-'))
  vi.stubEnv('SWITCHYARD_DATA', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const failing = (name: string, error: Error): Verb => ({
  name,
  summary: `fails with ${name}`,
  operands: [],
  flags: {},
  example: name,
  run: () => Promise.reject(error),
})
const verbs = [
  version,
  failing('problem', new ProblemError('a.json', 'it is bad', 'Mend it.')),
  failing('bug', new Error('oops')),
]

async function run(...args: string[]) {
  let out = ''
  let err = ''
  const terminal: Terminal = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    live: false,
    stdin: process.stdin,
    env: process.env,
    interrupted: new Promise(() => {}),
  }
  const status = await runCommand([...verbs, helpVerb(verbs)], args, terminal)
  return { status, out, err }
}

it('runs a verb by its name and by the spellings of version and help', async () => {
  const text = expect.stringMatching(/^switchyard \d+\.\d+\.\d+ \(Node 24/)
  for (const word of ['version', '--version', '-V']) {
    expect(await run(word)).toEqual({ status: 0, out: text, err: '' })
  }
  expect(await run('--help')).toEqual(await run('help'))
  expect((await run('help')).out).toMatch(/^ {2}problem {2}fails with problem$/m)
  expect(await run('version', '--help')).toEqual(await run('help', 'version'))
  expect((await run('help', 'version')).out).toContain('usage: switchyard version [--json]')
})

it('prints one JSON object on one line', async () => {
  const { out } = await run('version', '--json')
  expect(out).toMatch(/^\{.*\}\n$/)
  expect(JSON.parse(out)).toMatchObject({ switchyard: expect.any(String), node: process.versions.node })
})

it('answers what nobody could have meant with 64 and the nearest command', async () => {
  expect(await run('verson')).toEqual({
    status: 64,
    out: '',
    err: "switchyard: there is no command 'verson'.\n  Did you mean version?\n",
  })
  expect(await run()).toMatchObject({ status: 64, out: '', err: expect.stringContaining('switchyard help') })
  expect(await run('version', '--jsn')).toMatchObject({ status: 64, err: expect.stringContaining('--json?') })
  expect(await run('help', 'nothing-like-it')).toMatchObject({ status: 64 })
})

it('answers a problem with place, cause and remedy', async () => {
  expect(await run('problem')).toEqual({ status: 1, out: '', err: 'a.json: it is bad\n  Mend it.\n' })
})

it('answers a bug with 70 and a report, without a stack on the screen', async () => {
  const { status, err } = await run('bug')
  expect(status).toBe(70)
  expect(err).not.toMatch(/\n\s+at /)
  const report = /is in (\S+bug-\S+\.txt);/.exec(err)?.[1] ?? ''
  expect(report.startsWith(folder)).toBe(true)
  expect(readFileSync(report, 'utf8')).toMatch(/arguments: \["bug"\][\s\S]*Error: oops\n\s+at /)
})
