import type { LineLedger } from './line-ledger.ts'

/** A line of a hunk, without its sign, trimmed: mail archives lose white space. */
export interface DiffLine {
  /** In the input, from 1. */
  line: number
  sign: '+' | '-' | ' '
  text: string
}

export interface Hunk {
  /** Line of its header. */
  line: number
  /** What stands behind the second @@: as a rule the function that it lies in. */
  context: string
  lines: DiffLine[]
  /** Lines that its header promises and a quote that was cut short does not have; null where it is whole. */
  missing: { old: number; new: number } | null
}

export interface FileDiff {
  path: string
  line: number
  isNew: boolean
  hunks: Hunk[]
}

const FILE = /^diff --git a\/(\S+) b\/(\S+)$/
const OLD = /^--- (?:a\/)?(\S+)/
const NEW = /^\+\+\+ (?:b\/)?(\S+)/
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$/
const EXTENDED =
  /^(index |new file mode |deleted file mode |old mode |new mode |similarity index |rename |copy )/
const SIGNATURE = /^-- ?$/

interface Quoted {
  depth: number
  text: string
}

/** How deep a line is quoted, and what it says there. One space behind the marks belongs to them. */
function unquote(line: string): Quoted {
  const marks = /^(?:> ?)*/.exec(line)![0]
  const depth = marks.split('>').length - 1
  if (depth === 0) return { depth, text: line }
  return { depth, text: line.slice(marks.length) }
}

/**
 * The diffs of a patch, of a mailbox, or of a mail that quotes one, at whatever depth. Lines of hunks are told by the counts of
 * their headers, so that a reviewer's words in between and white space that was lost do no harm, and a line that was lost or
 * broken in two is noticed. What is not whole is rejected; only the last hunk of a quote may end early, where its reader cut it.
 */
export function readDiffs(lines: readonly string[], ledger: LineLedger): FileDiff[] {
  const quoted = lines.map(unquote)
  const depth = quoted.find(({ text }) => FILE.test(text) || HUNK.test(text))?.depth
  if (depth === undefined) return []
  const reader = new Reader(depth, ledger)
  for (const [i, { depth: own, text }] of quoted.entries()) {
    if (own === depth) reader.read(i + 1, text.trimEnd())
    else if (own > 0) ledger.ignore(i + 1, 'quoted at another depth than the patch')
  }
  reader.end()
  return reader.files
}

class Reader {
  readonly files: FileDiff[] = []
  private readonly depth: number
  private readonly ledger: LineLedger
  private hunk: (Hunk & { old: number; new: number }) | null = null
  /** The hunk before, while nothing but a header may follow it. */
  private closed: Hunk | null = null

  constructor(depth: number, ledger: LineLedger) {
    this.depth = depth
    this.ledger = ledger
  }

  read(line: number, text: string): void {
    if (this.isHeader(text)) this.header(line, text)
    else if (this.hunk !== null) this.body(this.hunk, line, text)
    else if (this.closed !== null && text.trim() !== '') this.behind(this.closed, line, text)
    else if (/^[+-]/.test(text) && this.files.at(-1)?.hunks.length === 0)
      this.ledger.reject(line, 'a changed line without the header of a hunk before it')
  }

  private isHeader(text: string): boolean {
    if (FILE.test(text) || HUNK.test(text)) return true
    // Within a hunk these may be lines that are taken out or put in.
    return (
      this.hunk === null && this.files.length > 0 && (EXTENDED.test(text) || OLD.test(text) || NEW.test(text))
    )
  }

  private header(line: number, text: string): void {
    this.closed = null
    if (this.hunk !== null) this.damaged(this.hunk, 'the next header comes too early')
    const file = FILE.exec(text)
    const hunk = HUNK.exec(text)
    this.ledger.ignore(line, 'header of a diff')
    if (file) {
      this.files.push({ path: file[2]!, line, isNew: false, hunks: [] })
      if (file[1] !== file[2]) this.ledger.reject(line, 'a file that is renamed is outside of the subset')
    } else if (hunk) this.begin(line, hunk)
    else if (/^new file mode /.test(text) || OLD.exec(text)?.[1] === '/dev/null')
      this.files.at(-1)!.isNew = true
    else if (/^(deleted|rename|copy)/.test(text) || NEW.exec(text)?.[1] === '/dev/null')
      this.ledger.reject(line, 'a file that is deleted, renamed or copied is outside of the subset')
  }

  private begin(line: number, [, old = '1', fresh = '1', context = '']: RegExpExecArray): void {
    const file = this.files.at(-1)
    if (file === undefined) {
      this.ledger.reject(line, 'a hunk without a line `diff --git` before it: it is not known whose it is')
      return
    }
    this.hunk = { line, context, lines: [], missing: null, old: Number(old), new: Number(fresh) }
    if (this.hunk.old + this.hunk.new === 0) this.hunk = null
  }

  private body(hunk: NonNullable<Reader['hunk']>, line: number, text: string): void {
    if (text.startsWith('\\')) {
      this.ledger.ignore(line, 'says that the file ends without a line end')
      return
    }
    const first = text[0]
    const sign = first === '+' || first === '-' ? first : ' '
    // In a patch that nobody quoted, context begins with a space: a mailer that broke a line shows here.
    const broken = this.depth === 0 && sign === ' ' && text !== '' && first !== ' '
    hunk.lines.push({ line, sign, text: text.slice(sign === ' ' ? 0 : 1).trim() })
    if (sign !== '+') hunk.old--
    if (sign !== '-') hunk.new--
    if (broken || hunk.old < 0 || hunk.new < 0)
      this.damaged(
        hunk,
        broken ? `line ${line} has no sign` : `it is longer than its header says at line ${line}`,
      )
    else if (hunk.old === 0 && hunk.new === 0) this.close(hunk)
  }

  private close(hunk: Hunk): void {
    const { line, context, lines, missing } = hunk
    const whole = { line, context, lines, missing }
    this.files.at(-1)!.hunks.push(whole)
    this.hunk = null
    this.closed = whole
  }

  /** Something at the depth of the patch that is neither header nor hunk: a signature, the next mail, or a line too many. */
  private behind(hunk: Hunk, line: number, text: string): void {
    if (SIGNATURE.test(text) || !/^[+\- \t]/.test(text)) {
      if (this.depth > 0 && !SIGNATURE.test(text)) this.reject(hunk, line)
      else this.closed = null
      return
    }
    this.reject(hunk, line)
  }

  private reject(hunk: Hunk, line: number): void {
    this.ledger.reject(line, `a line more than the hunk at line ${hunk.line} has`)
    this.ledger.reject(hunk.line, 'the hunk is damaged: lines follow that its header does not count')
    for (const one of hunk.lines) this.ledger.reject(one.line, 'belongs to a damaged hunk')
  }

  private damaged(hunk: NonNullable<Reader['hunk']>, how: string): void {
    const lack = hunk.old > 0 || hunk.new > 0 ? `; ${hunk.old} old and ${hunk.new} new lines are missing` : ''
    this.ledger.reject(hunk.line, `the hunk is damaged: ${how}${lack}`)
    for (const { line } of hunk.lines) this.ledger.reject(line, 'belongs to a damaged hunk')
    this.hunk = null
  }

  /** The input ends. A reader who quotes leaves out what he has nothing to say to; a patch ends where it ends. */
  end(): void {
    const { hunk } = this
    if (hunk === null) return
    if (this.depth === 0 || hunk.lines.length === 0) {
      this.damaged(hunk, 'the input ends within it')
      return
    }
    const missing = { old: hunk.old, new: hunk.new }
    this.ledger.ignore(
      hunk.line,
      `header of a hunk that is quoted without its end: ${missing.old} old and ${missing.new} new lines`,
    )
    this.close({ ...hunk, missing })
  }
}
