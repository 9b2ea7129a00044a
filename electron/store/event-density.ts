import { constants, zstdCompressSync } from 'node:zlib'
import type { Database } from 'better-sqlite3'
import type { RunId } from '../../shared/model/run.ts'
import { type EventColumns, eventKinds } from '../../shared/model/trace.ts'
import { inflate } from './event-columns.ts'

/**
 * How many events of each kind a PE had in each stretch of time, at several widths: what a chart reads instead of the events.
 * A cell of level k is 256 * 4^k cycles wide; a row of the table holds a block of 256 cells, kind after kind (uint32), as one
 * zstd frame. Cells are sums of the four below them, and each is exact.
 */
const CELLS = 256
const FINEST_CYCLES = 256
const FANOUT = 4
const LEVELS = 12

const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** With room for kinds of later versions. */
const MOST_BLOCK_BYTES = 64 * 1024
const emptyBlock = () => new Uint32Array(eventKinds.length * CELLS)

/** Cycles of one cell. */
export const cellCycles = (level: number): number => FINEST_CYCLES * FANOUT ** level

/** The coarsest level whose cells are at most so wide, or -1. */
export function levelFor(cycles: number): number {
  let level = -1
  while (level + 1 < LEVELS && cellCycles(level + 1) <= cycles) level++
  return level
}

function unpackBlock(packed: Uint8Array): Uint32Array {
  const counts = emptyBlock()
  const bytes = inflate(packed, MOST_BLOCK_BYTES)
  new Uint8Array(counts.buffer).set(bytes.subarray(0, counts.byteLength))
  return counts
}

export interface DensityWriter {
  add(run: RunId, events: EventColumns): void
  /** After a transaction that was given up: nothing that is remembered holds any more. */
  forget(): void
}

export function densityWriter(db: Database): DensityWriter {
  const select = db
    .prepare<[RunId, number, number, number], Uint8Array>(
      'SELECT counts FROM event_density WHERE run = ? AND pe = ? AND level = ? AND block = ?',
    )
    .pluck()
  const upsert = db.prepare(
    'INSERT INTO event_density VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET counts = excluded.counts',
  )
  /** The last block of each run, PE and level: the one that grows. */
  const tails = new Map<string, { block: number; counts: Uint32Array }>()

  function merge(run: RunId, pe: number, level: number, block: number, added: Uint32Array): void {
    const key = `${run} ${pe} ${level}`
    const tail = tails.get(key)
    const stored = tail?.block === block ? tail.counts : select.get(run, pe, level, block)
    const counts =
      stored === undefined
        ? added
        : sum(stored === tail?.counts ? stored : unpackBlock(stored as Uint8Array), added)
    tails.set(key, { block, counts })
    upsert.run(run, pe, level, block, zstdCompressSync(new Uint8Array(counts.buffer), fast))
  }

  return {
    add(run, events) {
      let blocks = tally(events)
      for (let level = 0; level < LEVELS; level++) {
        for (const [block, counts] of blocks) merge(run, events.pe, level, block, counts)
        blocks = coarser(blocks)
      }
    },
    forget: () => tails.clear(),
  }
}

function sum(counts: Uint32Array, added: Uint32Array): Uint32Array {
  for (let i = 0; i < counts.length; i++) counts[i]! += added[i]!
  return counts
}

/** Blocks of the finest level. */
function tally({ cycle, kind }: EventColumns): Map<number, Uint32Array> {
  const blocks = new Map<number, Uint32Array>()
  let first = 0
  let counts: Uint32Array | null = null
  for (let i = 0; i < cycle.length; i++) {
    const cell = Math.floor(cycle[i]! / FINEST_CYCLES)
    if (counts === null || cell < first || cell >= first + CELLS) {
      const block = Math.floor(cell / CELLS)
      first = block * CELLS
      counts = blocks.get(block) ?? emptyBlock()
      blocks.set(block, counts)
    }
    counts[kind[i]! * CELLS + cell - first]!++
  }
  return blocks
}

function coarser(blocks: ReadonlyMap<number, Uint32Array>): Map<number, Uint32Array> {
  const parents = new Map<number, Uint32Array>()
  for (const [block, counts] of blocks) {
    const above = Math.floor(block / FANOUT)
    const parent = parents.get(above) ?? emptyBlock()
    parents.set(above, parent)
    const first = (block % FANOUT) * (CELLS / FANOUT)
    for (let kind = 0; kind < eventKinds.length; kind++) {
      for (let cell = 0; cell < CELLS; cell++) {
        parent[kind * CELLS + first + Math.floor(cell / FANOUT)]! += counts[kind * CELLS + cell]!
      }
    }
  }
  return parents
}

/** Reads the cells of a level. */
export function densityReader(db: Database) {
  const selectBlocks = db
    .prepare<[RunId, number, number, number, number], [block: number, counts: Uint8Array]>(
      'SELECT block, counts FROM event_density WHERE run = ? AND pe = ? AND level = ? AND block BETWEEN ? AND ?',
    )
    .raw()

  /** Calls `found` for every cell from `first` to `last` that is not empty: its number, an index of eventKinds, the count. */
  return (
    run: RunId,
    pe: number,
    level: number,
    first: number,
    last: number,
    found: (cell: number, kind: number, count: number) => void,
  ): void => {
    const blockOf = (cell: number) => Math.floor(cell / CELLS)
    for (const [block, packed] of selectBlocks.iterate(run, pe, level, blockOf(first), blockOf(last))) {
      const counts = unpackBlock(packed)
      const from = Math.max(0, first - block * CELLS)
      const to = Math.min(CELLS - 1, last - block * CELLS)
      for (let kind = 0; kind < eventKinds.length; kind++) {
        for (let at = from; at <= to; at++) {
          const count = counts[kind * CELLS + at]!
          if (count > 0) found(block * CELLS + at, kind, count)
        }
      }
    }
  }
}
