import type { EventColumns } from './trace.ts'

/**
 * High-rate events of one PE on their way to the store, as columns in shared memory: one producer (the PE's worker), one
 * consumer (the store's worker), no thread between them. A full ring holds its producer back; nothing is dropped.
 *
 * Layout, little-endian: 16 words (int32), of which 0 counts what was written and 1 what was read, both modulo 2^32, 2 is the
 * PE and 3 the capacity; then capacity cycles (float64), program counters, details (uint64), kinds, exception levels (uint8).
 */
const WRITTEN = 0
const READ = 1
const PE = 2
const CAPACITY = 3
const HEADER_BYTES = 64
const EVENT_BYTES = 26

/** Events that all rings of a machine hold together: half a second at a million a second. */
const MACHINE_EVENTS = 2 ** 19

/** A power of two. */
export const ringCapacity = (pes: number): number => 2 ** Math.floor(Math.log2(MACHINE_EVENTS / pes))

export interface RingProducer {
  /** Copies events from index `from` on, as many as there is room for. @returns how many */
  write(events: EventColumns, from: number): number
  /** Sleeps until there is room, for at most so many milliseconds; not on a thread that must not block. */
  waitForRoom(ms: number): void
}

export interface RingConsumer {
  pe: number
  /** Events that wait. */
  size(): number
  /** A copy of the oldest events, at most so many; they stay until they are freed. */
  peek(most: number): EventColumns
  /** Gives the room of so many events back. */
  free(count: number): void
}

export function createRing(pe: number, capacity: number): SharedArrayBuffer {
  if (!Number.isInteger(Math.log2(capacity))) throw new RangeError('the capacity of a ring is a power of two')
  const ring = new SharedArrayBuffer(HEADER_BYTES + capacity * EVENT_BYTES)
  const words = new Int32Array(ring, 0, HEADER_BYTES / 4)
  words[PE] = pe
  words[CAPACITY] = capacity
  return ring
}

function viewsOf(ring: SharedArrayBuffer) {
  const words = new Int32Array(ring, 0, HEADER_BYTES / 4)
  const capacity = words[CAPACITY]!
  const at = (bytes: number) => HEADER_BYTES + capacity * bytes
  const columns = {
    cycle: new Float64Array(ring, at(0), capacity),
    pc: new BigUint64Array(ring, at(8), capacity),
    detail: new BigUint64Array(ring, at(16), capacity),
    kind: new Uint8Array(ring, at(24), capacity),
    el: new Uint8Array(ring, at(25), capacity),
  }
  return { words, capacity, columns }
}

const size = (words: Int32Array): number => (Atomics.load(words, WRITTEN) - Atomics.load(words, READ)) | 0

type Column = Float64Array | BigUint64Array | Uint8Array

export function ringProducer(ring: SharedArrayBuffer): RingProducer {
  const { words, capacity, columns } = viewsOf(ring)
  /** In one piece, or in two where the ring's end lies between. */
  function put(column: Column, from: Column, first: number, at: number, count: number): void {
    const piece = Math.min(count, capacity - at)
    const set = (part: Column, place: number) => (column as Uint8Array).set(part as Uint8Array, place)
    set(from.subarray(first, first + piece), at)
    if (piece < count) set(from.subarray(first + piece, first + count), 0)
  }
  return {
    write(events, from) {
      const count = Math.min(events.cycle.length - from, capacity - size(words))
      if (count <= 0) return 0
      const at = words[WRITTEN]! & (capacity - 1)
      put(columns.cycle, events.cycle, from, at, count)
      put(columns.pc, events.pc, from, at, count)
      put(columns.detail, events.detail, from, at, count)
      put(columns.kind, events.kind, from, at, count)
      put(columns.el, events.el, from, at, count)
      Atomics.add(words, WRITTEN, count)
      return count
    },
    waitForRoom(ms) {
      const read = Atomics.load(words, READ)
      if (size(words) === capacity) Atomics.wait(words, READ, read, ms)
    },
  }
}

export function ringConsumer(ring: SharedArrayBuffer): RingConsumer {
  const { words, capacity, columns } = viewsOf(ring)
  /** Out of the ring into memory of its own: what is stored does not change under the reader. */
  function copy<C extends Column>(column: Column, own: C, count: number): C {
    const at = words[READ]! & (capacity - 1)
    const piece = Math.min(count, capacity - at)
    const set = (part: Column, place: number) => (own as Uint8Array).set(part as Uint8Array, place)
    set(column.subarray(at, at + piece), 0)
    if (piece < count) set(column.subarray(0, count - piece), piece)
    return own
  }
  return {
    pe: words[PE]!,
    size: () => size(words),
    peek(most) {
      const count = Math.min(most, size(words))
      return {
        pe: words[PE]!,
        cycle: copy(columns.cycle, new Float64Array(count), count),
        pc: copy(columns.pc, new BigUint64Array(count), count),
        detail: copy(columns.detail, new BigUint64Array(count), count),
        kind: copy(columns.kind, new Uint8Array(count), count),
        el: copy(columns.el, new Uint8Array(count), count),
      }
    },
    free(count) {
      Atomics.add(words, READ, count)
      Atomics.notify(words, READ)
    },
  }
}
