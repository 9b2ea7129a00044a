import type { PendingBoundary } from '../../shared/model/findings.ts'

/** One register that was pending at one kind of boundary, and what closed it; equal ones of a run are one row. */
export interface PendingRow {
  boundary: PendingBoundary['boundary']
  /** The first instruction of the world that is entered. */
  pc: bigint
  register: string
  /** null: the run ended before anything closed it. */
  closedBy: { event: string; pc: bigint } | null
  /** How often in this run, and the position of the first time. */
  times: number
  first: number
  pe: number
  /** The most instructions for which it stayed open behind the boundary; null where it was never closed. */
  open: number | null
}

/** What to read as the answer to "which event synchronises this write": in the order in which it first happens. */
export function pendingRows(boundaries: readonly PendingBoundary[]): PendingRow[] {
  const rows = new Map<string, PendingRow>()
  for (const { boundary, pe, position, pc, registers } of boundaries)
    for (const { register, closedBy } of registers) {
      const key = [boundary, pc, register, closedBy?.event, closedBy?.pc].join()
      const open = closedBy === null ? null : Math.max(0, closedBy.position - position)
      const row = rows.get(key)
      if (row) {
        row.times++
        if (row.open !== null && open !== null) row.open = Math.max(row.open, open)
      } else
        rows.set(key, {
          boundary,
          pc,
          register,
          closedBy: closedBy && { event: closedBy.event, pc: closedBy.pc },
          times: 1,
          first: position,
          pe,
          open,
        })
    }
  return [...rows.values()]
}
