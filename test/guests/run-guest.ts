/**
 * Builds guest programs with our own assembler and runs them on our machine, from the sources: what the tests and the
 * bench of this folder's programs share.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Views, viewsOf } from '../../electron/machine/board/shared-memory.ts'
import { startMachine } from '../../electron/workers/machine-client.ts'
import type {
  MachineEnd,
  MachineEvents,
  MachineHandle,
  MachinePlan,
  SpawnPe,
} from '../../electron/workers/plan.ts'
import type { PeWorkerData } from '../../electron/workers/protocol.ts'
import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import { assemble } from '../../shared/asm/assemble.ts'
import { writeElf } from '../../shared/asm/elf-write.ts'
import type { EventColumns, FaultRow, PeStatus, RegisterRow, SwitchRow } from '../../shared/model/trace.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const resources = fileURLToPath(new URL('../../resources/', import.meta.url))
const worker = new URL('../../electron/workers/pe-worker.ts', import.meta.url)

const textOf = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null)

/** One program of this folder as an ELF file. @param define replaces lines `.set NAME, ...` of the source */
export function buildProgram(name: string, define: Record<string, number> = {}): Uint8Array {
  const file = `${name}.S`
  let text = readFileSync(join(here, file), 'utf8')
  for (const [symbol, value] of Object.entries(define)) {
    const line = new RegExp(`^\\.set ${symbol},.*$`, 'm')
    if (!line.test(text)) throw new Error(`${file} sets no ${symbol}`)
    text = text.replace(line, `.set ${symbol}, ${value}`)
  }
  return buildSource(text, file)
}

/** Any source, with the includes of this folder. */
export function buildSource(text: string, file = 'test.S'): Uint8Array {
  return writeElf(assemble({ file, text }, { include: (path) => textOf(join(here, path)) }))
}

/** config.inc of resources/experiments/handover.json. */
export const handoverConfig = (): string => readFileSync(join(here, 'handover-config.inc'), 'utf8')

/** The hypervisor image for a configuration; `include` takes precedence over the files of resources/. */
export function buildImage(
  config: string,
  include: Record<string, string> = {},
  mode: 'nvhe' | 'vhe' = 'nvhe',
): Uint8Array {
  const file = `hyp/${mode}/image.S`
  const read = (path: string): string | null =>
    path === 'config.inc' ? config : (include[path] ?? textOf(join(resources, path)))
  return writeElf(assemble({ file, text: read(file)! }, { include: read }))
}

export const expected = (name: string): string => readFileSync(join(here, 'expect', `${name}.txt`), 'utf8')

/** Lines in any order, without those that hold a time. */
export const sortedLines = (text: string): string[] => text.trimEnd().split('\n').sort()

export const unitCosts = Object.fromEntries(costClasses.map((name) => [name, 1])) as Record<CostClass, number>

export const quietPlan: Omit<MachinePlan, 'image'> = {
  pes: 1,
  memoryBytes: 64 << 20,
  features: { mte: 3, mteAsync: true, ras: true, exs: false },
  sync: 'eager',
  release: 'ddi0487-m',
  schedule: { kind: 'deterministic', quantum: 250, seed: 1 },
  costs: unitCosts,
  clock: 'model',
  probes: { registers: [], switches: false, faults: false, events: false },
  stop: { seconds: 120 },
}

export const allProbes: MachinePlan['probes'] = {
  registers: ['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1', 'SCTLR_EL1', 'HCR_EL2'],
  switches: true,
  faults: true,
  events: true,
}

/** A machine that was started, what it has told so far, and its memory to look into. */
export interface Started {
  handle: MachineHandle
  views: Views
  workers: Worker[]
  /** What the guest wrote so far. */
  console(): string
  switches: SwitchRow[]
  faults: FaultRow[]
  registers: RegisterRow[]
  events: EventColumns[]
  /** The PEs as they last reported. */
  pes(): PeStatus[]
  ended: Promise<MachineEnd>
}

const spawnPe: SpawnPe = (workerData) => new Worker(worker, { workerData })

/** @param listen replaces what is done with the machine's reports */
export async function start(
  image: Uint8Array,
  plan: Partial<MachinePlan> = {},
  listen: Partial<MachineEvents> = {},
  spawn: SpawnPe = spawnPe,
): Promise<Started> {
  const chunks: Uint8Array[] = []
  const switches: SwitchRow[] = []
  const faults: FaultRow[] = []
  const registers: RegisterRow[] = []
  const events: EventColumns[] = []
  const workers: Worker[] = []
  let data: PeWorkerData | null = null
  let statuses: PeStatus[] = []
  const handle = await startMachine(
    { ...quietPlan, image: { bytes: image, file: 'guest.elf' }, ...plan },
    {
      trace(batch) {
        for (const row of batch.switches) switches.push(row)
        for (const row of batch.faults) faults.push(row)
        for (const row of batch.registers) registers.push(row)
        if (batch.events) events.push(batch.events)
      },
      console: (bytes) => void chunks.push(bytes),
      status(pes) {
        statuses = pes
      },
      ...listen,
    },
    (workerData) => {
      data = workerData as PeWorkerData
      const started = spawn(workerData)
      workers.push(started)
      return started
    },
  )
  const { memory, ramBytes } = data!
  const views = viewsOf({ memory, ramBytes, pes: workers.length })
  const console = (): string => Buffer.concat(chunks).toString('latin1')
  return {
    handle,
    views,
    workers,
    console,
    switches,
    faults,
    registers,
    events,
    pes: () => statuses,
    ended: handle.ended,
  }
}

/** Runs an image to its end. */
export async function run(
  image: Uint8Array,
  plan: Partial<MachinePlan> = {},
): Promise<Omit<Started, 'ended' | 'console'> & { end: MachineEnd; console: string }> {
  const { ended, console, ...started } = await start(image, plan)
  const end = await ended
  return { ...started, end, console: console() }
}
