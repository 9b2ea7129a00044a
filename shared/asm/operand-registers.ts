import type { Kind, ParseContext, Parsed, Place } from './operand.ts'
import { immediate } from './operand-immediates.ts'
import { type Register, readRegister, registerName } from './register-names.ts'

/** Register operands, alone and with an extension. */

function expectation(sf: number | undefined, sp: boolean): string {
  const zero = sp ? ['wsp', 'sp'] : ['wzr', 'xzr']
  if (sf === 1) return `a 64-bit register: x0 to x30 or ${zero[1]}`
  if (sf === 0) return `a 32-bit register: w0 to w30 or ${zero[0]}`
  return `a register: x0 to x30 or ${zero[1]}, w0 to w30 or ${zero[0]}`
}

/** The register of a text when it has the width (undefined: any) and meaning of 31 asked for; else what was expected. */
function wanted(text: string, sf: number | undefined, sp: boolean): Register | string {
  const register = readRegister(text)
  if (register === null) return expectation(sf, sp)
  if (sf !== undefined && register.sf !== sf) return expectation(sf, sp)
  if (register.n === 31 && register.sp !== sp) return expectation(sf, sp)
  return register
}

const letterOf = (sf: number): string => (sf ? 'x' : 'w')

const fixedWidth = (sf: 0 | 1, sp: boolean, doc: string): Kind => ({
  doc,
  letters: 1,
  absent: [31],
  print: ([n]) => registerName(sf, n!, sp),
  parse(text) {
    const register = wanted(text, sf, sp)
    return typeof register === 'string' ? register : [register.n]
  },
})

const anyWidth = (sp: boolean, doc: string): Kind => ({
  doc,
  letters: 2,
  print: ([sf, n]) => registerName(sf!, n!, sp),
  parse(text, _place, _context, [sf]) {
    const register = wanted(text, sf, sp)
    return typeof register === 'string' ? register : [register.sf, register.n]
  },
})

const next = (sf: 0 | 1): Kind => ({
  doc: `The ${letterOf(sf)} register after the one in the field.`,
  letters: 1,
  print: ([n]) => registerName(sf, n! + 1, false),
  parse(text, _place, _context, [n]) {
    const register = wanted(text, sf, false)
    if (typeof register === 'string') return register
    return n !== undefined && register.n === n + 1
      ? [null]
      : `the register after ${registerName(sf, n ?? 0, false)}`
  },
})

const twice = (sf: 0 | 1): Kind => ({
  doc: `One ${letterOf(sf)} register that goes into both fields.`,
  letters: 2,
  print: ([n, m]) => (n === m ? registerName(sf, n!, false) : null),
  parse(text) {
    const register = wanted(text, sf, false)
    return typeof register === 'string' ? register : [register.n, register.n]
  },
})

const extensions = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx']

/** `x2`, `w2, uxtw #2`, `x2, lsl #1`: the register, the name of the extension, and the amount if one is written. */
function splitExtended(text: string): { register: string; extension: string; amount: string | null } | null {
  const match = /^(\w+)\s*(?:,\s*([a-z]+)\s*(?:#\s*)?(.*))?$/is.exec(text)
  if (!match) return null
  return {
    register: match[1]!,
    extension: (match[2] ?? '').toLowerCase(),
    amount: match[3] === undefined || match[3].trim() === '' ? null : match[3].trim(),
  }
}

/** In the extended-register forms, LSL is the name of the full-width UXT where SP is involved. */
function printExtended(sf: number, lsl: boolean, m: number, option: number, amount: number): string {
  const wide = (option & 3) === 3
  const register = registerName(sf && wide ? 1 : 0, m, false)
  if (lsl && option === (sf ? 3 : 2)) return amount ? `${register}, lsl #${amount}` : register
  return `${register}, ${extensions[option]}${amount ? ` #${amount}` : ''}`
}

function parseExtended(
  text: string,
  sf: number,
  context: ParseContext,
): readonly [number, number, number] | string {
  const parts = splitExtended(text)
  const expected = `a register with an extension, such as ${sf ? 'x2, lsl #1' : 'w2, lsl #1'} or w2, uxtw #2`
  if (!parts) return expected
  const register = readRegister(parts.register)
  if (!register || register.sp) return expected
  const plain = parts.extension === '' || parts.extension === 'lsl'
  const option = plain ? (sf ? 3 : 2) : extensions.indexOf(parts.extension)
  if (option < 0) return `one of ${extensions.join(', ')} or lsl`
  if (register.sf !== (sf && (option & 3) === 3 ? 1 : 0)) {
    return `${register.sf ? 'a w register' : 'an x register'} with ${plain ? 'lsl' : extensions[option]}`
  }
  if (parts.extension === 'lsl' && parts.amount === null) return 'an amount after lsl: #0 to #4'
  const amount = parts.amount === null ? 0 : immediate(parts.amount, context)
  if (typeof amount === 'string') return amount
  return amount >= 0n && amount <= 4n ? [register.n, option, Number(amount)] : 'an amount from 0 to 4'
}

const extended = (sp: readonly number[], doc: string): Kind => ({
  doc,
  letters: sp.length + 4,
  spansCommas: true,
  print(fields) {
    const [m, option, amount] = fields.slice(1 + sp.length) as [number, number, number]
    const lsl = fields.slice(1, 1 + sp.length).includes(31)
    return printExtended(fields[0]!, lsl, m, option, amount)
  },
  parse(text, _place, context, [sf]) {
    const parsed = parseExtended(text, sf ?? 1, context)
    return typeof parsed === 'string' ? parsed : [null, ...sp.map(() => null), ...parsed]
  },
})

/** The extensions of a register offset by option; LSL is UXTX. */
const offsetExtensions: Readonly<Record<number, string>> = { 2: 'uxtw', 3: 'lsl', 6: 'sxtw', 7: 'sxtx' }

function printOffset(m: number, option: number, scaled: number, scale: number): string | null {
  const extension = offsetExtensions[option]
  if (!extension) return null
  const register = registerName(option & 1, m, false)
  if (option === 3 && !scaled) return register
  return `${register}, ${extension}${scaled ? ` #${Math.log2(scale)}` : ''}`
}

function parseOffset(text: string, { scale }: Place, context: ParseContext): Parsed {
  const amounts = scale === 1 ? '#0' : `#0 or #${Math.log2(scale)}`
  const expected = `a register offset, such as x2, x2, lsl ${amounts} or w2, sxtw ${amounts}`
  const parts = splitExtended(text)
  const register = parts && readRegister(parts.register)
  if (!parts || !register || register.sp) return expected
  const extension = parts.extension || 'lsl'
  const option = Object.entries(offsetExtensions).find(([, name]) => name === extension)?.[0]
  if (option === undefined) return 'one of lsl, uxtw, sxtw and sxtx'
  if (register.sf !== (Number(option) & 1)) {
    return `${register.sf ? 'a w register' : 'an x register'} with ${extension}`
  }
  if (parts.amount === null)
    return parts.extension === 'lsl' ? `an amount after lsl: ${amounts}` : [Number(option), register.n, 0]
  const amount = immediate(parts.amount, context)
  if (typeof amount === 'string') return amount
  const log = BigInt(Math.log2(scale))
  if (amount !== 0n && amount !== log) return `an amount of ${amounts}`
  // For bytes, #0 written out sets the S bit; it is the only thing that S tells.
  return [Number(option), register.n, amount === log && (log > 0n || parts.amount !== null) ? 1 : 0]
}

export const registerKinds = {
  w: fixedWidth(0, false, 'W register; 31 is WZR.'),
  x: fixedWidth(1, false, 'X register; 31 is XZR.'),
  xsp: fixedWidth(1, true, 'X register; 31 is SP.'),
  r: anyWidth(false, 'sf, n: W or X register; 31 is the zero register.'),
  rsp: anyWidth(true, 'sf, n: W or X register; 31 is the stack pointer.'),
  wnext: next(0),
  xnext: next(1),
  w2: twice(0),
  x2: twice(1),
  r2: {
    doc: 'sf, n, m: one register that goes into both fields.',
    letters: 3,
    print: ([sf, n, m]) => (n === m ? registerName(sf!, n!, false) : null),
    parse(text, _place, _context, [sf]) {
      const register = wanted(text, sf, false)
      return typeof register === 'string' ? register : [register.sf, register.n, register.n]
    },
  },
  tbr: {
    doc: 'b5, t: register of a bit test; X for bits 32 and up. An X register may be written for lower bits too.',
    letters: 2,
    print: ([b5, t]) => registerName(b5!, t!, false),
    parse(text) {
      const register = wanted(text, undefined, false)
      return typeof register === 'string' ? register : [register.sf ? null : 0, register.n]
    },
  },
  extreg: extended([0, 1], 'sf, d, n, m, option, amount: extended register; LSL where Rd or Rn is SP.'),
  extregs: extended([0], 'sf, n, m, option, amount: extended register; LSL where Rn is SP.'),
  offset: {
    doc: 'option, m, S: register offset of an address, scaled by *bytes when S is 1.',
    letters: 3,
    spansCommas: true,
    print: ([option, m, scaled], { scale }) => printOffset(m!, option!, scaled!, scale),
    parse: parseOffset,
  },
} as const satisfies Record<string, Kind>
