import type { Estimate } from './quantiles.ts'

/** What may be said of B beside A. */
export type ComparisonWord = 'faster' | 'slower' | 'equivalent' | 'inconclusive'

/**
 * By the interval of the shift alone: outside the smallest effect of interest, inside it, or neither.
 * @param shift of B against A; more is slower
 * @param least the smallest effect of interest, in the unit of the shift; set before anything is measured
 */
export function comparisonWord({ low, high }: Estimate, least: number): ComparisonWord {
  if (high < -least) return 'faster'
  if (low > least) return 'slower'
  return low >= -least && high <= least ? 'equivalent' : 'inconclusive'
}
