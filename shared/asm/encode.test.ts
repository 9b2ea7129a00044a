import { describe, expect, it } from 'vitest'
import { encode, knownMnemonics } from './encode.ts'
import { AsmError } from './error.ts'
import { evaluate, parseExpression } from './expression.ts'

/** Evaluates numbers and `.`; the instruction stands at `pc`. */
const contextAt = (pc: bigint) => ({
  pc,
  value(text: string): bigint {
    const value = evaluate(parseExpression(text), (name, column) => {
      if (name !== '.') throw new AsmError(`${name} is not defined`, column, 'Define it.')
      return { value: pc, section: null, signed: false }
    })
    if ('unknown' in value) throw new Error(value.unknown)
    return value.value
  },
})

function encodeLine(line: string, pc = 0n): number {
  const [, mnemonic, operands] = /^(\S+) ?(.*)$/.exec(line)!
  return encode(mnemonic!, operands!, contextAt(pc))
}

/** Spellings that differ from the canonical text. Source of the words: GNU as 2.40. */
const spellings: [number, string][] = [
  [0x92800000, 'mov x0, #-1'],
  [0x12800000, 'mov w0, #-1'],
  [0x52bfffe0, 'mov w0, #0xffff0000'],
  [0xd2e24680, 'mov x0, #0x1234000000000000'],
  [0x9281ffe1, 'mov x1, #0xfffffffffffff000'],
  [0xb200f3e2, 'mov x2, #0x5555555555555555'],
  [0x12800003, 'mov w3, #0xffffffff'],
  [0xaa1f03e0, 'mov x0, xzr'],
  [0x9100007f, 'mov sp, x3'],
  [0x910003e3, 'mov x3, sp'],
  [0x1100003f, 'mov wsp, w1'],
  [0xb27c03ff, 'mov sp, #0x10'],
  [0x91400420, 'add x0, x1, #4096'],
  [0xd1001020, 'add x0, x1, #-4'],
  [0x91401020, 'add x0, x1, #4, lsl #12'],
  [0x91001020, 'add x0, x1, #4, lsl #0'],
  [0xd1400bff, 'sub sp, sp, #0x2000'],
  [0x91004020, 'sub x0, x1, #-16'],
  [0xf1004020, 'adds x0, x1, #-16'],
  [0xb100041f, 'cmp x0, #-1'],
  [0x7100041f, 'cmn w0, #-1'],
  [0xf140141f, 'cmp x0, #0x5000'],
  [0x91004020, 'add x0, x1, 16'],
  [0x8b2263e0, 'add X0, SP, X2'],
  [0x8b020c20, 'add x0, x1, x2, lsl #3'],
  [0x8b224820, 'add x0, x1, w2, uxtw #2'],
  [0x8b228020, 'add x0, x1, w2, sxtb'],
  [0x8b2173ff, 'add sp, sp, x1, lsl #4'],
  [0x0b224020, 'add w0, w1, w2, uxtw'],
  [0xeb2163ff, 'cmp sp, x1'],
  [0xeb22203f, 'cmp x1, w2, uxth'],
  [0xcb410fe0, 'neg x0, x1, lsr #3'],
  [0x5a0103e0, 'ngc w0, w1'],
  [0x927cec20, 'and x0, x1, #~0xf'],
  [0x121c6c20, 'and w0, w1, #0xfffffff0'],
  [0x9278dc20, 'bic x0, x1, #0xff'],
  [0xf2401c1f, 'tst x0, #0xff'],
  [0xaa2103e0, 'mvn x0, x1'],
  [0xd340fc20, 'lsl x0, x1, #0'],
  [0x53010020, 'lsl w0, w1, #31'],
  [0xd343fc20, 'lsr x0, x1, #3'],
  [0x937ffc20, 'asr x0, x1, #63'],
  [0x93c11420, 'ror x0, x1, #5'],
  [0x9ac22020, 'lsl x0, x1, x2'],
  [0x1ac22c20, 'rorv w0, w1, w2'],
  [0xd3442c20, 'ubfx x0, x1, #4, #8'],
  [0x131c1c20, 'sbfiz w0, w1, #4, #8'],
  [0xb3440c20, 'bfi x0, x1, #60, #4'],
  [0x33007c20, 'bfxil w0, w1, #0, #32'],
  [0xb3781fe0, 'bfc x0, #8, #8'],
  [0x93407c20, 'sxtw x0, w1'],
  [0x13001c20, 'sxtb w0, w1'],
  [0x53001c20, 'uxtb w0, w1'],
  [0x9a9f37e0, 'cset x0, hs'],
  [0x5a9f23e0, 'csetm w0, lo'],
  [0x9a811420, 'cinc x0, x1, eq'],
  [0x5a815420, 'cneg w0, w1, mi'],
  [0xfa5f180f, 'ccmp x0, #31, #15, ne'],
  [0x9b027c20, 'mul x0, x1, x2'],
  [0x9ba27c20, 'umull x0, w1, w2'],
  [0x9b22fc20, 'smnegl x0, w1, w2'],
  [0xf9400020, 'ldr x0, [x1]'],
  [0xf9400020, 'ldr x0, [x1, #0]'],
  [0xf9400420, 'ldr x0, [ x1 , #8 ]'],
  [0xf85f8020, 'ldr x0, [x1, #-8]'],
  [0xf8407020, 'ldr x0, [x1, #7]'],
  [0xf85f8420, 'ldr x0, [x1], #-8'],
  [0xf8408c20, 'ldr x0, [x1, #8]!'],
  [0xb8626820, 'ldr w0, [x1, x2]'],
  [0xb8627820, 'ldr w0, [x1, x2, lsl #2]'],
  [0xb8625820, 'ldr w0, [x1, w2, uxtw #2]'],
  [0xb862c820, 'ldr w0, [x1, w2, sxtw]'],
  [0x38627820, 'ldrb w0, [x1, x2, lsl #0]'],
  [0x38626820, 'ldrb w0, [x1, x2]'],
  [0x3822d820, 'strb w0, [x1, w2, sxtw #0]'],
  [0x39bfffe0, 'ldrsb x0, [sp, #4095]'],
  [0xf81f0fff, 'str xzr, [sp, #-16]!'],
  [0xf9800000, 'prfm pldl1keep, [x0]'],
  [0xf9800418, 'prfm #24, [x0, #8]'],
  [0xf89f8015, 'prfm pstl3strm, [x0, #-8]'],
  [0xa9be7bfd, 'stp fp, lr, [sp, #-32]!'],
  [0xa8c27bfd, 'ldp x29, x30, [sp], #32'],
  [0x697f8440, 'ldpsw x0, x1, [x2, #-4]'],
  [0x291f8440, 'stp w0, w1, [x2, #252]'],
  [0x36180040, 'tbz x0, #3, .+8'],
  [0x37ffffc0, 'tbnz w0, #31, .-8'],
  [0xb6fbffe0, 'tbz x0, #63, .+32764'],
  [0x34000021, 'cbz w1, .+4'],
  [0x54000042, 'b.hs .+8'],
  [0x54ffffe3, 'bcc .-4'],
  [0x54000000, 'beq .'],
  [0xd65f03c0, 'ret'],
  [0xd65f0020, 'ret x1'],
  [0xd61f0200, 'br ip0'],
  [0xd63f0220, 'blr ip1'],
  [0xd5033f9f, 'dsb sy'],
  [0xd5033b9f, 'dsb ish'],
  [0xd503339f, 'dsb #3'],
  [0xd50339bf, 'dmb ishld'],
  [0xd5033fdf, 'isb'],
  [0xd5033fdf, 'isb sy'],
  [0xd50334df, 'isb #4'],
  [0xd5033f5f, 'clrex'],
  [0xd503335f, 'clrex #3'],
  [0xd50330ff, 'sb'],
  [0xd503309f, 'ssbb'],
  [0xd503201f, 'nop'],
  [0xd503229f, 'hint #20'],
  [0xd503207f, 'wfi'],
  [0xd503245f, 'bti c'],
  [0xd503223f, 'psb csync'],
  [0xd503233f, 'paciasp'],
  [0xd50342df, 'msr daifset, #2'],
  [0xd5034fff, 'msr DAIFClr, #0xf'],
  [0xd50041bf, 'msr spsel, #1'],
  [0xd503419f, 'msr tco, #1'],
  [0xd5181000, 'msr SCTLR_EL1, x0'],
  [0xd53810c0, 'mrs x0, S3_0_C1_C0_6'],
  [0xd53810c1, 'mrs x1, gcr_el1'],
  [0xd518561f, 'msr s3_0_c5_c6_0, xzr'],
  [0xd50b7460, 'dc gva, x0'],
  [0xd50b7e21, 'DC CIVAC, x1'],
  [0xd508751f, 'ic iallu'],
  [0xd50b7523, 'ic ivau, x3'],
  [0xd508831f, 'tlbi vmalle1is'],
  [0xd5088720, 'tlbi vae1, x0'],
  [0xd5087802, 'at s1e1r, x2'],
  [0xd50b7420, 'sys #3, C7, C4, #1, x0'],
  [0xd508871f, 'sys #0, c8, c7, #0'],
  [0xd52bb020, 'sysl x0, #3, c11, c0, #1'],
  [0xd4000001, 'svc #0'],
  [0xd401c1a2, 'hvc #0xe0d'],
  [0xd45e0000, 'hlt 0xf000'],
  [0x00000007, 'udf #7'],
  [0xc8e0fc41, 'casal x0, x1, [x2]'],
  [0x4820ffe2, 'caspl x0, x1, x2, x3, [sp]'],
  [0x38e00041, 'ldaddalb w0, w1, [x2]'],
  [0xf820003f, 'stadd x0, [x1]'],
  [0x7860003f, 'staddlh w0, [x1]'],
  [0xf821305f, 'stset x1, [x2]'],
  [0xb8a083e1, 'swpa w0, w1, [sp]'],
  [0xf8bfc020, 'ldapr x0, [x1]'],
  [0x99900020, 'ldapursw x0, [x1, #-256]'],
  [0x99000020, 'stlur w0, [x1]'],
  [0xc8208861, 'stlxp w0, x1, x2, [x3]'],
  [0x085ffc20, 'ldaxrb w0, [x1]'],
  [0x9adf1020, 'irg x0, x1'],
  [0x9ac21020, 'irg x0, x1, x2'],
  [0x91bf3c20, 'addg x0, x1, #1008, #15'],
  [0xbadf001f, 'cmpp x0, sp'],
  [0xd9200800, 'stg x0, [x0]'],
  [0xd9201c3f, 'stg sp, [x1, #16]!'],
  [0xd9b00420, 'st2g x0, [x1], #-4096'],
  [0x690087e0, 'stgp x0, x1, [sp, #16]'],
  [0xd97ff020, 'ldg x0, [x1, #-16]'],
  [0xd9e00020, 'ldgm x0, [x1]'],
  [0xba018424, 'rmif x1, #3, #4'],
  [0x3a00082d, 'setf8 w1'],
  [0xd500401f, 'cfinv'],
  [0xd500405f, 'axflag'],
  [0x9ac25c20, 'crc32cx w0, w1, x2'],
  [0x93c23420, 'extr x0, x1, x2, #13'],
  [0xdac00c20, 'rev64 x0, x1'],
  [0xf2e24680, 'movk x0, #0x1234, lsl #48'],
  [0x52a00020, 'movz w0, #1, lsl #16'],
  [0x92800020, 'movn x0, #1'],
  [0x30000020, 'adr x0, .+5'],
  [0xd2800820, "mov x0, #'A'"],
  [0x52800260, 'mov w0, #(1 << 4) | 3'],
  [0x3d800be0, 'str q0, [sp, #32]'],
  [0x3cdf0420, 'ldr q0, [x1], #-16'],
  [0x9c000040, 'ldr q0, .+8'],
  [0xad7f0be1, 'ldp q1, q2, [sp, #-32]'],
  [0x6d0007e0, 'stp d0, d1, [sp]'],
  [0x4c407000, 'ld1 {v0.16b}, [x0]'],
  [0x4cdf2c1e, 'ld1 {v30.2d, v31.2d, v0.2d, v1.2d}, [x0], #64'],
  [0x4c4007de, 'ld4 {v30.8h-v31.8h, v0.8h-v1.8h}, [x30]'],
  [0x4cdf2c00, 'ld1 { V0.2D - V3.2D }, [x0], #64'],
  [0x0c828420, 'st2 {v0.4h, v1.4h}, [x1], x2'],
  [0x4d40b020, 'ld3 {v0.s, v1.s, v2.s}[3], [x1]'],
  [0x0ddfcc20, 'ld1r {v0.1d}, [x1], #8'],
  [0x9eae0001, 'fmov x1, v0.d[1]'],
  [0x1e6e1000, 'fmov d0, #1.0'],
  [0x1e6e1000, 'fmov d0, #1'],
  [0x4f03f400, 'fmov v0.4s, #0.5'],
  [0x6e1f4420, 'mov v0.b[15], v1.b[8]'],
  [0x4e083c20, 'mov x0, v1.d[0]'],
  [0x4e081c20, 'mov v0.d[0], x1'],
  [0x4ea11c20, 'mov v0.16b, v1.16b'],
  [0x4f00e400, 'movi v0.16b, #0'],
  [0x2f07e7e1, 'movi d1, #-1'],
  [0x4f022420, 'movi v0.4s, #0x41, lsl #8'],
  [0x6f00c420, 'mvni v0.4s, #1, msl #8'],
  [0xd53b4400, 'mrs x0, fpcr'],
]

it.each(spellings)('0x%s: %s', (word, line) => {
  expect(encodeLine(line).toString(16)).toBe(word.toString(16))
})

describe('refusals', () => {
  const refusal = (line: string): { message: string; column: number; remedy: string } => {
    try {
      encodeLine(line)
    } catch (error) {
      if (error instanceof AsmError)
        return { message: error.message, column: error.column, remedy: error.remedy }
      throw error
    }
    throw new Error(`${line} was taken`)
  }

  it.each([
    ['addd x0, x1, x2', -1, 'unknown instruction `addd`', 'Did you mean `add`?'],
    ['add x0, w1, x2', 4, 'add: `w1` does not fit', 'Expected a 64-bit register: x0 to x30 or '],
    [
      'add x0, x1, #4097',
      8,
      'add: `#4097` does not fit',
      'an immediate from 0 to 4095, or a multiple of 4096',
    ],
    ['ldr x0, [x1, #32768]', 9, 'ldr: `#32768` does not fit', 'a multiple of 8 from 0 to 32760'],
    ['ldp x0, x1, [x2, #12]', 13, 'ldp: `#12` does not fit', 'a multiple of 8 from -512 to 504'],
    ['stg x0, [x1, #8]', 9, 'stg: `#8` does not fit', 'a multiple of 16 from -4096 to 4080'],
    ['ldr x0, [x1', 7, 'ldr: an operand is missing', 'Expected'],
    ['and x0, x1, #5', 8, 'and: `#5` does not fit', 'a bitmask immediate'],
    ['mov x0, #0x12345', 4, 'mov: `#0x12345` does not fit', 'an immediate that one mov can make'],
    ['b.eq . + 0x100000', 0, 'b.eq: `. + 0x100000` does not fit', 'a label within 1 MiB, at a multiple of 4'],
    ['tbz w0, #32, .', 4, 'tbz: `#32` does not fit', 'an immediate from 0 to 31'],
    ['msr sctlr_el9, x0', 0, 'msr: `sctlr_el9` does not fit', 'a system register such as sctlr_el1'],
    ['dc gvb, x0', 0, 'dc: `gvb` does not fit', 'zva, gva, gzva'],
    ['dsb foo', 0, 'dsb: `foo` does not fit', 'ish'],
    ['casp x1, x2, x4, x5, [x6]', 0, 'casp: `x1, x2, x4, x5, [x6]` does not fit', 'CASP'],
    ['casp x2, x4, x4, x5, [x6]', 4, 'casp: `x4` does not fit', 'the register after x2'],
    ['ret x0, x1', 2, 'ret: `, x1` does not fit', 'nothing more'],
    ['nop x0', 0, 'nop: `x0` does not fit', 'nothing more'],
  ])('%s', (line, column, message, remedy) => {
    const got = refusal(line)
    expect({ ...got, remedy: got.remedy.includes(remedy) ? remedy : got.remedy }).toEqual({
      message,
      column,
      remedy,
    })
  })

  it('passes on errors of the expression', () => {
    expect(refusal('mov x0, nowhere').message).toBe('nowhere is not defined')
  })
})

it('knows conditional branches in both spellings, and no floating-point arithmetic', () => {
  expect(['b.hs', 'bhs', 'ldaddalb', 'stset'].map((name) => knownMnemonics.has(name))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(knownMnemonics.has('fadd')).toBe(false)
})

it('takes the low 12 bits of a label', () => {
  expect(encodeLine('add x0, x0, :lo12:0x12345678')).toBe(0x9119e000)
})
