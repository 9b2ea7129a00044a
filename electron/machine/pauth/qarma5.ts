/**
 * ComputePAC with FEAT_PACQARMA5: the tweakable block cipher QARMA-64 with five rounds, S-box sigma 2.
 * Source: DDI 0487, ComputePACQARMA5 and the PAC functions it calls; R. Avanzi, "The QARMA Block Cipher Family", 2017.
 *
 * A block is sixteen cells of four bits, cell 0 the most significant, in four rows of four. It is handled as two 32-bit
 * halves. Every layer is looked up byte by byte in a table made from its definition on cells, so that one computation
 * costs a fraction of a microsecond: a kernel signs an address in most of its functions.
 */

type Cells = readonly number[]

const CELLS = 16

/** sigma 2. */
const substitution: Cells = [11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10]
/** tau: cell i of the result is this cell of the input. */
const cellOrder: Cells = [0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2]
/** h, the same for the tweak. */
const tweakOrder: Cells = [6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11]
/** Cells of the tweak that the shift register omega moves. */
const movedCells: ReadonlySet<number> = new Set([0, 1, 3, 4, 8, 11, 13])

const inverse = (order: Cells): number[] => order.map((_, i) => order.indexOf(i))
const permute =
  (order: Cells) =>
  (cells: Cells): number[] =>
    order.map((from) => cells[from]!)
const rotate = (cell: number, by: number): number => ((cell << by) | (cell >> (4 - by))) & 15

/** omega: a shift to the right; the top bit becomes the sum of the two lowest. */
const shift = (cell: number): number => (cell >> 1) | (((cell ^ (cell >> 1)) & 1) << 3)
const unshift = (cell: number): number => ((cell << 1) & 15) | ((cell ^ (cell >> 3)) & 1)

/** The matrix circ(0, rho, rho^2, rho) on the columns; it is its own inverse. */
const mix = (cells: Cells): number[] =>
  cells.map((_, i) => {
    const below = (rows: number): number => cells[(i + 4 * rows) % CELLS]!
    return rotate(below(1), 1) ^ rotate(below(2), 2) ^ rotate(below(3), 1)
  })

const shuffle = permute(cellOrder)
const unshuffle = permute(inverse(cellOrder))
const moveTweak = (cells: Cells): number[] =>
  permute(tweakOrder)(cells).map((cell, i) => (movedCells.has(i) ? shift(cell) : cell))
const moveTweakBack = (cells: Cells): number[] =>
  permute(inverse(tweakOrder))(cells.map((cell, i) => (movedCells.has(i) ? unshift(cell) : cell)))

/** What a layer makes of each byte of a block, all other cells being 0: its low and high half, byte 0 the least significant. */
type Layer = Uint32Array

/** A layer that is linear over exclusive or, so that the images of the bytes add up. */
function linear(layer: (cells: Cells) => number[]): Layer {
  const table = new Uint32Array(8 * 256 * 2)
  for (let byte = 0; byte < 8; byte++) {
    for (let value = 0; value < 256; value++) {
      const cells: number[] = new Array(CELLS).fill(0)
      cells[CELLS - 1 - 2 * byte] = value & 15
      cells[CELLS - 2 - 2 * byte] = value >> 4
      const image = layer(cells)
      const half = (first: number): number =>
        image.slice(first, first + 8).reduce((word, cell) => (word << 4) | cell, 0) >>> 0
      table[(byte * 256 + value) * 2] = half(8)
      table[(byte * 256 + value) * 2 + 1] = half(0)
    }
  }
  return table
}

/** The S-box on every cell: as a layer it is not linear, but its images of single bytes are disjoint. */
function boxes(box: Cells): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (box[byte >> 4]! << 4) | box[byte & 15]!)
}

const forwards = linear((cells) => mix(shuffle(cells)))
const backwards = linear((cells) => unshuffle(mix(cells)))
const unshuffled = linear(unshuffle)
const tweakForwards = linear(moveTweak)
const tweakBackwards = linear(moveTweakBack)
const substituted = boxes(substitution)
const unsubstituted = boxes(inverse(substitution))

const ROUNDS = 5
/** Round constants: digits of pi, low half and high half; and alpha. */
const constants = Uint32Array.from([
  0, 0, 0x03707344, 0x13198a2e, 0x299f31d0, 0xa4093822, 0xec4e6c89, 0x082efa98, 0x38d01377, 0x452821e6,
])
const ALPHA = [0xc97c50dd, 0xc0ac29b7] as const

/** A block of 64 bits in halves. */
class Block {
  low = 0
  high = 0

  set(low: number, high: number): void {
    this.low = low
    this.high = high
  }

  add(low: number, high: number): void {
    this.low ^= low
    this.high ^= high
  }

  apply(layer: Layer): void {
    const { low, high } = this
    let newLow = 0
    let newHigh = 0
    for (let byte = 0; byte < 4; byte++) {
      const a = (byte * 256 + ((low >>> (byte * 8)) & 255)) * 2
      const b = ((byte + 4) * 256 + ((high >>> (byte * 8)) & 255)) * 2
      newLow ^= layer[a]! ^ layer[b]!
      newHigh ^= layer[a + 1]! ^ layer[b + 1]!
    }
    this.low = newLow
    this.high = newHigh
  }

  substitute(box: Uint8Array): void {
    this.low = substituteHalf(this.low, box)
    this.high = substituteHalf(this.high, box)
  }
}

const substituteHalf = (word: number, box: Uint8Array): number =>
  box[word & 255]! |
  (box[(word >>> 8) & 255]! << 8) |
  (box[(word >>> 16) & 255]! << 16) |
  (box[word >>> 24]! << 24)

const wide = new BigUint64Array(5)
const halves = new Uint32Array(wide.buffer)
const work = new Block()
const tweak = new Block()

/**
 * ComputePAC(data, modifier, key0, key1).
 * @param keyHigh key0, the register Hi; @param keyLow key1, the register Lo
 */
export function computePac(data: bigint, modifier: bigint, keyHigh: bigint, keyLow: bigint): bigint {
  wide[0] = data
  wide[1] = modifier
  wide[2] = keyHigh
  wide[3] = keyLow
  wide[4] = ((keyHigh & 1n) << 63n) | (keyHigh >> 1n)
  const [k0Low, k0High, k1Low, k1High] = [halves[4]!, halves[5]!, halves[6]!, halves[7]!]
  // o(key0) = (key0 rotated right by 1) + (its top bit): whitening of the way back.
  const [modLow, modHigh] = [halves[8]! ^ (k0High >>> 31), halves[9]!]

  work.set(halves[0]! ^ k0Low, halves[1]! ^ k0High)
  tweak.set(halves[2]!, halves[3]!)
  for (let round = 0; round < ROUNDS; round++) {
    work.add(k1Low ^ tweak.low ^ constants[round * 2]!, k1High ^ tweak.high ^ constants[round * 2 + 1]!)
    if (round > 0) work.apply(forwards)
    work.substitute(substituted)
    tweak.apply(tweakForwards)
  }
  work.add(modLow ^ tweak.low, modHigh ^ tweak.high)
  work.apply(forwards)
  work.substitute(substituted)
  // The reflector.
  work.apply(forwards)
  work.add(k1Low, k1High)
  work.apply(unshuffled)
  work.substitute(unsubstituted)
  work.apply(backwards)
  work.add(k0Low ^ tweak.low, k0High ^ tweak.high)
  for (let round = ROUNDS - 1; round >= 0; round--) {
    work.substitute(unsubstituted)
    if (round > 0) work.apply(backwards)
    tweak.apply(tweakBackwards)
    work.add(
      k1Low ^ tweak.low ^ constants[round * 2]! ^ ALPHA[0],
      k1High ^ tweak.high ^ constants[round * 2 + 1]! ^ ALPHA[1],
    )
  }
  halves[0] = work.low ^ modLow
  halves[1] = work.high ^ modHigh
  return wide[0]!
}
