/** The machine of a stored run, looked at through the lab as a Machine view does it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MachineState, MachineTarget } from '../../shared/model/machine-view.ts'
import type { RunId } from '../../shared/model/run.ts'
import { unwrap } from '../base/first-run.ts'
import { startMachine } from '../workers/machine-client.ts'
import { type Lab, openLab } from './lab.ts'

const resources = join(import.meta.dirname, '../../resources')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-inspect-'))
const thread = (file: string) => (workerData: unknown) =>
  new Worker(new URL(file, import.meta.url), { workerData })

let lab: Lab
let run: RunId
let violated: RunId
beforeAll(async () => {
  lab = await openLab({
    session: join(folder, 'a.switchyard'),
    resources,
    startMachine,
    spawnPe: thread('../workers/pe-worker.ts'),
    spawnStore: thread('../store/worker.ts'),
    spawnInspector: thread('../workers/inspect/worker.ts'),
  })
  run = await runOf('first-fault', [])
  violated = await runOf('contract', ['hypervisor.mode=vhe', 'hypervisor.policy=v12'])
}, 60_000)
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true })
})

async function runOf(experiment: string, set: string[]): Promise<RunId> {
  const name = join(resources, `experiments/${experiment}.json`)
  const ended = new Promise<void>((resolve) => {
    const stop = lab.on('run.ended', () => {
      stop()
      resolve()
    })
  })
  const started = unwrap(await lab.call('run.start', { text: readFileSync(name, 'utf8'), name, set }))
  await ended
  return started
}

const go = async (
  target: MachineTarget,
  from: number | null = null,
  of = run,
  finding: number | null = null,
) => unwrap(await lab.call('machine.go', { run: of, finding, from, pe: 0, target }))

const general = ({ general: registers }: MachineState, name: string) =>
  registers.find((one) => one.name === name)?.value

describe('a machine that is looked at', { timeout: 60_000 }, () => {
  it('steps ahead and back to the same state', async () => {
    const start = await go({ kind: 'moment', moment: 5_000 })
    expect(start).toMatchObject({ reached: true, end: null, at: { pe: 0, moment: 5_000 } })
    const ahead = await go({ kind: 'step', pe: 0, count: 3 }, 5_000)
    expect(ahead.at.instructions).toBe(start.at.instructions + 3)
    expect(await go({ kind: 'step', pe: 0, count: -3 }, ahead.at.moment)).toEqual(start)
  })

  it('ends as the run ended, at the cycle that charts know', async () => {
    const summary = unwrap(await lab.call('run.get', { run }))
    const end = await go({ kind: 'end' })
    expect(end).toMatchObject({
      reached: true,
      end: expect.stringMatching(/with code 0$/),
      cycle: summary.cycles,
    })
    expect(end.pes.reduce((sum, { instructions }) => sum + instructions, 0)).toBe(summary.instructions)
  })

  it('goes to a switch by its cycle, and to the next one and back by its mark', async () => {
    const nearest = unwrap(await lab.call('run.switch-at', { run, cycle: 0, pe: 0 }))
    const { row, nextId } = unwrap(await lab.call('run.switch', { run, id: nearest!.id }))
    const at = await go({ kind: 'cycle', pe: 0, cycle: row.startCycle })
    expect(at.cycle).toBe(row.startCycle)
    expect(at.code.find(({ address }) => address === general(at, 'pc'))?.text).toMatch(/^hvc/)
    const next = await go({ kind: 'until', event: { kind: 'switch' }, back: false }, at.at.moment)
    const second = unwrap(await lab.call('run.switch', { run, id: nextId! }))
    expect(next.cycle).toBe(second.row.startCycle)
    expect(await go({ kind: 'until', event: { kind: 'switch' }, back: true }, next.at.moment)).toEqual(at)
  })

  it('shows the step of a witness, what is pending there, and whose it is', async () => {
    const report = unwrap(await lab.call('run.findings', { run: violated }))
    const step = report!.findings[0]!.steps.at(-1)!
    const target = { kind: 'position', pe: step.pe, instructions: step.position } as const
    const state = await go(target, null, violated, 1)
    expect(general(state, 'pc')).toBe(step.pc)
    expect(state.code.find(({ address }) => address === step.pc)?.text).toBe(step.instruction)
    expect(state.world).toBe(`the host at EL${step.el}`)
    expect(state.pending.registers.map(({ register }) => register)).toContain('GCR_EL1')
    const gcr = state.system.flatMap(({ registers }) => registers).find(({ name }) => name === 'GCR_EL1')
    expect(gcr?.effective).toBeDefined()
    expect(gcr?.effective).not.toBe(gcr?.value)
  })

  it('reads memory with its tags, and walks to it', async () => {
    const { address } = unwrap(await lab.call('machine.symbol', { run, finding: null, name: 'guest_image' }))!
    const { at } = await go({ kind: 'until', event: { kind: 'switch' }, back: false }, 0)
    const place = { run, finding: null, moment: at.moment, pe: 0 }
    const memory = unwrap(await lab.call('machine.memory', { ...place, address, granules: 4 }))
    const walk = unwrap(await lab.call('machine.walk', { ...place, address }))
    expect(memory).toMatchObject({ address: address & ~15n, physical: address & ~15n })
    expect(memory.tags.every((tag) => tag < 16)).toBe(true)
    expect(walk.result).toMatchObject({ physical: address, fault: null })
    expect(walk.reads.length).toBeGreaterThan(0)
    const code = unwrap(await lab.call('machine.code', { ...place, address, count: 2 }))
    const word = new DataView(memory.bytes.buffer, memory.bytes.byteOffset).getUint32(0, true)
    expect(code[0]?.word).toBe(word | 0)
    const nowhere = unwrap(await lab.call('machine.walk', { ...place, address: 0x7f_0000_0000n }))
    expect(nowhere.result).toMatchObject({ fault: expect.stringMatching(/^stage 1 fault/) })
  })

  it.each([
    ['too many steps', { kind: 'step', pe: 0, count: 5000 }, /argument/],
    ['a PE that is not there', { kind: 'step', pe: 7, count: 1 }, /the machine has one PE|has \d PEs/],
    [
      'a register that is not there',
      { kind: 'until', event: { kind: 'register', register: 'NOBODY_EL9' }, back: false },
      /NOBODY_EL9|argument|register/,
    ],
    [
      'a negative address',
      { kind: 'until', event: { kind: 'address', address: -1n }, back: false },
      /argument/,
    ],
    ['a negative moment', { kind: 'moment', moment: -1 }, /argument/],
    ['an unknown kind', { kind: 'nothing' }, /argument/],
    ['null', null, /argument/],
  ])('refuses %s with a reason', async (_, target, reason) => {
    const args = { run, finding: null, from: null, pe: 0, target: target as MachineTarget }
    const result = await lab.call('machine.go', args)
    expect(result.ok).toBe(false)
    expect(result.ok ? '' : Object.values(result.error).join()).toMatch(reason)
  })

  it('says what run and finding are not there', async () => {
    const of = (at: RunId, finding: number | null) =>
      lab.call('machine.go', { run: at, finding, from: null, pe: 0, target: { kind: 'end' } })
    expect(await of(99, null)).toMatchObject({ ok: false })
    expect(await of(violated, 9)).toMatchObject({ ok: false, error: { cause: 'it has no finding 9' } })
  })

  it('does not follow a parallel run, and says why', async () => {
    const parallel = await runOf('first-fault', ['schedule.kind=parallel'])
    const result = await lab.call('machine.go', {
      run: parallel,
      finding: null,
      from: null,
      pe: 0,
      target: { kind: 'end' },
    })
    expect(result).toMatchObject({ ok: false, error: { remedy: 'Run it with the deterministic schedule.' } })
  })
})
