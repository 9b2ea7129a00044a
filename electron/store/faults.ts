import type { Database } from 'better-sqlite3'
import type { Calls } from '../../shared/contract/calls.ts'
import type { RunId } from '../../shared/model/run.ts'
import type { CheckMode, FaultKind, Owner } from '../../shared/model/trace.ts'
import type { CycleRange, FaultPage, FaultSeries } from '../../shared/model/views.ts'
import { evenColumns } from '../../shared/stats/columns.ts'
import { FAULT, faultsIn } from './lanes.ts'
import { pyramidReader } from './pyramid.ts'
import { fromStored, toNumber } from './values.ts'

/** Rows of one page at most. */
const PAGE_ROWS = 1000

interface StoredFault {
  id: bigint
  pe: bigint
  cycle: bigint
  ns: bigint
  owner: bigint
  el: bigint
  kind: FaultKind
  mode: CheckMode
  pc: bigint
  address: bigint
  granule: bigint
  pointer_tag: bigint
  memory_tag: bigint
  write: bigint
  bytes: bigint
  switch_id: bigint | null
}

/** Tag faults, counted by column and listed one by one; every fault is in exactly one column. */
export function faultQueries(db: Database, extent: (run: RunId) => CycleRange) {
  const inRange = 'run = :run AND cycle BETWEEN :from AND :to'
  const pyramid = pyramidReader(db)
  type Page = {
    run: RunId
    from: number
    to: number
    limit: number
    offset: number
    low: number
    high: number
  }
  // The switch of a fault is the one on its PE whose span, entry to return, holds the fault's cycle.
  const pageOf = (where: string) =>
    db
      .prepare<[Page], StoredFault>(
        `SELECT id, pe, cycle, ns, owner, el, kind, mode, pc, address, granule, pointer_tag, memory_tag, write, bytes,
         (SELECT CASE WHEN w.end_cycle >= tag_fault.cycle THEN w.id END FROM world_switch w
          WHERE w.run = tag_fault.run AND w.pe = tag_fault.pe AND w.start_cycle <= tag_fault.cycle
          ORDER BY w.start_cycle DESC, w.id DESC LIMIT 1) AS switch_id
       FROM tag_fault WHERE ${where} ORDER BY cycle, id LIMIT :limit OFFSET :offset`,
      )
      .safeIntegers()
  const ofGranules = `${inRange} AND granule BETWEEN :low AND :high`
  const [selectPage, selectOf] = [pageOf(inRange), pageOf(ofGranules)]
  const countOf = db
    .prepare<[Omit<Page, 'limit' | 'offset'>], number>(`SELECT count(*) FROM tag_fault WHERE ${ofGranules}`)
    .pluck()

  return {
    series({ run, range, columns }: Calls['run.faults']['args']): FaultSeries {
      const { from, to } = range ?? extent(run)
      const { stretches, columnStart, columnWidth } = evenColumns(from, to, columns)
      const size = stretches.length
      const owners = new Map<Owner, FaultSeries['owners'][number]>()
      for (const { id, part } of pyramid.lanes(run, FAULT)) {
        const { owner, kind, mode } = faultsIn(part)
        if (kind !== 'sync' && kind !== 'async') continue // not ours
        const counts = pyramid.reduce(id, stretches).map((summary) => summary?.count ?? 0)
        const total = counts.reduce((sum, count) => sum + count, 0)
        if (total === 0) continue
        let entry = owners.get(owner)
        if (entry === undefined) {
          entry = {
            owner,
            sync: new Float64Array(size),
            async: new Float64Array(size),
            modes: [],
            totalSync: 0,
            totalAsync: 0,
          }
          owners.set(owner, entry)
        }
        for (const [column, count] of counts.entries()) entry[kind][column]! += count
        if (kind === 'sync') entry.totalSync += total
        else entry.totalAsync += total
        if (!entry.modes.includes(mode)) entry.modes.push(mode)
      }
      return {
        columnStart,
        columnWidth,
        owners: [...owners.values()]
          .sort((a, b) => a.owner - b.owner)
          .map((entry) => ({ ...entry, modes: entry.modes.sort() })),
      }
    },

    /** Ordered by cycle. At most 1000 rows, however many are asked for. */
    page({ run, range, offset, limit, granules }: Calls['run.fault-list']['args']): FaultPage {
      const span = range ?? extent(run)
      const only = granules ?? null
      const rows = (only === null ? selectPage : selectOf).all({
        low: only?.from ?? 0,
        high: only?.to ?? 0,
        run,
        from: span.from,
        to: span.to,
        limit: Math.min(PAGE_ROWS, Math.max(0, limit)),
        offset: Math.max(0, offset),
      })
      return {
        total: only
          ? countOf.get({ run, ...span, low: only.from, high: only.to })!
          : pyramid.lanes(run, FAULT).reduce((sum, { id }) => sum + pyramid.count(id, span), 0),
        rows: rows.map((row) => ({
          id: toNumber(row.id),
          pe: toNumber(row.pe),
          cycle: toNumber(row.cycle),
          ns: toNumber(row.ns),
          owner: toNumber(row.owner),
          el: toNumber(row.el),
          kind: row.kind,
          mode: row.mode,
          pc: fromStored(row.pc),
          address: fromStored(row.address),
          granule: toNumber(row.granule),
          pointerTag: toNumber(row.pointer_tag),
          memoryTag: toNumber(row.memory_tag),
          write: row.write === 1n,
          bytes: toNumber(row.bytes),
          switchId: row.switch_id === null ? null : toNumber(row.switch_id),
        })),
      }
    },
  }
}
