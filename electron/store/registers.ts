import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { ChangeCause, RegisterRow } from '../../shared/model/trace.ts'
import type { CycleRange, RegisterLane, RegisterMoment } from '../../shared/model/views.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { changeAt } from './lanes.ts'
import { pyramidReader } from './pyramid.ts'
import { fromStored, toNumber } from './values.ts'

type Slot = RegisterRow['slot']
type Stored = [cycle: bigint, value: bigint, owner: bigint, cause: ChangeCause]
type Step = Pick<RegisterRow, 'cycle' | 'value' | 'owner' | 'cause'>

interface Lane {
  run: RunId
  pe: number
  register: string
  slot: Slot
}

/**
 * Register histories. A change carries the cycle at which it took effect, so a register's value at a cycle is that of the
 * last change at or before it.
 *
 * The effective slot has rows only for a register whose effective value can lag in that run (then from the initial value
 * on, one row per change). Where a register has none up to a cycle, its effective value is the architectural one.
 */
export function registerQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const pyramid = pyramidReader(db)
  const ofLane = 'run = :run AND pe = :pe AND register = :register AND slot = :slot'
  const selectSteps = db
    .prepare<[Lane & CycleRange], Stored>(
      `SELECT cycle, value, owner, cause FROM register_change WHERE ${ofLane} AND cycle BETWEEN :from AND :to
       ORDER BY cycle, sequence`,
    )
    .safeIntegers()
    .raw()
  const selectBefore = db
    .prepare<[Lane & { cycle: number }], Stored>(
      `SELECT cycle, value, owner, cause FROM register_change WHERE ${ofLane} AND cycle <= :cycle
       ORDER BY cycle DESC, sequence DESC LIMIT 1`,
    )
    .safeIntegers()
    .raw()
  const nextRegister = db
    .prepare<[{ run: RunId; pe: number; after: string }], string>(
      'SELECT register FROM register_change WHERE run = :run AND pe = :pe AND register > :after ORDER BY register LIMIT 1',
    )
    .pluck()

  /** First, last, minimum and maximum of each column, so that the line enters and leaves it at its true level. */
  function reduced(lane: number, range: CycleRange, columns: number): Step[] {
    return pyramid.reduce(lane, columnsOf(range.from, range.to, columns)).flatMap((summary) => {
      if (summary === null) return []
      const { first, last, min, max } = summary
      const byOrdinal = new Map([first, min, max, last].map((point) => [point.ordinal, point]))
      return [...byOrdinal.values()].sort((a, b) => a.ordinal - b.ordinal).map(changeAt)
    })
  }

  function lane(of: Lane, range: CycleRange, columns: number): RegisterLane | null {
    const { run, pe, register: name, slot: part } = of
    const stored = pyramid.lane(run, { pe, name, part })
    if (stored === undefined) return null
    const inside = pyramid.count(stored, range)
    const steps =
      inside <= 4 * columns
        ? selectSteps.all({ ...of, ...range }).map(stepOf)
        : reduced(stored, range, columns)
    const before = selectBefore.get({ ...of, cycle: range.from - 1 })
    const carried = before !== undefined && (steps.length === 0 || steps[0]!.cycle > range.from)
    if (carried) steps.unshift(stepOf(before))
    if (steps.length === 0) return null
    const total = inside + (carried ? 1 : 0)
    return {
      register: of.register,
      pe: of.pe,
      slot: of.slot,
      cycle: Float64Array.from(steps, (step) => step.cycle),
      value: BigUint64Array.from(steps, (step) => step.value),
      owner: Int8Array.from(steps, (step) => step.owner),
      cause: steps.map((step) => step.cause),
      drawn: steps.length,
      total,
      reduction: steps.length === total ? 'all' : 'first, last, minimum and maximum per column',
    }
  }

  return {
    /**
     * One lane per register and slot with rows, in the order asked for, architectural first. A lane's first step is the
     * value that holds where the range begins, at the cycle at which it was set.
     */
    lanes({ run, range, columns, pe, registers }: Calls['run.registers']['args']): RegisterLane[] {
      const span = range ?? extent(run)
      return registers.flatMap((register) =>
        (['architectural', 'effective'] as const)
          .map((slot) => lane({ run, pe, register, slot }, span, columns))
          .filter((found) => found !== null),
      )
    },

    /** Names of the registers recorded on a PE. */
    recorded(run: RunId, pe: number): string[] {
      const names: string[] = []
      for (let name = nextRegister.get({ run, pe, after: '' }); name !== undefined; ) {
        names.push(name)
        name = nextRegister.get({ run, pe, after: name })
      }
      return names
    },

    /** A register at a cycle; null before its first record. */
    moment(run: RunId, pe: number, register: string, cycle: number): RegisterMoment | null {
      const architectural = selectBefore.get({ run, pe, register, slot: 'architectural', cycle })
      if (architectural === undefined) return null
      const effective = selectBefore.get({ run, pe, register, slot: 'effective', cycle }) ?? architectural
      return {
        architectural: fromStored(architectural[1]),
        effective: fromStored(effective[1]),
        owner: toNumber(architectural[2]),
      }
    },
  }
}

const stepOf = ([cycle, value, owner, cause]: Stored): Step => ({
  cycle: toNumber(cycle),
  value: fromStored(value),
  owner: toNumber(owner),
  cause,
})
