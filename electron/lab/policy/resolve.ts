import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { nearestName } from '../../../shared/base/nearest.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { readOwnText } from '../image.ts'
import { knownNames } from '../resources.ts'
import type { PolicySource } from './image.ts'

/**
 * A policy as a person names it: bundled, or a file NAME.inc of one's own.
 * @throws ProblemError that names the nearest bundled policy
 */
export function resolvePolicy(resources: string, reference: string): PolicySource {
  const { policies } = knownNames(resources)
  if (policies.includes(reference)) return { name: reference, text: null }
  if (existsSync(reference) && extname(reference) === '.inc') {
    return { name: basename(reference), text: readOwnText(reference) }
  }
  const near = nearestName(reference, policies)
  throw new ProblemError(
    reference,
    'this is no bundled policy, and no policy file (.inc) has this name',
    near ? `Did you mean ${near}?` : `The bundled ones are ${policies.join(', ')}.`,
  )
}
