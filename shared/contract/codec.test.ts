import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodecError, decode, encode } from './codec.ts'

const text = fc.string({ unit: 'grapheme' })
const key = text.filter((name) => name !== '__proto__')
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const message = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.maxSafeInteger(),
    u64,
    text,
    fc.uint8Array(),
    fc.int8Array(),
    fc.float64Array(),
    fc.array(u64).map((values) => BigUint64Array.from(values)),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
})).value

describe('codec', () => {
  it('returns every message of the contract unchanged', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decode(encode(value))).toStrictEqual(value)
      }),
    )
  })

  it('answers arbitrary bytes with a value or a CodecError, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        try {
          decode(Uint8Array.of(0x53, 1, ...body))
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses every proper prefix of a message', () => {
    fc.assert(
      fc.property(message, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (value, share) => {
        const bytes = encode(value)
        expect(() => decode(bytes.subarray(0, Math.floor(bytes.length * share)))).toThrow(CodecError)
      }),
    )
  })

  it('survives one changed byte with a value or a CodecError', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = encode(value)
        const index = at % bytes.length
        bytes[index] = (bytes[index] as number) ^ change
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
    )
  })

  it('reads a message at an odd offset of a larger buffer', () => {
    const bytes = encode({ cycle: Float64Array.of(1.5, 2), value: BigUint64Array.of(7n) })
    const larger = new Uint8Array(bytes.length + 3)
    larger.set(bytes, 3)
    expect(decode(larger.subarray(3))).toEqual({
      cycle: Float64Array.of(1.5, 2),
      value: BigUint64Array.of(7n),
    })
  })

  it('writes a repeated key once', () => {
    const one = encode([{ pointerTag: 1 }]).length
    expect(encode([{ pointerTag: 1 }, { pointerTag: 1 }]).length - one).toBe(5)
  })

  it('leaves out keys without a value, as JSON does', () => {
    expect(decode(encode({ a: undefined, b: 1 }))).toEqual({ b: 1 })
  })

  it.each([
    ['a negative bigint', -1n],
    ['a bigint of 65 bits', 2n ** 64n],
    ['undefined', undefined],
    ['undefined in a list', [undefined]],
    ['a function', () => 0],
    ['a Map', new Map()],
    ['a Float32Array', new Float32Array(1)],
    ['a forged prototype', JSON.parse('{"__proto__": 1}')],
  ])('does not encode %s', (_name, value) => {
    expect(() => encode(value)).toThrow(CodecError)
  })

  it('does not encode a cycle', () => {
    const ring: unknown[] = []
    ring.push(ring)
    expect(() => encode(ring)).toThrow('nested deeper')
  })

  it.each([
    ['another format', [0x53, 2, 0], 'message format 2, expected 1'],
    ['another magic', [0x52, 1, 0], 'not a Switchyard message'],
    ['trailing bytes', [0x53, 1, 0, 0], '1 bytes after the message'],
    ['a forged length', [0x53, 1, 11, 0xff, 0xff, 0xff, 0x7f], 'ends early'],
    ['an unknown kind', [0x53, 1, 99], 'unknown kind of value 99'],
    ['a key that was never sent', [0x53, 1, 8, 1, 3, 0], 'key number 3 of 0'],
    ['malformed UTF-8', [0x53, 1, 6, 1, 0xff], 'malformed UTF-8'],
    ['a doubled key', [0x53, 1, 8, 2, 0, 1, 0x61, 0, 1, 0], 'twice'],
  ])('refuses %s', (_name, bytes, message) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(message)
  })
})
