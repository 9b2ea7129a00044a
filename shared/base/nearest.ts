/** The name that differs from `name` by the fewest edits (case apart), or null when none is near enough to suggest. */
export function nearestName(name: string, names: Iterable<string>): string | null {
  let best: string | null = null
  let fewest = Math.max(2, Math.floor(name.length / 2)) + 1
  for (const candidate of names) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase(), fewest)
    if (edits < fewest) {
      best = candidate
      fewest = edits
    }
  }
  return best
}

/** Levenshtein's distance; any number not below `limit` stands for "too far". */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, replaced))
    }
    previous = row
  }
  return previous[b.length]!
}
