import { hex } from '../base/hex.ts'
import { decodeBitMask, encodeBitMask, ones, signed } from '../isa/fields.ts'
import type { Kind, ParseContext, Parsed, PrintContext } from './operand.ts'
import { readRegister } from './register-names.ts'

/** Immediate operands, shifts and addresses. */

/** The value of an immediate as a signed number, or what was expected where the text cannot be an expression at all. */
export function immediate(text: string, context: ParseContext): bigint | string {
  const expression = text.replace(/^#\s*/, '')
  if (expression === '' || /^[[{=]|,|^v\d+\./i.test(expression) || readRegister(expression))
    return 'an immediate'
  const low = /^:lo12:(.*)$/is.exec(expression)
  if (low) return context.value(low[1]!.trim()) & 0xfffn
  return BigInt.asIntN(64, context.value(expression))
}

function rangeText(low: number, high: number, scale: number): string {
  const range = `from ${low * scale} to ${high * scale}`
  return scale === 1 ? `an immediate ${range}` : `a multiple of ${scale} ${range}`
}

/** An immediate of low..high steps of `scale`, as the number of steps. */
function steps(
  text: string,
  low: number,
  high: number,
  scale: number,
  context: ParseContext,
): number | string {
  const value = immediate(text, context)
  if (typeof value === 'string') return rangeText(low, high, scale)
  const step = BigInt(scale)
  if (value % step !== 0n || value < BigInt(low * scale) || value > BigInt(high * scale)) {
    return rangeText(low, high, scale)
  }
  return Number(value / step)
}

const one = (value: number | string): Parsed => (typeof value === 'string' ? value : [value])

const unsignedKind = (print: (value: number) => string, doc: string): Kind => ({
  doc,
  letters: 1,
  absent: [0],
  print: ([value], { scale }) => print(value! * scale),
  parse: (text, { widths, scale }, context) => one(steps(text, 0, 2 ** widths[0]! - 1, scale, context)),
})

/** A value as an unsigned one of the operand width; both -1 and 0xffffffff name the word of ones. */
function atWidth(text: string, width: number, context: ParseContext): bigint | string {
  const value = immediate(text, context)
  if (typeof value === 'string') return value
  if (value < -(1n << BigInt(width - 1)) || (width === 32 && value > 0xffff_ffffn))
    return 'a value of 32 bits'
  return BigInt.asUintN(width, value)
}

const maskKind = (inverted: boolean, doc: string): Kind => ({
  doc,
  letters: 4,
  print([sf, n, immr, imms]) {
    const mask = decodeBitMask(sf!, n!, immr!, imms!)
    return mask === null ? null : hex(inverted ? mask ^ ones(sf ? 64 : 32) : mask)
  },
  parse(text, _place, context, [sf]) {
    const width = sf ? 64 : 32
    const value = atWidth(text, width, context)
    if (typeof value === 'string') return value
    const encoded = encodeBitMask(sf ?? 1, inverted ? value ^ ones(width) : value)
    return encoded
      ? [null, ...encoded]
      : 'a bitmask immediate: a rotated run of ones, repeated over the register'
  },
})

const wideKind = (inverted: boolean, doc: string): Kind => ({
  doc,
  letters: 3,
  print([sf, half, value]) {
    const placed = BigInt(value!) << BigInt(16 * half!)
    return hex(inverted ? placed ^ ones(sf ? 64 : 32) : placed)
  },
  parse(text, _place, context, [sf]) {
    const width = sf ? 64 : 32
    const parsed = atWidth(text, width, context)
    if (typeof parsed === 'string') return parsed
    const value = inverted ? parsed ^ ones(width) : parsed
    for (let half = 0; half < width / 16; half++) {
      const part = value >> BigInt(16 * half)
      if (part <= 0xffffn && part << BigInt(16 * half) === value) return [null, half, Number(part)]
    }
    return 'an immediate that one mov can make: 16 bits at a multiple of 16, their complement, or a bitmask'
  },
})

/** The 12-bit immediate of ADD and SUB with the shift found for it: 0..4095 or a multiple of 4096 up to 0xfff000. */
const addsubKind = (sign: 1n | -1n, doc: string): Kind => ({
  doc,
  letters: 2,
  print: () => null,
  parse(text, _place, context) {
    const value = immediate(text, context)
    const expected = 'an immediate from 0 to 4095, or a multiple of 4096 up to 16773120'
    if (typeof value === 'string') return expected
    const magnitude = value * sign
    if (magnitude < 0n || (sign < 0n && magnitude === 0n)) return expected
    if (magnitude <= 0xfffn) return [Number(magnitude), 0]
    return magnitude <= 0xfff000n && (magnitude & 0xfffn) === 0n ? [Number(magnitude >> 12n), 1] : expected
  },
})

const shiftNames = ['lsl', 'lsr', 'asr', 'ror']

/** `lsl #12`: a shift by a constant. */
function parseShift(text: string, context: ParseContext): { type: number; amount: bigint } | null {
  const match = /^([a-z]{3})\s*#?\s*(.+)$/is.exec(text)
  const type = shiftNames.indexOf(match?.[1]?.toLowerCase() ?? '')
  if (!match || type < 0) return null
  const amount = immediate(match[2]!, context)
  return typeof amount === 'string' ? null : { type, amount }
}

/** LSL by a multiple of `step`, in a field. */
const lslKind = (step: number, doc: string): Kind => ({
  doc,
  letters: 1,
  absent: [0],
  print: ([value]) => `lsl #${value! * step}`,
  parse(text, { widths }, context) {
    const amounts = Array.from({ length: 2 ** widths[0]! }, (_, k) => k * step)
    const shift = parseShift(text, context)
    const index = shift?.type === 0 ? amounts.indexOf(Number(shift.amount)) : -1
    return index < 0 ? `lsl by ${amounts.map((amount) => `#${amount}`).join(', ')}` : [index]
  },
})

/** A label is printed as its address, with its name behind it when there is one. */
function printTarget(target: bigint, context: PrintContext): string {
  const address = BigInt.asUintN(64, target)
  const name = context.symbol?.(address)
  return name ? `${hex(address)} <${name}>` : hex(address)
}

function reachText(bytes: bigint): string {
  if (bytes >= 1n << 30n) return `${bytes >> 30n} GiB`
  return bytes >= 1n << 20n ? `${bytes >> 20n} MiB` : `${bytes >> 10n} KiB`
}

/** The distance to a label in units of `scale`, for a field of `width` bits. */
function distance(
  text: string,
  from: bigint,
  scale: bigint,
  width: number,
  context: ParseContext,
): number | string {
  const reach = 1n << BigInt(width - 1)
  const expected = `a label within ${reachText(reach * scale)}${scale === 4n ? ', at a multiple of 4' : ''}`
  const target = immediate(text.replace(/\s*<[^>]*>$/, ''), context)
  if (typeof target === 'string') return expected
  const delta = BigInt.asIntN(64, (scale >= 4096n ? target & ~0xfffn : target) - from)
  if (delta % scale !== 0n || delta / scale < -reach || delta / scale >= reach) return expected
  return Number(BigInt.asUintN(width, delta / scale))
}

const adrKind = (scale: bigint, doc: string): Kind => ({
  doc,
  letters: 2,
  print([high, low], _place, context) {
    const base = scale > 1n ? context.address & ~0xfffn : context.address
    return printTarget(base + BigInt(signed((high! << 2) | low!, 21)) * scale, context)
  },
  parse(text, _place, context) {
    const delta = distance(text, scale > 1n ? context.pc & ~0xfffn : context.pc, scale, 21, context)
    return typeof delta === 'string' ? delta : [delta >>> 2, delta & 3]
  },
})

export const immediateKinds = {
  dec: unsignedKind(String, 'Unsigned immediate in steps of *scale, printed in decimal.'),
  hex: unsignedKind((value) => hex(value), 'Unsigned immediate in steps of *scale, printed in hexadecimal.'),
  sdec: {
    doc: 'Signed immediate in steps of *scale.',
    letters: 1,
    absent: [0],
    print: ([value], { widths, scale }) => String(signed(value!, widths[0]!) * scale),
    parse(text, { widths, scale }, context) {
      const half = 2 ** (widths[0]! - 1)
      const value = steps(text, -half, half - 1, scale, context)
      return typeof value === 'string' ? value : [value < 0 ? value + 2 * half : value]
    },
  },
  plus1: {
    doc: 'The field plus 1: the width of a bitfield.',
    letters: 1,
    print: ([value]) => String(value! + 1),
    parse(text, { widths }, context) {
      const value = steps(text, 1, 2 ** widths[0]!, 1, context)
      return typeof value === 'string' ? value : [value - 1]
    },
  },
  tbit: {
    doc: 'b5, b40: number of the bit to test.',
    letters: 2,
    print: ([high, low]) => String(high! * 32 + low!),
    parse(text, _place, context, [high]) {
      const value = steps(text, 0, high === 0 ? 31 : 63, 1, context)
      return typeof value === 'string' ? value : [value >> 5, value & 31]
    },
  },
  bfilsb: {
    doc: 'immr: lowest bit of the destination of a bitfield insertion in a register of *width.',
    letters: 1,
    print: ([immr], { scale }) => String((scale - immr!) % scale),
    parse(text, { scale }, context) {
      const value = steps(text, 0, scale - 1, 1, context)
      return typeof value === 'string' ? value : [(scale - value) % scale]
    },
  },
  bfxwidth: {
    doc: 'immr, imms: width of an extracted bitfield in a register of *width, immr being its lowest bit.',
    letters: 2,
    print: ([immr, imms]) => (imms! >= immr! ? String(imms! - immr! + 1) : null),
    parse(text, { scale }, context, [immr]) {
      const value = steps(text, 1, scale - (immr ?? 0), 1, context)
      return typeof value === 'string' ? value : [null, (immr ?? 0) + value - 1]
    },
  },
  lslamount: {
    doc: 'immr, imms: amount of a left shift in a register of *width.',
    letters: 2,
    print: ([, imms], { scale }) => String(scale - 1 - imms!),
    parse(text, { scale }, context) {
      const value = steps(text, 0, scale - 1, 1, context)
      return typeof value === 'string' ? value : [(scale - value) % scale, scale - 1 - value]
    },
  },
  mask: maskKind(false, 'sf, N, immr, imms: bitmask immediate.'),
  notmask: maskKind(true, 'sf, N, immr, imms: complement of a bitmask immediate.'),
  wide: wideKind(false, 'sf, hw, imm16: 16 bits in place.'),
  wideinv: wideKind(true, 'sf, hw, imm16: complement of 16 bits in place.'),
  addsub: addsubKind(1n, 'imm12, sh: immediate of ADD and SUB, shift found by the assembler.'),
  negated: addsubKind(-1n, 'imm12, sh: negative immediate of the opposite instruction.'),
  lsl12: lslKind(12, 'sh: LSL by 0 or 12.'),
  lsl16: lslKind(16, 'hw: LSL by a multiple of 16.'),
  lsl8: lslKind(8, 'cmode: LSL by a multiple of 8.'),
  shift: {
    doc: 'type, amount: LSL, LSR, ASR or ROR by a constant.',
    letters: 2,
    absent: [0, 0],
    print: ([type, amount]) => `${shiftNames[type!]} #${amount}`,
    parse(text, { widths }, context) {
      const shift = parseShift(text, context)
      const limit = 2n ** BigInt(widths[1]!)
      if (!shift || shift.amount < 0n || shift.amount >= limit)
        return 'a shift: lsl, lsr, asr or ror by an amount below the width'
      return [shift.type, Number(shift.amount)]
    },
  },
  label: {
    doc: 'Address of a label at a distance in words.',
    letters: 1,
    print: ([value], { widths }, context) =>
      printTarget(context.address + BigInt(signed(value!, widths[0]!)) * 4n, context),
    parse: (text, { widths }, context) => one(distance(text, context.pc, 4n, widths[0]!, context)),
  },
  adr: adrKind(1n, 'immhi, immlo: address of a label.'),
  adrp: adrKind(4096n, 'immhi, immlo: page of a label.'),
} as const satisfies Record<string, Kind>
