/**
 * How well a query fits a title: every word of the query must occur in it. Higher is better; null: no fit. A hit at a
 * word's start counts more than one inside, and an earlier one more than a later.
 */
export function fit(query: string, title: string): number | null {
  const text = title.toLowerCase()
  let score = 0
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = text.indexOf(word)
    if (at < 0) return null
    const starts = at === 0 || /[\s:(/-]/.test(text[at - 1] as string)
    score += (starts ? 20 : 5) + word.length - at / 100
  }
  return score
}
