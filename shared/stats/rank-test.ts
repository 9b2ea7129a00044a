import { twoSided } from './normal.ts'

/** The Mann-Whitney U test of two independent samples, two-sided. */
export interface RankTest {
  /** Pairs (a, b) with b > a, ties counting half. */
  u: number
  /** U / (n m): the chance that a value of B exceeds one of A. */
  superiority: number
  /** Cliff's delta: P(b > a) - P(b < a), from -1 to 1. */
  delta: number
  p: number
  /** exact where both samples are small and no value occurs twice, else by the normal approximation corrected for ties. */
  method: 'exact' | 'normal approximation'
}

/** Values of both samples together, up to which the exact distribution of U is counted. */
const EXACT = 40

/**
 * @param a and b sorted
 * @throws RangeError for an empty sample
 * Our own: the test is a page, and the libraries for it neither count exactly nor correct for ties.
 */
export function mannWhitney(a: Float64Array, b: Float64Array): RankTest {
  const [n, m] = [a.length, b.length]
  if (n === 0 || m === 0) throw new RangeError('an empty sample cannot be compared')
  const { u, ties } = pairsAbove(a, b)
  const superiority = u / (n * m)
  const small = n + m <= EXACT && ties === 0
  return {
    u,
    superiority,
    delta: 2 * superiority - 1,
    p: small ? exactP(n, m, u) : approximateP(n, m, u, ties),
    method: small ? 'exact' : 'normal approximation',
  }
}

/** U, and the sum of t^3 - t over groups of t equal values of both samples. */
function pairsAbove(a: Float64Array, b: Float64Array): { u: number; ties: number } {
  let [u, ties, i, j] = [0, 0, 0, 0]
  while (i < a.length || j < b.length) {
    const value = Math.min(i < a.length ? a[i]! : Infinity, j < b.length ? b[j]! : Infinity)
    let [inA, inB] = [0, 0]
    while (i + inA < a.length && a[i + inA] === value) inA++
    while (j + inB < b.length && b[j + inB] === value) inB++
    u += inB * (i + inA / 2)
    const t = inA + inB
    ties += t ** 3 - t
    i += inA
    j += inB
  }
  return { u, ties }
}

function approximateP(n: number, m: number, u: number, ties: number): number {
  const all = n + m
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  if (variance <= 0) return 1
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) // continuity
  return twoSided(distance / Math.sqrt(variance))
}

/** How many arrangements have each U: counts[u] of choose(n + m, n), by the recursion of Mann and Whitney (1947). */
function exactP(n: number, m: number, u: number): number {
  let rows: Float64Array[] = Array.from({ length: m + 1 }, () => Float64Array.of(1))
  for (let i = 1; i <= n; i++) {
    const next: Float64Array[] = [Float64Array.of(1)]
    for (let j = 1; j <= m; j++) {
      const counts = new Float64Array(i * j + 1)
      const fewer = rows[j]! // the largest value is of A: the m of B below it are not counted
      for (const [k, count] of fewer.entries()) counts[k]! += count
      const shorter = next[j - 1]! // the largest is of B: it exceeds all i of A
      for (const [k, count] of shorter.entries()) counts[k + i]! += count
      next.push(counts)
    }
    rows = next
  }
  const counts = rows[m]!
  const total = counts.reduce((sum, count) => sum + count, 0)
  const side = Math.min(u, n * m - u)
  let below = 0
  for (let k = 0; k <= side; k++) below += counts[k] ?? 0
  return Math.min(1, (2 * below) / total)
}

/**
 * Holm's correction: p-values such that rejecting those at most alpha keeps the chance of any false rejection below alpha.
 * In the order given.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, i) => ({ p, i })).sort((x, y) => x.p - y.p)
  const adjusted = new Array<number>(ps.length)
  let most = 0
  for (const [rank, { p, i }] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (ps.length - rank)))
    adjusted[i] = most
  }
  return adjusted
}
