/**
 * A lab for tests of the renderer: seeded rows with the shapes that the machine produces, answered through the real
 * contract. Test code only; the product never loads it.
 */
import { fail, type Problem, ProblemError, type Result } from '../../shared/base/result.ts'
import type { CallName, Calls, EventName, Events, Handlers, LabApi } from '../../shared/contract/calls.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { RunProgress, RunSummary } from '../../shared/model/run.ts'
import type { ExperimentEntry, PolicyEntry, SessionInfo } from '../../shared/model/session.ts'
import {
  type FaultRow,
  HOST,
  type Owner,
  type RegisterRow,
  type SwitchRow,
} from '../../shared/model/trace.ts'
import type {
  CycleRange,
  EventSeries,
  FaultMap,
  FaultSeries,
  LatencyBand,
  LatencyDistribution,
  LatencySeries,
  RegisterLane,
  RegisterMoment,
  SliceSeries,
} from '../../shared/model/views.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { countsOf, quantile } from '../../shared/stats/counts.ts'
import { reports } from './check-reports.ts'
import { museum } from './museum.ts'

export function rng(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface FakeRun {
  summary: RunSummary
  switches: (SwitchRow & { id: number })[]
  faults: (FaultRow & { id: number; switchId: number | null })[]
  registers: RegisterRow[]
  console: string
  report: CheckReport | null
}

export interface RunShape {
  run: number
  title: string
  switches: number
  seed: number
  pes: number
  /** Cycles between the exit and the first context synchronisation event in the host. */
  pending: number
  /** Whether guests fault at all. */
  faults: boolean
  /** What the switch contract says of it; absent for a run that was not checked. */
  check?: keyof typeof reports
}

const exits = [
  ['HVC', 0x5a00_0000n, 1092, 56],
  ['IRQ', 0n, 1204, 48],
  ['data abort', 0x9200_0007n, 1332, 64],
  ['WFx trap', 0x0600_0000n, 1480, 120],
] as const

export function makeRun(shape: RunShape): FakeRun {
  const random = rng(shape.seed)
  const vcpus = 4
  const switches: FakeRun['switches'] = []
  const faults: FakeRun['faults'] = []
  const registers: RegisterRow[] = []
  const hostMask = 0xc001n
  const masks = [0x0001n, 0x00ffn, 0x0101n, 0x8001n]
  const clocks = Array.from({ length: shape.pes }, () => 2400)
  const change = (
    pe: number,
    cycle: number,
    register: string,
    owner: Owner,
    value: bigint,
    cause: RegisterRow['cause'],
    slot: RegisterRow['slot'] = 'architectural',
  ): void => {
    registers.push({
      pe,
      cycle,
      ns: cycle / 2,
      register,
      slot,
      owner,
      cause,
      value,
      pc: 0xffff_8000_8001_0214n,
    })
  }
  for (let pe = 0; pe < shape.pes; pe++)
    for (const [register, value] of [
      ['RGSR_EL1', 0x2c0409n],
      ['GCR_EL1', hostMask],
      ['TFSR_EL1', 0n],
      ['TFSRE0_EL1', 0n],
    ] as const)
      for (const slot of ['architectural', 'effective'] as const)
        change(pe, 0, register, HOST, value, 'initial', slot)
  for (let n = 0; n < shape.switches; n++) {
    const pe = n % shape.pes
    const vcpu = Math.floor(random() * vcpus)
    let pick = random()
    let kind = 0
    for (const share of [0.52, 0.3, 0.13]) {
      if (pick < share) break
      pick -= share
      kind++
    }
    const [exit, esr, low, spread] = exits[kind] ?? exits[0]
    const latency = low + Math.floor((-Math.log(1 - random()) * spread) / 8) * 8
    const entry = Math.round(latency * 0.46)
    const guest = 900 + Math.floor(random() * 900)
    const startCycle = clocks[pe] as number
    const guestCycle = startCycle + entry
    const exitCycle = guestCycle + guest
    const endCycle = exitCycle + latency - entry
    const host = 120 + Math.floor(random() * 300)
    clocks[pe] = endCycle + host
    const parts = [0.272, 0.19, 0.086, 0.104, 0.098].map((share) => Math.round(latency * share))
    const id = 1000 + n
    switches.push({
      id,
      pe,
      vcpu,
      startCycle,
      guestCycle,
      exitCycle,
      endCycle,
      instructions: 380 + Math.floor(random() * 60),
      guestInstructions: Math.round(guest * 0.8),
      phases: [...parts, latency - parts.reduce((sum, part) => sum + part, 0)],
      esr,
      elr: 0xffff_8000_1000_1040n + BigInt(Math.floor(random() * 64) * 4),
      exit,
      startNs: startCycle / 2,
      endNs: endCycle / 2,
    })
    const mask = masks[vcpu] as bigint
    const seedOf = (): bigint =>
      (BigInt(Math.floor(random() * 0xffff)) << 8n) | BigInt(Math.floor(random() * 16))
    change(pe, guestCycle - 40, 'GCR_EL1', vcpu, mask, 'msr')
    change(pe, guestCycle, 'GCR_EL1', vcpu, mask, 'synchronised', 'effective')
    const drawn = seedOf()
    change(pe, guestCycle - 44, 'RGSR_EL1', vcpu, drawn, 'msr')
    change(pe, guestCycle - 44, 'RGSR_EL1', vcpu, drawn, 'msr', 'effective')
    for (let draw = 1; draw <= 3; draw++) {
      const at = guestCycle + Math.round((guest * draw) / 4)
      const value = seedOf()
      change(pe, at, 'RGSR_EL1', vcpu, value, 'irg')
      change(pe, at, 'RGSR_EL1', vcpu, value, 'irg', 'effective')
    }
    const exitMsr = exitCycle + Math.round((latency - entry) * 0.4)
    const effectiveAt = Math.min(exitMsr + shape.pending, (clocks[pe] as number) - 1)
    change(pe, exitMsr, 'GCR_EL1', HOST, hostMask, 'msr')
    if (shape.pending > 0) change(pe, effectiveAt, 'GCR_EL1', HOST, hostMask, 'synchronised', 'effective')
    else change(pe, exitMsr, 'GCR_EL1', HOST, hostMask, 'msr', 'effective')
    const hostSeed = seedOf()
    change(pe, exitMsr - 4, 'RGSR_EL1', HOST, hostSeed, 'msr')
    change(pe, exitMsr - 4, 'RGSR_EL1', HOST, hostSeed, 'msr', 'effective')
    if (!shape.faults) continue
    const many = vcpu === 1 ? 0.42 : vcpu === 3 ? 0.2 : 0.02
    if (random() > many) continue
    const async = n > shape.switches * 0.45 && random() < 0.5
    const el = random() < 0.3 ? 0 : 1
    const cycle = guestCycle + Math.floor(random() * guest)
    const pointerTag = Math.floor(random() * 16)
    faults.push({
      id: 5000 + faults.length,
      switchId: id,
      pe,
      cycle,
      ns: cycle / 2,
      owner: vcpu,
      el,
      kind: async ? 'async' : 'sync',
      mode: vcpu === 3 ? 'asym' : async ? 'async' : 'sync',
      pc: 0xffff_8000_1000_2000n + BigInt(Math.floor(random() * 200) * 4),
      address:
        0x0000_ffff_8200_0000n + BigInt(Math.floor(random() * 4096) * 16) + (BigInt(pointerTag) << 56n),
      granule: 0x4820_0000 + Math.floor(random() * 4096) * 16,
      pointerTag,
      memoryTag: (pointerTag + 1 + Math.floor(random() * 14)) % 16,
      write: async || random() < 0.5,
      bytes: [1, 2, 4, 8, 16][Math.floor(random() * 5)] ?? 8,
    })
    if (async) {
      const register = el === 0 ? 'TFSRE0_EL1' : 'TFSR_EL1'
      change(pe, cycle + 60, register, vcpu, 1n, 'fault')
      change(pe, cycle + 60, register, vcpu, 1n, 'fault', 'effective')
      change(pe, endCycle - 30, register, HOST, 0n, 'msr')
      change(pe, endCycle - 30, register, HOST, 0n, 'msr', 'effective')
    }
  }
  switches.sort((a, b) => a.startCycle - b.startCycle)
  faults.sort((a, b) => a.cycle - b.cycle)
  registers.sort((a, b) => a.cycle - b.cycle)
  const run: FakeRun = {
    summary: {} as RunSummary,
    switches,
    faults,
    registers,
    console: bootText(shape),
    report: shape.check ? reports[shape.check] : null,
  }
  run.summary = summarise(shape, run, clocks)
  return run
}

const bootText = (shape: RunShape): string =>
  `switchyard host: EL2, ${shape.pes} PEs, MTE2 with asynchronous checks\nhost: stage 2 for VM 1: 4 vCPUs\n${Array.from({ length: 4 }, (_, v) => `v${v}: guest up, GCR_EL1 exclude ${['0001', '00ff', '0101', '8001'][v]}`).join('\n')}\n`

function summarise(shape: RunShape, run: FakeRun, clocks: number[]): RunSummary {
  const sorted = run.switches.map(latencyOf).sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  const counts = new Map<string, { register: string; owner: Owner; count: number }>()
  for (const row of run.registers) {
    const key = `${row.register} ${row.owner}`
    const entry = counts.get(key) ?? { register: row.register, owner: row.owner, count: 0 }
    entry.count++
    counts.set(key, entry)
  }
  return {
    run: shape.run,
    title: shape.title,
    experiment: 'handover',
    experimentHash: '7c1e90d4'.repeat(8),
    stateHash: '91d40b7e'.repeat(8),
    state: 'finished',
    stop: { kind: 'limit', which: 'switches' },
    startedMs: Date.UTC(2026, 10, 24, 8, 40 + shape.run),
    switches: run.switches.length,
    instructions: run.switches.length * 2100,
    cycles: Math.max(2400, ...clocks),
    hostNs: 4.1e9,
    pes: shape.pes,
    vcpus: [0, 1, 2, 3].map((vcpu) => ({
      vcpu,
      guest: 'tagger',
      mte: true,
      checks: vcpu === 3 ? 'asym' : vcpu === 1 ? 'async' : 'sync',
    })),
    latency:
      sorted.length > 0
        ? { unit: 'model cycles', n: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
        : null,
    tagFaults: {
      sync: run.faults.filter((fault) => fault.kind === 'sync').length,
      async: run.faults.filter((fault) => fault.kind === 'async').length,
    },
    registerChanges: [...counts.values()],
    schedule: 'deterministic',
    seed: shape.seed,
    sync: 'latest',
    mode: 'VHE',
    policy: shape.pending > 0 ? 'v12' : 'v13',
    costProfile: 'n2-like v1',
    version: '0.1.0',
    check: run.report && {
      word: run.report.verdict.word,
      text: run.report.verdict.text,
      findings: run.report.findings.length,
    },
  }
}

const latencyOf = (row: SwitchRow): number => row.guestCycle - row.startCycle + (row.endCycle - row.exitCycle)
const inRange = (cycle: number, range: CycleRange | null): boolean =>
  !range || (cycle >= range.from && cycle <= range.to)

function latencySeries(run: FakeRun, range: CycleRange | null, columns: number): LatencySeries {
  const rows = run.switches.filter((row) => inRange(row.startCycle, range))
  const span = range ?? { from: 0, to: run.summary.cycles }
  let kept = rows
  if (rows.length > columns * 2) {
    const groups = new Map<number, typeof rows>()
    for (const row of rows) {
      const column = Math.floor(((row.startCycle - span.from) / (span.to - span.from)) * columns)
      const group = groups.get(column)
      if (group) group.push(row)
      else groups.set(column, [row])
    }
    kept = [...groups.values()].flatMap((group) => {
      const sorted = [...group].sort((a, b) => latencyOf(a) - latencyOf(b))
      return sorted.length > 1 ? [sorted[0], sorted.at(-1)].filter((row) => row !== undefined) : sorted
    })
    kept.sort((a, b) => a.startCycle - b.startCycle)
  }
  return {
    cycle: Float64Array.from(kept, (row) => row.startCycle),
    latency: Float64Array.from(kept, latencyOf),
    pe: Uint8Array.from(kept, (row) => row.pe),
    vcpu: Int8Array.from(kept, (row) => row.vcpu),
    id: Float64Array.from(kept, (row) => row.id),
    drawn: kept.length,
    total: rows.length,
    reduction: kept === rows ? 'all' : 'minimum and maximum per column',
  }
}

function latencyBand(run: FakeRun, range: CycleRange | null, columns: number): LatencyBand {
  const span = range ?? { from: 0, to: run.summary.cycles }
  const rows = run.switches.filter((row) => inRange(row.startCycle, range))
  const filled = columnsOf(span.from, span.to, columns).flatMap((column) => {
    const latency = rows.filter((row) => inRange(row.startCycle, column)).map(latencyOf)
    return latency.length === 0 ? [] : [{ ...column, counts: countsOf(latency.map((each) => [each, 1])) }]
  })
  const at = (q: number): Float64Array => Float64Array.from(filled, ({ counts }) => quantile(counts, q))
  return {
    from: Float64Array.from(filled, ({ from }) => from),
    to: Float64Array.from(filled, ({ to }) => to),
    n: Float64Array.from(filled, ({ counts }) => counts.n),
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    total: rows.length,
    reduction: 'exact per column',
  }
}

function distribution(run: FakeRun, range: CycleRange | null, bins: number): LatencyDistribution | null {
  const rows = run.switches
    .filter((row) => inRange(row.startCycle, range))
    .sort((a, b) => latencyOf(a) - latencyOf(b))
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last) return null
  const low = Math.floor(latencyOf(first) / 8) * 8
  const binWidth = Math.max(1, Math.ceil((latencyOf(last) + 1 - low) / bins))
  const used = Math.max(1, Math.ceil((latencyOf(last) + 1 - low) / binWidth))
  const binCount = new Float64Array(used)
  const steps = new Map<number, number>()
  rows.forEach((row, i) => {
    const bin = Math.floor((latencyOf(row) - low) / binWidth)
    binCount[bin] = (binCount[bin] ?? 0) + 1
    steps.set(latencyOf(row), (i + 1) / rows.length)
  })
  const at = (share: number): (typeof rows)[number] =>
    rows[Math.min(rows.length - 1, Math.ceil(share * rows.length) - 1)] ?? first
  const median = at(0.5)
  return {
    unit: 'model cycles',
    n: rows.length,
    binStart: Float64Array.from({ length: used }, (_, i) => low + i * binWidth),
    binWidth,
    binCount,
    ecdfValue: Float64Array.from(steps.keys()),
    ecdfShare: Float64Array.from(steps.values()),
    quantiles: (
      [
        ['p50', 0.5],
        ['p90', 0.9],
        ['p99', 0.99],
        ['p99.9', 0.999],
        ['maximum', 1],
      ] as const
    ).map(([name, share]) => ({ name, value: latencyOf(at(share)), id: at(share).id })),
    phaseMean: [0, 1, 2, 3, 4, 5].map(
      (i) => rows.reduce((sum, row) => sum + (row.phases[i] ?? 0), 0) / rows.length,
    ),
    phaseMedian: [...median.phases],
    medianId: median.id,
  }
}

function faultSeries(run: FakeRun, range: CycleRange | null, columns: number): FaultSeries {
  const span = range ?? { from: 0, to: run.summary.cycles }
  const columnWidth = Math.max(1, Math.ceil((span.to - span.from + 1) / columns))
  const used = Math.ceil((span.to - span.from + 1) / columnWidth)
  const rows = run.faults.filter((fault) => inRange(fault.cycle, range))
  return {
    columnStart: Float64Array.from({ length: used }, (_, i) => span.from + i * columnWidth),
    columnWidth,
    owners: [...new Set(rows.map((fault) => fault.owner))].map((owner) => {
      const [sync, async] = [new Float64Array(used), new Float64Array(used)]
      const mine = rows.filter((fault) => fault.owner === owner)
      for (const fault of mine) {
        const column = Math.floor((fault.cycle - span.from) / columnWidth)
        const counts = fault.kind === 'sync' ? sync : async
        counts[column] = (counts[column] ?? 0) + 1
      }
      return {
        owner,
        sync,
        async,
        modes: [...new Set(mine.map((fault) => fault.mode))],
        totalSync: mine.filter((fault) => fault.kind === 'sync').length,
        totalAsync: mine.filter((fault) => fault.kind === 'async').length,
      }
    }),
  }
}

function lane(
  run: FakeRun,
  register: string,
  slot: RegisterLane['slot'],
  pe: number,
  range: CycleRange | null,
  columns: number,
): RegisterLane {
  const all = run.registers.filter((row) => row.register === register && row.slot === slot && row.pe === pe)
  const span = range ?? { from: 0, to: run.summary.cycles }
  const carried = all.filter((row) => row.cycle < span.from).at(-1)
  const rows = all.filter((row) => inRange(row.cycle, span))
  let kept = rows
  if (rows.length > columns * 2) {
    const last = new Map<number, RegisterRow>()
    for (const row of rows)
      last.set(Math.floor(((row.cycle - span.from) / (span.to - span.from)) * columns), row)
    kept = [...last.values()]
  }
  const shown = carried ? [carried, ...kept] : kept
  return {
    register,
    pe,
    slot,
    cycle: Float64Array.from(shown, (row) => row.cycle),
    value: BigUint64Array.from(shown, (row) => row.value),
    owner: Int8Array.from(shown, (row) => row.owner),
    cause: shown.map((row) => row.cause),
    drawn: kept.length,
    total: rows.length,
    reduction: kept === rows ? 'all' : 'first, last, minimum and maximum per column',
  }
}

/** The exception return that enters a guest and the exception that leaves it, of every switch. */
function eventsOf(run: FakeRun, range: CycleRange | null, columns: number, only: number | null): EventSeries {
  const { from, to } = range ?? { from: 0, to: run.summary.cycles }
  const columnWidth = Math.max(1, Math.ceil((to - from + 1) / columns))
  const size = Math.ceil((to - from + 1) / columnWidth)
  const lanes = Array.from({ length: run.summary.pes }, (_, pe) => pe)
    .filter((pe) => only === null || pe === only)
    .flatMap((pe) =>
      (['exception', 'exception-return'] as const).map((kind) => {
        const count = new Float64Array(size)
        for (const row of run.switches) {
          const cycle = kind === 'exception' ? row.exitCycle : row.guestCycle
          if (row.pe === pe && inRange(cycle, { from, to }))
            count[Math.floor((cycle - from) / columnWidth)]!++
        }
        return { pe, kind, count, total: count.reduce((a, b) => a + b, 0) }
      }),
    )
    .filter(({ total }) => total > 0)
  return {
    columnStart: Float64Array.from({ length: size }, (_, i) => from + i * columnWidth),
    columnWidth,
    lanes,
    events: null,
    drawn: lanes.reduce((sum, { count }) => sum + count.filter((n) => n > 0).length, 0),
    total: lanes.reduce((sum, { total }) => sum + total, 0),
    reduction: 'counts per column',
  }
}

function faultMap(run: FakeRun, range: CycleRange | null, columns: number, most: number): FaultMap {
  const { from, to } = range ?? { from: 0, to: run.summary.cycles }
  const columnWidth = Math.max(1, Math.ceil((to - from + 1) / columns))
  const faults = run.faults.filter(({ cycle }) => inRange(cycle, { from, to }))
  const all = [...new Set(faults.map(({ granule }) => granule))].sort((a, b) => a - b)
  const per = Math.max(1, Math.ceil(all.length / most))
  const rowOf = (granule: number): number => Math.floor(all.indexOf(granule) / per)
  const cells = new Map<string, { row: number; column: number; sync: number; async: number }>()
  for (const { cycle, granule, kind } of faults) {
    const [row, column] = [rowOf(granule), Math.floor((cycle - from) / columnWidth)]
    const cell = cells.get(`${row} ${column}`) ?? { row, column, sync: 0, async: 0 }
    cell[kind]++
    cells.set(`${row} ${column}`, cell)
  }
  const list = [...cells.values()]
  return {
    columnStart: Float64Array.from(
      { length: Math.ceil((to - from + 1) / columnWidth) },
      (_, i) => from + i * columnWidth,
    ),
    columnWidth,
    rows: Array.from({ length: Math.ceil(all.length / per) }, (_, row) => {
      const own = all.slice(row * per, (row + 1) * per)
      const total = faults.filter(({ granule }) => own.includes(granule)).length
      return { from: own[0]!, to: own.at(-1)!, total }
    }),
    row: Float64Array.from(list, ({ row }) => row),
    column: Float64Array.from(list, ({ column }) => column),
    sync: Float64Array.from(list, ({ sync }) => sync),
    async: Float64Array.from(list, ({ async }) => async),
    granules: all.length,
    total: faults.length,
  }
}

function slicesOf(run: FakeRun, range: CycleRange | null, columns: number): SliceSeries {
  const { from, to } = range ?? { from: 0, to: run.summary.cycles }
  const columnWidth = Math.max(1, Math.ceil((to - from + 1) / columns))
  const size = Math.ceil((to - from + 1) / columnWidth)
  const begun = run.switches.filter((row) => inRange(row.startCycle, { from, to }))
  const lanes = run.summary.vcpus.flatMap(({ vcpu }) =>
    Array.from({ length: run.summary.pes }, (_, pe) => {
      const count = new Float64Array(size)
      for (const row of begun)
        if (row.pe === pe && row.vcpu === vcpu) count[Math.floor((row.startCycle - from) / columnWidth)]!++
      return { pe, vcpu, count, total: count.reduce((a, b) => a + b, 0) }
    }),
  )
  const shown = run.switches.filter((row) => row.startCycle <= to && row.endCycle >= from)
  const all = begun.length <= 2 * columns
  const of = (name: 'id' | 'startCycle' | 'guestCycle' | 'exitCycle' | 'endCycle') =>
    Float64Array.from(shown, (row) => row[name])
  return {
    columnStart: Float64Array.from({ length: size }, (_, i) => from + i * columnWidth),
    columnWidth,
    lanes: lanes.filter(({ total }) => total > 0).sort((a, b) => a.pe - b.pe || a.vcpu - b.vcpu),
    slices: all
      ? {
          id: of('id'),
          pe: Uint8Array.from(shown, ({ pe }) => pe),
          vcpu: Int8Array.from(shown, ({ vcpu }) => vcpu),
          start: of('startCycle'),
          guest: of('guestCycle'),
          exit: of('exitCycle'),
          end: of('endCycle'),
          why: shown.map(({ exit }) => exit),
        }
      : null,
    total: begun.length,
    reduction: all ? 'all' : 'switches counted per column',
  }
}

function moment(run: FakeRun, register: string, pe: number, cycle: number): RegisterMoment | null {
  const rows = run.registers.filter((row) => row.register === register && row.pe === pe && row.cycle <= cycle)
  const architectural = rows.filter((row) => row.slot === 'architectural').at(-1)
  const effective = rows.filter((row) => row.slot === 'effective').at(-1)
  return architectural
    ? {
        architectural: architectural.value,
        effective: effective?.value ?? architectural.value,
        owner: architectural.owner,
      }
    : null
}

const steady = (value: bigint, owner: Owner): RegisterMoment => ({
  architectural: value,
  effective: value,
  owner,
})

export const exampleText = `{
  // v12 of the series: MTE registers switched at every entry and exit
  "title": "Handover of MTE state on VHE",
  "machine": { "pes": 4, "mte": 2, "mteAsync": true, "ramMiB": 64 },
  "hypervisor": { "mode": "vhe", "policy": "v12" },
  "vcpus": [
    { "guest": "tagger", "mte": true, "checks": "sync" },
    { "guest": "tagger", "mte": true, "checks": "async" },
    { "guest": "tagger", "mte": true, "checks": "sync" },
    { "guest": "tagger", "mte": true, "checks": "asym" }
  ],
  "schedule": { "kind": "deterministic", "seed": 42, "quantum": 1000 },
  "sync": "latest",
  "cost": "n2-like",
  "stop": { "switches": 20000 }
}
`

export interface FakeLab extends LabApi {
  /** Calls that fail from now on, and with what. */
  failing: Map<CallName, Problem>
  /** Calls that never answer from now on. */
  stuck: Set<CallName>
  /** Every call made, in order. */
  calls: { name: CallName; args: unknown }[]
  emit<E extends EventName>(name: E, payload: Events[E]): void
  /** Makes a run live at a share of its switches. */
  live(run: number, share: number): RunProgress
}

export function createFakeLab(shapes: RunShape[]): FakeLab {
  const runs = new Map(shapes.map((shape) => [shape.run, makeRun(shape)]))
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  const failing = new Map<CallName, Problem>()
  const stuck = new Set<CallName>()
  const calls: FakeLab['calls'] = []
  const info: SessionInfo = {
    name: 'v12-vhe.switchyard',
    path: '/home/lab/sessions/v12-vhe.switchyard',
    readOnly: false,
    readOnlyWhy: null,
    runs: runs.size,
    schemaVersion: 1,
    sqliteVersion: '3.54.1',
    appVersion: '0.1.0',
  }
  const experiments: ExperimentEntry[] = [
    ['handover', 'Handover of MTE state on VHE'],
    ['contract', 'Two guests, two masks'],
    ['late-landing', 'An asynchronous fault that lands late'],
  ].map(([name = '', title = '']) => ({
    name,
    title,
    path: `resources/experiments/${name}.jsonc`,
    text: exampleText,
  }))
  const policies: PolicyEntry[] = [
    ['mainline', 'Follows Linux 6.12, nVHE: the order of accesses seen in an HVC round trip.'],
    ['v12', 'Macros and save lists of version 12: no ISB behind the last write of the exit.'],
    ['v13', 'As v12, with an ISB that ends the exit sequence.'],
    ['loadput-tfsr', 'TFSR_EL1 is switched at vcpu_load and vcpu_put instead of at every entry and exit.'],
  ].map(([name = '', line = '']) => ({ name, line, prose: `# ${name}\n\n${line}\n` }))
  const progress = new Map<number, RunProgress>()

  const need = (run: number): FakeRun => {
    const found = runs.get(run)
    if (!found)
      throw new ProblemError(`run ${run}`, 'there is no such run in this session', 'Choose one of the list.')
    return found
  }
  const become = (run: number, state: RunSummary['state']): null => {
    need(run).summary = { ...need(run).summary, state }
    const at = progress.get(run)
    if (at) {
      progress.set(run, { ...at, state })
      emit('run.progress', { ...at, state })
    }
    return null
  }
  const handlers: Handlers = {
    'session.info': async () => info,
    'session.backup': async () => ({ path: `${info.path}.20261125T120000Z.backup`, bytes: 925_696 }),
    'experiment.list': async () => experiments,
    'experiment.check': async ({ text }) =>
      text.includes('"pes": 4')
        ? []
        : [
            {
              line: 4,
              column: 17,
              path: 'machine.pes',
              cause: 'pes is 9, and a machine has 1 to 8 PEs',
              remedy: 'Write a number from 1 to 8.',
            },
          ],
    'policy.list': async () => policies,
    'museum.list': async () => museum,
    'run.list': async () => [...runs.values()].map((run) => run.summary),
    'run.get': async ({ run }) => need(run).summary,
    'run.progress': async ({ run }) => progress.get(run) ?? null,
    'run.start': async ({ name, set }) => {
      const run = Math.max(0, ...runs.keys()) + 1
      if (name === 'contract') {
        const check = set.includes('hypervisor.policy=v12') ? 'violated' : 'none'
        const title = 'Who sees whose MTE state'
        const shape = {
          run,
          title,
          switches: 28,
          seed: 1,
          pes: 1,
          pending: 12,
          faults: false,
          check,
        } as const
        runs.set(run, makeRun(shape))
        emit('run.started', { run })
        emit('run.checked', { run, summary: need(run).summary })
        return run
      }
      runs.set(
        run,
        makeRun({ run, title: 'v12 VHE, again', switches: 300, seed: 7, pes: 4, pending: 400, faults: true }),
      )
      live(run, 0.4)
      emit('run.started', { run })
      return run
    },
    'run.pause': async ({ run }) => become(run, 'paused'),
    'run.resume': async ({ run }) => become(run, 'running'),
    'run.stop': async ({ run }) => {
      need(run).summary = { ...need(run).summary, state: 'stopped', stop: { kind: 'stopped' } }
      emit('run.ended', { run, summary: need(run).summary })
      return null
    },
    'run.delete': async ({ run }) => {
      need(run)
      runs.delete(run)
      emit('run.deleted', { run })
      return null
    },
    'run.experiment': async () => ({ text: exampleText, imageHash: '0'.repeat(64) }),
    'run.findings': async ({ run }) => need(run).report,
    'run.card': async ({ run }) => ({ text: cardText(need(run).summary.experiment) }),
    'run.console': async ({ run }) => ({ text: need(run).console, truncated: false }),
    'run.latency': async ({ run, range, columns }) => latencySeries(need(run), range, columns),
    'run.latency-band': async ({ run, range, columns }) => latencyBand(need(run), range, columns),
    'run.distribution': async ({ run, range, bins }) => distribution(need(run), range, bins),
    'run.faults': async ({ run, range, columns }) => faultSeries(need(run), range, columns),
    'run.fault-map': async ({ run, range, columns, rows }) => faultMap(need(run), range, columns, rows),
    'run.fault-list': async ({ run, range, offset, limit }) => {
      const rows = need(run).faults.filter((fault) => inRange(fault.cycle, range))
      return { total: rows.length, rows: rows.slice(offset, offset + limit) }
    },
    'run.registers': async ({ run, range, columns, pe, registers }) =>
      registers.flatMap((register) =>
        (['architectural', 'effective'] as const).map((slot) =>
          lane(need(run), register, slot, pe, range, columns),
        ),
      ),
    'run.switch': async ({ run, id }) => {
      const { switches } = need(run)
      const at = switches.findIndex((row) => row.id === id)
      const row = switches[at]
      if (!row)
        throw new ProblemError(`switch ${id}`, `run ${run} has no such switch`, 'Choose one in a chart.')
      const when = {
        hostBefore: row.startCycle,
        guestEntry: row.guestCycle,
        guestExit: row.exitCycle,
        hostAfter: row.endCycle,
      }
      return {
        run,
        id,
        ordinal: at + 1,
        row,
        previousId: switches[at - 1]?.id ?? null,
        nextId: switches[at + 1]?.id ?? null,
        registers: [
          ...['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1', 'TFSRE0_EL1'].map((register) => ({
            register,
            hostBefore: moment(need(run), register, row.pe, when.hostBefore),
            guestEntry: moment(need(run), register, row.pe, when.guestEntry),
            guestExit: moment(need(run), register, row.pe, when.guestExit),
            hostAfter: moment(need(run), register, row.pe, when.hostAfter),
          })),
          {
            register: 'HCR_EL2',
            hostBefore: steady(0x0100_0000_8000_0000n, HOST),
            guestEntry: steady(0x0100_0000_807c_663fn, row.vcpu),
            guestExit: steady(0x0100_0000_807c_663fn, row.vcpu),
            hostAfter: steady(0x0100_0000_8000_0000n, HOST),
          },
        ],
      }
    },
    'run.slices': async ({ run, range, columns }) => slicesOf(need(run), range, columns),
    'run.events': async ({ run, range, columns, pe }) => eventsOf(need(run), range, columns, pe),
    'run.switch-at': async ({ run, cycle, pe }) => {
      const rows = need(run).switches.filter((row) => pe === null || row.pe === pe)
      const nearest = rows.sort((a, b) => Math.abs(a.startCycle - cycle) - Math.abs(b.startCycle - cycle))[0]
      return nearest ? { id: nearest.id } : null
    },
    'run.compare': async ({ a }) => noMachine(a[0]!),
    'machine.go': async ({ run }) => noMachine(run),
    'machine.code': async ({ run }) => noMachine(run),
    'machine.memory': async ({ run }) => noMachine(run),
    'machine.walk': async ({ run }) => noMachine(run),
    'machine.symbol': async ({ run }) => noMachine(run),
    'machine.stop': async () => null,
  }

  function noMachine(run: number): never {
    need(run)
    throw new ProblemError(
      `run ${run}`,
      'this lab has no machines to look at',
      'Open a session of the real one.',
    )
  }

  function emit<E extends EventName>(name: E, payload: Events[E]): void {
    for (const listener of listeners.get(name) ?? []) listener(payload as never)
  }

  function live(run: number, share: number): RunProgress {
    const fake = need(run)
    const switches = Math.round(fake.switches.length * share)
    fake.summary = { ...fake.summary, state: 'running', stop: null, stateHash: null, switches }
    const report: RunProgress = {
      run,
      state: 'running',
      switches,
      switchLimit: fake.switches.length,
      instructions: switches * 2100,
      cycles: fake.summary.cycles,
      hostNs: 1.9e9 * share,
      switchesPerSecond: 5230,
      instructionsPerSecond: 11_400_000,
      tagFaults: fake.summary.tagFaults,
      pes: Array.from({ length: fake.summary.pes }, (_, pe) => ({
        pe,
        power: pe === 3 ? 'waiting' : 'on',
        el: pe % 3 === 0 ? 2 : 1,
        instructions: Math.round(switches * 520 * (1 - pe * 0.15)),
        cycles: fake.summary.cycles,
        switches: Math.round(switches / 4),
        owner: pe % 3 === 0 ? HOST : pe,
        pc: 0xffff_8000_1000_1040n,
      })),
    }
    progress.set(run, report)
    return report
  }

  return {
    failing,
    stuck,
    calls,
    emit,
    live,
    async call<C extends CallName>(name: C, args: Calls[C]['args']): Promise<Result<Calls[C]['reply']>> {
      calls.push({ name, args })
      const problem = failing.get(name)
      if (problem) return { ok: false, error: problem }
      if (stuck.has(name)) return new Promise(() => {})
      try {
        return { ok: true, value: await handlers[name](args) }
      } catch (error) {
        if (error instanceof ProblemError) return { ok: false, error: error.problem }
        return fail(name, String(error), 'This is a bug of the fake lab.')
      }
    },
    on<E extends EventName>(name: E, listener: (payload: Events[E]) => void): () => void {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(listener as (payload: never) => void))
      return () => void set.delete(listener as (payload: never) => void)
    },
  }
}

/** What a card looks like: its widest line has 72 columns. */
const cardText = (experiment: string): string => `Switchyard 0.3.0, review of experiment ${experiment}
sha256 34d8a470f71fd55b; synchronisation as in ddi0487-m
late writes in scope: GCR_EL1 RGSR_EL1 SCTLR_EL1 SCTLR_EL2 HCR_EL2 TFSR;
  window run
1 scenario tried (VHE), each in every choice it leaves open

VIOLATED in 1 of 1
  - VHE ${experiment}: unsynchronised-host-state GCR_EL1, host

1. Which event synchronises each write?
  VHE GCR_EL1 written in guest_enter: exception return from EL2 in
    guest_enter (9x)
  VHE GCR_EL1 written in guest_exit: ISB in vcpu_run (9x)

2. Is each saved slot used?
  yes: every save is loaded again (41 seen)

3. May a save and restore move to vcpu_load and vcpu_put?
  asked of policies; this was one scenario
`
