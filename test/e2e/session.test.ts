import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstLine, outcomeOf, projectRoot, runCommand, startCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-session-'))
const env = { SWITCHYARD_DATA: join(folder, 'data'), DISPLAY: undefined, WAYLAND_DISPLAY: undefined }
const handover = join(projectRoot, 'resources/experiments/handover.json')
afterAll(() => rmSync(folder, { recursive: true }))

const switchyard = (...args: string[]) => runCommand(args, { cwd: folder, env })

describe('run', () => {
  it('prints one JSON object on one line, the same for the same experiment and seed', async () => {
    const run = () =>
      switchyard('run', handover, '--db', 'a.switchyard', '--json', '--set', 'stop.switches=120')
    const first = await run()
    expect(first.status).toBe(0)
    expect(first.out).toMatch(/^\{.*\}\n$/)
    const report = JSON.parse(first.out)
    expect(Object.keys(report).toSorted()).toEqual(
      [
        'run',
        'experiment',
        'experimentHash',
        'stateHash',
        'switches',
        'instructions',
        'cycles',
        'hostNs',
        'latency',
        'tagFaults',
        'registerChanges',
        'findings',
        'advice',
        'pending',
        'verdict',
        'version',
      ].toSorted(),
    )
    expect(report).toMatchObject({
      run: 1,
      experimentHash: expect.stringMatching(/^[0-9a-f]+$/),
      stateHash: expect.stringMatching(/^[0-9a-f]+$/),
      latency: {
        unit: expect.any(String),
        n: expect.any(Number),
        p50: expect.any(Number),
        max: expect.any(Number),
      },
    })
    expect(report.switches).toBeGreaterThanOrEqual(100)
    expect(report.tagFaults.sync).toBeGreaterThan(0)
    expect(report.tagFaults.async).toBeGreaterThan(0)
    expect(report.findings).toBeInstanceOf(Array)

    const second = JSON.parse((await run()).out)
    expect(second).toEqual({ ...report, run: 2, hostNs: second.hostNs })
  })

  it('prints tables, progress apart', async () => {
    const { status, out, err } = await switchyard(
      'run',
      handover,
      '--db',
      'b.switchyard',
      '--set',
      'stop.switches=120',
    )
    expect(status).toBe(0)
    for (const words of [
      'b.switchyard#1',
      'world switches',
      'switch latency (model cycles',
      'RGSR_EL1',
      'vcpu 1',
    ]) {
      expect(out).toContain(words)
    }
    expect(out).not.toContain('instructions/s')
    expect(err).not.toContain('b.switchyard#1')
  })

  it.each([
    ['an unknown path', ['--set', 'vcpus.0.cheks=async'], /checks/],
    ['a value that is not allowed', ['--set', 'vcpus.0.checks=maybe'], /checks/],
    ['what no machine has', ['--set', 'hypervisor.mode=vhe', '--set', 'machine.vhe=off'], /FEAT_VHE/],
  ])('refuses %s and stores nothing', async (_name, set, words) => {
    const { status, out, err } = await switchyard('run', handover, '--db', 'c.switchyard', ...set)
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toMatch(words)
    const list = await switchyard(
      'run',
      handover,
      '--db',
      'c.switchyard',
      '--json',
      '--set',
      'stop.switches=100',
    )
    expect(JSON.parse(list.out).run).toBe(1)
    rmSync(join(folder, 'c.switchyard'), { force: true })
  })

  it('names the place in an experiment that is no JSON', async () => {
    writeFileSync(join(folder, 'bad.json'), '{\n  "name": "x",\n  "machine" {}\n}\n')
    const { status, out, err } = await switchyard('run', 'bad.json', '--db', 'd.switchyard')
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toMatch(/3/)
    expect(await switchyard('run', 'none.json', '--db', 'd.switchyard')).toMatchObject({
      status: 1,
      err: expect.stringContaining('none.json'),
    })
  })

  it('refuses a session file that is none', async () => {
    copyFileSync(join(projectRoot, 'package.json'), join(folder, 'e.switchyard'))
    const { status, out, err } = await switchyard('run', handover, '--db', 'e.switchyard')
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toContain('e.switchyard')
    expect(readFileSync(join(folder, 'e.switchyard'))).toEqual(
      readFileSync(join(projectRoot, 'package.json')),
    )
  })

  it('needs to know where to store the run', async () => {
    expect(await switchyard('run', handover)).toMatchObject({
      status: 64,
      err: expect.stringContaining('--db'),
    })
  })

  it('stops at Ctrl+C and keeps what it has', async () => {
    const long = ['vcpus.0.rounds=100000000', 'stop.switches=100000000', 'stop.instructions=1000000000000']
    const args = ['run', handover, '--db', 'f.switchyard', ...long.flatMap((set) => ['--set', set])]
    const child = startCommand(args, { cwd: folder, env })
    const outcome = outcomeOf(child)
    child.stderr.once('data', () => child.kill('SIGINT')) // its first line of progress
    const { status, out } = await outcome
    expect(status).toBe(130)
    expect(out).toContain('f.switchyard#1')
  })
})

describe('session', () => {
  it('backs up, checks, and reads what is left of a damaged file', async () => {
    const session = (...args: string[]) => switchyard('session', ...args, '--json')
    expect(JSON.parse((await session('check', 'a.switchyard')).out).damage).toEqual([])
    const backup = JSON.parse((await session('backup', 'a.switchyard', 'copy.switchyard')).out)
    expect(backup).toMatchObject({ backup: join(folder, 'copy.switchyard'), bytes: expect.any(Number) })

    const bytes = readFileSync(backup.backup)
    bytes.fill(0xa5, bytes.length - 20 * 4096, bytes.length - 10 * 4096)
    writeFileSync(backup.backup, bytes)
    const checked = await session('check', 'copy.switchyard')
    expect(checked.status).toBe(1)
    expect(JSON.parse(checked.out).damage.length).toBeGreaterThan(0)

    const salvaged = JSON.parse((await session('salvage', 'copy.switchyard')).out)
    expect(salvaged).toMatchObject({ salvaged: join(folder, 'copy-salvaged.switchyard'), runs: 2 })
    expect((await session('check', 'copy-salvaged.switchyard')).status).toBe(0)
    expect(readFileSync(backup.backup).equals(bytes)).toBe(true)
  })
  it('refuses what it cannot do, and files that are not there', async () => {
    const slip = await switchyard('session', 'slavage', 'a.switchyard')
    expect([slip.status, slip.err]).toEqual([64, expect.stringContaining('Did you mean salvage?')])
    for (const action of ['backup', 'check', 'salvage']) {
      const missing = await switchyard('session', action, 'none.switchyard')
      expect([missing.status, missing.out]).toEqual([1, ''])
      expect(existsSync(join(folder, 'none.switchyard'))).toBe(false)
    }
  })
})

describe('serve', () => {
  let session: string
  beforeAll(async () => {
    session = join(folder, 'served.switchyard')
    const outcome = await switchyard('run', handover, '--db', session, '--set', 'stop.switches=100')
    expect(outcome.status).toBe(0)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'serves the page until %s, on one printed address',
    async (signal) => {
      const child = startCommand(['serve', session], { cwd: folder, env })
      const outcome = outcomeOf(child)
      const url = await firstLine(child)
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{20,}$/)
      const page = await fetch(url)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-security-policy')).toBeTruthy()
      const script = /src="\.?(\/[^"]+\.js)"/.exec(await page.text())?.[1]
      expect((await fetch(new URL(script!, url))).headers.get('content-type')).toContain('javascript')
      child.kill(signal)
      expect(await outcome).toEqual({ status: 0, out: `${url}\n`, err: '' })
    },
  )

  it('of a session that is open elsewhere is read-only and says so, and no run goes into it', async () => {
    const first = startCommand(['serve', session], { cwd: folder, env })
    const ended = outcomeOf(first)
    await firstLine(first)
    const why = 'read-only: another process has it open'
    const refused = await switchyard('run', handover, '--db', session)
    expect([refused.status, refused.out]).toEqual([1, ''])
    expect(refused.err).toContain(`the session is ${why}`)
    const second = startCommand(['serve', session], { cwd: folder, env })
    const outcome = outcomeOf(second)
    await firstLine(second)
    second.kill('SIGTERM')
    expect(await outcome).toMatchObject({ status: 0, err: `switchyard: served.switchyard is ${why}\n` })
    first.kill('SIGTERM')
    expect((await ended).status).toBe(0)
    expect(readdirSync(folder).filter((name) => name.startsWith('served.'))).toEqual(['served.switchyard'])
    expect((await switchyard('run', handover, '--db', session, '--set', 'stop.switches=20')).status).toBe(0)
  })

  it('says that a port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const { status, out, err } = await switchyard('serve', session, '--port', String(port))
    other.close()
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}: the port is taken[\\s\\S]*--port`))
  })
})

describe('start', () => {
  it('without a display computes a first session, says why it is the browser, and serves it', async () => {
    const child = startCommand(['start'], { cwd: folder, env })
    const outcome = outcomeOf(child)
    const url = await firstLine(child)
    expect(existsSync(join(folder, 'data/first-light.switchyard'))).toBe(true)
    child.kill('SIGTERM')
    const { status, out, err } = await outcome
    expect({ status, out }).toEqual({ status: 0, out: `${url}\n` })
    expect(err).toContain('serving the workspace to a browser, not a desktop window: there is no display')
    expect(err).toContain('computing the first run')
  })
})
