import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { ProblemError } from '../../shared/base/result.ts'
import type { PeStatus } from '../../shared/model/trace.ts'
import {
  allOff,
  allWait,
  allWaitForEvents,
  echo,
  echoByInterrupt,
  endless,
  exits,
  faultingVectors,
  firmwareCall,
  flood,
  noVectors,
  waitForEvents,
  waitForInput,
  waitOrOff,
} from '../../test/guests/programs.ts'
import {
  buildImage,
  buildSource,
  handoverConfig,
  run,
  type Started,
  start,
} from '../../test/guests/run-guest.ts'
import { control } from '../machine/board/shared-memory.ts'
import type { MachineEnd, MachinePlan } from './plan.ts'
import type { PeWorkerData } from './protocol.ts'

const kinds = ['deterministic', 'parallel'] as const
type Kind = (typeof kinds)[number]
const schedule = (kind: Kind): MachinePlan['schedule'] => ({ kind, quantum: 100, seed: 3 })
const small = { memoryBytes: 2 << 20 }

/** Ten times what is promised: a detector of hangs, no measurement. */
async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new Error(`${what} did not happen within 2 s`)), 2000)
  try {
    return await Promise.race([promise, limit.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Model cycles of all PEs: unlike instructions they also pass where every instruction faults. */
const passed = (pes: PeStatus[]): number => pes.reduce((sum, pe) => sum + pe.cycles, 0)

/** Waits until the machine runs, or goes on to run. */
async function running(machine: Started, beyond = 0): Promise<void> {
  while (passed(machine.pes()) <= beyond) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe.each(kinds)('%s', { timeout: 60_000 }, (kind) => {
  describe.each(Object.keys(endless) as (keyof typeof endless)[])('an endless guest: %s', (name) => {
    it.each(name === 'b .' ? [1, 2, 16] : [1, 2])('pauses, resumes and stops on %i PEs', async (pes) => {
      const image = buildSource(endless[name](pes))
      const machine = await start(image, { ...small, pes, schedule: schedule(kind) })
      await running(machine)
      const paused = await soon('the pause', machine.handle.pause())
      expect(paused).toHaveLength(pes)
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await soon('the same pause', machine.handle.pause())).toEqual(paused)
      machine.handle.resume()
      await running(machine, passed(paused))
      const end = await soon('the stop', machine.handle.stop())
      expect(end.reason).toEqual({ kind: 'stopped' })
      expect(end.stateHash).toMatch(/^[0-9a-f]{64}$/)
    })
  })

  it('answers pauses and resumes that follow each other at once', async () => {
    const machine = await start(buildSource(endless['b .'](2)), {
      ...small,
      pes: 2,
      schedule: schedule(kind),
    })
    await running(machine)
    for (let i = 0; i < 20; i++) {
      const first = machine.handle.pause()
      const second = machine.handle.pause()
      if (i % 2) await soon('the pause', first)
      machine.handle.resume()
      await soon('both pauses', Promise.all([first, second]))
    }
    const [last] = await Promise.all([soon('the last pause', machine.handle.pause()), running(machine)])
    expect(last).toHaveLength(2)
    expect((await soon('the stop', machine.handle.stop())).reason).toEqual({ kind: 'stopped' })
    expect(await machine.handle.pause()).toHaveLength(2)
  })

  it('stops while it is paused', async () => {
    const machine = await start(buildSource(endless['b .'](2)), {
      ...small,
      pes: 2,
      schedule: schedule(kind),
    })
    await running(machine)
    await soon('the pause', machine.handle.pause())
    expect((await soon('the stop', machine.handle.stop())).reason).toEqual({ kind: 'stopped' })
  })

  it('stops before its workers have started', async () => {
    const machine = await start(buildSource(endless['b .'](2)), {
      ...small,
      pes: 2,
      schedule: schedule(kind),
    })
    expect((await machine.handle.stop()).reason).toEqual({ kind: 'stopped' })
  })

  it.each([
    {
      name: 'all wait in WFI',
      source: allWait,
      message: /no timer is armed and no interrupt is pending: PE0 waits in WFI at EL2 0x400800/,
    },
    {
      name: 'all wait in WFE',
      source: allWaitForEvents,
      message: /: PE0 waits in WFE at EL2 0x400800/,
    },
    { name: 'all are off', source: allOff, message: /every PE is off/ },
    {
      name: 'a vector faults',
      source: faultingVectors,
      message: /PE\d takes exceptions at its own EL2 vector 0x4008/,
    },
    {
      name: 'there are no vectors',
      source: noVectors,
      message: /vector 0x200 without end \(instruction abort\)/,
    },
    {
      name: 'one waits, the other is off',
      source: waitOrOff,
      message: /: PE0 waits in WFI at EL2 0x400800\w\w(, PE1 is off)?$/,
    },
  ])('ends as a lockup when $name', async ({ source, message }) => {
    for (const pes of [1, 2]) {
      const { end } = await run(buildSource(source(pes)), { ...small, pes, schedule: schedule(kind) })
      expect(end.reason).toMatchObject({ kind: 'lockup', message: expect.stringMatching(message) })
    }
  })

  it.each([true, false])('hands a lock on that is waited for in WFE, with SEV %s', async (sev) => {
    const { end } = await run(buildSource(waitForEvents(3, sev)), {
      ...small,
      pes: 3,
      schedule: schedule(kind),
    })
    expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  })

  it('wakes a guest that sleeps until the UART interrupts', async () => {
    const plan = { ...small, schedule: schedule(kind), inputOpen: true }
    const machine = await start(buildSource(echoByInterrupt), plan)
    const asleep = async (echoed: string) => {
      while (machine.pes()[0]?.power !== 'waiting' || machine.console() !== echoed)
        await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await asleep('')
    machine.handle.input(Buffer.from('a word, longer than the FIFO '))
    await asleep('a word, longer than the FIFO ')
    machine.handle.input(Buffer.from('q'))
    expect((await machine.ended).reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  })

  it('is no lockup while the UART may still be given something that would wake it', async () => {
    const plan = { ...small, schedule: schedule(kind), inputOpen: true }
    const machine = await start(buildSource(waitForInput), plan)
    while (machine.pes()[0]?.power !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 10))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect((await soon('the pause', machine.handle.pause()))[0]!.power).toBe('waiting')
    machine.handle.resume()
    machine.handle.endInput()
    expect((await soon('the end', machine.ended)).reason).toMatchObject({ kind: 'lockup' })
    // Open, but nothing that comes would raise an interrupt.
    const parked = await run(buildSource(allWait(1)), plan)
    expect(parked.end.reason).toMatchObject({ kind: 'lockup' })
  })

  it('ends by the time limit', async () => {
    const { end } = await run(buildSource(endless['b .'](1)), {
      ...small,
      stop: { seconds: 0.2 },
      schedule: schedule(kind),
    })
    expect(end.reason).toEqual({ kind: 'limit', which: 'seconds' })
  })

  it.each([
    { name: 'a semihosting exit', source: exits(7), reason: { code: 7, by: 'semihosting' } },
    { name: 'SYSTEM_OFF', source: firmwareCall(0x8400_0008), reason: { code: 0, by: 'PSCI SYSTEM_OFF' } },
    { name: 'SYSTEM_RESET', source: firmwareCall(0x8400_0009), reason: { code: 0, by: 'PSCI SYSTEM_RESET' } },
  ])('ends by $name', async ({ source, reason }) => {
    const { end } = await run(buildSource(source), { ...small, schedule: schedule(kind) })
    expect(end.reason).toEqual({ kind: 'exit', ...reason })
  })

  it('loses no byte of a guest that floods the UART', async () => {
    const count = 200_000
    const { console } = await run(buildSource(flood(1, count)), { ...small, schedule: schedule(kind) })
    expect(console).toHaveLength(count)
    const wrong = [...console].findIndex((byte, i) => byte.charCodeAt(0) !== i % 251)
    expect(wrong).toBe(-1)
  })

  it('loses no byte of two PEs that flood it', async () => {
    const count = 60_000
    const { console } = await run(buildSource(flood(2, count)), {
      ...small,
      pes: 2,
      schedule: schedule(kind),
    })
    expect(console.replaceAll('A', '')).toBe('B'.repeat(count))
    expect(console.replaceAll('B', '')).toBe('A'.repeat(count))
  })
})

describe('UART input', { timeout: 60_000 }, () => {
  it('reaches the guest in order', async () => {
    const machine = await start(buildSource(echo), small)
    machine.handle.input(Buffer.from('one '))
    await running(machine)
    machine.handle.input(Buffer.from('two q, not read'))
    expect((await machine.ended).reason.kind).toBe('exit')
    expect(machine.console()).toBe('one two q')
  })

  it('keeps what the full receiver has no room for yet, in order', async () => {
    const machine = await start(buildSource(echo), small)
    await running(machine)
    await machine.handle.pause()
    machine.handle.input(new Uint8Array(5000).fill(0x2e))
    machine.handle.resume()
    while (machine.console().length < 4096) await new Promise((resolve) => setTimeout(resolve, 10))
    machine.handle.input(Buffer.from('q'))
    await machine.ended
    expect(machine.console()).toBe(`${'.'.repeat(5000)}q`)
  })
})

describe('a lost worker', { timeout: 60_000 }, () => {
  const image = () => buildSource(endless['b .'](2))
  const failed = (message: RegExp): Partial<MachineEnd> => ({
    reason: { kind: 'failed', message: expect.stringMatching(message) },
    stateHash: null,
  })

  it.each(kinds)('fails the run when it is terminated, and the others end: %s', async (kind) => {
    const machine = await start(image(), { ...small, pes: 2, schedule: schedule(kind) })
    await running(machine)
    await machine.workers[1]!.terminate()
    expect(await soon('the end', machine.ended)).toMatchObject(failed(/the worker of PE1 ended with code 1/))
  })

  it('does not keep a pause waiting', async () => {
    const machine = await start(image(), { ...small, pes: 2, schedule: schedule('parallel') })
    await running(machine)
    void machine.workers[0]!.terminate()
    expect(await soon('the pause', machine.handle.pause())).toHaveLength(2)
    expect(await machine.ended).toMatchObject(failed(/PE0/))
  })

  it('that held a lock does not hold the others', async () => {
    const machine = await start(buildSource(flood(2, 1 << 30)), {
      ...small,
      pes: 2,
      schedule: schedule('parallel'),
    })
    await running(machine)
    await machine.workers[1]!.terminate()
    Atomics.store(machine.views.control, control.CONSOLE_LOCK, 1)
    expect(await machine.ended).toMatchObject(failed(/PE1/))
  })

  it('says what was thrown', async () => {
    const spawn = (workerData: unknown): Worker =>
      (workerData as PeWorkerData).pe === 1
        ? new Worker('throw new Error("no such luck")', { eval: true })
        : new Worker(new URL('./pe-worker.ts', import.meta.url), { workerData })
    const machine = await start(image(), { ...small, pes: 2 }, {}, spawn)
    expect(await machine.ended).toMatchObject(failed(/the worker of PE1 failed: no such luck/))
  })

  it('of another version is refused', async () => {
    const spawn = (workerData: unknown): Worker =>
      new Worker(new URL('./pe-worker.ts', import.meta.url), {
        workerData: { ...(workerData as PeWorkerData), protocol: 0 },
      })
    const machine = await start(image(), small, {}, spawn)
    expect(await machine.ended).toMatchObject(
      failed(/emulation of PE0 failed: worker protocol \d+ does not fit/),
    )
  })

  it('that cannot be started rejects the start', async () => {
    const spawn = (): Worker => {
      throw new Error('too many threads')
    }
    await expect(start(image(), small, {}, spawn)).rejects.toThrow('too many threads')
  })
})

describe('the trace', { timeout: 60_000 }, () => {
  const image = buildImage(handoverConfig())
  const probes = {
    registers: ['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1'],
    switches: true,
    faults: true,
    events: true,
  }
  const keepNothing: [string, () => Promise<void>][] = [
    ['rejects', () => Promise.reject(new Error('disk full'))],
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
  ]

  it.each(keepNothing)('that its receiver %s ends the run as failed', async (_name, trace) => {
    const machine = await start(image, { pes: 2, probes }, { trace })
    expect((await machine.ended).reason).toEqual({
      kind: 'failed',
      message: "the run's data could not be kept: disk full",
    })
  })

  it.each(kinds)('loses nothing when the receiver is slow: %s', async (kind) => {
    const seen = { switches: 0, faults: 0, batches: 0, waiting: 0, most: 0 }
    const machine = await start(
      image,
      { pes: 2, probes, schedule: schedule(kind) },
      {
        async trace({ switches, faults }) {
          seen.switches += switches.length
          seen.faults += faults.filter((fault) => fault.owner === 0).length
          seen.batches++
          seen.most = Math.max(seen.most, ++seen.waiting)
          await new Promise((resolve) => setTimeout(resolve, 50))
          seen.waiting--
        },
      },
    )
    const end = await machine.ended
    expect(end.reason).toMatchObject({ kind: 'exit', code: 0 })
    expect(seen.switches).toBe(427)
    expect(end.pes.reduce((sum, pe) => sum + pe.switches, 0)).toBe(427)
    expect(seen.faults).toBe(20)
    expect(seen.waiting).toBe(0)
  })

  it('holds the machine back, which pauses and stops all the same', async () => {
    let release: () => void = () => {}
    let posted = 0
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const events = { registers: [], switches: false, faults: false, events: true }
    const barriers = buildSource('	.text\n_start:	isb\n	b	_start\n')
    const trace = (): Promise<void> => {
      posted++
      return gate
    }
    const machine = await start(
      barriers,
      { ...small, probes: events, schedule: schedule('parallel') },
      { trace },
    )
    while (posted < 16) await new Promise((resolve) => setTimeout(resolve, 10))
    const before = (await soon('the pause', machine.handle.pause()))[0]!.instructions
    machine.handle.resume()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const [after] = await soon('the second pause', machine.handle.pause())
    // Each pause posts what is there; between them one slice at most is run.
    expect(posted).toBeLessThanOrEqual(20)
    expect(after!.instructions - before).toBeLessThanOrEqual(2 * 16_384)
    const stopped = machine.handle.stop()
    release()
    expect((await soon('the stop', stopped)).reason).toEqual({ kind: 'stopped' })
  })
})

describe('what cannot be run', () => {
  const elf = buildSource(exits(0))
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = elf.slice()
    copy.set(bytes, at)
    return copy
  }
  const refusal = async (plan: Partial<MachinePlan>): Promise<ProblemError['problem']> => {
    const { image = { bytes: elf, file: 'guest.elf' }, ...rest } = plan
    const error = await start(image.bytes, { ...small, ...rest }).catch((reason: ProblemError) => reason)
    if (!(error instanceof Error)) throw new Error('it was run')
    expect(error.name).toBe('ProblemError')
    expect(error.problem.remedy).not.toBe('')
    return error.problem
  }
  const image = (bytes: Uint8Array): Partial<MachinePlan> => ({ image: { bytes, file: 'guest.elf' } })

  it.each([
    { name: 'an empty file', bytes: new Uint8Array(), cause: /empty/ },
    { name: 'an ELF cut off in its header', bytes: elf.slice(0, 40), cause: /./ },
    { name: 'an ELF cut off in its segments', bytes: elf.slice(0, 200), cause: /./ },
    { name: 'an ELF for x86-64', bytes: changed(18, 62, 0), cause: /./ },
    { name: 'a 32-bit ELF', bytes: changed(4, 1), cause: /./ },
    { name: 'a big-endian ELF', bytes: changed(5, 2), cause: /./ },
    {
      name: 'a segment below RAM',
      bytes: changed(64 + 24, 0, 0, 0, 0x3f),
      cause: /outside the board's memory/,
    },
    {
      name: 'a segment beyond RAM',
      bytes: changed(64 + 24, 0, 0, 0x20, 0x40),
      cause: /outside the board's memory/,
    },
    {
      name: 'a raw program larger than RAM',
      bytes: new Uint8Array(3 << 20),
      cause: /outside the board's memory/,
    },
    { name: 'damaged gzip data', bytes: Uint8Array.of(0x1f, 0x8b, 8, 0), cause: /cannot be unpacked/ },
  ])('refuses $name', async ({ bytes, cause }) => {
    const problem = await refusal(image(bytes))
    expect(problem.place).toContain('guest.elf')
    expect(problem.cause).toMatch(cause)
  })

  it.each([0, -1, 1 << 20, 3 << 20, 2 ** 32, Number.NaN])(
    'refuses %d bytes of memory',
    async (memoryBytes) => {
      expect((await refusal({ memoryBytes })).place).toBe('machine.memory')
    },
  )

  it.each([0, 17, 1.5])('refuses %d PEs', async (pes) => {
    expect((await refusal({ pes })).place).toBe('machine.pes')
  })

  it('refuses turns of no instruction', async () => {
    expect((await refusal({ schedule: { kind: 'deterministic', quantum: 0, seed: 1 } })).place).toBe(
      'schedule.quantum',
    )
  })
})
