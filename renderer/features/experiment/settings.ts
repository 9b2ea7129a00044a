import { parse } from 'jsonc-parser'
import type { Experiment } from '../../../shared/model/experiment.ts'

/** What can be chosen without writing it into the text: an override of one path each. */
export interface Setting {
  path: string
  label: string
  /** Values with what they mean in a few words; null for the policies, which the lab lists. */
  options: readonly { value: string; what: string }[] | null
}

type Options<T extends string> = readonly { value: T; what: string }[]
const modes = [
  { value: 'nvhe', what: 'host at EL1' },
  { value: 'vhe', what: 'host at EL2' },
] as const satisfies Options<Experiment['hypervisor']['mode']>
const syncs = [
  { value: 'eager', what: 'writes take effect at once' },
  { value: 'latest', what: 'as late as the architecture allows' },
  { value: 'seeded', what: 'at random legal moments' },
  { value: 'explore', what: 'every legal moment' },
] as const satisfies Options<Experiment['machine']['sync']>
const probes = [
  { value: 'none', what: 'no draw' },
  { value: 'tag-draw', what: 'the host draws a tag first' },
] as const satisfies Options<Experiment['host']['probe']>

export const settings: readonly Setting[] = [
  { path: 'hypervisor.mode', label: 'Mode', options: modes },
  { path: 'hypervisor.policy', label: 'Policy', options: null },
  { path: 'machine.sync', label: 'Synchronisation', options: syncs },
  { path: 'host.probe', label: 'Host probe', options: probes },
]

const lineOf = (path: string): RegExp => new RegExp(`^\\s*${path.replaceAll('.', '\\.')}\\s*=\\s*(.*?)\\s*$`)

/** What the overrides say of a path; null when they do not. The last line wins, as on the command line. */
export function overrideOf(overrides: string, path: string): string | null {
  const line = overrides.split('\n').findLast((each) => lineOf(path).test(each))
  return line === undefined ? null : (lineOf(path).exec(line)?.[1] ?? null)
}

/** The overrides with one path said once, in its old place, or not at all (null). */
export function withOverride(overrides: string, path: string, value: string | null): string {
  const lines = overrides.split('\n')
  const first = lines.findIndex((each) => lineOf(path).test(each))
  const kept = lines.filter((each, i) => !lineOf(path).test(each) || (i === first && value !== null))
  if (value === null) return kept.join('\n')
  if (first >= 0) kept[first] = `${path}=${value}`
  else {
    while (kept.at(-1)?.trim() === '') kept.pop()
    kept.push(`${path}=${value}`)
  }
  return kept.join('\n')
}

/** What the experiment's text says of a path; null when it leaves it to the default, or cannot be read. */
export function writtenValue(text: string, path: string): string | null {
  let at: unknown = parse(text, [], { allowTrailingComma: true })
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null) return null
    at = (at as Record<string, unknown>)[key]
  }
  return typeof at === 'string' ? at : null
}
