import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import type { CallName, Calls, EventName, Events } from '../../shared/contract/calls.ts'
import type { RunSummary } from '../../shared/model/run.ts'
import { type FakeMachine, fakeMachine } from '../../test/support/fake-machine.ts'
import { dataFolder, defaultSession } from '../base/data-folder.ts'
import type { SpawnStore } from '../store/client.ts'
import { type Lab, openLab } from './lab.ts'
import { endState } from './live-run.ts'
import { ownerText, runReport } from './run-report.ts'

const resources = join(import.meta.dirname, '../../resources')
const spawnStore: SpawnStore = (workerData) =>
  new Worker(new URL('../store/worker.ts', import.meta.url), { workerData })
const folder = mkdtempSync(join(tmpdir(), 'switchyard-lab-'))
let files = 0
let open: Lab[] = []
afterEach(async () => {
  for (const lab of open) await lab.close()
  open = []
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = (more = '') => `{
  // small
  "name": "small",
  "machine": { "pes": 2 },
  "vcpus": [{ "guest": "alloc", "checks": "sync" }, { "guest": "plain", "mte": false }]${more}
}`

async function labOn(machine: FakeMachine, session = join(folder, `${++files}.switchyard`)): Promise<Lab> {
  const lab = await openLab({
    session,
    resources,
    spawnStore,
    startMachine: machine.start,
    spawnPe: () => {
      throw new Error('a fake machine has no workers')
    },
    spawnInspector: () => {
      throw new Error('a fake machine cannot be looked at')
    },
  })
  open.push(lab)
  return lab
}

async function value<C extends CallName>(
  lab: Lab,
  name: C,
  args: Calls[C]['args'],
): Promise<Calls[C]['reply']> {
  const result = await lab.call(name, args)
  if (!result.ok) throw new ProblemError(result.error.place, result.error.cause, result.error.remedy)
  return result.value
}
async function problem<C extends CallName>(lab: Lab, name: C, args: Calls[C]['args']) {
  const result = await lab.call(name, args)
  return result.ok ? null : result.error
}
const next = <E extends EventName>(lab: Lab, name: E): Promise<Events[E]> =>
  new Promise((resolve) => {
    const off = lab.on(name, (payload) => {
      off()
      resolve(payload)
    })
  })
const start = (lab: Lab, more = '', set: string[] = []) =>
  value(lab, 'run.start', { text: text(more), name: 'small.json', set })

describe('a run', () => {
  it('is planned, computed, stored and summed up', async () => {
    const machine = fakeMachine({ switches: 200 })
    const lab = await labOn(machine)
    const said: string[] = []
    lab.on('run.console', ({ text }) => said.push(text))
    const started = next(lab, 'run.started')
    const ended = next(lab, 'run.ended')
    const run = await start(lab)
    expect(await started).toEqual({ run })
    expect(machine.plan?.image.bytes.length).toBeGreaterThan(1000)
    const { summary } = await ended
    expect(summary).toMatchObject({
      run,
      title: 'small',
      experiment: 'small',
      state: 'finished',
      stop: { kind: 'exit', code: 0 },
      switches: 200,
      instructions: 200 * 390,
      hostNs: 12_345_678,
      stateHash: '5a'.repeat(32),
      latency: { n: 200 },
      mode: 'nvhe',
      policy: 'mainline',
    })
    expect(await value(lab, 'run.get', { run })).toEqual(summary)
    expect(await value(lab, 'run.list', {})).toEqual([summary])
    expect((await value(lab, 'run.console', { run })).text).toBe(said.join(''))
    expect(await value(lab, 'run.progress', { run })).toBeNull()
    const series = await value(lab, 'run.latency', { run, range: null, columns: 50, pe: null, vcpu: null })
    expect(series.total).toBe(200)
    expect(series.latency).toBeInstanceOf(Float64Array)
    expect(await value(lab, 'session.info', {})).toMatchObject({ runs: 1, readOnly: false, schemaVersion: 5 })
  })

  it('is reported in the same words each time', async () => {
    const reports: string[] = []
    for (let i = 0; i < 2; i++) {
      const lab = await labOn(fakeMachine({ switches: 60, perTick: i + 2 }))
      const ended = next(lab, 'run.ended')
      await start(lab, '', ['stop.switches=40'])
      const report = runReport((await ended).summary)
      expect(Object.keys(report)).toEqual([
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
      ])
      expect(report).toMatchObject({ switches: 40, findings: [], latency: { unit: 'model cycles', n: 40 } })
      expect(report.registerChanges.map(({ owner }) => owner)).toEqual(['host', 'vcpu 0', 'vcpu 1'])
      reports.push(report.experimentHash)
    }
    expect(reports[0]).toBe(reports[1])
    expect([-1, -2, -3, 4].map(ownerText)).toEqual(['host', 'host task', 'unknown owner', 'vcpu 4'])
  })

  it('keeps its text with the overrides written into it', async () => {
    const lab = await labOn(fakeMachine({ switches: 10 }))
    const ended = next(lab, 'run.ended')
    const run = await start(lab, '', ['stop.switches=8'])
    await ended
    const kept = await value(lab, 'run.experiment', { run })
    expect(kept.text).toContain('// small')
    expect(kept.text).toContain('"switches": 8')
  })

  it('reports progress while it runs, and can be paused, resumed and stopped', async () => {
    const lab = await labOn(fakeMachine({ switches: 1e9 }))
    const run = await start(lab)
    const first = await next(lab, 'run.progress')
    expect(first).toMatchObject({ run, state: 'running', switchLimit: null })
    expect(first.switches).toBeGreaterThan(0)
    expect(first.switchesPerSecond).toBeGreaterThan(0)
    await value(lab, 'run.pause', { run })
    expect(await value(lab, 'run.get', { run })).toMatchObject({ state: 'paused' })
    const paused = await value(lab, 'run.progress', { run })
    const later = await next(lab, 'run.progress')
    expect([later.state, later.switches]).toEqual(['paused', paused?.switches])
    await value(lab, 'run.resume', { run })
    await next(lab, 'run.progress')
    expect((await next(lab, 'run.progress')).switches).toBeGreaterThan(later.switches)
    const ended = next(lab, 'run.ended')
    await value(lab, 'run.stop', { run })
    const { summary } = await ended
    expect(summary).toMatchObject({ state: 'stopped', stop: { kind: 'stopped' } })
    expect(summary.latency?.n).toBe(summary.switches)
    expect(await problem(lab, 'run.pause', { run })).toMatchObject({
      cause: `run ${run} is not running here`,
    })
  })

  it('is refused while another is live, and with a policy that is not there', async () => {
    const lab = await labOn(fakeMachine({ switches: 1e9 }))
    const run = await start(lab)
    const again = await problem(lab, 'run.start', { text: text(), name: 'small.json', set: [] })
    expect(again?.cause).toBe(`run ${run} is live, and one runs at a time`)
    expect(await problem(lab, 'run.delete', { run })).toMatchObject({ cause: `run ${run} is running` })
    await value(lab, 'run.stop', { run })
    expect(
      await problem(lab, 'run.start', {
        text: text(', "hypervisor": { "policy": "mainlin" }'),
        name: 'small.json',
        set: [],
      }),
    ).toEqual({
      place: 'small.json:5:106: hypervisor.policy',
      cause: 'there is no policy "mainlin" in this version',
      remedy: 'Did you mean "mainline"?',
    })
    expect(
      await problem(lab, 'run.start', { text: text(), name: 'small.json', set: ['vcpus.0.cheks=sync'] }),
    ).toMatchObject({
      remedy: 'Did you mean "vcpus.0.checks"?',
    })
    const deleted = next(lab, 'run.deleted')
    await value(lab, 'run.delete', { run })
    expect(await deleted).toEqual({ run })
    expect(await value(lab, 'run.list', {})).toEqual([])
  })
})

describe('an end', () => {
  const endOf = async (act: (machine: FakeMachine) => void): Promise<RunSummary> => {
    const machine = fakeMachine({ switches: 1e9 })
    const lab = await labOn(machine)
    const ended = next(lab, 'run.ended')
    await start(lab)
    await next(lab, 'run.progress')
    act(machine)
    return (await ended).summary
  }
  it('by a lost worker is a failure with its reason; what was computed stays, and the lab goes on', async () => {
    const summary = await endOf((machine) =>
      machine.end({ kind: 'failed', message: 'the worker of PE 1 ended' }),
    )
    expect(summary).toMatchObject({
      state: 'failed',
      stateHash: null,
      stop: { kind: 'failed', message: 'the worker of PE 1 ended' },
    })
    expect(summary.latency?.n).toBeGreaterThan(0)
    const lab = open.at(-1)!
    const ended = next(lab, 'run.ended')
    await start(lab, '', ['stop.switches=5'])
    expect((await ended).summary.state).toBe('finished')
  })
  it('by a lockup or a guest\u2019s code is what it is', async () => {
    expect(
      await endOf((machine) => machine.end({ kind: 'lockup', pe: 0, message: 'nothing can wake the PEs' })),
    ).toMatchObject({
      state: 'failed',
      stop: { kind: 'lockup' },
    })
    expect(await endOf((machine) => machine.end({ kind: 'exit', code: 3, by: 'semihosting' }))).toMatchObject(
      {
        state: 'failed',
        stop: { kind: 'exit', code: 3 },
      },
    )
    expect(endState({ kind: 'limit', which: 'seconds' })).toBe('finished')
  })
  it('before the beginning is a failure too', async () => {
    const lab = await labOn({
      ...fakeMachine({ switches: 1 }),
      start: async () => {
        throw new ProblemError('hyp/nvhe/image.S', 'the image is 2 GB', 'Give the machine more memory.')
      },
    })
    expect(await problem(lab, 'run.start', { text: text(), name: 'small.json', set: [] })).toMatchObject({
      cause: 'the image is 2 GB',
    })
    expect(await value(lab, 'run.list', {})).toMatchObject([
      { state: 'failed', stop: { message: 'hyp/nvhe/image.S: the image is 2 GB' } },
    ])
  })
  it('by a full disk fails the run with that reason', async ({ skip }) => {
    const at = mkdtempSync(join(folder, 'mount-'))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', at]).status !== 0)
      return skip('this process may not mount a file system')
    try {
      const lab = await labOn(fakeMachine({ switches: 1e9, perTick: 30 }), join(at, 'a.switchyard'))
      const ended = next(lab, 'run.ended')
      const run = await start(lab)
      writeFileSync(
        join(at, 'ballast'),
        Buffer.alloc(Math.max(0, statfsSync(at).bavail * statfsSync(at).bsize - 400_000)),
      )
      const { summary } = await ended
      expect(summary).toMatchObject({
        run,
        state: 'failed',
        stop: { kind: 'failed', message: expect.stringContaining('full') },
      })
      expect(summary.latency?.n ?? 0).toBe(summary.switches)
      await lab.close()
    } finally {
      spawnSync('umount', ['-l', at])
    }
  }, 20_000)
})

describe('the lab', () => {
  it('lists and checks experiments', async () => {
    const lab = await labOn(fakeMachine({ switches: 1 }))
    const list = await value(lab, 'experiment.list', {})
    expect(list.map(({ name }) => name)).toContain('handover')
    for (const { text } of list) expect(await value(lab, 'experiment.check', { text })).toEqual([])
    expect(await value(lab, 'experiment.check', { text: '{}' })).toMatchObject([
      { path: 'name' },
      { path: 'vcpus' },
    ])
  })
  it('refuses arguments that are none', async () => {
    const lab = await labOn(fakeMachine({ switches: 1 }))
    expect(await problem(lab, 'run.get', { run: 'x' as never })).toMatchObject({ place: 'run.get: run' })
    expect(await problem(lab, 'run.faults', { run: 1, range: { from: 5, to: 2 }, columns: 5 })).toMatchObject(
      { cause: 'the range ends before it begins' },
    )
    expect(await problem(lab, 'run.get', { run: 7 })).toMatchObject({ cause: 'the session has no run 7' })
  })
  it('refuses a file that is no session', async () => {
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'hello')
    await expect(labOn(fakeMachine({ switches: 1 }), file)).rejects.toThrow(
      'this is not a Switchyard session',
    )
  })
  it('backs its session up beside it', async () => {
    const path = join(folder, 'kept.switchyard')
    const lab = await labOn(fakeMachine({ switches: 20 }), path)
    const ended = next(lab, 'run.ended')
    await start(lab)
    await ended
    const backup = await value(lab, 'session.backup', {})
    expect(backup.path.startsWith(`${path}.`)).toBe(true)
    await lab.close()
    const copy = await labOn(fakeMachine({ switches: 20 }), backup.path)
    expect(await value(copy, 'run.list', {})).toMatchObject([{ run: 1, switches: 20 }])
    await copy.close()
  })
  it('reads a read-only session and takes no run', async ({ skip }) => {
    const at = mkdtempSync(join(folder, 'mount-'))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', at]).status !== 0)
      return skip('this process may not mount a file system')
    try {
      const first = await labOn(fakeMachine({ switches: 20 }), join(at, 'a.switchyard'))
      const ended = next(first, 'run.ended')
      await start(first)
      await ended
      await first.close()
      spawnSync('mount', ['-o', 'remount,ro', at])
      const lab = await labOn(fakeMachine({ switches: 20 }), join(at, 'a.switchyard'))
      expect(await value(lab, 'session.info', {})).toMatchObject({
        readOnly: true,
        readOnlyWhy: 'it may not be written to here',
        runs: 1,
      })
      expect(await problem(lab, 'run.start', { text: text(), name: 'small.json', set: [] })).toMatchObject({
        cause: 'the session is read-only: it may not be written to here',
      })
      await lab.close()
    } finally {
      spawnSync('umount', ['-l', at])
    }
  })
  it('has its default session in the data folder', () => {
    expect(defaultSession(dataFolder({ SWITCHYARD_DATA: '/data' }))).toBe('/data/first-light.switchyard')
  })
})
