import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import type { CostProfile } from './cost-profile.ts'

/** Model cycles for what the profile holds to be likely, and the bounds of its ranges. */
export interface CostInterval {
  nominal: number
  low: number
  high: number
}

/** How one class moves a result while all others keep their nominal cost. */
export interface Sensitivity {
  class: CostClass
  /** How many more (or fewer) operations of the class there are. */
  count: number
  low: number
  high: number
  /** The sign of the result is another at one end of this class's range alone. */
  flips: boolean
}

export interface CostComparison {
  profile: string
  cycles: CostInterval
  /** Which is cheaper wherever the true costs lie within their ranges; null when the ranges do not decide it. */
  certain: 'cheaper' | 'dearer' | 'equal' | null
  /** The widest first; classes that the difference does not touch are left out. */
  sensitivity: Sensitivity[]
}

/** What operations cost: nominal, and the bounds when each class lies anywhere within its range. */
export function costOf(
  counts: Readonly<Partial<Record<CostClass, number>>>,
  { classes }: Pick<CostProfile, 'classes'>,
): CostInterval {
  const total = { nominal: 0, low: 0, high: 0 }
  for (const key of costClasses) {
    const count = counts[key] ?? 0
    const cost = classes[key]
    total.nominal += count * cost.nominal
    total.low += Math.min(count * cost.low, count * cost.high)
    total.high += Math.max(count * cost.low, count * cost.high)
  }
  return total
}

/**
 * What a difference of operation counts costs under a profile: `counts` is b minus a, so positive cycles mean that b is dearer.
 * The costs of the classes vary independently, each within its own range; one class costs the same on both sides.
 */
export function compareCosts(
  counts: Readonly<Partial<Record<CostClass, number>>>,
  { name, classes }: CostProfile,
): CostComparison {
  const touched = costClasses.filter((key) => (counts[key] ?? 0) !== 0)
  const cycles = costOf(counts, { classes })
  const { nominal, low, high } = cycles
  const sensitivity = touched.map((key) => {
    const count = counts[key]!
    const rest = nominal - count * classes[key].nominal
    const own = costOf({ [key]: count }, { classes })
    const ends = { low: rest + own.low, high: rest + own.high }
    const flips = Math.sign(ends.low) !== Math.sign(nominal) || Math.sign(ends.high) !== Math.sign(nominal)
    return { class: key, count, ...ends, flips }
  })
  return {
    profile: name,
    cycles,
    certain: certainty(touched.length, low, high),
    sensitivity: sensitivity.toSorted((a, b) => b.high - b.low - (a.high - a.low)),
  }
}

function certainty(touched: number, low: number, high: number): CostComparison['certain'] {
  if (touched === 0 || (low === 0 && high === 0)) return 'equal'
  if (low > 0) return 'dearer'
  return high < 0 ? 'cheaper' : null
}
