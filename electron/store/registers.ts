import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { ChangeCause, RegisterRow } from '../../shared/model/trace.ts'
import type { CycleRange, RegisterLane, RegisterMoment } from '../../shared/model/views.ts'
import { columnsOf } from '../../shared/stats/columns.ts'
import { fromStored, toNumber } from './values.ts'

type Slot = RegisterRow['slot']
type Step = [cycle: bigint, value: bigint, owner: bigint, cause: ChangeCause, sequence: bigint]

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
  const ofLane = 'run = :run AND pe = :pe AND register = :register AND slot = :slot'
  const selectSteps = db
    .prepare<[Lane & CycleRange], Step>(
      `SELECT cycle, value, owner, cause, sequence FROM register_change WHERE ${ofLane} AND cycle BETWEEN :from AND :to
       ORDER BY cycle, sequence`,
    )
    .safeIntegers()
    .raw()
  const countSteps = db
    .prepare<[Lane & CycleRange], number>(
      `SELECT count(*) FROM register_change WHERE ${ofLane} AND cycle BETWEEN :from AND :to`,
    )
    .pluck()
  // Signed patterns in the order of the unsigned values that they stand for.
  const unsigned = 'iif(value < 0, value + 9223372036854775807 + 1, value - 9223372036854775807 - 1)'
  // SQLite takes the other columns from the row of the one minimum or maximum (its manual, "Bare columns in an aggregate").
  const extreme = (of: string) =>
    db
      .prepare<[Lane & CycleRange], [...Step, order: bigint]>(
        `SELECT cycle, value, owner, cause, sequence, ${of} FROM register_change
         WHERE ${ofLane} AND cycle BETWEEN :from AND :to`,
      )
      .safeIntegers()
      .raw()
  const lowest = extreme(`min(${unsigned})`)
  const highest = extreme(`max(${unsigned})`)
  const edge = (direction: 'ASC' | 'DESC') =>
    db
      .prepare<[Lane & CycleRange], Step>(
        `SELECT cycle, value, owner, cause, sequence FROM register_change WHERE ${ofLane} AND cycle BETWEEN :from AND :to
         ORDER BY cycle ${direction}, sequence ${direction} LIMIT 1`,
      )
      .safeIntegers()
      .raw()
  const first = edge('ASC')
  const last = edge('DESC')
  const selectBefore = db
    .prepare<[Lane & { cycle: number }], Step>(
      `SELECT cycle, value, owner, cause, sequence FROM register_change WHERE ${ofLane} AND cycle <= :cycle
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
  function reduced(of: Lane, range: CycleRange, columns: number): Step[] {
    return columnsOf(range.from, range.to, columns).flatMap((column) => {
      const where = { ...of, ...column }
      const start = first.get(where)
      if (start === undefined) return []
      const steps: Step[] = [start, step(lowest.get(where)!), step(highest.get(where)!), last.get(where)!]
      const bySequence = new Map(steps.map((each) => [each[4], each]))
      return [...bySequence.values()].sort((a, b) => Number(a[0] - b[0]) || Number(a[4] - b[4]))
    })
  }

  function lane(of: Lane, range: CycleRange, columns: number): RegisterLane | null {
    const inside = countSteps.get({ ...of, ...range })!
    const steps = inside <= 4 * columns ? selectSteps.all({ ...of, ...range }) : reduced(of, range, columns)
    const before = selectBefore.get({ ...of, cycle: range.from - 1 })
    const carried = before !== undefined && (steps.length === 0 || Number(steps[0]![0]) > range.from)
    if (carried) steps.unshift(before)
    if (steps.length === 0) return null
    const total = inside + (carried ? 1 : 0)
    return {
      register: of.register,
      pe: of.pe,
      slot: of.slot,
      cycle: Float64Array.from(steps, (step) => Number(step[0])),
      value: BigUint64Array.from(steps, (step) => fromStored(step[1])),
      owner: Int8Array.from(steps, (step) => Number(step[2])),
      cause: steps.map((step) => step[3]),
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

/** Without the value that it was found by. */
const step = ([cycle, value, owner, cause, sequence]: [...Step, order: bigint]): Step => [
  cycle,
  value,
  owner,
  cause,
  sequence,
]
