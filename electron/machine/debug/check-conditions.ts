import { costClasses } from '../../../shared/arch/cost.ts'
import { sysregs } from '../../../shared/arch/sysregs.ts'
import { nearestName } from '../../../shared/base/nearest.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { rows } from '../../../shared/isa/rows.ts'
import type { BreakCondition } from '../../../shared/model/debug.ts'
import { generalRegister } from './registers.ts'

const rowNames = [...new Set(rows.map(({ name }) => name))]
const registerNames = Object.keys(sysregs)

/** @throws ProblemError for a condition that names what does not exist, and so could never hold */
export function checkConditions(conditions: readonly BreakCondition[], pes: number): void {
  for (const [index, condition] of conditions.entries()) {
    const wrong = problemOf(condition, pes)
    if (wrong !== null) throw new ProblemError(`conditions[${index}]`, wrong.cause, wrong.remedy)
  }
}

function problemOf(condition: BreakCondition, pes: number): { cause: string; remedy: string } | null {
  const { pe } = condition
  if (pe !== undefined && !(Number.isInteger(pe) && pe >= 0 && pe < pes)) {
    return { cause: `there is no PE${pe}`, remedy: `Give a number from 0 to ${pes - 1}.` }
  }
  if (condition.kind === 'register-write' && !generalRegister(condition.register)) {
    return unknown('register', condition.register, registerNames)
  }
  if (condition.kind === 'instruction') {
    return 'row' in condition
      ? unknown('instruction', condition.row, rowNames)
      : unknown('cost class', condition.cost, costClasses)
  }
  if (condition.kind === 'memory' && !(Number.isInteger(condition.bytes) && condition.bytes > 0)) {
    return { cause: `${condition.bytes} bytes cannot be watched`, remedy: 'Give a whole number from 1.' }
  }
  return null
}

function unknown(
  what: string,
  name: string,
  known: readonly string[],
): { cause: string; remedy: string } | null {
  if (known.includes(name)) return null
  const near = nearestName(name, known)
  return {
    cause: `there is no ${what} '${name}'`,
    remedy: near === null || near === undefined ? 'Names are those of the manual.' : `Did you mean ${near}?`,
  }
}
