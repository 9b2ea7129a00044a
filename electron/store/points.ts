import { Damaged } from './failures.ts'

/** Points of a block of the lowest level. */
export const LEAF_POINTS = 128

/** Points of one lane (pyramid-writer.ts): a 64-bit value, unsigned, at a cycle, and a number that says what it belongs to. */
export interface Point {
  /** Its place in the lane, from 0. */
  ordinal: number
  cycle: number
  high: number
  low: number
  /** At most 2^53 - 1, not negative. */
  ref: number
}

/** Count, first, last, lowest and highest of some consecutive points; of equal ones the first. */
export interface Summary {
  /** Of what the points have beside their values: a latency's cycles by phase. Null where that is not known. */
  sums: number[] | null
  count: number
  first: Point
  last: Point
  min: Point
  max: Point
}

const isBelow = (a: Point, b: Point): boolean => a.high < b.high || (a.high === b.high && a.low < b.low)

export const summaryOf = (point: Point, sums: readonly number[] | null = null): Summary => ({
  sums: sums && [...sums],
  count: 1,
  first: point,
  last: point,
  min: point,
  max: point,
})

/** Takes in what comes after. */
export function extend(summary: Summary, next: Summary): void {
  summary.count += next.count
  const { sums } = next
  summary.sums = summary.sums && sums && summary.sums.map((sum, i) => sum + sums[i]!)
  summary.last = next.last
  if (isBelow(next.min, summary.min)) summary.min = next.min
  if (isBelow(summary.max, next.max)) summary.max = next.max
}

/** Of a number at most: below 2^53, in groups of seven bits. */
const MOST_BYTES = 8

/** Numbers from 0 to 2^53 - 1 in groups of seven bits, lowest first. */
function packNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * MOST_BYTES)
  let at = 0
  for (const number of numbers) {
    let rest = number
    while (rest >= 128) {
      bytes[at++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    bytes[at++] = rest
  }
  return bytes.slice(0, at)
}

/** Reads them one after the other; zeros after the end. */
function numbersIn(bytes: Uint8Array) {
  let at = 0
  return {
    take(): number {
      let byte = bytes[at++] ?? 0
      if (byte < 128) return byte
      let number = byte - 128
      let scale = 128
      do {
        byte = bytes[at++] ?? 0
        number += (byte & 127) * scale
        scale *= 128
      } while (byte >= 128)
      return number
    },
    isAtEnd: () => at >= bytes.length,
  }
}

/**
 * Points as differences from the one before: the cycle's, the value's by exclusive or of its halves, the reference's with its
 * sign in the lowest bit.
 */
export function packPoints(points: readonly Point[]): Uint8Array {
  const numbers: number[] = []
  const put = (number: number) => numbers.push(number)
  let before: Omit<Point, 'ordinal'> = { cycle: 0, high: 0, low: 0, ref: 0 }
  for (const point of points) {
    put(point.cycle - before.cycle)
    put((point.low ^ before.low) >>> 0)
    put((point.high ^ before.high) >>> 0)
    const step = point.ref - before.ref
    put(step < 0 ? -2 * step - 1 : 2 * step)
    before = point
  }
  return packNumbers(numbers)
}

const MOST_SUMS = 16

/** Points as columns; `first` is the ordinal of the first. */
export interface PointColumns {
  first: number
  count: number
  cycle: Float64Array
  high: Uint32Array
  low: Uint32Array
  ref: Float64Array
}

export const pointAt = ({ first, cycle, high, low, ref }: PointColumns, i: number): Point => ({
  ordinal: first + i,
  cycle: cycle[i]!,
  high: high[i]!,
  low: low[i]!,
  ref: ref[i]!,
})

/** @throws Damaged */
export function unpackPoints(first: number, count: number, bytes: Uint8Array): PointColumns {
  if (count < 1 || count > LEAF_POINTS || bytes.length < count * 4)
    throw new Damaged('a block of points has another length than its row says')
  return readPoints(first, count, numbersIn(bytes))
}

function readPoints(first: number, count: number, { take }: ReturnType<typeof numbersIn>): PointColumns {
  const columns: PointColumns = {
    first,
    count,
    cycle: new Float64Array(count),
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    ref: new Float64Array(count),
  }
  let [cycle, high, low, ref] = [0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    cycle += take()
    low ^= take()
    high ^= take()
    const step = take()
    ref += step % 2 === 0 ? step / 2 : -(step + 1) / 2
    columns.cycle[i] = cycle
    columns.high[i] = high
    columns.low[i] = low
    columns.ref[i] = ref
  }
  return columns
}

/** The summary of points `from` to `to` (not included), at least one. */
export function summaryBetween(columns: PointColumns, from: number, to: number): Summary {
  const { high, low } = columns
  let [min, max] = [from, from]
  for (let i = from + 1; i < to; i++) {
    if (high[i]! < high[min]! || (high[i] === high[min] && low[i]! < low[min]!)) min = i
    if (high[i]! > high[max]! || (high[i] === high[max] && low[i]! > low[max]!)) max = i
  }
  return {
    sums: null,
    count: to - from,
    first: pointAt(columns, from),
    last: pointAt(columns, to - 1),
    min: pointAt(columns, min),
    max: pointAt(columns, max),
  }
}

/** Where lowest and highest lie (two uint32), the four points in their order, then the sums, if there are any. */
export function packSummary({ first, last, min, max, sums }: Summary): Uint8Array {
  const points = packPoints([first, ...[min, max].sort((a, b) => a.ordinal - b.ordinal), last])
  const ordinals = Uint32Array.of(min.ordinal - first.ordinal, max.ordinal - first.ordinal)
  return Buffer.concat([new Uint8Array(ordinals.buffer), points, packNumbers(sums ?? [])])
}

/** @param first the ordinal of the first of `count` points @throws Damaged */
export function unpackSummary(first: number, count: number, packed: Uint8Array): Summary {
  if (packed.length < 8) throw new Damaged('a summary is cut off')
  const ordinals = new DataView(packed.buffer, packed.byteOffset, 8)
  const min = ordinals.getUint32(0, true)
  const max = ordinals.getUint32(4, true)
  const numbers = numbersIn(packed.subarray(8))
  const columns = readPoints(0, 4, numbers)
  const point = (i: number, ordinal: number): Point => ({ ...pointAt(columns, i), ordinal: first + ordinal })
  const sums: number[] = []
  while (!numbers.isAtEnd() && sums.length < MOST_SUMS) sums.push(numbers.take())
  return {
    sums: sums.length > 0 ? sums : null,
    count,
    first: point(0, 0),
    last: point(3, count - 1),
    min: point(min <= max ? 1 : 2, min),
    max: point(min <= max ? 2 : 1, max),
  }
}
