import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import { ProblemError } from '../../shared/base/result.ts'

/** Model cycles of one operation class. The counter uses nominal; low and high bound intervals computed beside it. */
export interface ClassCost {
  nominal: number
  low: number
  high: number
}

export interface CostProfile {
  name: string
  title: string
  classes: Record<CostClass, ClassCost>
}

/**
 * Reads resources/profiles/NAME.json.
 * @throws ProblemError for a file that lacks a class, has an unknown one, or a cost that is no whole number with
 *   0 <= low <= nominal <= high
 */
export function readCostProfile(resources: string, name: string): CostProfile {
  const file = join('profiles', `${name}.json`)
  return checkCostProfile(file, readFileSync(join(resources, file), 'utf8'))
}

export function checkCostProfile(file: string, text: string): CostProfile {
  const refuse = (cause: string): never => {
    throw new ProblemError(
      file,
      cause,
      'A profile gives nominal, low and high model cycles for every class of shared/arch/cost.ts.',
    )
  }
  let profile: Partial<CostProfile>
  try {
    profile = JSON.parse(text) as Partial<CostProfile>
  } catch (error) {
    return refuse(`this is not JSON (${(error as Error).message})`)
  }
  const { name, title, classes } = profile ?? {}
  if (typeof name !== 'string' || typeof title !== 'string') return refuse('name or title is missing')
  if (typeof classes !== 'object' || classes === null) return refuse('classes are missing')
  const unknown = Object.keys(classes).find((key) => !(costClasses as readonly string[]).includes(key))
  if (unknown !== undefined) refuse(`there is no operation class "${unknown}"`)
  for (const key of costClasses) {
    const cost = classes[key]
    if (cost === undefined) refuse(`class "${key}" is missing`)
    const { nominal, low, high } = cost
    if (![nominal, low, high].every(Number.isSafeInteger) || low < 0 || low > nominal || nominal > high) {
      refuse(`class "${key}" needs whole numbers with 0 <= low <= nominal <= high`)
    }
  }
  return { name, title, classes }
}

/** What the machine charges. */
export function nominalCosts({ classes }: CostProfile): Record<CostClass, number> {
  return Object.fromEntries(costClasses.map((key) => [key, classes[key].nominal])) as Record<
    CostClass,
    number
  >
}
