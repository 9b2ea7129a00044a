import { cellText, type NotebookCell, printNotebook } from '../../../shared/model/notebook.ts'
import { sha256 } from '../hash.ts'

/** What of a sealed notebook is not as it was sealed. */
export interface Broken {
  /** From 1, in the order of the document when it was sealed; null for the seal itself. */
  cell: number | null
  kind: string
  /** Where it begins now, from 1. */
  line: number
  why: string
}

const OPENING = '```switchyard-seal\n'
const chained = (rows: readonly string[]): string =>
  rows.reduce((before, row) => sha256(`${before}\n${row}`), '')

/** The document with a seal at its end: a line for each cell with its kind, bytes and SHA-256, and a hash chained over the lines. */
export function sealed(cells: readonly NotebookCell[]): string {
  const kept = cells.filter(({ kind }) => kind !== 'seal')
  const last = kept.at(-1)
  if (last && !last.source.endsWith('\n')) kept.splice(-1, 1, { ...last, source: `${last.source}\n` })
  const rows = kept.map(
    ({ kind, source }, i) => `cell ${i + 1} ${kind} ${Buffer.byteLength(source)} ${sha256(source)}`,
  )
  const body = [...rows, `chain ${chained(rows)}`].map((row) => `${row}\n`).join('')
  return printNotebook(kept) + cellText('seal', {}, body)
}

/**
 * Compares a document with its seal. The seal's lengths say where each cell was, so that a byte changed anywhere, a fence
 * included, names its cell; where the length changed, cells are matched from both ends.
 * @returns null where there is no seal
 */
export function brokenCells(bytes: Buffer): Broken[] | null {
  const start = bytes.lastIndexOf(OPENING)
  if (start < 0) return null
  const content = bytes.subarray(0, start)
  const lineAt = (offset: number): number =>
    bytes.subarray(0, Math.min(offset, start)).toString('latin1').split('\n').length
  const seal = (why: string): Broken => ({ cell: null, kind: 'seal', line: lineAt(start), why })

  const lines = bytes
    .subarray(start + OPENING.length)
    .toString('latin1')
    .split('\n')
  const rows = lines.slice(0, -3)
  const read = rows.map((row) => /^cell (\d{1,4}) ([a-z]{1,20}) (\d{1,8}) ([0-9a-f]{64})$/.exec(row))
  const cells = read.flatMap((found, i) =>
    found && Number(found[1]) === i + 1 ? [{ kind: found[2]!, size: Number(found[3]), hash: found[4]! }] : [],
  )
  const end = lines.slice(-3)
  if (cells.length !== rows.length || end[1] !== '```' || end[2] !== '')
    return [seal('a line of the seal cannot be read')]
  if (end[0] !== `chain ${chained(rows)}`) return [seal('its lines do not give its chain hash')]

  let [front, from] = [0, 0]
  const holds = (i: number, offset: number): boolean =>
    offset >= 0 && sha256(content.subarray(offset, offset + cells[i]!.size)) === cells[i]!.hash
  const total = cells.reduce((sum, { size }) => sum + size, 0)
  const broken: Broken[] = []
  const add = (i: number, offset: number, why: string): void => {
    broken.push({ cell: i + 1, kind: cells[i]!.kind, line: lineAt(offset), why })
  }
  if (total === content.length) {
    for (const [i, { size }] of cells.entries()) {
      if (!holds(i, from)) add(i, from, 'its bytes do not give its hash')
      from += size
    }
    return broken
  }
  while (front < cells.length && holds(front, from)) from += cells[front++]!.size
  let [back, to] = [cells.length, content.length]
  while (back > front && to - cells[back - 1]!.size >= from && holds(back - 1, to - cells[back - 1]!.size))
    to -= cells[--back]!.size
  const grown = `${Math.abs(content.length - total)} bytes ${content.length > total ? 'more' : 'fewer'} than were sealed`
  for (let i = front; i < back; i++) add(i, from, grown)
  return front === back ? [seal(`text was added between cells ${front} and ${front + 1}`)] : broken
}
