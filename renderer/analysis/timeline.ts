import { eventKinds } from '../../shared/model/trace.ts'
import type { EventSeries, SliceColumns, SliceSeries } from '../../shared/model/views.ts'
import { count, counted, ownerLetter } from './format.ts'

/** What the timeline says, in a sentence made of the numbers on screen. */
export function timelineHeadline(series: SliceSeries, pes: number, ranged: boolean): string {
  const where = ranged ? ' in this range' : ''
  if (series.total === 0) return `No guest was entered${where}`
  const vcpus = new Set(series.lanes.map(({ vcpu }) => vcpu))
  const moved = [...vcpus].filter((vcpu) => series.lanes.filter((lane) => lane.vcpu === vcpu).length > 1)
  const begun = `${counted(series.total, 'switch', 'switches')}${where} ${series.total === 1 ? 'is' : 'are'} of ${counted(vcpus.size, 'vCPU')}`
  if (pes === 1) return begun
  return moved.length === 0
    ? `${begun}, each on one PE`
    : `${begun}; ${moved.map(ownerLetter).join(', ')} ${moved.length === 1 ? 'ran' : 'each ran'} on more than one PE`
}

/** What a PE was doing at a cycle, in words; null where the switches are not known one by one. */
export function doingAt(slices: SliceColumns | null, pe: number, cycle: number): string | null {
  if (slices === null) return null
  let last = -1
  for (let i = 0; i < slices.id.length; i++)
    if (
      slices.pe[i] === pe &&
      slices.start[i]! <= cycle &&
      (last < 0 || slices.start[i]! >= slices.start[last]!)
    )
      last = i
  if (last < 0 || slices.end[last]! < cycle) return 'the host'
  const name = ownerLetter(slices.vcpu[last]!)
  if (cycle < slices.guest[last]!) return `entry to vCPU ${name}`
  if (cycle < slices.exit[last]!) return `vCPU ${name}`
  return `exit from vCPU ${name} (${slices.why[last]})`
}

/** One line of the table twin: a switch, or what is counted in a column. */
export function sliceRow(series: SliceSeries, index: number): (string | number)[] {
  const { slices, lanes } = series
  if (slices)
    return [
      `PE${slices.pe[index]}`,
      ownerLetter(slices.vcpu[index]!),
      slices.start[index]!,
      slices.guest[index]!,
      slices.exit[index]!,
      slices.end[index]!,
      slices.why[index]!,
    ]
  const [column, lane] = [Math.floor(index / lanes.length), lanes[index % lanes.length]]
  return lane
    ? [`PE${lane.pe}`, ownerLetter(lane.vcpu), series.columnStart[column]!, lane.count[column]!]
    : []
}

export const sliceRows = ({ slices, lanes, columnStart }: SliceSeries): number =>
  slices ? slices.id.length : lanes.length * columnStart.length

/** The event of a PE that is nearest to a cycle, in words; null where events are counted only, or there is none. */
export function eventNear(series: EventSeries | null, pe: number, cycle: number): string | null {
  const columns = series?.events?.find((one) => one.pe === pe)
  if (!columns || columns.cycle.length === 0) return null
  let best = 0
  for (let i = 1; i < columns.cycle.length; i++)
    if (Math.abs(columns.cycle[i]! - cycle) < Math.abs(columns.cycle[best]! - cycle)) best = i
  const kind = eventKinds[columns.kind[best]!]!
  return `${kind} at cycle ${count(columns.cycle[best]!)}, EL${columns.el[best]}, PC ${columns.pc[best]!.toString(16)}`
}
