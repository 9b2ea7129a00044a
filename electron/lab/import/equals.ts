import { diffRoutines } from '../policy/diff.ts'
import { assemblePolicy, type PolicySource, policyModes } from '../policy/image.ts'
import { type Routine, routinesOf } from '../policy/routines.ts'
import { knownNames } from '../resources.ts'

/** The bundled policies from which no instruction of an imported one differs, in any mode. */
export function equalPolicies(resources: string, source: PolicySource): string[] {
  const own = policyModes.map((mode) => routinesOf(assemblePolicy(resources, source, mode)))
  // Most differ in the first mode: what is equal there is looked at in the other.
  return knownNames(resources).policies.filter((name) =>
    policyModes.every((mode, i) => {
      const other = routinesOf(assemblePolicy(resources, { name, text: null }, mode))
      return sizeOf(other) === sizeOf(own[i]!) && diffRoutines(other, own[i]!).length === 0
    }),
  )
}

const sizeOf = (routines: readonly Routine[]): number =>
  routines.reduce((sum, { code }) => sum + code.length, 0)
