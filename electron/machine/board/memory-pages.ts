import { pageWord, type Views } from './shared-memory.ts'

const PAGE = 4096
/** Tag bytes of a page. */
const TAGS = PAGE / 16
/** Pages that share one piece of the table: what two tables have in common costs nothing per page. */
const PIECE = 256

/** Contents of one page of RAM with its tags; never changed once made. */
export interface Page {
  readonly data: Uint8Array
  /** null: every tag is 0. */
  readonly tags: Uint8Array | null
}

type Piece = readonly (Page | null)[]

/** All of RAM and its tags at one moment; null stands for a page of zeros. Tables share what did not change between them. */
export type PageTable = readonly Piece[]

const noPages: Piece = new Array<Page | null>(PIECE).fill(null)

export const pageBytes = (page: Page | null): number =>
  page === null ? 0 : PAGE + (page.tags === null ? 0 : TAGS)

/** Visits the pages that differ between two tables of the same size, by identity. */
export function eachDifference(
  before: PageTable | null,
  after: PageTable,
  visit: (page: number, after: Page | null, before: Page | null) => void,
): void {
  for (const [p, piece] of after.entries()) {
    const other = before?.[p] ?? noPages
    if (other === piece) continue
    for (let i = 0; i < PIECE; i++) {
      if (other[i] !== piece[i]) visit(p * PIECE + i, piece[i]!, other[i]!)
    }
  }
}

/**
 * A machine's RAM and tags as tables of pages, copied on write: a table is taken from the one before it and the pages that were
 * written since (see `pageWord`), and putting one back touches only what differs. The machine must not run meanwhile.
 */
export class MemoryPages {
  private readonly views: Views
  private readonly words: Uint32Array
  private readonly tagWords: Uint32Array
  /** What RAM holds but for the pages that were written since. */
  private table: PageTable

  /**
   * @param contents `zeros`: nothing has been written yet, and who fills memory says so (`markWritten`). `unknown`: the first
   * table is made by reading everything
   */
  constructor(views: Views, contents: 'zeros' | 'unknown') {
    this.views = views
    this.words = views.ram32
    this.tagWords = new Uint32Array(views.tags.buffer, views.tags.byteOffset, views.tags.length / 4)
    if (contents === 'zeros') {
      for (let page = 0; page < views.codePages.length; page++) views.codePages[page]! |= pageWord.WATCHED
    }
    const pieces = Math.ceil(views.codePages.length / PIECE)
    this.table = new Array<Piece>(pieces).fill(noPages)
  }

  /** Every page's contents now. */
  take(): PageTable {
    const { codePages } = this.views
    const table = [...this.table]
    for (let p = 0; p < table.length; p++) {
      let piece: (Page | null)[] | null = null
      const end = Math.min((p + 1) * PIECE, codePages.length)
      for (let page = p * PIECE; page < end; page++) {
        if (codePages[page]! & pageWord.WATCHED) continue
        piece ??= [...table[p]!]
        piece[page % PIECE] = this.read(page)
        codePages[page]! |= pageWord.WATCHED
      }
      if (piece) table[p] = piece
    }
    this.table = table
    return table
  }

  /** Makes RAM and tags what a table says. */
  put(table: PageTable): void {
    const { codePages } = this.views
    eachDifference(this.table, table, (page, wanted) => this.write(page, wanted))
    for (let page = 0; page < codePages.length; page++) {
      if (codePages[page]! & pageWord.WATCHED) continue
      this.write(page, table[Math.floor(page / PIECE)]![page % PIECE]!)
      codePages[page]! |= pageWord.WATCHED
    }
    this.table = table
  }

  private read(page: number): Page | null {
    const noData = isZero(this.words, page * (PAGE / 4), PAGE / 4)
    const noTags = isZero(this.tagWords, page * (TAGS / 4), TAGS / 4)
    if (noData && noTags) return null
    const { ram8, tags } = this.views
    return {
      data: ram8.slice(page * PAGE, (page + 1) * PAGE),
      tags: noTags ? null : tags.slice(page * TAGS, (page + 1) * TAGS),
    }
  }

  private write(page: number, contents: Page | null): void {
    const { ram8, tags } = this.views
    if (contents) ram8.set(contents.data, page * PAGE)
    else ram8.fill(0, page * PAGE, (page + 1) * PAGE)
    if (contents?.tags) tags.set(contents.tags, page * TAGS)
    else tags.fill(0, page * TAGS, (page + 1) * TAGS)
  }
}

function isZero(words: Uint32Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (words[i] !== 0) return false
  return true
}
