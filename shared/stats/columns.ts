/** A stretch of whole cycles, both ends included. */
export interface Column {
  from: number
  to: number
}

/**
 * Cuts a range of whole cycles, both ends included, into at most `columns` stretches of nearly equal width that cover it
 * without overlap: what one pixel column of a drawing stands for. A range shorter than `columns` cycles has one per cycle.
 */
export function columnsOf(from: number, to: number, columns: number): Column[] {
  const cycles = to - from + 1
  const count = Math.max(0, Math.min(Math.floor(columns), cycles))
  const start = (i: number) => from + Math.floor((i * cycles) / count)
  return Array.from({ length: count }, (_, i) => ({
    from: start(i),
    to: i === count - 1 ? to : start(i + 1) - 1,
  }))
}
