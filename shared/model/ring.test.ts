import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRing, ringCapacity, ringConsumer, ringKind, ringProducer } from './ring.ts'
import {
  type ChangeColumns,
  changeCauses,
  changeColumns,
  changeRows,
  type EventColumns,
  eventsFrom,
  slots,
} from './trace.ts'

const events = (first: number, count: number): EventColumns => ({
  pe: 2,
  cycle: Float64Array.from({ length: count }, (_, i) => first + i),
  kind: Uint8Array.from({ length: count }, (_, i) => (first + i) % 8),
  el: Uint8Array.from({ length: count }, (_, i) => (first + i) % 3),
  pc: BigUint64Array.from({ length: count }, (_, i) => 0xffff_0000_0000_0000n + BigInt(first + i)),
  detail: BigUint64Array.from({ length: count }, (_, i) => BigInt(first + i)),
})

describe('a ring of events', () => {
  it('gives everything back in order, whatever is written and taken', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 60 }), (turns) => {
        const ring = createRing(2, 32)
        const [producer, consumer] = [ringProducer(ring), ringConsumer(ring)]
        let [written, read] = [0, 0]
        for (const [write, take] of turns) {
          const room = 32 - (written - read)
          const taken = producer.write(events(written, write), 0)
          expect(taken).toBe(Math.min(write, room))
          written += taken
          expect(consumer.size()).toBe(written - read)
          const count = Math.min(take, written - read)
          expect(consumer.peek(take)).toEqual(events(read, count))
          consumer.free(count)
          read += count
        }
      }),
    )
  })
  it('goes on where the counters of 32 bits begin anew', () => {
    const ring = createRing(2, 16)
    new Int32Array(ring).fill(-8, 0, 2)
    const [producer, consumer] = [ringProducer(ring), ringConsumer(ring)]
    expect(producer.write(events(0, 20), 0)).toBe(16)
    expect(consumer.peek(99)).toEqual(events(0, 16))
    consumer.free(12)
    expect(producer.write(events(0, 20), 16)).toBe(4)
    expect(consumer.peek(8)).toEqual(events(12, 8))
  })
  it('does not change what was taken', () => {
    const ring = createRing(2, 8)
    const [producer, consumer] = [ringProducer(ring), ringConsumer(ring)]
    producer.write(events(0, 8), 0)
    const taken = consumer.peek(8)
    consumer.free(8)
    producer.write(events(100, 8), 0)
    expect(taken).toEqual(events(0, 8))
    expect(consumer.peek(3)).toEqual(eventsFrom(events(100, 8), 0, 3))
  })
  it('has a capacity of a power of two, for any number of PEs', () => {
    for (let pes = 1; pes <= 16; pes++) {
      const capacity = ringCapacity(pes)
      expect(Math.log2(capacity) % 1).toBe(0)
      expect(capacity * pes).toBeLessThanOrEqual(2 ** 19)
    }
    expect(() => createRing(0, 100)).toThrow(RangeError)
  })
})

describe('a ring of register changes', () => {
  it('gives every row back as it was', () => {
    const names = ['GCR_EL1', 'HCR_EL2']
    const row = fc.record({
      pe: fc.constant(1),
      cycle: fc.nat(2 ** 40),
      ns: fc.nat(2 ** 40),
      register: fc.constantFrom(...names),
      slot: fc.constantFrom(...slots),
      owner: fc.integer({ min: -3, max: 120 }),
      cause: fc.constantFrom(...changeCauses),
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      pc: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 16 }), (rows) => {
        const ring = createRing(1, 16, 'changes')
        expect(ringKind(ring)).toBe('changes')
        const [producer, consumer] = [ringProducer<ChangeColumns>(ring), ringConsumer<ChangeColumns>(ring)]
        expect(producer.write(changeColumns(1, rows, names), 0)).toBe(rows.length)
        expect(changeRows(consumer.peek(99), names)).toEqual(rows)
      }),
    )
  })
})
