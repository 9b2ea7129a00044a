/**
 * The part of Markdown that our stories and policies use, as data: nothing in a text can become markup of the page. HTML in
 * it is shown as it is written.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis'; text: string }
  | { kind: 'link'; text: string; address: string }

export type Block =
  | { kind: 'heading'; level: number; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'quote'; parts: Inline[] }

const ITEM = /^(\s*)([-*]|\d+[.)])\s+(.*)$/
const HEADING = /^(#{1,6})\s+(.*)$/
const SEPARATOR = /^\s*\|?[\s:|-]+\|[\s:|-]*$/

export function parseMarkdown(text: string): Block[] {
  const lines = text.replaceAll('\r', '').split('\n')
  const blocks: Block[] = []
  let at = 0
  const line = (): string => lines[at] ?? ''
  const plain = (candidate: string): boolean =>
    candidate.trim() !== '' &&
    !HEADING.test(candidate) &&
    !ITEM.test(candidate) &&
    !candidate.startsWith('```') &&
    !candidate.startsWith('>') &&
    !candidate.trimStart().startsWith('|')

  while (at < lines.length) {
    const heading = HEADING.exec(line())
    const item = ITEM.exec(line())
    if (line().trim() === '') at++
    else if (line().startsWith('```')) {
      const body: string[] = []
      for (at++; at < lines.length && !line().startsWith('```'); at++) body.push(line())
      at++
      blocks.push({ kind: 'code', text: body.join('\n') })
    } else if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, parts: parseInline(heading[2] ?? '') })
      at++
    } else if (item) {
      const ordered = /\d/.test(item[2] ?? '')
      const start = ordered ? Number.parseInt(item[2] ?? '1', 10) : 1
      const items: string[] = []
      for (let next: RegExpExecArray | null = item; at < lines.length; next = ITEM.exec(line())) {
        if (next) items.push(next[3] ?? '')
        else if (plain(line()) && items.length > 0) items.push(`${items.pop()} ${line().trim()}`)
        else break
        at++
      }
      blocks.push({ kind: 'list', ordered, start, items: items.map(parseInline) })
    } else if (line().trimStart().startsWith('|') && SEPARATOR.test(lines[at + 1] ?? '')) {
      const head = cells(line())
      const rows: Inline[][][] = []
      for (at += 2; line().trimStart().startsWith('|'); at++) rows.push(cells(line()))
      blocks.push({ kind: 'table', head, rows })
    } else {
      const quoted = line().startsWith('>')
      const body = [line().replace(/^>\s?/, '').trim()]
      for (at++; at < lines.length && (quoted ? line().startsWith('>') : plain(line())); at++)
        body.push(line().replace(/^>\s?/, '').trim())
      blocks.push({ kind: quoted ? 'quote' : 'paragraph', parts: parseInline(body.join(' ')) })
    }
  }
  return blocks
}

const cells = (row: string): Inline[][] =>
  row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => parseInline(cell.trim().replaceAll('\\|', '|')))

const INLINE =
  /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(?<![\w])_([^_]+)_(?![\w])|\[([^\]]+)\]\(([^)\s]+)\)/g

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = []
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) })
    const [, code, strong, star, under, label, address] = match
    if (code !== undefined) parts.push({ kind: 'code', text: code })
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong })
    else if (label !== undefined) parts.push({ kind: 'link', text: label, address: address ?? '' })
    else parts.push({ kind: 'emphasis', text: star ?? under ?? '' })
    from = match.index + match[0].length
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
  return parts
}
