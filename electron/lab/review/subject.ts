import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { nearestName } from '../../../shared/base/nearest.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { sha256 } from '../hash.ts'
import { readOwnText } from '../image.ts'
import { knownNames } from '../resources.ts'

/** What is reviewed. */
export type ReviewSubject =
  /** `text` is what its file says; a bundled policy has no `path`. */
  | { kind: 'policy'; name: string; path: string | null; text: string }
  /** A scenario of one's own: only that is run, with the policy that it names. */
  | { kind: 'experiment'; name: string; path: string; text: string }
  /** A hypervisor from elsewhere, as it is. */
  | { kind: 'image'; name: string; path: string; text: string }

const EXPERIMENT_MAX = 1_000_000

/**
 * What a person names: a bundled policy, a policy file (.inc), an experiment (.json, .jsonc), or an image (.S, .elf).
 * @throws ProblemError when it is none of these, or cannot be read
 */
export function reviewSubject(resources: string, reference: string): ReviewSubject {
  const { policies } = knownNames(resources)
  if (policies.includes(reference)) {
    const text = readFileSync(resolve(resources, `hyp/policies/${reference}.inc`), 'utf8')
    return { kind: 'policy', name: reference, path: null, text }
  }
  if (!existsSync(reference) || !statSync(reference).isFile()) {
    const near = nearestName(reference, policies)
    throw new ProblemError(
      reference,
      'there is no such file, and no bundled policy of this name',
      near ? `Did you mean ${near}?` : `The bundled policies are ${policies.join(', ')}.`,
    )
  }
  const name = basename(reference)
  const path = resolve(reference)
  const kind = extname(reference)
  if (kind === '.inc') return { kind: 'policy', name, path, text: readOwnText(reference) }
  if (kind === '.json' || kind === '.jsonc') {
    if (statSync(reference).size > EXPERIMENT_MAX)
      throw new ProblemError(reference, 'this is too large for an experiment', 'Give an experiment’s file.')
    return { kind: 'experiment', name, path, text: readFileSync(reference, 'utf8') }
  }
  if (['.S', '.s', '.elf', ''].includes(kind))
    return { kind: 'image', name, path, text: sha256(readFileSync(reference)) }
  throw new ProblemError(
    reference,
    'the name does not say what it is',
    'Give a bundled policy, a policy (NAME.inc), an experiment (NAME.json), or a hypervisor (NAME.S, NAME.elf). A patch is imported first: switchyard policy import FILE --out NAME.inc.',
  )
}
