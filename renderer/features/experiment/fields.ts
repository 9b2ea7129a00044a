import { applyEdits, findNodeAtLocation, getNodeValue, modify, parseTree } from 'jsonc-parser'
import { type ExperimentPath, type SchemaNode, schemaAt } from '../../../shared/model/experiment-paths.ts'

/** As much of JSON Schema as a form needs. */
export interface FieldNode extends SchemaNode {
  type?: string
  enum?: readonly unknown[]
  anyOf?: readonly FieldNode[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  properties?: Record<string, FieldNode>
  items?: FieldNode
}

/** The values that a field may have, where they are few; null for any other field. */
export function optionsOf(node: FieldNode | null): readonly unknown[] | null {
  if (!node) return null
  if (node.enum) return node.enum
  if (node.type === 'boolean') return [false, true]
  const constants = node.anyOf?.map((one) => one.const)
  return constants?.every((value) => value !== undefined) ? constants : null
}

/** How one value is entered. */
export type Control =
  | { kind: 'choice'; options: readonly unknown[] }
  | { kind: 'number'; minimum: number | undefined; maximum: number | undefined }
  | { kind: 'text' }

export interface Field {
  path: ExperimentPath
  /** `host.exclude` without its section: `exclude`. */
  label: string
  help: string
  control: Control
  /** What the text says; undefined where it leaves it to the default. */
  value: unknown
  fallback: unknown
}

/** A group of fields under one heading; an entry of a list says which. */
export interface Section {
  title: string
  path: ExperimentPath
  fields: Field[]
  /** Entries of a list can be taken out. */
  removable: boolean
}

/** Lists whose entries are objects: each entry is a section of its own, and one can be added. */
export const listsOf = (root: FieldNode): string[] =>
  Object.entries(root.properties ?? {}).flatMap(([name, node]) => (node.items?.properties ? [name] : []))

function controlOf(node: FieldNode): Control | null {
  const options = optionsOf(node)
  if (options) return { kind: 'choice', options }
  if (node.type === 'integer' || node.type === 'number')
    return { kind: 'number', minimum: node.minimum, maximum: node.maximum }
  const isText = node.type === 'string' || node.anyOf?.some((one) => one.type === 'string')
  return isText ? { kind: 'text' } : null
}

/**
 * The form of an experiment's text: derived from the schema alone, in its order. What has no simple control (lists of words,
 * objects in objects) is left to the text. null where the text cannot be read.
 */
export function formOf(text: string): Section[] | null {
  const errors: { error: number }[] = []
  const tree = parseTree(text, errors as never, { allowTrailingComma: true })
  if (!tree || errors.length > 0) return null
  const root = schemaAt([]) as FieldNode
  const valueAt = (path: ExperimentPath): unknown => {
    const node = findNodeAtLocation(tree, path)
    return node ? getNodeValue(node) : undefined
  }
  const fieldsOf = (node: FieldNode, path: ExperimentPath): Field[] =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]): Field[] => {
      const control = controlOf(child)
      if (control === null) return []
      const at = [...path, name]
      return [
        {
          path: at,
          label: name,
          help: child.description ?? '',
          control,
          value: valueAt(at),
          fallback: child.default,
        },
      ]
    })
  const sections: Section[] = [
    { title: 'Experiment', path: [], fields: fieldsOf(root, []), removable: false },
  ]
  for (const [name, node] of Object.entries(root.properties ?? {})) {
    if (node.properties)
      sections.push({ title: name, path: [name], fields: fieldsOf(node, [name]), removable: false })
    else if (node.items?.properties) {
      const list = valueAt([name])
      const count = Array.isArray(list) ? list.length : 0
      for (let i = 0; i < count; i++)
        sections.push({
          title: `${name} ${i}`,
          path: [name, i],
          fields: fieldsOf(node.items, [name, i]),
          removable: true,
        })
    }
  }
  return sections.filter(({ fields }) => fields.length > 0)
}

const layout = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } }

/** The text with one value written, or (undefined) left to its default; comments and layout stay. */
export const withField = (text: string, path: ExperimentPath, value: unknown): string =>
  applyEdits(text, modify(text, path, value, layout))

/** The text with one more entry at the end of a list. */
export function withEntry(text: string, list: string, entry: unknown): string {
  const tree = parseTree(text, [], { allowTrailingComma: true })
  const node = tree && findNodeAtLocation(tree, [list])
  if (!node) return withField(text, [list], [entry])
  const count = node.children?.length ?? 0
  return applyEdits(text, modify(text, [list, count], entry, { ...layout, isArrayInsertion: true }))
}

/** A field's value as what was typed: a number where it is one, else the text; empty is the default. */
export function typedValue(control: Control, typed: string): unknown {
  const text = typed.trim()
  if (text === '') return undefined
  if (control.kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text
  if (control.kind === 'choice') return control.options.find((one) => String(one) === text) ?? text
  return /^\d+$/.test(text) ? Number(text) : text
}
