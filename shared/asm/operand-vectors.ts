import { hex } from '../base/hex.ts'
import { byteMask } from '../isa/vector-immediate.ts'
import type { Kind, ParseContext, Parsed } from './operand.ts'
import { immediate } from './operand-immediates.ts'
import { readRegister, registerName } from './register-names.ts'

/** SIMD and floating-point operands: scalars, vectors with an arrangement, elements, lists, and their immediates. */

const letters = ['b', 'h', 's', 'd']
const letterOf = (bits: number): string => letters[Math.log2(bits / 8)]!
/** `16b`, `2s`: how many elements of `bits` a register of 64 or 128 bits has. */
const arrangement = (q: number, bits: number): string => `${(q ? 128 : 64) / bits}${letterOf(bits)}`

const number = /^(?:\d|[12]\d|3[01])$/

const scalar = (letter: string, doc: string): Kind => ({
  doc,
  letters: 1,
  print: ([n]) => `${letter}${n}`,
  parse(text) {
    const name = text.toLowerCase()
    return name[0] === letter && number.test(name.slice(1))
      ? [Number(name.slice(1))]
      : `a scalar register: ${letter}0 to ${letter}31`
  },
})

interface Vector {
  n: number
  q: number
  bits: number
}

function readVector(text: string): Vector | null {
  const match = /^v(\d+)\.(\d+)([bhsd])$/i.exec(text)
  if (!match || !number.test(match[1]!)) return null
  const bits = 8 << letters.indexOf(match[3]!.toLowerCase())
  const size = Number(match[2]) * bits
  return size === 64 || size === 128 ? { n: Number(match[1]), q: size === 128 ? 1 : 0, bits } : null
}

const vectorText = ({ n, q, bits }: Vector): string => `v${n}.${arrangement(q, bits)}`
const vectorExpected = (bits: number): string =>
  `a vector register such as v0.${arrangement(1, bits)} or v0.${arrangement(0, bits)}`

/** `v3.s[1]`: register, element size and index. */
function readElement(text: string, bits: number): [number, number] | string {
  const count = 128 / bits
  const match = /^v(\d+)\.([bhsd])\s*\[\s*(\d+)\s*\]$/i.exec(text)
  const fits = match && number.test(match[1]!) && match[2]!.toLowerCase() === letterOf(bits)
  return fits && Number(match[3]) < count
    ? [Number(match[1]), Number(match[3])]
    : `an element such as v0.${letterOf(bits)}[0], with an index from 0 to ${count - 1}`
}

/** A list is written with a hyphen where it has more than two registers and does not wrap around. */
function listText(t: number, count: number, suffix: string): string {
  const names = Array.from({ length: count }, (_, i) => `v${(t + i) & 31}.${suffix}`)
  return `{${count > 2 && t + count <= 32 ? `${names[0]}-${names.at(-1)}` : names.join(', ')}}`
}

/** Register and suffix of `v3.8b`. */
function readPart(text: string): { n: number; suffix: string } | null {
  const match = /^v(\d+)\.(\w+)$/i.exec(text.trim())
  return match && number.test(match[1]!) ? { n: Number(match[1]), suffix: match[2]!.toLowerCase() } : null
}

/** First register and suffix of `{v0.8b, v1.8b}` or `{v0.8b-v1.8b}` when it has `count` registers in order. */
function readList(text: string, count: number): { t: number; suffix: string } | null {
  const inner = /^\{(.*)\}$/s.exec(text)?.[1]
  if (inner === undefined) return null
  const registers: { n: number; suffix: string }[] = []
  for (const range of inner.split(',')) {
    const [from, to] = range.split('-').map(readPart)
    if (!from || to === null) return null
    const length = to === undefined ? 1 : ((to.n - from.n) & 31) + 1
    if (to && to.suffix !== from.suffix) return null
    for (let i = 0; i < length; i++) registers.push({ n: (from.n + i) & 31, suffix: from.suffix })
  }
  const [first] = registers
  if (!first || registers.length !== count) return null
  const inOrder = registers.every(({ n, suffix }, i) => n === ((first.n + i) & 31) && suffix === first.suffix)
  return inOrder ? { t: first.n, suffix: first.suffix } : null
}

const multiple = (count: number): Kind => ({
  doc: `Q, size, t: list of ${count} vector register${count > 1 ? 's' : ''} with an arrangement.`,
  letters: 3,
  print: ([q, size, t]) => listText(t!, count, arrangement(q!, 8 << size!)),
  parse(text) {
    const list = readList(text, count)
    const vector = list && readVector(`v${list.t}.${list.suffix}`)
    return vector
      ? [vector.q, Math.log2(vector.bits / 8), vector.n]
      : `a list of ${count} vector register${count > 1 ? 's' : ''}, such as ${listText(0, count, '16b')}`
  },
})

const lanes = (count: number): Kind => ({
  doc: `t, index: one lane of ${count} vector register${count > 1 ? 's' : ''}, of *bits.`,
  letters: 2,
  print: ([t, index], { scale }) => `${listText(t!, count, letterOf(scale))}[${index}]`,
  parse(text, { scale }) {
    const match = /^(\{.*\})\s*\[\s*(\d+)\s*\]$/s.exec(text)
    const list = match && readList(match[1]!, count)
    return list && list.suffix === letterOf(scale) && Number(match[2]) < 128 / scale
      ? [list.t, Number(match[2])]
      : `a lane such as ${listText(0, count, letterOf(scale))}[0], with an index from 0 to ${128 / scale - 1}`
  },
})

/** The post-index operand of a structure: an X register, or the size of the access. */
const post = (bytesOf: (scale: number, size: number) => number, sized: boolean, doc: string): Kind => ({
  doc,
  letters: sized ? 2 : 1,
  print(fields, { scale }) {
    const m = fields.at(-1)!
    return m === 31 ? `#${bytesOf(scale, sized ? fields[0]! : 0)}` : registerName(1, m, false)
  },
  parse(text, { scale }, context, known) {
    const size = sized ? [null] : []
    const bytes = bytesOf(scale, sized ? (known[0] ?? 0) : 0)
    const register = readRegister(text)
    if (register) return register.sf && register.n !== 31 ? [...size, register.n] : 'a register x0 to x30'
    const value = immediate(text, context)
    return value === BigInt(bytes)
      ? [...size, 31]
      : `#${bytes}, the size of the access, or a register x0 to x30`
  },
})

/** The value of an 8-bit floating-point immediate: a fraction of sixteenths by a power of two from -3 to 4. */
function floatValue(imm8: number): number {
  const exponent = imm8 & 0x40 ? ((imm8 >> 4) & 3) - 3 : ((imm8 >> 4) & 3) + 1
  return (imm8 & 0x80 ? -1 : 1) * (1 + (imm8 & 15) / 16) * 2 ** exponent
}

const float: Kind = {
  doc: 'imm8: floating-point constant.',
  letters: 1,
  print: ([imm8]) =>
    floatValue(imm8!)
      .toExponential(18)
      .replace(/e([+-])(\d)$/, 'e$10$2'),
  parse(text) {
    const expected =
      'a constant such as 1.0: plus or minus 16 to 31 sixteenths by a power of two from -3 to 4'
    const match = /^#?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text)
    if (!match) return expected
    const value = Number(match[1])
    for (let imm8 = 0; imm8 < 256; imm8++) if (floatValue(imm8) === value) return [imm8]
    return expected
  },
}

const bytemask: Kind = {
  doc: 'imm8: mask of bytes, each 0x00 or 0xff.',
  letters: 1,
  print: ([imm8]) => hex(byteMask(imm8!)),
  parse(text, _place, context) {
    const value = immediate(text, context)
    if (typeof value === 'bigint') {
      for (let imm8 = 0; imm8 < 256; imm8++) if (byteMask(imm8) === BigInt.asUintN(64, value)) return [imm8]
    }
    return 'a mask whose bytes are 0x00 or 0xff'
  },
}

function parseMsl(text: string, context: ParseContext): Parsed {
  const amount = /^msl\s*(.+)$/is.exec(text)
  const value = amount ? immediate(amount[1]!, context) : ''
  return value === 8n || value === 16n ? [value === 8n ? 0 : 1] : 'msl #8 or msl #16'
}

const namedHalf = (text: string): Parsed => {
  const element = readElement(text, 64)
  return typeof element !== 'string' && element[1] === 1
    ? [element[0]]
    : 'the high half of a register: v0.d[1]'
}

export const vectorKinds = {
  b: scalar('b', 'B register.'),
  h: scalar('h', 'H register.'),
  s: scalar('s', 'S register.'),
  d: scalar('d', 'D register.'),
  q: scalar('q', 'Q register.'),
  vec: {
    doc: 'Q, n: vector register of elements of *bits.',
    letters: 2,
    print: ([q, n], { scale }) => vectorText({ n: n!, q: q!, bits: scale }),
    parse(text, { scale }) {
      const vector = readVector(text)
      return vector?.bits === scale ? [vector.q, vector.n] : vectorExpected(scale)
    },
  },
  vec2: {
    doc: 'Q, n, m: one vector register of elements of *bits that goes into both fields.',
    letters: 3,
    print: ([q, n, m], { scale }) => (n === m ? vectorText({ n: n!, q: q!, bits: scale }) : null),
    parse(text, { scale }) {
      const vector = readVector(text)
      return vector?.bits === scale ? [vector.q, vector.n, vector.n] : vectorExpected(scale)
    },
  },
  d2: {
    doc: 'Vector register as two doublewords.',
    letters: 1,
    print: ([n]) => vectorText({ n: n!, q: 1, bits: 64 }),
    parse(text) {
      const vector = readVector(text)
      return vector?.bits === 64 && vector.q === 1 ? [vector.n] : 'a vector register such as v0.2d'
    },
  },
  element: {
    doc: 'n, index: element of *bits of a vector register.',
    letters: 2,
    print: ([n, index], { scale }) => `v${n}.${letterOf(scale)}[${index}]`,
    parse: (text, { scale }) => readElement(text, scale),
  },
  high: {
    doc: 'The high half of a vector register.',
    letters: 1,
    print: ([n]) => `v${n}.d[1]`,
    parse: namedHalf,
  },
  list1: multiple(1),
  list2: multiple(2),
  list3: multiple(3),
  list4: multiple(4),
  lane1: lanes(1),
  lane2: lanes(2),
  lane3: lanes(3),
  lane4: lanes(4),
  vpost: post(
    (scale, q) => scale << q,
    true,
    'Q, m: X register, or with 31 the number *bytes, doubled by Q.',
  ),
  spost: post(
    (scale, size) => scale << size,
    true,
    'size, m: X register, or with 31 the number *elements in bytes.',
  ),
  post: post((scale) => scale, false, 'm: X register, or with 31 the number *bytes.'),
  float,
  bytemask,
  msl: {
    doc: 'MSL by 8 or 16: a shift that brings in ones.',
    letters: 1,
    print: ([amount]) => `msl #${amount ? 16 : 8}`,
    parse: (text, _place, context) => parseMsl(text, context),
  },
} as const satisfies Record<string, Kind>
