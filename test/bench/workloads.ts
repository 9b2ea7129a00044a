import { join } from 'node:path'
import { verifyFile } from '../../electron/lab/verify.ts'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { endless } from '../guests/programs.ts'
import { allProbes, buildImage, buildSource, handoverConfig, run, start } from '../guests/run-guest.ts'
import { projectRoot, runCommand } from '../support/command-line.ts'
import { compareMs } from './compare.ts'
import { ingest, ingestAlone, ingestRows } from './ingest.ts'
import { alu, memory, worldSwitch } from './programs.ts'
import { openMegabytes, openMs, zoomMs } from './query.ts'
import { forkMs, gotoMs, stepBackMs } from './replay.ts'

/** One thing that is measured: `once` does it and gives the figure. */
export interface Workload {
  name: string
  unit: 'instructions/s' | 'round trips/s' | 'cases/s' | 'events/s' | 'bytes/event' | 'ms' | 'MB'
  once(): Promise<number>
}

/** Two workloads of one run compared: the disturbance of the machine falls on both. */
export interface Ratio {
  name: string
  of: string
  to: string
}

export interface Bench {
  workloads: Workload[]
  ratios: Ratio[]
}

const hostClock: Partial<MachinePlan> = {
  schedule: { kind: 'parallel', quantum: 1000, seed: 1 },
  clock: 'host',
}

/** Instructions and the nanoseconds that the guest measured around its work. */
async function timedRun(image: Uint8Array): Promise<{ instructions: number; ns: number }> {
  const { end, console } = await run(image, hostClock)
  const ns = Number(/^ns (\d+)$/m.exec(console)?.[1])
  if (end.reason.kind !== 'exit' || end.reason.code !== 0 || !(ns > 0)) {
    throw new Error(`the guest did not come to its end: ${JSON.stringify(end.reason)}\n${console}`)
  }
  return { instructions: end.pes[0]!.instructions, ns }
}

const instructionsPerSecond = async (image: Uint8Array): Promise<number> => {
  const { instructions, ns } = await timedRun(image)
  return (instructions * 1e9) / ns
}

async function handoverMs(plan: Partial<MachinePlan>): Promise<number> {
  const { end } = await run(buildImage(handoverConfig()), { pes: 2, probes: allProbes, ...plan })
  if (end.reason.kind !== 'exit') throw new Error(`handover ended by ${end.reason.kind}`)
  return end.hostNs / 1e6
}

/** Milliseconds until two PEs in an endless loop have answered. */
async function answerMs(ask: 'pause' | 'stop'): Promise<number> {
  const machine = await start(buildSource(endless['b .'](2)), { ...hostClock, pes: 2, memoryBytes: 2 << 20 })
  while (machine.pes().some((pe) => pe.instructions === 0) || machine.pes().length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const asked = performance.now()
  await machine.handle[ask]()
  const answered = performance.now() - asked
  await machine.handle.stop()
  return answered
}

async function elapsedMs(work: () => unknown): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

/** @param scale how much each workload does; 1 takes a second or so a piece, a smoke run a small part of it */
export function bench(scale: number): Bench {
  const times = (count: number): number => Math.max(1, Math.round(count * scale))
  const batches = (events: number): number => 1000 * times(events / 1000)
  /** Bytes an event of the last session that `store_ingest` made. */
  let ingested: number | null = null
  const cases = join(projectRoot, 'test/vectors/oracle/cases-hand.jsonl.gz')
  const workloads: Workload[] = [
    {
      name: 'reference_alu',
      unit: 'instructions/s',
      once: () => instructionsPerSecond(alu(times(400_000))),
    },
    {
      name: 'reference_mem',
      unit: 'instructions/s',
      once: () => instructionsPerSecond(memory(times(800), 0)),
    },
    {
      name: 'reference_mte_sync',
      unit: 'instructions/s',
      once: () => instructionsPerSecond(memory(times(800), 1)),
    },
    {
      name: 'reference_switch',
      unit: 'round trips/s',
      async once() {
        const trips = times(10_000)
        return (trips * 1e9) / (await timedRun(worldSwitch(trips))).ns
      },
    },
    { name: 'handover', unit: 'ms', once: () => handoverMs({ sync: 'latest' }) },
    { name: 'handover_eager', unit: 'ms', once: () => handoverMs({ sync: 'eager' }) },
    {
      name: 'handover_parallel',
      unit: 'ms',
      once: () => handoverMs({ sync: 'latest', ...hostClock }),
    },
    { name: 'pause', unit: 'ms', once: () => answerMs('pause') },
    { name: 'stop', unit: 'ms', once: () => answerMs('stop') },
    { name: 'fork', unit: 'ms', once: async () => forkMs(times(50)) },
    { name: 'goto', unit: 'ms', once: async () => gotoMs(times(20)) },
    { name: 'step_back', unit: 'ms', once: async () => stepBackMs(times(50)) },
    { name: 'assemble_handover', unit: 'ms', once: () => elapsedMs(() => buildImage(handoverConfig())) },
    {
      name: 'verify',
      unit: 'cases/s',
      async once() {
        let count = 0
        const ms = await elapsedMs(() =>
          verifyFile(cases, (_done, total) => {
            count = total
          }),
        )
        return (count * 1000) / ms
      },
    },
    {
      name: 'store_ingest',
      unit: 'events/s',
      async once() {
        const { perSecond, bytes } = await ingest(batches(3_000_000))
        ingested = bytes
        return perSecond
      },
    },
    {
      name: 'store_ingest_drawn',
      unit: 'events/s',
      once: async () => (await ingest(batches(3_000_000), undefined, true)).perSecond,
    },
    { name: 'store_ingest_alone', unit: 'events/s', once: () => ingestAlone(batches(3_000_000)) },
    {
      name: 'store_ingest_bytes',
      unit: 'bytes/event',
      once: async () => ingested ?? (await ingest(batches(3_000_000))).bytes,
    },
    {
      name: 'store_ingest_most',
      unit: 'events/s',
      once: async () => (await ingest(batches(3_000_000), null)).perSecond,
    },
    { name: 'store_ingest_rows', unit: 'events/s', once: () => ingestRows(batches(500_000)) },
    { name: 'store_query', unit: 'ms', once: () => openMs(batches(10_000_000)) },
    { name: 'store_query_zoom', unit: 'ms', once: () => zoomMs(batches(10_000_000)) },
    { name: 'store_query_memory', unit: 'MB', once: async () => openMegabytes(batches(10_000_000)) },
    { name: 'store_query_memory_small', unit: 'MB', once: async () => openMegabytes(batches(1_000_000)) },
    { name: 'compare_million', unit: 'ms', once: async () => compareMs(1_000_000) },
    {
      name: 'command_line_start',
      unit: 'ms',
      once: () =>
        elapsedMs(async () => {
          const { status } = await runCommand(['version'])
          if (status !== 0) throw new Error('the command line does not start')
        }),
    },
  ]
  const ratios: Ratio[] = [
    { name: 'checked accesses to unchecked', of: 'reference_mte_sync', to: 'reference_mem' },
    { name: 'producer, with a store to without', of: 'store_ingest', to: 'store_ingest_alone' },
    {
      name: 'producer, with ten drawings a second to without a store',
      of: 'store_ingest_drawn',
      to: 'store_ingest_alone',
    },
    { name: 'stored events, columns to rows', of: 'store_ingest_most', to: 'store_ingest_rows' },
    {
      name: 'memory to draw, ten million events to one',
      of: 'store_query_memory',
      to: 'store_query_memory_small',
    },
    { name: 'handover, latest to eager', of: 'handover', to: 'handover_eager' },
    { name: 'handover, deterministic to parallel', of: 'handover', to: 'handover_parallel' },
  ]
  return { workloads, ratios }
}
