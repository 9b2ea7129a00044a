import {
  type CheckMode,
  changeCauses,
  type FaultKind,
  type FaultRow,
  type Owner,
  type RegisterRow,
} from '../../shared/model/trace.ts'
import type { Point } from './points.ts'

/** What a lane's points are, on one PE: latencies with one vCPU, tag faults of one kind, or changes of one slot of a register. */
export interface LaneName {
  pe: number
  name: string
  /** The vCPU's number, the faults' owner, kind and mode, or the register's slot. */
  part: string
}

export const LATENCY = 'latency'

export const latencyLane = (pe: number, vcpu: number): LaneName => ({ pe, name: LATENCY, part: String(vcpu) })

/** Numbers in stored points are indexes of this list: it only grows. */
const causes = changeCauses
/** Owners begin at UNKNOWN_OWNER. */
const LEAST_OWNER = -3
const OWNER_STEP = 16

export const FAULT = 'fault'

export const faultLane = ({
  pe,
  owner,
  kind,
  mode,
}: Pick<FaultRow, 'pe' | 'owner' | 'kind' | 'mode'>): LaneName => ({
  pe,
  name: FAULT,
  part: `${owner} ${kind} ${mode}`,
})

/** What a fault lane's part says. */
export function faultsIn(part: string): { owner: Owner; kind: FaultKind; mode: CheckMode } {
  const [owner, kind, mode] = part.split(' ') as [string, FaultKind, CheckMode]
  return { owner: Number(owner), kind, mode }
}

/** Its place in the lane is the writer's to say. */
export interface LanePoint extends Omit<Point, 'ordinal'> {
  /** Cycles by phase, of a latency. */
  sums?: readonly number[]
}

export const latencyPoint = (
  cycle: number,
  latency: number,
  id: number,
  phases: readonly number[],
): LanePoint => ({
  sums: phases,
  cycle,
  high: Math.floor(latency / 2 ** 32),
  low: latency >>> 0,
  ref: id,
})

/** Faults are counted: their points have no value. */
export const faultPoint = (cycle: number, id: number): LanePoint => ({ cycle, high: 0, low: 0, ref: id })

export const latencyAt = ({ high, low }: Point): number => high * 2 ** 32 + low

export const changePoint = ({
  cycle,
  value,
  owner,
  cause,
}: Pick<RegisterRow, 'cycle' | 'value' | 'owner' | 'cause'>): LanePoint => ({
  cycle,
  high: Number(value >> 32n),
  low: Number(value & 0xffff_ffffn),
  ref: (owner - LEAST_OWNER) * OWNER_STEP + causes.indexOf(cause),
})

export const changeAt = ({
  cycle,
  high,
  low,
  ref,
}: Point): Pick<RegisterRow, 'cycle' | 'value' | 'owner' | 'cause'> => ({
  cycle,
  value: (BigInt(high) << 32n) | BigInt(low),
  owner: Math.floor(ref / OWNER_STEP) + LEAST_OWNER,
  cause: causes[ref % OWNER_STEP]!,
})
