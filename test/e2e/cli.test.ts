import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import {
  firstLine,
  launcher,
  outcomeOf,
  projectRoot,
  runCommand,
  startCommand,
} from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-cli-'))
const env = { SWITCHYARD_DATA: join(folder, 'data') }
afterAll(() => rmSync(folder, { recursive: true }))

const switchyard = (...args: string[]) => runCommand(args, { cwd: folder, env })
const program = (name: string) => join(import.meta.dirname, 'programs', name)

/** Assembles one of the programs beside this file. */
async function assembled(name: string): Promise<string> {
  const elf = join(folder, name.replace('.S', '.elf'))
  expect(await switchyard('asm', program(name), '-o', elf)).toEqual({ status: 0, out: '', err: '' })
  return elf
}

describe('the launcher', () => {
  it('is committed plain JavaScript that may be executed', () => {
    expect(statSync(launcher).mode & 0o777).toBe(0o755)
    const { bin } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    expect(join(projectRoot, bin.switchyard)).toBe(launcher)
  })

  it('continues under the bundled Node when started by an older one', async (ctx) => {
    const old = olderNode()
    if (!old) return ctx.skip('no Node older than 24 is installed on this machine')
    const fresh = { ...env, SWITCHYARD_REEXEC: '' } // the tests may have been started by an older one themselves
    const outcome = await runCommand(['version'], { env: fresh, node: old })
    expect(outcome).toMatchObject({ status: 0, out: expect.stringContaining('(Node 24.'), err: '' })
    const usage = await runCommand(['versoin'], { env: fresh, node: old })
    expect(usage.status).toBe(64)
  })

  it('says what to do when there is only an older Node', async (ctx) => {
    const old = olderNode()
    if (!old) return ctx.skip('no Node older than 24 is installed on this machine')
    const outcome = await runCommand(['version'], { env: { ...env, SWITCHYARD_REEXEC: '1' }, node: old })
    expect(outcome).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('needs Node 24 or newer'),
    })
  })
})

function olderNode(): string | null {
  const candidates = ['/usr/bin/node', '/usr/local/bin/node'].filter(existsSync)
  const isOld = (node: string) =>
    Number(/\d+/.exec(execFileSync(node, ['-v'], { encoding: 'utf8' }))?.[0]) < 24
  return candidates.find(isOld) ?? null
}

describe('usage', () => {
  it('is 64 with the nearest command or flag on standard error', async () => {
    expect(await switchyard('bot', 'x.elf')).toMatchObject({
      status: 64,
      out: '',
      err: expect.stringContaining('boot?'),
    })
    expect(await switchyard('serve', '--prot', '1')).toMatchObject({
      status: 64,
      err: expect.stringContaining('--port?'),
    })
    expect(await switchyard('serve', '--port', '65536')).toMatchObject({ status: 64 })
    expect(await switchyard('boot', 'x', '--memory', '3M')).toMatchObject({ status: 64 })
  })
})

describe('asm and dis', () => {
  it('make an image and read it back', async () => {
    const elf = await assembled('power-off.S')
    const { status, out } = await switchyard('dis', elf)
    expect(status).toBe(0)
    expect(out).toMatch(/40080008:\s+d4000003\s+smc #0x0/)
  })

  it('name the line of an error and write nothing', async () => {
    const source = join(folder, 'bad.S')
    writeFileSync(source, '_start:\n  mov x0, #1\n  addg x0, x1\n')
    const outcome = await switchyard('asm', source, '-o', join(folder, 'bad.elf'))
    expect(outcome).toMatchObject({ status: 1, out: '', err: expect.stringContaining(`${source}:3:`) })
    expect(readdirSync(folder).filter((name) => name.includes('bad.elf'))).toEqual([])
  })

  it('leave the old file as it was when the disk is full', async () => {
    const elf = join(folder, 'kept.elf')
    writeFileSync(elf, 'before')
    const command = 'ulimit -f 0; exec "$0" "$@"'
    const args = ['-c', command, process.execPath, launcher, 'asm', program('endless.S'), '-o', elf]
    const outcome = await outcomeOf(spawn('/bin/bash', args, { env: { ...process.env, ...env } }))
    expect(outcome).toMatchObject({ out: '', err: expect.stringContaining('Nothing was written') })
    expect(outcome.status).toBe(1)
    expect(readFileSync(elf, 'utf8')).toBe('before')
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
  })

  it('refuse what is no image', async () => {
    const outcome = await switchyard('dis', join(projectRoot, 'package.json'))
    expect(outcome).toMatchObject({ status: 1, out: '', err: expect.stringContaining('not an ELF') })
    expect(await switchyard('dis', 'none.elf')).toMatchObject({
      status: 1,
      err: expect.stringContaining('none.elf'),
    })
  })

  it('end quietly when the reader goes away', async () => {
    const elf = await assembled('echo.S')
    const command = 'set -o pipefail; "$0" "$@" | true; echo $?'
    const args = ['-c', command, process.execPath, launcher, 'dis', elf]
    const outcome = await outcomeOf(spawn('/bin/bash', args, { env: { ...process.env, ...env } }))
    expect(outcome).toEqual({ status: 0, out: '0\n', err: '' })
  })
})

describe('boot', () => {
  it('joins the UART to standard input and output, and ends with the status of semihosting', async () => {
    const outcome = await runCommand(['boot', await assembled('echo.S')], { env, input: 'abcde\n' })
    expect(outcome).toEqual({ status: 5, out: 'hello\nabcde\n', err: '' })
  })

  it('ends with 0 by PSCI SYSTEM_OFF, statistics on standard error', async () => {
    const outcome = await switchyard('boot', await assembled('power-off.S'), '--stats', '--cpus', '2')
    expect(outcome).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/^all +\d instructions$/m),
    })
  })

  it('ends with 70 at an instruction that the machine lacks, and names it', async () => {
    const source = join(folder, 'float.S')
    const enable = 'mov x0, #0x300000\n msr cpacr_el1, x0\n isb'
    writeFileSync(source, `.global _start\n_start: ${enable}\n .inst 0x1e602800\n b .\n`)
    const elf = join(folder, 'float.elf')
    await switchyard('asm', source, '-o', elf)
    expect(await switchyard('boot', elf)).toEqual({
      status: 70,
      out: '',
      err: 'switchyard: PE 0 cannot go on: at 0x4008000c: FADD (scalar) is not modelled (word 0x1e602800)\n',
    })
  })

  it('ends with 124 at a limit', async () => {
    const elf = await assembled('endless.S')
    expect(await switchyard('boot', elf, '--max-instructions', '1000')).toMatchObject({
      status: 124,
      out: '',
    })
    expect(await switchyard('boot', elf, '--timeout', '0.2')).toMatchObject({ status: 124, out: '' })
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s though the guest never does', async (signal, status) => {
    const child = startCommand(['boot', await assembled('echo.S')], { env })
    const outcome = outcomeOf(child)
    await firstLine(child) // from here on it waits for input that never comes
    child.kill(signal)
    expect(await outcome).toEqual({ status, out: 'hello\n', err: '' })
  })

  it('refuses a truncated image', async () => {
    const elf = await assembled('echo.S')
    const cut = join(folder, 'cut.elf')
    writeFileSync(cut, readFileSync(elf).subarray(0, 100))
    const outcome = await switchyard('boot', cut)
    expect(outcome).toMatchObject({ status: 1, out: '', err: expect.stringContaining('cut.elf') })
  })
})

describe('explore', () => {
  const file = join(projectRoot, 'test/vectors/sync/sync-hand.jsonl.gz')

  it('finds the recorded sets, and says how', async () => {
    expect(await switchyard('explore', file)).toEqual({
      status: 0,
      out: '136 passed, 0 failed, 0 skipped\n',
      err: expect.stringMatching(/^\d+ executions, 279 outcomes; late: GCR_EL1, .*; window: run\n$/),
    })
    const { out } = await switchyard('explore', file, '--json')
    expect(JSON.parse(out)).toMatchObject({ passed: 136, failed: 0, outcomes: 279, window: 'run' })
  })

  it('ends with 1 when a set differs', async () => {
    const [first] = gunzipSync(readFileSync(file)).toString('utf8').split('\n')
    const record = JSON.parse(first!)
    const wrong = join(folder, 'wrong.jsonl')
    writeFileSync(wrong, JSON.stringify({ ...record, outcomes: record.outcomes.slice(0, 1) }))
    const outcome = await switchyard('explore', wrong)
    expect(outcome).toMatchObject({ status: 1, out: '0 passed, 1 failed, 0 skipped\n' })
    expect(outcome.err).toContain('not legal: marker at 0x200000008')
  })
})
