import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { nearestName } from '../../../shared/base/nearest.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { sha256 } from '../hash.ts'
import { readOwnText } from '../image.ts'
import { importPolicy } from '../import/import-policy.ts'
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
const PATCH_MAX = 16_000_000

/** Keeps the policy that a patch says where a run can read it. @returns its path */
export type KeepPolicy = (name: string, text: string) => string

/**
 * What a person names: a bundled policy, a policy file (.inc), an experiment (.json, .jsonc), an image (.S, .elf), or a patch, a
 * mailbox or a mail that quotes one, which is imported on mainline.
 * @throws ProblemError when it is none of these, cannot be read, or has a line that cannot be imported
 */
export function reviewSubject(resources: string, reference: string, keep: KeepPolicy): ReviewSubject {
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
  return importedSubject(resources, reference, name, keep)
}

function importedSubject(
  resources: string,
  reference: string,
  name: string,
  keep: KeepPolicy,
): ReviewSubject {
  if (statSync(reference).size > PATCH_MAX)
    throw new ProblemError(
      reference,
      'this is too large for a patch',
      'Give one patch, or a mail that quotes one.',
    )
  const { text, lines } = importPolicy(resources, readFileSync(reference, 'utf8'), name, 'mainline')
  if (text !== null) return { kind: 'policy', name, path: keep(`${name}.inc`, text), text }
  const first = lines.find(({ status }) => status === 'rejected')!
  throw new ProblemError(
    `${reference}:${first.line}`,
    `the patch cannot be imported: ${first.reason}`,
    `switchyard policy import ${reference} says what became of each line.`,
  )
}
