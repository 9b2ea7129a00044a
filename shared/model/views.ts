import type { RunId } from './run.ts'
import type { CheckMode, EventColumns, EventKind, FaultRow, Owner, RegisterRow, SwitchRow } from './trace.ts'

/** A stretch of model cycles on the run's axis, both ends included; null means the whole run. */
export interface CycleRange {
  from: number
  to: number
}

/** Latency over time: at most two points (minimum and maximum) a pixel column, plus how many there are in truth. */
export interface LatencySeries {
  /** startCycle of each drawn switch. */
  cycle: Float64Array
  latency: Float64Array
  pe: Uint8Array
  vcpu: Int8Array
  /** Identifies the switch: its row id in the session. */
  id: Float64Array
  drawn: number
  total: number
  /** 'all' when every switch is drawn, else minimum and maximum kept per column. */
  reduction: 'all' | 'minimum and maximum per column'
}

/** Distribution of the latencies in a range, exact. Bins are equal steps of model cycles. */
export interface LatencyDistribution {
  unit: 'model cycles'
  n: number
  binStart: Float64Array
  binWidth: number
  binCount: Float64Array
  /** ECDF steps: value and share (0..1) of switches at most that long, at most 500 steps. */
  ecdfValue: Float64Array
  ecdfShare: Float64Array
  quantiles: { name: 'p50' | 'p90' | 'p99' | 'p99.9' | 'maximum'; value: number; id: number }[]
  /** Mean model cycles of each phase over the range, in the order of `phases`; `median` those of the switch at p50. */
  phaseMean: number[]
  phaseMedian: number[]
  medianId: number
}

/** Percentiles are computed from every switch; of more than this they are not, so that a zoom stays within 50 ms. */
export const MOST_BAND_SWITCHES = 100_000

/** Percentiles (nearest rank) of the latency by column of time, exact: one entry per column in which a switch starts. */
export interface LatencyBand {
  /** First and last cycle of each column. */
  from: Float64Array
  to: Float64Array
  /** Switches that start in it. */
  n: Float64Array
  p50: Float64Array
  p90: Float64Array
  p99: Float64Array
  total: number
  /** 'too many': no column is given, a shorter range is. */
  reduction: 'exact per column' | 'too many'
}

/** Tag faults by column of time, kind and vCPU. Counts are exact: every fault is in exactly one column. */
export interface FaultSeries {
  columnStart: Float64Array
  columnWidth: number
  /** One entry per owner with faults. */
  owners: {
    owner: Owner
    sync: Float64Array
    async: Float64Array
    modes: CheckMode[]
    totalSync: number
    totalAsync: number
  }[]
}

/** Physical addresses from one to another, both included. */
export interface AddressRange {
  from: number
  to: number
}

/**
 * Tag faults by address and time. A row is a granule of 16 bytes that faulted, or, where there are more than rows, neighbours
 * among those that did. Counts are exact; cells without a fault are left out.
 */
export interface FaultMap {
  columnStart: Float64Array
  columnWidth: number
  /** In order of address: the first and last granule of each, and how many faults it has. */
  rows: (AddressRange & { total: number })[]
  row: Float64Array
  column: Float64Array
  sync: Float64Array
  async: Float64Array
  /** Different granules that faulted in the range. */
  granules: number
  total: number
}

export interface FaultPage {
  total: number
  rows: (FaultRow & { id: number; switchId: number | null })[]
}

/** High-rate events (exceptions, returns, barriers, marks, interrupts ...) by column of time, PE and kind. Counts are exact. */
export interface EventSeries {
  /** The first column may begin before the range that was asked for; it counts only what lies in it. */
  columnStart: Float64Array
  columnWidth: number
  /** One per PE and kind that has events in the range. */
  lanes: { pe: number; kind: EventKind; count: Float64Array; total: number }[]
  /** The events themselves, one entry per PE, where there are at most two a column; else null. */
  events: EventColumns[] | null
  drawn: number
  total: number
  reduction: 'all' | 'counts per column'
}

/** Steps of one register on one PE; value holds from its cycle to the next one's. */
export interface RegisterLane {
  register: string
  pe: number
  slot: 'architectural' | 'effective'
  cycle: Float64Array
  value: BigUint64Array
  owner: Int8Array
  cause: RegisterRow['cause'][]
  drawn: number
  total: number
  reduction: 'all' | 'first, last, minimum and maximum per column'
}

/**
 * Which vCPU each PE ran, and when. Counts are exact: each switch counts in the column in which it begins. The switches
 * themselves come where there are at most two a column.
 */
export interface SliceSeries {
  columnStart: Float64Array
  columnWidth: number
  /** One per PE and vCPU with switches in the range. */
  lanes: { pe: number; vcpu: number; count: Float64Array; total: number }[]
  slices: SliceColumns | null
  total: number
  reduction: 'all' | 'switches counted per column'
}

/** One entry a switch, in the order of their start; cycles of its PE. */
export interface SliceColumns {
  id: Float64Array
  pe: Uint8Array
  vcpu: Int8Array
  /** The host's call, the guest's first instruction, its exit, the host's next instruction. */
  start: Float64Array
  guest: Float64Array
  exit: Float64Array
  end: Float64Array
  /** Why the guest was left, such as `HVC` or `IRQ`. */
  why: string[]
}

/** One switch with its registers at four moments, fields decoded by shared/arch. */
export interface SwitchDetail {
  run: RunId
  id: number
  /** 1-based position among the run's switches by startCycle. */
  ordinal: number
  row: SwitchRow
  previousId: number | null
  nextId: number | null
  registers: {
    register: string
    /** Host before the entry, guest at its first instruction, guest at its exit, host after the return. null: not recorded. */
    hostBefore: RegisterMoment | null
    guestEntry: RegisterMoment | null
    guestExit: RegisterMoment | null
    hostAfter: RegisterMoment | null
  }[]
}

export interface RegisterMoment {
  architectural: bigint
  /** What instructions use; differs from architectural while a write is not yet guaranteed to have taken effect. */
  effective: bigint
  owner: Owner
}
