/** Titles that state the finding, made from the numbers on screen and from nothing else. */
import { type Owner, UNKNOWN_OWNER } from '../../shared/model/trace.ts'
import type {
  CycleRange,
  FaultSeries,
  LatencyBand,
  LatencyDistribution,
  RegisterLane,
} from '../../shared/model/views.ts'
import { count, counted, listed, ownerName, percent } from './format.ts'
import { laneOf, ownersIn, pendingIn } from './lanes.ts'

const quantile = (distribution: LatencyDistribution, name: string): number =>
  distribution.quantiles.find((entry) => entry.name === name)?.value ?? 0

export function latencyHeadline(distribution: LatencyDistribution, ranged: boolean): string {
  const { n } = distribution
  const of = ranged ? `the ${counted(n, 'switch', 'switches')} in this range` : 'all switches'
  if (n === 1)
    return `The one switch ${ranged ? 'in this range ' : ''}cost ${count(quantile(distribution, 'maximum'))} model cycles`
  const half = `Half of ${of} cost at most ${count(quantile(distribution, 'p50'))} model cycles`
  if (n >= 1000) return `${half}; one in a thousand costs ${count(quantile(distribution, 'p99.9'))} or more`
  if (n >= 100) return `${half}; one in a hundred costs ${count(quantile(distribution, 'p99'))} or more`
  return `${half}; the dearest cost ${count(quantile(distribution, 'maximum'))}`
}

/** Whether the median moves over time, and by how much. */
export function bandHeadline(band: LatencyBand): string {
  if (band.p50.length < 2) return 'Does the cost change over time?'
  const low = band.p50.reduce((a, b) => Math.min(a, b))
  const high = band.p50.reduce((a, b) => Math.max(a, b))
  const tail = band.p99.reduce((a, b) => Math.max(a, b))
  const half =
    low === high
      ? `The median stays at ${count(low)} model cycles`
      : `The median of a column lies between ${count(low)} and ${count(high)} model cycles`
  return `${half}; the highest p99 is ${count(tail)}`
}

export function faultHeadline(series: FaultSeries, ranged: boolean): string {
  const owners = series.owners.filter((entry) => entry.totalSync + entry.totalAsync > 0)
  const sync = owners.reduce((sum, entry) => sum + entry.totalSync, 0)
  const async = owners.reduce((sum, entry) => sum + entry.totalAsync, 0)
  const total = sync + async
  if (total === 0) return `No tag check faulted ${ranged ? 'in this range' : 'in this run'}`
  const sorted = [...owners].sort((a, b) => b.totalSync + b.totalAsync - (a.totalSync + a.totalAsync))
  const few = leaders(sorted, total)
  const covered = few.reduce((sum, entry) => sum + entry.totalSync + entry.totalAsync, 0)
  if (total === 1)
    return `The one tag fault ${ranged ? 'in this range ' : ''}comes from ${ownerName(owners[0]?.owner ?? UNKNOWN_OWNER)} and is ${async ? 'asynchronous' : 'synchronous'}`
  const names = listed(few.map((entry) => ownerName(entry.owner)).sort())
  const who =
    covered === total
      ? `All ${counted(total, 'tag fault')} come from ${names}`
      : `${percent(covered / total)} of ${counted(total, 'tag fault')} come from ${names}`
  if (async === 0) return `${who}, each one synchronous`
  if (sync === 0) return `${who}, each one asynchronous`
  const first = firstColumn(series, 'async')
  const columns = series.columnStart.length
  if (first !== null && first > columns / 10)
    return `${who}; asynchronous ones begin near cycle ${count(series.columnStart[first] ?? 0)}`
  return `${who}; ${percent(async / total)} are asynchronous`
}

type FaultOwner = FaultSeries['owners'][number]

/** The fewest owners that make up nine in ten faults. */
function leaders(sorted: readonly FaultOwner[], total: number): FaultOwner[] {
  const few: FaultOwner[] = []
  let sum = 0
  for (const entry of sorted) {
    if (sum >= total * 0.9) break
    few.push(entry)
    sum += entry.totalSync + entry.totalAsync
  }
  return few
}

function firstColumn(series: FaultSeries, kind: 'sync' | 'async'): number | null {
  const firsts = series.owners
    .map((entry) => entry[kind].findIndex((faults) => faults > 0))
    .filter((column) => column >= 0)
  return firsts.length > 0 ? Math.min(...firsts) : null
}

/** What the register lanes show: pending stretches where they are known, else who held the registers. */
export function registerHeadline(
  lanes: readonly RegisterLane[],
  range: CycleRange,
  pe: number,
  ranged: boolean,
): string {
  const where = ranged ? 'in this range' : 'in this run'
  if (lanes.every((lane) => lane.total === 0)) return `No register change was recorded on PE${pe} ${where}`
  const stretches = lanes
    .filter((lane) => lane.slot === 'architectural')
    .map((lane) => {
      const effective = laneOf(lanes, lane.register, 'effective')
      return { register: lane.register, pending: effective ? pendingIn(lane, effective, range) : [] }
    })
  const longest = stretches
    .flatMap(({ register, pending }) => (pending ?? []).map((at) => ({ register, cycles: at.to - at.from })))
    .sort((a, b) => b.cycles - a.cycles)[0]
  if (longest) {
    const times = stretches.find((entry) => entry.register === longest.register)?.pending?.length ?? 0
    return `${longest.register} on PE${pe} is pending ${times === 1 ? 'once' : `${count(times)} times`} ${where}, for up to ${count(longest.cycles)} model cycles`
  }
  const owned = lanes.find((lane) => lane.register === 'GCR_EL1' && lane.slot === 'architectural') ?? lanes[0]
  const owners = owned ? ownersIn(owned, range) : []
  const names = [...new Set(owners.map((entry) => entry.owner))]
    .sort((a: Owner, b: Owner) => a - b)
    .map(ownerName)
  const held = `${owned?.register ?? 'No register'} on PE${pe} belongs to ${listed(names) || 'nobody'} ${where}`
  const known = stretches.every((entry) => entry.pending !== null)
  return known
    ? `${held}; no write is left pending`
    : `${held}; zoom in for the stretches where a write is pending`
}
