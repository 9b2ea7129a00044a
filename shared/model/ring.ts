import type { ChangeColumns, EventColumns } from './trace.ts'

/**
 * What one PE sends to the store at a high rate, as columns in shared memory: one producer (the PE's worker), one consumer (the
 * store's worker), no thread between them. A full ring holds its producer back; nothing is dropped. A ring holds either events
 * or register changes.
 *
 * Layout, little-endian: 16 words (int32), of which 0 counts what was written and 1 what was read, both modulo 2^32, 2 is the
 * PE, 3 the capacity and 4 an index of ringKinds; then the columns, `capacity` values of each, in the order of `layouts`.
 */
const WRITTEN = 0
const READ = 1
const PE = 2
const CAPACITY = 3
const KIND = 4
const HEADER_BYTES = 64

export const ringKinds = ['events', 'changes'] as const
export type RingKind = (typeof ringKinds)[number]

type Rows = EventColumns | ChangeColumns
type Column = Float64Array | BigUint64Array | Uint8Array | Int8Array
interface ColumnType {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): Column
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Column
}

/** Wide columns first: each is aligned. */
const layouts: Record<RingKind, Record<string, ColumnType>> = {
  events: {
    cycle: Float64Array,
    pc: BigUint64Array,
    detail: BigUint64Array,
    kind: Uint8Array,
    el: Uint8Array,
  } satisfies Record<Exclude<keyof EventColumns, 'pe'>, ColumnType>,
  changes: {
    cycle: Float64Array,
    ns: Float64Array,
    value: BigUint64Array,
    pc: BigUint64Array,
    register: Uint8Array,
    slot: Uint8Array,
    owner: Int8Array,
    cause: Uint8Array,
  } satisfies Record<Exclude<keyof ChangeColumns, 'pe'>, ColumnType>,
}

/** Events that the rings of a machine hold together: half a second at a million a second. Changes are fewer. */
const MACHINE_ROWS = { events: 2 ** 19, changes: 2 ** 16 }

/** A power of two. */
export const ringCapacity = (pes: number, kind: RingKind = 'events'): number =>
  2 ** Math.floor(Math.log2(MACHINE_ROWS[kind] / pes))

export interface RingProducer<R extends Rows = EventColumns> {
  /** Copies rows from index `from` on, as many as there is room for. @returns how many */
  write(rows: R, from: number): number
  /** Sleeps until there is room, for at most so many milliseconds; not on a thread that must not block. */
  waitForRoom(ms: number): void
}

export interface RingConsumer<R extends Rows = EventColumns> {
  pe: number
  /** Rows that wait. */
  size(): number
  /** A copy of the oldest rows, at most so many; they stay until they are freed. */
  peek(most: number): R
  /** Gives the room of so many rows back. */
  free(count: number): void
}

export function createRing(pe: number, capacity: number, kind: RingKind = 'events'): SharedArrayBuffer {
  if (!Number.isInteger(Math.log2(capacity))) throw new RangeError('the capacity of a ring is a power of two')
  const row = Object.values(layouts[kind]).reduce((sum, type) => sum + type.BYTES_PER_ELEMENT, 0)
  const ring = new SharedArrayBuffer(HEADER_BYTES + capacity * row)
  const words = new Int32Array(ring, 0, HEADER_BYTES / 4)
  words[PE] = pe
  words[CAPACITY] = capacity
  words[KIND] = ringKinds.indexOf(kind)
  return ring
}

/** What a ring holds. */
export const ringKind = (ring: SharedArrayBuffer): RingKind => ringKinds[new Int32Array(ring, 0, 16)[KIND]!]!

function viewsOf(ring: SharedArrayBuffer) {
  const words = new Int32Array(ring, 0, HEADER_BYTES / 4)
  const capacity = words[CAPACITY]!
  let at = HEADER_BYTES
  const columns = Object.entries(layouts[ringKind(ring)]).map(([name, type]) => {
    const column: Column = new type(ring, at, capacity)
    at += capacity * type.BYTES_PER_ELEMENT
    return { name, type, column }
  })
  return { words, capacity, columns }
}

const size = (words: Int32Array): number => (Atomics.load(words, WRITTEN) - Atomics.load(words, READ)) | 0

/** Columns of one type by name: what the layouts say of the rows' own. */
const columnsIn = (rows: Rows) => rows as unknown as Record<string, Uint8Array>

export function ringProducer<R extends Rows = EventColumns>(ring: SharedArrayBuffer): RingProducer<R> {
  const { words, capacity, columns } = viewsOf(ring)
  return {
    write(rows, from) {
      const count = Math.min(rows.cycle.length - from, capacity - size(words))
      if (count <= 0) return 0
      const at = words[WRITTEN]! & (capacity - 1)
      // In one piece, or in two where the ring's end lies between.
      const piece = Math.min(count, capacity - at)
      for (const { name, column } of columns) {
        const source = columnsIn(rows)[name]!
        const target = column as Uint8Array
        target.set(source.subarray(from, from + piece), at)
        if (piece < count) target.set(source.subarray(from + piece, from + count), 0)
      }
      Atomics.add(words, WRITTEN, count)
      return count
    },
    waitForRoom(ms) {
      const read = Atomics.load(words, READ)
      if (size(words) === capacity) Atomics.wait(words, READ, read, ms)
    },
  }
}

export function ringConsumer<R extends Rows = EventColumns>(ring: SharedArrayBuffer): RingConsumer<R> {
  const { words, capacity, columns } = viewsOf(ring)
  return {
    pe: words[PE]!,
    size: () => size(words),
    peek(most) {
      const count = Math.min(most, size(words))
      const at = words[READ]! & (capacity - 1)
      const piece = Math.min(count, capacity - at)
      const rows: Record<string, unknown> = { pe: words[PE]! }
      for (const { name, type, column } of columns) {
        // Memory of its own: what is stored does not change under the reader.
        const copy = new type(count) as Uint8Array
        copy.set((column as Uint8Array).subarray(at, at + piece), 0)
        if (piece < count) copy.set((column as Uint8Array).subarray(0, count - piece), piece)
        rows[name] = copy
      }
      return rows as unknown as R
    },
    free(count) {
      Atomics.add(words, READ, count)
      Atomics.notify(words, READ)
    },
  }
}
