import type { Owner } from '../../shared/model/trace.ts'
import type { CycleRange, RegisterLane } from '../../shared/model/views.ts'
import { fieldsOf } from './fields.ts'
import { readingAt } from './lanes.ts'

/** A register whose value at the end of a range is not that at its start. */
export interface RegisterDifference {
  register: string
  before: { value: bigint; owner: Owner }
  after: { value: bigint; owner: Owner }
  /** The fields that differ; empty for a register that is a single value. */
  fields: { name: string; before: string; after: string }[]
}

/** Architectural values (what MRS reads) at both ends; a register that is not known at both is left out. */
export function differencesBetween(lanes: readonly RegisterLane[], range: CycleRange): RegisterDifference[] {
  return lanes.flatMap((lane) => {
    if (lane.slot !== 'architectural') return []
    const [before, after] = [readingAt(lane, range.from), readingAt(lane, range.to)]
    if (!before || !after || before.value === after.value) return []
    const later = new Map(fieldsOf(lane.register, after.value).map((field) => [field.name, field]))
    const fields = fieldsOf(lane.register, before.value).flatMap(({ name, value, text }) => {
      const other = later.get(name)
      return other && other.value !== value ? [{ name, before: text, after: other.text }] : []
    })
    return [{ register: lane.register, before, after, fields }]
  })
}
