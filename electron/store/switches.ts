import type { Database } from 'better-sqlite3'
import { ProblemError } from '../../shared/base/result.ts'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { SwitchRow } from '../../shared/model/trace.ts'
import type { RegisterMoment, SwitchDetail } from '../../shared/model/views.ts'
import { fromStored, toNumber } from './values.ts'

interface RegisterReader {
  recorded(run: RunId, pe: number): string[]
  moment(run: RunId, pe: number, register: string, cycle: number): RegisterMoment | null
}

type Place = { run: RunId; cycle: number; id: number }

/** Single switches. Their order is by start cycle, then by id. */
export function switchQueries(db: Database, path: string, registers: RegisterReader) {
  const selectRow = db
    .prepare<[{ run: RunId; id: number }], Record<string, bigint | string>>(
      'SELECT * FROM world_switch WHERE id = :id AND run = :run',
    )
    .safeIntegers()
  const countBefore = db
    .prepare<[Place], number>(
      'SELECT count(*) FROM world_switch WHERE run = :run AND (start_cycle, id) < (:cycle, :id)',
    )
    .pluck()
  const neighbour = (comparison: '<' | '>', direction: 'DESC' | 'ASC') =>
    db
      .prepare<[Place], number>(
        `SELECT id FROM world_switch WHERE run = :run AND (start_cycle, id) ${comparison} (:cycle, :id)
         ORDER BY start_cycle ${direction}, id ${direction} LIMIT 1`,
      )
      .pluck()
  const previous = neighbour('<', 'DESC')
  const next = neighbour('>', 'ASC')
  const nearest = (comparison: '<=' | '>', direction: 'DESC' | 'ASC', pe: string) =>
    db.prepare<[{ run: RunId; cycle: number; pe: number | null }], { id: number; start_cycle: number }>(
      `SELECT id, start_cycle FROM world_switch WHERE run = :run ${pe} AND start_cycle ${comparison} :cycle
       ORDER BY start_cycle ${direction}, id ${direction} LIMIT 1`,
    )
  const atOrBefore = { all: nearest('<=', 'DESC', ''), one: nearest('<=', 'DESC', 'AND pe = :pe') }
  const after = { all: nearest('>', 'ASC', ''), one: nearest('>', 'ASC', 'AND pe = :pe') }

  return {
    detail({ run, id }: Calls['run.switch']['args']): SwitchDetail {
      const stored = selectRow.get({ run, id })
      if (stored === undefined) {
        throw new ProblemError(
          `${path}#${run}`,
          `the run has no world switch ${id}`,
          'Choose one from a chart or a table of this run.',
        )
      }
      const row = switchRow(stored)
      const place = { run, cycle: row.startCycle, id }
      const at = (register: string, cycle: number) => registers.moment(run, row.pe, register, cycle)
      return {
        run,
        id,
        row,
        ordinal: countBefore.get(place)! + 1,
        previousId: previous.get(place) ?? null,
        nextId: next.get(place) ?? null,
        registers: registers.recorded(run, row.pe).map((register) => ({
          register,
          hostBefore: at(register, row.startCycle),
          guestEntry: at(register, row.guestCycle),
          guestExit: at(register, row.exitCycle),
          hostAfter: at(register, row.endCycle),
        })),
      }
    },

    /** The switch whose start is nearest to a cycle; of two at the same distance the earlier one. */
    nearest({ run, cycle, pe }: Calls['run.switch-at']['args']): { id: number } | null {
      const which = pe === null ? 'all' : 'one'
      const low = atOrBefore[which].get({ run, cycle, pe })
      const high = after[which].get({ run, cycle, pe })
      if (low === undefined) return high === undefined ? null : { id: high.id }
      if (high === undefined) return { id: low.id }
      return { id: cycle - low.start_cycle <= high.start_cycle - cycle ? low.id : high.id }
    },
  }
}

function switchRow(stored: Record<string, bigint | string>): SwitchRow {
  const number = (column: string) => toNumber(stored[column] as bigint)
  return {
    pe: number('pe'),
    vcpu: number('vcpu'),
    startCycle: number('start_cycle'),
    guestCycle: number('guest_cycle'),
    exitCycle: number('exit_cycle'),
    endCycle: number('end_cycle'),
    instructions: number('instructions'),
    guestInstructions: number('guest_instructions'),
    phases: [0, 1, 2, 3, 4, 5].map((phase) => number(`phase${phase}`)),
    esr: fromStored(stored.esr as bigint),
    elr: fromStored(stored.elr as bigint),
    exit: stored.exit as string,
    startNs: number('start_ns'),
    endNs: number('end_ns'),
  }
}
