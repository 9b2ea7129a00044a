/** A stretch of whole cycles, both ends included. */
export interface Column {
  from: number
  to: number
}

/**
 * Cuts a range of whole cycles, both ends included, into at most `columns` stretches of one width, so that a count a column
 * compares with its neighbour's; only the last may be shorter. `columnStart` and `columnWidth` say it to a chart.
 */
export function evenColumns(
  from: number,
  to: number,
  columns: number,
): { stretches: Column[]; columnStart: Float64Array; columnWidth: number } {
  const most = Math.max(1, Math.floor(columns))
  const width = Math.max(1, Math.ceil((to - from + 1) / most))
  const size = Math.max(1, Math.ceil((to - from + 1) / width))
  const columnStart = Float64Array.from({ length: size }, (_, i) => from + i * width)
  const stretches = Array.from(columnStart, (start) => ({ from: start, to: Math.min(to, start + width - 1) }))
  return { stretches, columnStart, columnWidth: width }
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
