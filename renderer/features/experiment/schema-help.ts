import { getLocation } from 'jsonc-parser'
import { type ExperimentPath, type SchemaNode, schemaAt } from '../../../shared/model/experiment-paths.ts'
import { type FieldNode, optionsOf } from './fields.ts'

/** What may stand at a place of an experiment's text. */
export interface Suggestion {
  label: string
  detail: string
  /** What is written for it. */
  insert: string
}

export interface Suggestions {
  /** What is replaced: the word or string at the place. */
  from: number
  to: number
  options: Suggestion[]
}

const written = (value: unknown): string => JSON.stringify(value)

/** What a new property begins with: its default, or the least that it can be. */
function beginning(node: FieldNode): string {
  if (node.default !== undefined && typeof node.default !== 'object') return written(node.default)
  if (node.properties) return '{  }'
  if (node.items) return '[]'
  const [first] = optionsOf(node) ?? []
  return first === undefined ? '""' : written(first)
}

/**
 * Names that an object may have and has not yet, or the values of an enumeration, at an offset of the text; null where the
 * schema has nothing to say.
 */
export function suggestionsAt(text: string, offset: number): Suggestions | null {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset)
  const inside =
    previousNode && previousNode.offset <= offset && previousNode.offset + previousNode.length >= offset
  const [from, to] = inside
    ? [previousNode.offset, previousNode.offset + previousNode.length]
    : [offset, offset]
  if (isAtPropertyKey) {
    const parent = schemaAt(path.slice(0, -1) as ExperimentPath)
    if (!parent?.properties) return null
    const names = Object.entries(parent.properties as Record<string, FieldNode>)
    const isKey = inside && /^\s*:/.test(text.slice(to))
    return {
      from,
      to,
      options: names.map(([name, node]) => ({
        label: name,
        detail: node.description ?? '',
        insert: isKey ? written(name) : `${written(name)}: ${beginning(node)}`,
      })),
    }
  }
  const options = optionsOf(schemaAt(path as ExperimentPath) as FieldNode | null)
  if (options === null) return null
  return {
    from,
    to,
    options: options.map((value) => ({ label: String(value), detail: '', insert: written(value) })),
  }
}

/** The schema's words about the property at an offset; null where there are none. */
export function explanationAt(
  text: string,
  offset: number,
): { from: number; to: number; words: string } | null {
  const { path, previousNode } = getLocation(text, offset)
  if (!previousNode) return null
  const node: SchemaNode | null = schemaAt(path as ExperimentPath)
  if (!node?.description || path.length === 0) return null
  return {
    from: previousNode.offset,
    to: previousNode.offset + previousNode.length,
    words: `${path.join('.')}: ${node.description}`,
  }
}
