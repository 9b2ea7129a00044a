import { createHash, type Hash } from 'node:crypto'
import { layout, STATE_WORDS } from '../cpu/layout.ts'
import { clock, control, peControl, peWord, type Views } from './shared-memory.ts'

const PAGE = 4096

/**
 * SHA-256 of a stopped machine's whole state: every word of every PE's layout (architectural and effective registers, pending
 * faults), power, devices, model time, tags and RAM. Pages of zeros count as absent, so the size of unused memory costs
 * nothing. The same experiment, seed and version give the same hash on every machine.
 */
export function stateHash(views: Views): string {
  const hash = createHash('sha256')
  hash.update(
    `switchyard-state 1 ${STATE_WORDS} ${layout()
      .map((entry) => entry.name)
      .join(' ')}\n`,
  )
  for (let pe = 0; pe < views.shared.pes; pe++) {
    hash.update(copy(views.state(pe)))
    hash.update(
      `power ${views.control[peWord(pe, peControl.POWER)]} waiting ${views.control[peWord(pe, peControl.WAITING)]}\n`,
    )
  }
  hash.update(copy(views.devices))
  hash.update(copy(views.gic))
  hash.update(`model time ${views.clock[clock.MODEL]} turn ${views.control[control.TURN]}\n`)
  pages(hash, 'tags', views.tags)
  pages(hash, 'ram', views.ram8)
  return hash.digest('hex')
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
