/** One row of an alignment: an index into each side, or null where that side has nothing. */
export interface AlignedRow {
  a: number | null
  b: number | null
}

/**
 * A longest common subsequence of two lists, as rows in order: pairs of equal elements, and between them what only one side
 * has, first a's. Takes time and memory of the product of the lengths, without what is equal at both ends.
 */
export function align(a: readonly string[], b: readonly string[]): AlignedRow[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let endA = a.length
  let endB = b.length
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--
    endB--
  }
  const rows: AlignedRow[] = []
  for (let i = 0; i < start; i++) rows.push({ a: i, b: i })
  rows.push(...middle(a, b, start, endA, endB))
  for (let i = 0; endA + i < a.length; i++) rows.push({ a: endA + i, b: endB + i })
  return rows
}

function middle(
  a: readonly string[],
  b: readonly string[],
  start: number,
  endA: number,
  endB: number,
): AlignedRow[] {
  const width = endB - start + 1
  // longest[i, j]: length for the tails that begin at start + i and start + j.
  const longest = new Uint32Array((endA - start + 1) * width)
  for (let i = endA - 1; i >= start; i--) {
    for (let j = endB - 1; j >= start; j--) {
      const at = (i - start) * width + (j - start)
      longest[at] =
        a[i] === b[j] ? longest[at + width + 1]! + 1 : Math.max(longest[at + width]!, longest[at + 1]!)
    }
  }
  const rows: AlignedRow[] = []
  let i = start
  let j = start
  while (i < endA || j < endB) {
    const at = (i - start) * width + (j - start)
    if (i < endA && j < endB && a[i] === b[j]) rows.push({ a: i++, b: j++ })
    else if (i < endA && (j === endB || longest[at + width]! >= longest[at + 1]!))
      rows.push({ a: i++, b: null })
    else rows.push({ a: null, b: j++ })
  }
  return rows
}
