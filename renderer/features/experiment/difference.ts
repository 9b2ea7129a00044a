import { findNodeAtLocation, getNodeValue, type ParseError, parseTree } from 'jsonc-parser'
import { Value } from 'typebox/value'
import { type ExperimentFile, experimentSchema } from '../../../shared/model/experiment.ts'
import { fillDefaults } from '../../../shared/model/experiment-defaults.ts'
import { applyOverrides, type ExperimentPath } from '../../../shared/model/experiment-paths.ts'

/** What one experiment says of a path: as it is written there, or else the default; null where it has no such path. */
export type Said = { words: string; written: boolean } | null

export interface Change {
  /** Dotted, as an override writes it: `vcpus.0.checks`. */
  path: string
  before: Said
  after: Said
  /** Line from 1 in the later text of the path, or of the nearest place around it that the text has. */
  line: number
}

interface Reading {
  /** As written, overrides applied. */
  tree: unknown
  /** Every leaf by path, defaults filled in and notations resolved: `"0x8001"` and 32769 are the same mask. */
  leaves: Map<string, { path: ExperimentPath; value: unknown }>
}

const parsed = (text: string) => {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  return root && errors.length === 0 ? root : null
}

/** null where the text does not satisfy the schema, or an override has no place in it. */
function read(text: string, overrides: readonly string[]): Reading | null {
  const root = parsed(text)
  if (!root) return null
  let tree: unknown
  try {
    tree = applyOverrides(getNodeValue(root), overrides)
  } catch {
    return null // An override that does not exist: the view says so beside the overrides.
  }
  if (!Value.Check(experimentSchema, tree)) return null
  const leaves: Reading['leaves'] = new Map()
  const walk = (value: unknown, path: ExperimentPath): void => {
    const hasParts = Array.isArray(value)
      ? value.some((one) => typeof one === 'object')
      : typeof value === 'object' && value !== null && Object.keys(value).length > 0
    if (!hasParts) leaves.set(path.join('.'), { path, value })
    else
      for (const [key, part] of Object.entries(value as object))
        walk(part, [...path, Array.isArray(value) ? Number(key) : key])
  }
  walk(fillDefaults(tree as ExperimentFile), [])
  return { tree, leaves }
}

function said({ tree, leaves }: Reading, key: string): Said {
  const leaf = leaves.get(key)
  if (!leaf) return null
  let at: unknown = tree
  for (const step of leaf.path)
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined
  return at === undefined
    ? { words: JSON.stringify(leaf.value), written: false }
    : { words: JSON.stringify(at), written: true }
}

function lineOf(text: string, path: ExperimentPath): number {
  const root = parsed(text)
  for (let length = path.length; root && length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length))
    if (node) return text.slice(0, node.offset).split('\n').length
  }
  return 1
}

/**
 * What differs between two experiments as they would run: a default that one of them writes out is no difference.
 * @param overrides path=value lines in effect on the later one
 * @returns in the order of the experiment; the name of the side that cannot be read when there is one
 */
export function experimentChanges(
  before: string,
  after: string,
  overrides: readonly string[],
): Change[] | 'before' | 'after' {
  const [a, b] = [read(before, []), read(after, overrides)]
  if (!a) return 'before'
  if (!b) return 'after'
  const keys = new Set([...b.leaves.keys(), ...a.leaves.keys()])
  const differs = (key: string): boolean =>
    JSON.stringify(a.leaves.get(key)?.value) !== JSON.stringify(b.leaves.get(key)?.value)
  return [...keys].filter(differs).map((key) => {
    const path = (b.leaves.get(key) ?? a.leaves.get(key))?.path ?? []
    return { path: key, before: said(a, key), after: said(b, key), line: lineOf(after, path) }
  })
}
