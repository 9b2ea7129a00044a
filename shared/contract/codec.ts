/**
 * Messages as bytes, for transports without structured clone (WebSocket). Covers what the contract carries: null, booleans,
 * numbers, bigint (u64), strings, arrays, plain objects, Uint8Array, Int8Array, Float64Array and BigUint64Array.
 *
 * Layout: two header bytes (0x53 'S', FORMAT), then one value. A value is one kind byte and its body; lengths and safe
 * integers are LEB128 varints (integers zigzag), everything wider is little-endian. An object's keys are interned: key
 * number 0 introduces a new string, n repeats the n-th key of this message.
 */
const MAGIC = 0x53
/** Bump with any change of the layout, together with PROTOCOL. */
const FORMAT = 1
/** Deeper nesting than the contract ever has is refused, so that hostile input cannot exhaust the stack. */
const MAX_DEPTH = 64

const NULL = 0
const FALSE = 1
const TRUE = 2
const INTEGER = 3
const FLOAT = 4
const BIGINT = 5
const STRING = 6
const ARRAY = 7
const OBJECT = 8
const U8 = 9
const I8 = 10
const F64 = 11
const U64 = 12

/** The input cannot be encoded, or is not a message of this format. */
export class CodecError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CodecError'
  }
}

/**
 * @param message keys whose value is undefined are left out, as JSON does; undefined elsewhere is an error
 * @throws CodecError for any other type, a bigint outside u64, or nesting beyond 64 levels. Lone surrogates in a string
 *         become U+FFFD.
 */
export function encode(message: unknown): Uint8Array<ArrayBuffer> {
  const sink = new Sink()
  sink.byte(MAGIC)
  sink.byte(FORMAT)
  write(sink, new Map(), message, 0)
  return sink.done()
}

/** @throws CodecError for a wrong header, an unknown kind, a truncated body, trailing bytes or malformed UTF-8. */
export function decode(bytes: Uint8Array): unknown {
  const source = new Source(bytes)
  if (source.byte() !== MAGIC) throw new CodecError('not a Switchyard message')
  const format = source.byte()
  if (format !== FORMAT) throw new CodecError(`message format ${format}, expected ${FORMAT}`)
  const value = read(source, [], 0)
  if (source.left() !== 0) throw new CodecError(`${source.left()} bytes after the message`)
  return value
}

function write(sink: Sink, keys: Map<string, number>, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH} levels`)
  if (value === null) sink.byte(NULL)
  else if (typeof value === 'boolean') sink.byte(value ? TRUE : FALSE)
  else if (typeof value === 'number') writeNumber(sink, value)
  else if (typeof value === 'bigint') writeBigint(sink, value)
  else if (typeof value === 'string') {
    sink.byte(STRING)
    sink.text(value)
  } else if (Array.isArray(value)) {
    sink.byte(ARRAY)
    sink.varint(value.length)
    for (const item of value) write(sink, keys, item, depth + 1)
  } else if (ArrayBuffer.isView(value)) writeColumn(sink, value)
  else if (typeof value === 'object' && isPlain(value)) writeObject(sink, keys, value, depth)
  else throw new CodecError(`cannot encode ${describe(value)}`)
}

function writeObject(sink: Sink, keys: Map<string, number>, object: object, depth: number): void {
  const entries = Object.entries(object).filter((entry) => entry[1] !== undefined)
  sink.byte(OBJECT)
  sink.varint(entries.length)
  for (const [key, item] of entries) {
    writeKey(sink, keys, key)
    write(sink, keys, item, depth + 1)
  }
}

function writeNumber(sink: Sink, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    sink.byte(INTEGER)
    // Zigzag: 0, -1, 1, -2 ... Doubled, a large safe integer is none any more.
    if (Math.abs(value) < 2 ** 51) sink.varint(value >= 0 ? value * 2 : value * -2 - 1)
    else sink.bigVarint(value >= 0 ? BigInt(value) * 2n : BigInt(value) * -2n - 1n)
  } else {
    sink.byte(FLOAT)
    sink.room(8).setFloat64(0, value, true)
  }
}

function writeBigint(sink: Sink, value: bigint): void {
  if (BigInt.asUintN(64, value) !== value) throw new CodecError(`${value} is outside u64`)
  sink.byte(BIGINT)
  sink.room(8).setBigUint64(0, value, true)
}

function writeColumn(sink: Sink, column: ArrayBufferView): void {
  if (column instanceof Uint8Array || column instanceof Int8Array) {
    sink.byte(column instanceof Uint8Array ? U8 : I8)
    sink.varint(column.length)
    sink.bytes(new Uint8Array(column.buffer, column.byteOffset, column.byteLength))
  } else if (column instanceof Float64Array) {
    sink.byte(F64)
    sink.varint(column.length)
    const view = sink.room(column.length * 8)
    for (let i = 0; i < column.length; i++) view.setFloat64(i * 8, column[i] as number, true)
  } else if (column instanceof BigUint64Array) {
    sink.byte(U64)
    sink.varint(column.length)
    const view = sink.room(column.length * 8)
    for (let i = 0; i < column.length; i++) view.setBigUint64(i * 8, column[i] as bigint, true)
  } else throw new CodecError(`cannot encode ${describe(column)}`)
}

function writeKey(sink: Sink, keys: Map<string, number>, key: string): void {
  if (key === '__proto__') throw new CodecError('cannot encode the key __proto__')
  const known = keys.get(key)
  if (known !== undefined) sink.varint(known)
  else {
    keys.set(key, keys.size + 1)
    sink.varint(0)
    sink.text(key)
  }
}

function read(source: Source, keys: string[], depth: number): unknown {
  if (depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH} levels`)
  const kind = source.byte()
  switch (kind) {
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case INTEGER:
      return readInteger(source)
    case FLOAT:
      return source.view(8).getFloat64(0, true)
    case BIGINT:
      return source.view(8).getBigUint64(0, true)
    case STRING:
      return source.text()
    case ARRAY: {
      const items: unknown[] = []
      for (let left = source.count(1); left > 0; left--) items.push(read(source, keys, depth + 1))
      return items
    }
    case OBJECT: {
      const object: Record<string, unknown> = {}
      for (let left = source.count(2); left > 0; left--) {
        const key = readKey(source, keys)
        if (Object.hasOwn(object, key)) throw new CodecError(`the key ${key} twice in one object`)
        object[key] = read(source, keys, depth + 1)
      }
      return object
    }
    default:
      return readColumn(source, kind)
  }
}

function readInteger(source: Source): number {
  const short = source.shortVarint()
  if (short !== null) return short % 2 ? -(short + 1) / 2 : short / 2
  const raw = source.bigVarint()
  const value = Number(raw & 1n ? -((raw + 1n) >> 1n) : raw >> 1n)
  if (!Number.isSafeInteger(value)) throw new CodecError('an integer beyond 2^53')
  return value
}

function readColumn(source: Source, kind: number): unknown {
  if (kind === U8 || kind === I8) {
    const copy = source.bytes(source.count(1)).slice()
    return kind === U8 ? copy : new Int8Array(copy.buffer)
  }
  if (kind === F64) {
    const column = new Float64Array(source.count(8))
    const view = source.view(column.byteLength)
    for (let i = 0; i < column.length; i++) column[i] = view.getFloat64(i * 8, true)
    return column
  }
  if (kind === U64) {
    const column = new BigUint64Array(source.count(8))
    const view = source.view(column.byteLength)
    for (let i = 0; i < column.length; i++) column[i] = view.getBigUint64(i * 8, true)
    return column
  }
  throw new CodecError(`unknown kind of value ${kind}`)
}

function readKey(source: Source, keys: string[]): string {
  const number = source.varint()
  if (number === 0) {
    const key = source.text()
    if (key === '__proto__') throw new CodecError('the key __proto__ is not allowed')
    keys.push(key)
    return key
  }
  const key = keys[number - 1]
  if (key === undefined) throw new CodecError(`key number ${number} of ${keys.length}`)
  return key
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object from another realm (a page's frame, a test's environment) has that realm's Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  return value.constructor?.name ?? 'object'
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A growing buffer. */
class Sink {
  #buffer = new Uint8Array(1024)
  #length = 0

  /** Appends `size` bytes and returns a view of exactly those. */
  room(size: number): DataView {
    const at = this.#length
    if (at + size > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, at + size))
      grown.set(this.#buffer)
      this.#buffer = grown
    }
    this.#length = at + size
    return new DataView(this.#buffer.buffer, at, size)
  }

  byte(value: number): void {
    this.room(1).setUint8(0, value)
  }

  bytes(value: Uint8Array): void {
    this.room(value.length)
    this.#buffer.set(value, this.#length - value.length)
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  bigVarint(value: bigint): void {
    let rest = value
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest))
  }

  text(value: string): void {
    const bytes = utf8.encode(value)
    this.varint(bytes.length)
    this.bytes(bytes)
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length)
  }
}

/** A bounds-checked reader. */
class Source {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw new CodecError('the message ends early')
    this.#at++
    return value
  }

  bytes(size: number): Uint8Array {
    if (size > this.left()) throw new CodecError('the message ends early')
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  view(size: number): DataView {
    const bytes = this.bytes(size)
    return new DataView(bytes.buffer, bytes.byteOffset, size)
  }

  /** A varint of at most six bytes; null, with nothing read, for a longer one. */
  shortVarint(): number | null {
    let value = 0
    for (let length = 0; length < 6; length++) {
      const byte = this.#bytes[this.#at + length]
      if (byte === undefined) throw new CodecError('the message ends early')
      value += (byte & 0x7f) * 2 ** (7 * length)
      if (byte < 0x80) {
        this.#at += length + 1
        return value
      }
    }
    return null
  }

  bigVarint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new CodecError('a number longer than nine bytes')
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let length = 0; length < 7; length++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new CodecError('a length beyond 2^49')
  }

  /** A length whose elements of at least `size` bytes still fit, so that a forged one allocates nothing. */
  count(size: number): number {
    const length = this.varint()
    if (length * size > this.left()) throw new CodecError('the message ends early')
    return length
  }

  text(): string {
    const bytes = this.bytes(this.count(1))
    try {
      return strictUtf8.decode(bytes)
    } catch {
      throw new CodecError('malformed UTF-8')
    }
  }
}
