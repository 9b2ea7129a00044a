import { HOST, type Owner } from '../../../shared/model/trace.ts'
import type { Findings } from './findings.ts'
import { sideOf } from './identity.ts'
import { ownerName, type RawStep } from './steps.ts'
import { capital } from './switched.ts'

/** Who wrote a granule's tag last. Owners are numbered from FIRST: the host, then the vCPUs. */
const NEVER = 0
const CLEARED = 1
const FIRST = 2
const codeOf = (owner: Owner): number => FIRST + 1 + sideOf(owner)
const ownerOf = (code: number): Owner => (code === FIRST ? HOST : code - FIRST - 1)

const PER_PAGE = 256

/** Writers of the tags of one page of RAM, and the last write of each. */
interface Page {
  readonly codes: Uint8Array
  readonly steps: Map<number, RawStep>
}

export type GranulesState = ReadonlyMap<number, Page>

/** Whose tags memory has: no guest may see one that another owner wrote. Pages are copied when they are written first after a save. */
export class Granules {
  private readonly findings: Findings
  private pages = new Map<number, Page>()
  private own = new Set<number>()

  constructor(findings: Findings) {
    this.findings = findings
  }

  save(): GranulesState {
    this.own = new Set()
    return new Map(this.pages)
  }

  restore(saved: GranulesState): void {
    this.own = new Set()
    this.pages = new Map(saved)
  }

  /**
   * A tag was written.
   * @param clean the tag belongs to whoever sees it next: cleared by the host, or written on behalf of a vCPU
   */
  written(granule: number, owner: Owner, clean: boolean, step: RawStep): void {
    const page = this.writable(Math.floor(granule / PER_PAGE))
    const code = clean ? CLEARED : codeOf(owner)
    page.codes[granule % PER_PAGE] = code
    page.steps.set(code, step)
  }

  /** A guest with MTE learns something about a tag. */
  seen(granule: number, owner: Owner, step: RawStep): void {
    const page = this.pages.get(Math.floor(granule / PER_PAGE))
    const code = page?.codes[granule % PER_PAGE] ?? NEVER
    if (page === undefined || code === NEVER || code === CLEARED || code === codeOf(owner)) return
    const other = ownerOf(code)
    const text = `${capital(ownerName(owner))} sees a tag that ${ownerName(other)} wrote, and nobody has cleared since.`
    this.findings.add('stale-tags-visible', 'tags', owner, other, [page.steps.get(code), { ...step, text }])
  }

  /** For a digest. */
  entries(): ReadonlyMap<number, Page> {
    return this.pages
  }

  private writable(number: number): Page {
    const page = this.pages.get(number)
    if (page !== undefined && this.own.has(number)) return page
    const copy: Page = {
      codes: page ? page.codes.slice() : new Uint8Array(PER_PAGE),
      steps: new Map(page?.steps),
    }
    this.pages.set(number, copy)
    this.own.add(number)
    return copy
  }
}
