import { nearestName } from '../base/nearest.ts'
import { ProblemError } from '../base/result.ts'
import { experimentSchema } from './experiment.ts'

/** As much of JSON Schema as an experiment's schema uses. */
export interface SchemaNode {
  description?: string
  properties?: Record<string, SchemaNode>
  items?: SchemaNode
}

/** Where in an experiment: property names and array indices. */
export type ExperimentPath = (string | number)[]

/** The schema's node for a path, or null where an experiment has no such place. */
export function schemaAt(path: ExperimentPath): SchemaNode | null {
  let node: SchemaNode | undefined = experimentSchema as SchemaNode
  for (const segment of path) {
    if (node === undefined) return null
    if (node.items !== undefined) {
      node = /^(0|[1-9][0-9]*)$/.test(String(segment)) ? node.items : undefined
    } else {
      const properties: Record<string, SchemaNode> = node.properties ?? {}
      node = Object.hasOwn(properties, segment) ? properties[segment] : undefined
    }
  }
  return node ?? null
}

/** Every path of an experiment, in the schema's order, with `index` for any array index. */
export function knownPaths(index: string): string[] {
  const paths: string[] = []
  const walk = (node: SchemaNode, prefix: string) => {
    for (const [key, member] of Object.entries(node.properties ?? {})) {
      paths.push(prefix + key)
      walk(member, `${prefix}${key}.`)
    }
    if (node.items !== undefined) {
      paths.push(prefix + index)
      walk(node.items, `${prefix}${index}.`)
    }
  }
  walk(experimentSchema as SchemaNode, '')
  return paths
}

/** One `path=value` of the command line, checked against the schema and the experiment it is meant for. */
export interface Override {
  path: ExperimentPath
  value: unknown
}

/**
 * @param override such as `vcpus.0.checks=async`: the value is JSON where it parses, else the string itself
 * @param tree what the experiment's text says so far; an index may be at most one past the end of its array
 * @throws ProblemError that names the nearest path when there is none of that name
 */
export function parseOverride(tree: unknown, override: string): Override {
  const place = `--set ${override}`
  const equals = override.indexOf('=')
  if (equals < 1)
    throw new ProblemError(
      place,
      'an override is path=value',
      'Write for example --set vcpus.0.checks=async.',
    )
  const name = override.slice(0, equals)
  const segments = name.split('.')
  if (schemaAt(segments) === null) {
    const index = segments.find((segment) => /^[0-9]+$/.test(segment)) ?? '0'
    const near = nearestPath(name, knownPaths(index))
    const remedy =
      near === null ? `An experiment has: ${knownPaths('0').join(', ')}.` : `Did you mean "${near}"?`
    throw new ProblemError(place, `an experiment has no "${name}"`, remedy)
  }
  const path: ExperimentPath = []
  let at: unknown = tree
  for (const segment of segments) {
    const isIndex = schemaAt(path)?.items !== undefined
    const count = Array.isArray(at) ? at.length : 0
    if (isIndex && Number(segment) > count) {
      throw new ProblemError(
        place,
        `"${path.join('.')}" has ${count} entries, so there is no entry ${segment}`,
        `The next one is ${count}.`,
      )
    }
    path.push(isIndex ? Number(segment) : segment)
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[segment] : undefined
  }
  return { path, value: jsonOrText(override.slice(equals + 1)) }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The experiment with the overrides in effect, in their order. The given tree is not changed. */
export function applyOverrides(tree: unknown, overrides: readonly string[]): unknown {
  let result = structuredClone(tree)
  for (const override of overrides) {
    const { path, value } = parseOverride(result, override)
    result = withValue(result, path, value)
  }
  return result
}

function withValue(tree: unknown, [segment, ...rest]: ExperimentPath, value: unknown): unknown {
  if (segment === undefined) return value
  if (typeof segment === 'number') {
    const copy: unknown[] = Array.isArray(tree) ? [...tree] : []
    copy[segment] = withValue(copy[segment], rest, value)
    return copy
  }
  const from =
    typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? (tree as Record<string, unknown>) : {}
  return {
    ...from,
    [segment]: withValue(Object.hasOwn(from, segment) ? from[segment] : undefined, rest, value),
  }
}

/** The path with the same last name (`sync` means `machine.sync`), or else the nearest one. */
function nearestPath(written: string, paths: readonly string[]): string | null {
  const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)
  const byLast = new Map(paths.toReversed().map((path) => [lastOf(path), path]))
  return byLast.get(lastOf(written)) ?? nearestName(written, paths)
}
