import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { EventColumns } from '../../shared/model/trace.ts'
import { Damaged } from './failures.ts'

/**
 * The columns of an event chunk as one zstd frame. A 64-bit column is two of 32 bits, low and high; of each the difference
 * from the event before is kept (zigzag: small numbers of either sign stay small), and of n differences first all lowest
 * bytes, then all second ones ...: what hardly changes becomes runs of zeros. In this order: cycle, pc, detail (8 n bytes
 * each), kind, el (n each).
 */
const WORDS = 3
const BYTES = WORDS * 8 + 2
/** Events of a chunk at most: what a window that is drawn event by event reads at each end beside its own. */
export const CHUNK_EVENTS = 8192

const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const planes = new Uint8Array(CHUNK_EVENTS * BYTES)
const cycleWords = new Uint32Array(CHUNK_EVENTS * 2)

/** Packs events `from` to `to` (not included), at most CHUNK_EVENTS; the columns may lie in shared memory. */
export function packEvents(events: EventColumns, from = 0, to = events.cycle.length): Buffer {
  const n = to - from
  for (let i = 0; i < n; i++) {
    const cycle = events.cycle[from + i]!
    cycleWords[2 * i] = cycle
    cycleWords[2 * i + 1] = cycle / 2 ** 32
  }
  spread(cycleWords, 0, n, 0)
  spread(wordsOf(events.pc), from, n, n * 8)
  spread(wordsOf(events.detail), from, n, n * 16)
  planes.set(events.kind.subarray(from, to), n * 24)
  planes.set(events.el.subarray(from, to), n * 25)
  return zstdCompressSync(planes.subarray(0, n * BYTES), fast)
}

/** @throws Damaged */
export function unpackEvents(pe: number, count: number, block: Uint8Array): EventColumns {
  const bytes = inflate(block, count > CHUNK_EVENTS ? 0 : count * BYTES)
  if (bytes.length !== count * BYTES)
    throw new Damaged('a chunk of events has another length than its row says')
  const words = new Uint32Array(count * 2)
  gather(bytes, 0, words, count)
  const cycle = new Float64Array(count)
  for (let i = 0; i < count; i++) cycle[i] = words[2 * i]! + words[2 * i + 1]! * 2 ** 32
  const pc = new BigUint64Array(count)
  gather(bytes, count * 8, wordsOf(pc), count)
  const detail = new BigUint64Array(count)
  gather(bytes, count * 16, wordsOf(detail), count)
  return {
    pe,
    cycle,
    pc,
    detail,
    kind: new Uint8Array(bytes.subarray(count * 24, count * 25)),
    el: new Uint8Array(bytes.subarray(count * 25, count * 26)),
  }
}

/** A zstd frame of at most so many bytes: a small one can hold gigabytes of zeros. @throws Damaged */
export function inflate(frame: Uint8Array, most: number): Uint8Array {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, most) })
  } catch (error) {
    throw new Damaged((error as Error).message)
  }
}

/** 64-bit values as words, the low one first: every machine that we run on is little-endian. */
const wordsOf = (values: BigUint64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length * 2)

/** Writes the differences of n pairs of words from pair `from` on to the planes from byte `at` on. */
function spread(words: Uint32Array, from: number, n: number, at: number): void {
  for (let half = 0; half < 2; half++) {
    const [p0, p1, p2, p3] = [0, 1, 2, 3].map((plane) => at + (half * 4 + plane) * n) as [
      number,
      number,
      number,
      number,
    ]
    let before = 0
    for (let i = 0; i < n; i++) {
      const word = words[2 * (from + i) + half]!
      const difference = (word - before) | 0
      before = word
      const folded = (difference << 1) ^ (difference >> 31)
      planes[p0 + i] = folded
      planes[p1 + i] = folded >>> 8
      planes[p2 + i] = folded >>> 16
      planes[p3 + i] = folded >>> 24
    }
  }
}

/** What `spread` wrote, back into n pairs of words. */
function gather(bytes: Uint8Array, at: number, words: Uint32Array, n: number): void {
  for (let half = 0; half < 2; half++) {
    const [p0, p1, p2, p3] = [0, 1, 2, 3].map((plane) => at + (half * 4 + plane) * n) as [
      number,
      number,
      number,
      number,
    ]
    let word = 0
    for (let i = 0; i < n; i++) {
      const folded = bytes[p0 + i]! | (bytes[p1 + i]! << 8) | (bytes[p2 + i]! << 16) | (bytes[p3 + i]! << 24)
      word = (word + ((folded >>> 1) ^ -(folded & 1))) | 0
      words[2 * i + half] = word
    }
  }
}
