import { ProblemError } from '../../../shared/base/result.ts'
import { describePolicy, modesOf, type PolicyDescription, profilesOf } from './describe.ts'
import { diffPolicies, type PolicyDiff } from './diff.ts'
import { modesIn, type PolicyMode, type PolicySource } from './image.ts'
import { policyProse } from './prose.ts'
import { viewPolicy } from './view.ts'

/** The modes of a policy that this version can run: those of its page, or all for one of one's own. */
export const modesOfPolicy = (resources: string, source: PolicySource): PolicyMode[] =>
  modesOf(source.text === null ? policyProse(resources, source.name) : '', modesIn(resources))

/**
 * Two policies in one mode, or in every mode that both are for.
 * @throws ProblemError when one of them is not for the mode asked for, or none is common
 */
export function comparePolicies(
  resources: string,
  a: PolicySource,
  b: PolicySource,
  asked: PolicyMode | null,
): PolicyDiff[] {
  const both = modesOfPolicy(resources, a).filter((mode) => modesOfPolicy(resources, b).includes(mode))
  // A policy in a mode that it is not for is still code that can be compared, where somebody asks for it.
  const modes = asked === null ? both : [asked]
  if (modes.length === 0) {
    throw new ProblemError(
      `${a.name}, ${b.name}`,
      'the two are for different modes',
      'Say with --mode nvhe or --mode vhe in which to compare them.',
    )
  }
  const profiles = profilesOf(resources)
  return modes.map((mode) => ({
    mode,
    ...diffPolicies(viewPolicy(resources, a, mode), viewPolicy(resources, b, mode), profiles),
  }))
}

/** A policy in one mode, by default the first that it is for. */
export const showPolicy = (
  resources: string,
  source: PolicySource,
  asked: PolicyMode | null,
): PolicyDescription =>
  describePolicy(resources, source, asked ?? modesOfPolicy(resources, source)[0] ?? 'nvhe')
