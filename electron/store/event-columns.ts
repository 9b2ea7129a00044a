import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { EventColumns } from '../../shared/model/trace.ts'

/**
 * The columns of an event chunk as one compressed block, little-endian: n cycles (float64), n program counters and n
 * details (uint64), n kinds and n exception levels (uint8). Cycles are differences from the one before, which compresses.
 */
export function packEvents(events: EventColumns): Buffer {
  const n = events.cycle.length
  const bytes = new Uint8Array(n * 26)
  const cycle = new Float64Array(bytes.buffer, 0, n)
  for (let i = 0; i < n; i++) cycle[i] = events.cycle[i]! - (i === 0 ? 0 : events.cycle[i - 1]!)
  new BigUint64Array(bytes.buffer, n * 8, n).set(events.pc)
  new BigUint64Array(bytes.buffer, n * 16, n).set(events.detail)
  bytes.set(events.kind, n * 24)
  bytes.set(events.el, n * 25)
  return deflateRawSync(bytes, { level: 1 })
}

export function unpackEvents(pe: number, count: number, block: Uint8Array): EventColumns {
  const bytes = new Uint8Array(inflateRawSync(block))
  const cycle = new Float64Array(bytes.buffer, 0, count)
  for (let i = 1; i < count; i++) cycle[i] = cycle[i]! + cycle[i - 1]!
  return {
    pe,
    cycle,
    pc: new BigUint64Array(bytes.buffer, count * 8, count),
    detail: new BigUint64Array(bytes.buffer, count * 16, count),
    kind: bytes.subarray(count * 24, count * 25),
    el: bytes.subarray(count * 25, count * 26),
  }
}
