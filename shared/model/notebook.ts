import { nearestName } from '../base/nearest.ts'
import { ProblemError } from '../base/result.ts'

/**
 * A notebook is a Markdown document with fenced cells. A cell's fence is three or more backticks and `switchyard-KIND`;
 * in it stand lines `key: value`, an empty line, and a body that is kept as it is:
 *
 *     ```switchyard-run
 *     title: Handover under v12
 *     state-hash: 5f0c...
 *
 *     { "machine": ... }
 *     ```
 *
 * Everything between cells is Markdown. `printNotebook(parseNotebook(text))` is `text`, byte for byte: a cell keeps the
 * text it was read from.
 */
export interface NotebookCell {
  kind: 'markdown' | CellKind
  /** The line it begins at, from 1. */
  line: number
  /** As it stands in the document, fences and last line break included. */
  source: string
  /** Empty for Markdown. */
  fields: ReadonlyMap<string, string>
  /** What follows the fields; for Markdown all of it. */
  body: string
}

export type CellKind = 'run' | 'finding' | 'seal'

const required: Record<CellKind, readonly string[]> = {
  run: ['title', 'run', 'experiment-hash', 'state-hash', 'schedule', 'seed', 'policy', 'version', 'started'],
  finding: ['run', 'state-hash', 'number', 'kind', 'register', 'owner'],
  seal: [],
}
const kinds = Object.keys(required)

/** Characters of a document, and cells: what a stranger's file may ask of the reader. */
export const NOTEBOOK_LIMIT = 4 << 20
export const CELL_LIMIT = 2000

/** @throws ProblemError that names the line */
export function parseNotebook(text: string, name: string): NotebookCell[] {
  if (text.length > NOTEBOOK_LIMIT)
    throw new ProblemError(
      name,
      `it has ${text.length} characters, and ${NOTEBOOK_LIMIT} are read`,
      'Divide the notebook.',
    )
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const cells: NotebookCell[] = []
  let prose: string[] = []
  let quoted: string | null = null
  const endProse = (before: number): void => {
    const source = prose.join('')
    if (source !== '')
      cells.push({
        kind: 'markdown',
        line: before - prose.length + 1,
        source,
        fields: new Map(),
        body: source,
      })
    prose = []
  }
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.replace(/\r?\n$/, '')
    const [, fence, info = ''] = /^(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    const isCell = fence?.startsWith('`') && info.startsWith('switchyard-') && quoted === null
    if (!isCell) {
      if (quoted !== null && fence?.startsWith(quoted) && info.trim() === '') quoted = null
      else if (quoted === null && fence !== undefined) quoted = fence
      prose.push(lines[i]!)
      continue
    }
    endProse(i)
    const last = closing(lines, i, fence!, name)
    cells.push(readCell(lines.slice(i, last + 1), i + 1, info.slice('switchyard-'.length), name))
    if (cells.length > CELL_LIMIT)
      throw new ProblemError(
        `${name}:${i + 1}`,
        `more than ${CELL_LIMIT} cells are not read`,
        'Divide the notebook.',
      )
    i = last
  }
  endProse(lines.length)
  return cells
}

export const printNotebook = (cells: readonly Pick<NotebookCell, 'source'>[]): string =>
  cells.map(({ source }) => source).join('')

function closing(lines: readonly string[], from: number, fence: string, name: string): number {
  for (let i = from + 1; i < lines.length; i++) if (lines[i]!.trimEnd() === fence) return i
  throw new ProblemError(
    `${name}:${from + 1}`,
    'the cell has no end',
    `Close it with a line ${fence} of its own.`,
  )
}

function readCell(lines: readonly string[], line: number, kind: string, name: string): NotebookCell {
  if (!isKind(kind)) {
    const near = nearestName(kind, kinds)
    throw new ProblemError(
      `${name}:${line}`,
      `there are no ${JSON.stringify(kind.slice(0, 40))} cells`,
      near ? `Did you mean ${near}?` : `There are ${kinds.join(', ')}.`,
    )
  }
  const inner = lines.slice(1, -1)
  const fields = new Map<string, string>()
  let i = 0
  for (; kind !== 'seal' && i < inner.length && inner[i]!.trim() !== ''; i++) {
    const [, key, value] = /^([a-z][a-z-]{0,30}): ?(.*)$/.exec(inner[i]!.trimEnd()) ?? []
    const place = `${name}:${line + 1 + i}`
    if (key === undefined)
      throw new ProblemError(
        place,
        'this is no field',
        'Write key: value, and an empty line before the body.',
      )
    if (fields.has(key)) throw new ProblemError(place, `${key} is there twice`, 'Leave one of them.')
    fields.set(key, value!)
  }
  const missing = required[kind].find((key) => !fields.has(key))
  if (missing !== undefined)
    throw new ProblemError(`${name}:${line}`, `the ${kind} cell has no ${missing}`, `Add a line ${missing}:`)
  const body = inner.slice(kind === 'seal' ? 0 : i + 1).join('')
  return { kind, line, source: lines.join(''), fields, body }
}

const isKind = (text: string): text is CellKind => Object.hasOwn(required, text)

/** A cell as text; a value keeps to one line, and the fence is longer than any in the body. */
export function cellText(kind: CellKind, fields: Readonly<Record<string, string>>, body: string): string {
  const longest = (body.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2)
  const fence = '`'.repeat(longest + 1)
  const head = Object.entries(fields).map(([key, value]) => `${key}: ${value.replace(/\s+/g, ' ').trim()}\n`)
  const rest = body === '' || body.endsWith('\n') ? body : `${body}\n`
  const gap = head.length > 0 && rest !== '' ? '\n' : ''
  return `${fence}switchyard-${kind}\n${head.join('')}${gap}${rest}${fence}\n`
}
