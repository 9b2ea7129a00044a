import type { PendingBoundary } from '../../../shared/model/findings.ts'
import type { RawStep } from './steps.ts'

type Closing = NonNullable<PendingBoundary['registers'][number]['closedBy']>

/** One crossing; `register` is closed by a context synchronisation event, a `fault` by what completes faults. */
interface Crossing {
  readonly boundary: PendingBoundary['boundary']
  readonly pe: number
  readonly position: number
  readonly pc: bigint
  readonly registers: readonly {
    readonly register: string
    readonly fault: boolean
    readonly closedBy: Closing | null
  }[]
}

export type BoundariesState = readonly Crossing[]

/** What was pending where one world was left for another. Crossings at one place with the same outcome are kept once. */
export class Boundaries {
  private crossings: readonly Crossing[] = []

  crossed(
    boundary: Crossing['boundary'],
    pending: readonly { register: string; fault: boolean }[],
    { pe, position, pc }: RawStep,
  ): void {
    const registers = pending.map((one) => ({ ...one, closedBy: null }))
    const crossing = { boundary, pe, position, pc, registers }
    const known = (other: Crossing): boolean =>
      other.boundary === boundary &&
      other.pe === pe &&
      other.pc === pc &&
      registers.length === 0 &&
      other.registers.length === 0
    if (!this.crossings.some(known)) this.crossings = [...this.crossings, crossing]
  }

  /** An event closes what is open on its PE; a crossing that tells nothing new is dropped then. */
  closed(faults: boolean, event: string, { pe, pc, position }: RawStep): void {
    const open = (crossing: Crossing): boolean =>
      crossing.pe === pe && crossing.registers.some((one) => one.closedBy === null && one.fault === faults)
    if (!this.crossings.some(open)) return
    const closedBy = { event, pc, position }
    const kept: Crossing[] = []
    for (const crossing of this.crossings) {
      if (!open(crossing)) {
        kept.push(crossing)
        continue
      }
      const registers = crossing.registers.map((one) =>
        one.closedBy === null && one.fault === faults ? { ...one, closedBy } : one,
      )
      const closed = { ...crossing, registers }
      if (!kept.some((other) => same(other, closed))) kept.push(closed)
    }
    this.crossings = kept
  }

  list(): PendingBoundary[] {
    return this.crossings.map(({ registers, ...crossing }) => ({
      ...crossing,
      registers: registers.map(({ register, closedBy }) => ({ register, closedBy })),
    }))
  }

  save(): BoundariesState {
    return this.crossings
  }

  restore(saved: BoundariesState): void {
    this.crossings = saved
  }
}

const same = (a: Crossing, b: Crossing): boolean =>
  a.boundary === b.boundary &&
  a.pe === b.pe &&
  a.pc === b.pc &&
  a.registers.length === b.registers.length &&
  a.registers.every(({ register, closedBy }, i) => {
    const other = b.registers[i]!
    return (
      register === other.register &&
      closedBy?.event === other.closedBy?.event &&
      closedBy?.pc === other.closedBy?.pc
    )
  })
