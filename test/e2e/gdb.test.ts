import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { echo, exits } from '../guests/programs.ts'
import { buildSource } from '../guests/run-guest.ts'
import { outcomeOf, runCommand, startCommand } from '../support/command-line.ts'
import { GdbClient } from '../support/gdb-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-gdb-'))
afterAll(() => rmSync(folder, { recursive: true }))

function elf(name: string, source: string): string {
  const file = join(folder, name)
  writeFileSync(file, buildSource(source))
  return file
}

/** Starts `boot --gdb 0` and attaches where it says. */
async function attached(file: string, ...flags: string[]) {
  const child = startCommand(['boot', file, '--gdb', '0', ...flags])
  const outcome = outcomeOf(child)
  const port = await new Promise<number>((resolve) => {
    let text = ''
    child.stderr.on('data', (part: string) => {
      text += part
      const said = /target remote 127\.0\.0\.1:(\d+) /.exec(text)
      if (said) resolve(Number(said[1]))
    })
  })
  return { child, outcome, client: await GdbClient.connect(port) }
}

describe('boot --gdb', () => {
  it('says where it waits and how it runs, and exits as the guest does once gdb has let it go', async () => {
    const { client, outcome } = await attached(elf('exit.elf', exits(7)))
    expect(await client.ask('vCont;s:1')).toBe('T05thread:1;')
    expect(await client.ask('D')).toBe('OK')
    const { status, err } = await outcome
    expect(status).toBe(7)
    expect(err).toContain('one thread, deterministic schedule, model clock')
  })

  it('passes the console in both directions', async () => {
    const { child, client, outcome } = await attached(elf('echo.elf', echo), '--cpus', '2')
    const ended = client.ask('c')
    child.stdin.end('ab\nq')
    await ended
    client.raw('$k#6b')
    const { status, out } = await outcome
    expect({ status, out }).toEqual({ status: 0, out: 'ab\nq' })
  })

  it('refuses a port that is none, or is taken', async () => {
    const file = elf('exit.elf', exits(0))
    expect(await runCommand(['boot', file, '--gdb', '65536'])).toMatchObject({ status: 64 })
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const taken = await runCommand(['boot', file, '--gdb', String(port)])
    other.close()
    expect(taken).toMatchObject({ status: 1, out: '' })
    expect(taken.err).toContain(`127.0.0.1:${port}`)
    expect(taken.err).toContain('--gdb 0')
  })

  it('ends at SIGTERM, attached or not', async () => {
    const { child, outcome } = await attached(elf('exit.elf', exits(0)))
    child.kill('SIGTERM')
    expect(await outcome).toMatchObject({ status: 143 })
  })
})
