import { createHash, type Hash } from 'node:crypto'
import { layout, STATE_WORDS } from '../cpu/layout.ts'
import type { Page, PageTable } from './memory-pages.ts'
import { clock, control, INPUT_BYTES, peControl, peWord, type Views } from './shared-memory.ts'

const PAGE = 4096

/**
 * Words of the three blocks that decide how the machine goes on. The others serve the client, the workers and their caches;
 * SWITCHES is counted only while switches are recorded, and what is recorded is no part of the state.
 */
export const hashed = {
  control: ['TURN', 'POSITION', 'RANDOM', 'FUTILE', 'INPUT_OPEN', 'INPUT_WRITTEN', 'INPUT_READ'],
  clock: ['MODEL', 'INSTRUCTIONS', 'TURNS', 'TURN_LEFT'],
  peControl: ['POWER', 'WAITING', 'SIGNALLED'],
} as const satisfies {
  control: (keyof typeof control)[]
  clock: (keyof typeof clock)[]
  peControl: (keyof typeof peControl)[]
}

/**
 * SHA-256 of a stopped machine's whole state: every word of every PE's layout (architectural and effective registers, pending
 * faults and errors), power, waits, devices, the schedule's place and generator, model time, input not yet read, tags and RAM. Pages of zeros count as absent, so the size of unused memory costs
 * nothing. The same experiment, seed and version give the same hash on every machine.
 */
export function stateHash(views: Views): string {
  const hash = createHash('sha256')
  words(hash, views)
  pages(hash, 'tags', views.tags)
  pages(hash, 'ram', views.ram8)
  return hash.digest('hex')
}

/**
 * What two moments of one machine have in common exactly where their `stateHash` is equal, for those who compare many: pages
 * that tables share are hashed once.
 * @param memory the machine's memory as it is now, of `MemoryPages.take`
 */
export function stateKey(views: Views, memory: PageTable): string {
  const hash = createHash('sha256')
  words(hash, views)
  for (const piece of memory) hash.update(pieceHash(piece))
  return hash.digest('base64')
}

const pieceHashes = new WeakMap<PageTable[number], string>()
const pageHashes = new WeakMap<Page, string>()

function pieceHash(piece: PageTable[number]): string {
  const known = pieceHashes.get(piece)
  if (known !== undefined) return known
  const hash = createHash('sha256')
  for (const page of piece) hash.update(page === null ? '-' : pageHash(page))
  const digest = hash.digest('base64')
  pieceHashes.set(piece, digest)
  return digest
}

function pageHash(page: Page): string {
  const known = pageHashes.get(page)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(page.data)
  if (page.tags !== null) hash.update(page.tags)
  const digest = hash.digest('base64')
  pageHashes.set(page, digest)
  return digest
}

/** All but memory and tags. */
function words(hash: Hash, views: Views): void {
  hash.update(
    `switchyard-state 1 ${STATE_WORDS} ${layout()
      .map((entry) => entry.name)
      .join(' ')}\n`,
  )
  const { control: cells, clock: times, shared } = views
  for (let pe = 0; pe < shared.pes; pe++) {
    hash.update(copy(views.state(pe)))
    const words = hashed.peControl.map((name) => cells[peWord(pe, peControl[name])])
    const mailbox = [views.mailbox[pe * 2], views.mailbox[pe * 2 + 1]]
    hash.update(
      `pe ${[...words, times[clock.DEADLINE + pe], ...mailbox, cells[control.ORDER + pe]].join(' ')}\n`,
    )
  }
  hash.update(copy(views.devices))
  hash.update(copy(views.gic))
  hash.update(`control ${hashed.control.map((name) => cells[control[name]]).join(' ')}\n`)
  hash.update(`clock ${hashed.clock.map((name) => times[clock[name]]).join(' ')}\n`)
  hash.update(`input ${unreadInput(views).join(' ')}\n`)
}

function unreadInput({ control: cells, input }: Views): number[] {
  const read = cells[control.INPUT_READ]!
  const count = Math.min(INPUT_BYTES, (cells[control.INPUT_WRITTEN]! - read) >>> 0)
  return Array.from({ length: count }, (_, i) => input[((read + i) >>> 0) % INPUT_BYTES]!)
}

/** Hashing wants memory that no worker shares. */
const copy = (view: BigUint64Array | Int32Array): Uint8Array =>
  new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer)

function pages(hash: Hash, name: string, bytes: Uint8Array): void {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
  const wordsPerPage = PAGE / 8
  const page = new Uint8Array(PAGE)
  for (let at = 0; at < words.length; at += wordsPerPage) {
    const end = Math.min(at + wordsPerPage, words.length)
    let used = false
    for (let i = at; i < end; i++) {
      if (words[i] !== 0n) {
        used = true
        break
      }
    }
    if (!used) continue
    page.fill(0)
    page.set(bytes.subarray(at * 8, end * 8))
    hash.update(`${name} ${at * 8}\n`)
    hash.update(page)
  }
}
