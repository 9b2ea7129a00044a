/**
 * Instructions that the ID registers promise (FEAT_FP and FEAT_AdvSIMD of v8.0, without half precision) and the machine does
 * not execute: floating-point arithmetic and AdvSIMD data processing. The run ends with their name. A word of this space
 * that is neither here nor a row is UNDEFINED.
 *
 * Source: DDI 0487, C4.1, "Data Processing -- Scalar Floating-Point and Advanced SIMD"; a group here is a table there.
 */
interface Group {
  /** What stands behind the name: `FADD (vector)`. */
  form: string
  /** 0 and 1 are fixed; `o` is the opcode, given by each line; other letters are looked at by rules; a dot is an operand. */
  bits: string
  /** Lines of opcode, name and rule. The opcode may be written in parts: bits that stand apart in the word (U first). */
  lines: string
}

type Fields = Readonly<Record<string, number>>

/** Which words of a line are allocated. q: 128 bits; s: size; z: double precision; h: immh; l: L. */
const rules: Readonly<Record<string, (f: Fields) => boolean>> = {
  any: () => true,
  size0: (f) => f.s === 0,
  size1: (f) => f.s === 1,
  size01: (f) => f.s! < 2,
  size12: (f) => f.s === 1 || f.s === 2,
  size3: (f) => f.s === 3,
  not3: (f) => f.s !== 3,
  /** A vector of one doubleword does not exist. */
  lanes: (f) => f.s !== 3 || f.q === 1,
  across: (f) => f.s! < 2 || (f.s === 2 && f.q === 1),
  single: (f) => f.z === 0,
  double: (f) => f.z === 1,
  /** As lanes, for floating point. */
  floats: (f) => f.z === 0 || f.q === 1,
  fourSingles: (f) => f.z === 0 && f.q === 1,
  extract: (f) => f.i === 0 || f.q === 1,
  /** Shifts: immh tells the element, 1xxx being doublewords and 0000 another group. */
  shift: (f) => f.h! > 0,
  shift64: (f) => f.h! >= 8,
  shiftNarrow: (f) => f.h! > 0 && f.h! < 8,
  shiftFloat: (f) => f.h! >= 4,
  shiftLanes: (f) => f.h! > 0 && (f.h! < 8 || f.q === 1),
  shiftFloats: (f) => f.h! >= 4 && (f.h! < 8 || f.q === 1),
  /** By element, floating point: size is 1z, and L is part of the index of words only. */
  byFloat: (f) => f.s === 2 || (f.s === 3 && f.l === 0),
  byFloats: (f) => f.s === 2 || (f.s === 3 && f.l === 0 && f.q === 1),
  /** A 32-bit register has at most 32 fraction bits. */
  fraction: (f) => f.k === 1 || f.c === 1,
}

const groups: readonly Group[] = [
  {
    form: 'AdvSIMD scalar',
    bits: '01o11110ss1.....ooooo1..........',
    lines: `
      0 00001 SQADD any     0 00101 SQSUB any     0 00110 CMGT size3    0 00111 CMGE size3
      0 01000 SSHL size3    0 01001 SQSHL any     0 01010 SRSHL size3   0 01011 SQRSHL any
      0 10000 ADD size3     0 10001 CMTST size3   0 10110 SQDMULH size12
      1 00001 UQADD any     1 00101 UQSUB any     1 00110 CMHI size3    1 00111 CMHS size3
      1 01000 USHL size3    1 01001 UQSHL any     1 01010 URSHL size3   1 01011 UQRSHL any
      1 10000 SUB size3     1 10001 CMEQ size3    1 10110 SQRDMULH size12`,
  },
  {
    form: 'AdvSIMD scalar',
    bits: '01o11110oz1.....ooooo1..........',
    lines: `
      0 0 11011 FMULX any   0 0 11100 FCMEQ any   0 0 11111 FRECPS any  0 1 11111 FRSQRTS any
      1 0 11100 FCMGE any   1 0 11101 FACGE any   1 1 11010 FABD any    1 1 11100 FCMGT any
      1 1 11101 FACGT any`,
  },
  {
    form: 'AdvSIMD scalar',
    bits: '01o11110ss1.....oooo00..........',
    lines: '0 1001 SQDMLAL size12  0 1011 SQDMLSL size12  0 1101 SQDMULL size12',
  },
  {
    form: 'AdvSIMD scalar',
    bits: '01o11110ss10000ooooo10..........',
    lines: `
      0 00011 SUQADD any    0 00111 SQABS any     0 01000 CMGT size3    0 01001 CMEQ size3
      0 01010 CMLT size3    0 01011 ABS size3     0 10100 SQXTN not3
      1 00011 USQADD any    1 00111 SQNEG any     1 01000 CMGE size3    1 01001 CMLE size3
      1 01011 NEG size3     1 10010 SQXTUN not3   1 10100 UQXTN not3`,
  },
  {
    form: 'AdvSIMD scalar',
    bits: '01o11110oz10000ooooo10..........',
    lines: `
      0 0 11010 FCVTNS any  0 0 11011 FCVTMS any  0 0 11100 FCVTAS any  0 0 11101 SCVTF any
      0 1 01100 FCMGT any   0 1 01101 FCMEQ any   0 1 01110 FCMLT any   0 1 11010 FCVTPS any
      0 1 11011 FCVTZS any  0 1 11101 FRECPE any  0 1 11111 FRECPX any
      1 0 10110 FCVTXN double  1 0 11010 FCVTNU any  1 0 11011 FCVTMU any  1 0 11100 FCVTAU any
      1 0 11101 UCVTF any   1 1 01100 FCMGE any   1 1 01101 FCMLE any   1 1 11010 FCVTPU any
      1 1 11011 FCVTZU any  1 1 11101 FRSQRTE any`,
  },
  { form: 'AdvSIMD scalar pairwise', bits: '01o11110ss11000ooooo10..........', lines: '0 11011 ADDP size3' },
  {
    form: 'AdvSIMD scalar pairwise',
    bits: '01o11110oz11000ooooo10..........',
    lines: `
      1 0 01100 FMAXNMP any  1 0 01101 FADDP any  1 0 01111 FMAXP any
      1 1 01100 FMINNMP any  1 1 01111 FMINP any`,
  },
  {
    form: 'AdvSIMD scalar, immediate',
    bits: '01o111110hhhh...ooooo1..........',
    lines: `
      0 00000 SSHR shift64  0 00010 SSRA shift64  0 00100 SRSHR shift64 0 00110 SRSRA shift64
      0 01010 SHL shift64   0 01110 SQSHL shift   0 10010 SQSHRN shiftNarrow
      0 10011 SQRSHRN shiftNarrow                 0 11100 SCVTF shiftFloat
      0 11111 FCVTZS shiftFloat
      1 00000 USHR shift64  1 00010 USRA shift64  1 00100 URSHR shift64 1 00110 URSRA shift64
      1 01000 SRI shift64   1 01010 SLI shift64   1 01100 SQSHLU shift  1 01110 UQSHL shift
      1 10000 SQSHRUN shiftNarrow                 1 10001 SQRSHRUN shiftNarrow
      1 10010 UQSHRN shiftNarrow                  1 10011 UQRSHRN shiftNarrow
      1 11100 UCVTF shiftFloat                    1 11111 FCVTZU shiftFloat`,
  },
  {
    form: 'AdvSIMD scalar, by element',
    bits: '01o11111ssl.....oooo.0..........',
    lines: `
      0 0011 SQDMLAL size12 0 0111 SQDMLSL size12 0 1011 SQDMULL size12 0 1100 SQDMULH size12
      0 1101 SQRDMULH size12
      0 0001 FMLA byFloat   0 0101 FMLS byFloat   0 1001 FMUL byFloat   1 1001 FMULX byFloat`,
  },
  { form: 'vector', bits: '0.001110000.....0..o00..........', lines: '0 TBL any  1 TBX any' },
  {
    form: 'vector',
    bits: '0q001110ss0.....0ooo10..........',
    lines: `
      001 UZP1 lanes        010 TRN1 lanes        011 ZIP1 lanes
      101 UZP2 lanes        110 TRN2 lanes        111 ZIP2 lanes`,
  },
  { form: 'vector', bits: '0qo01110000.....0i...0..........', lines: '1 EXT extract' },
  {
    form: 'vector',
    bits: '0qo01110ss1.....ooooo1..........',
    lines: `
      0 00000 SHADD not3    0 00001 SQADD lanes   0 00010 SRHADD not3   0 00100 SHSUB not3
      0 00101 SQSUB lanes   0 00110 CMGT lanes    0 00111 CMGE lanes    0 01000 SSHL lanes
      0 01001 SQSHL lanes   0 01010 SRSHL lanes   0 01011 SQRSHL lanes  0 01100 SMAX not3
      0 01101 SMIN not3     0 01110 SABD not3     0 01111 SABA not3     0 10000 ADD lanes
      0 10001 CMTST lanes   0 10010 MLA not3      0 10011 MUL not3      0 10100 SMAXP not3
      0 10101 SMINP not3    0 10110 SQDMULH size12  0 10111 ADDP lanes
      1 00000 UHADD not3    1 00001 UQADD lanes   1 00010 URHADD not3   1 00100 UHSUB not3
      1 00101 UQSUB lanes   1 00110 CMHI lanes    1 00111 CMHS lanes    1 01000 USHL lanes
      1 01001 UQSHL lanes   1 01010 URSHL lanes   1 01011 UQRSHL lanes  1 01100 UMAX not3
      1 01101 UMIN not3     1 01110 UABD not3     1 01111 UABA not3     1 10000 SUB lanes
      1 10001 CMEQ lanes    1 10010 MLS not3      1 10011 PMUL size0    1 10100 UMAXP not3
      1 10101 UMINP not3    1 10110 SQRDMULH size12`,
  },
  {
    form: 'vector',
    bits: '0qo01110oz1.....ooooo1..........',
    lines: `
      0 0 11000 FMAXNM floats  0 0 11001 FMLA floats   0 0 11010 FADD floats  0 0 11011 FMULX floats
      0 0 11100 FCMEQ floats   0 0 11110 FMAX floats   0 0 11111 FRECPS floats
      0 1 11000 FMINNM floats  0 1 11001 FMLS floats   0 1 11010 FSUB floats  0 1 11110 FMIN floats
      0 1 11111 FRSQRTS floats
      1 0 11000 FMAXNMP floats 1 0 11010 FADDP floats  1 0 11011 FMUL floats  1 0 11100 FCMGE floats
      1 0 11101 FACGE floats   1 0 11110 FMAXP floats  1 0 11111 FDIV floats
      1 1 11000 FMINNMP floats 1 1 11010 FABD floats   1 1 11100 FCMGT floats 1 1 11101 FACGT floats
      1 1 11110 FMINP floats`,
  },
  {
    form: 'vector',
    bits: '0.o01110ss1.....oooo00..........',
    lines: `
      0 0000 SADDL not3     0 0001 SADDW not3     0 0010 SSUBL not3     0 0011 SSUBW not3
      0 0100 ADDHN not3     0 0101 SABAL not3     0 0110 SUBHN not3     0 0111 SABDL not3
      0 1000 SMLAL not3     0 1001 SQDMLAL size12 0 1010 SMLSL not3     0 1011 SQDMLSL size12
      0 1100 SMULL not3     0 1101 SQDMULL size12 0 1110 PMULL size0
      1 0000 UADDL not3     1 0001 UADDW not3     1 0010 USUBL not3     1 0011 USUBW not3
      1 0100 RADDHN not3    1 0101 UABAL not3     1 0110 RSUBHN not3    1 0111 UABDL not3
      1 1000 UMLAL not3     1 1010 UMLSL not3     1 1100 UMULL not3`,
  },
  {
    form: 'vector',
    bits: '0qo01110ss10000ooooo10..........',
    lines: `
      0 00000 REV64 not3    0 00001 REV16 size0   0 00010 SADDLP not3   0 00011 SUQADD lanes
      0 00100 CLS not3      0 00101 CNT size0     0 00110 SADALP not3   0 00111 SQABS lanes
      0 01000 CMGT lanes    0 01001 CMEQ lanes    0 01010 CMLT lanes    0 01011 ABS lanes
      0 10010 XTN not3      0 10100 SQXTN not3
      1 00000 REV32 size01  1 00010 UADDLP not3   1 00011 USQADD lanes  1 00100 CLZ not3
      1 00101 NOT size0     1 00101 RBIT size1    1 00110 UADALP not3   1 00111 SQNEG lanes
      1 01000 CMGE lanes    1 01001 CMLE lanes    1 01011 NEG lanes     1 10010 SQXTUN not3
      1 10011 SHLL not3     1 10100 UQXTN not3`,
  },
  {
    form: 'vector',
    bits: '0qo01110oz10000ooooo10..........',
    lines: `
      0 0 10110 FCVTN any      0 0 10111 FCVTL any     0 0 11000 FRINTN floats 0 0 11001 FRINTM floats
      0 0 11010 FCVTNS floats  0 0 11011 FCVTMS floats 0 0 11100 FCVTAS floats 0 0 11101 SCVTF floats
      0 1 01100 FCMGT floats   0 1 01101 FCMEQ floats  0 1 01110 FCMLT floats  0 1 01111 FABS floats
      0 1 11000 FRINTP floats  0 1 11001 FRINTZ floats 0 1 11010 FCVTPS floats 0 1 11011 FCVTZS floats
      0 1 11100 URECPE single  0 1 11101 FRECPE floats
      1 0 10110 FCVTXN double  1 0 11000 FRINTA floats 1 0 11001 FRINTX floats 1 0 11010 FCVTNU floats
      1 0 11011 FCVTMU floats  1 0 11100 FCVTAU floats 1 0 11101 UCVTF floats
      1 1 01100 FCMGE floats   1 1 01101 FCMLE floats  1 1 01111 FNEG floats   1 1 11001 FRINTI floats
      1 1 11010 FCVTPU floats  1 1 11011 FCVTZU floats 1 1 11100 URSQRTE single
      1 1 11101 FRSQRTE floats 1 1 11111 FSQRT floats`,
  },
  {
    form: 'vector, across lanes',
    bits: '0qo01110ss11000ooooo10..........',
    lines: `
      0 00011 SADDLV across 0 01010 SMAXV across  0 11010 SMINV across  0 11011 ADDV across
      1 00011 UADDLV across 1 01010 UMAXV across  1 11010 UMINV across`,
  },
  {
    form: 'vector, across lanes',
    bits: '0qo01110oz11000ooooo10..........',
    lines: `
      1 0 01100 FMAXNMV fourSingles  1 0 01111 FMAXV fourSingles
      1 1 01100 FMINNMV fourSingles  1 1 01111 FMINV fourSingles`,
  },
  {
    form: 'vector, immediate',
    bits: '0qo011110hhhh...ooooo1..........',
    lines: `
      0 00000 SSHR shiftLanes   0 00010 SSRA shiftLanes  0 00100 SRSHR shiftLanes 0 00110 SRSRA shiftLanes
      0 01010 SHL shiftLanes    0 01110 SQSHL shiftLanes 0 10000 SHRN shiftNarrow 0 10001 RSHRN shiftNarrow
      0 10010 SQSHRN shiftNarrow  0 10011 SQRSHRN shiftNarrow  0 10100 SSHLL shiftNarrow
      0 11100 SCVTF shiftFloats   0 11111 FCVTZS shiftFloats
      1 00000 USHR shiftLanes   1 00010 USRA shiftLanes  1 00100 URSHR shiftLanes 1 00110 URSRA shiftLanes
      1 01000 SRI shiftLanes    1 01010 SLI shiftLanes   1 01100 SQSHLU shiftLanes 1 01110 UQSHL shiftLanes
      1 10000 SQSHRUN shiftNarrow 1 10001 SQRSHRUN shiftNarrow 1 10010 UQSHRN shiftNarrow
      1 10011 UQRSHRN shiftNarrow 1 10100 USHLL shiftNarrow
      1 11100 UCVTF shiftFloats   1 11111 FCVTZU shiftFloats`,
  },
  {
    form: 'vector, by element',
    bits: '0qo01111ssl.....oooo.0..........',
    lines: `
      0 0010 SMLAL size12   0 0011 SQDMLAL size12 0 0110 SMLSL size12   0 0111 SQDMLSL size12
      0 1000 MUL size12     0 1010 SMULL size12   0 1011 SQDMULL size12 0 1100 SQDMULH size12
      0 1101 SQRDMULH size12
      1 0000 MLA size12     1 0010 UMLAL size12   1 0100 MLS size12     1 0110 UMLSL size12
      1 1010 UMULL size12
      0 0001 FMLA byFloats  0 0101 FMLS byFloats  0 1001 FMUL byFloats  1 1001 FMULX byFloats`,
  },
  {
    form: 'scalar, fixed-point',
    bits: 'k00111100z0oooooc...............',
    lines: '00 010 SCVTF fraction  00 011 UCVTF fraction  11 000 FCVTZS fraction  11 001 FCVTZU fraction',
  },
  {
    form: 'scalar, integer',
    bits: '.00111100z1ooooo000000..........',
    lines: `
      00 000 FCVTNS any     00 001 FCVTNU any     00 010 SCVTF any      00 011 UCVTF any
      00 100 FCVTAS any     00 101 FCVTAU any     01 000 FCVTPS any     01 001 FCVTPU any
      10 000 FCVTMS any     10 001 FCVTMU any     11 000 FCVTZS any     11 001 FCVTZU any`,
  },
  {
    form: 'scalar',
    bits: '000111100z1oooooo10000..........',
    lines: `
      000001 FABS any       000010 FNEG any       000011 FSQRT any      000100 FCVT double
      000101 FCVT single    000111 FCVT any       001000 FRINTN any     001001 FRINTP any
      001010 FRINTM any     001011 FRINTZ any     001100 FRINTA any     001110 FRINTX any
      001111 FRINTI any`,
  },
  { form: 'scalar', bits: '00011110111oooooo10000..........', lines: '000100 FCVT any  000101 FCVT any' },
  {
    form: 'scalar',
    bits: '000111100z1.....001000.....oo000',
    lines: '00 FCMP any  01 FCMP any  10 FCMPE any  11 FCMPE any',
  },
  { form: 'scalar', bits: '000111100z1.........01.....o....', lines: '0 FCCMP any  1 FCCMPE any' },
  {
    form: 'scalar',
    bits: '000111100z1.....oooo10..........',
    lines: `
      0000 FMUL any         0001 FDIV any         0010 FADD any         0011 FSUB any
      0100 FMAX any         0101 FMIN any         0110 FMAXNM any       0111 FMINNM any
      1000 FNMUL any`,
  },
  { form: 'scalar', bits: '000111100z1.........11..........', lines: 'FCSEL any' },
  {
    form: 'scalar',
    bits: '000111110zo.....o...............',
    lines: '0 0 FMADD any  0 1 FMSUB any  1 0 FNMADD any  1 1 FNMSUB any',
  },
]

interface Compiled {
  form: string
  mask: number
  value: number
  /** Bit numbers of each letter, most significant first. */
  places: ReadonlyMap<string, readonly number[]>
  byOpcode: ReadonlyMap<number, readonly { name: string; allocated: (f: Fields) => boolean }[]>
}

function compile({ form, bits, lines }: Group): Compiled {
  if (bits.length !== 32) throw new Error(`${form}: ${bits.length} bits instead of 32 in '${bits}'`)
  let mask = 0
  let value = 0
  const places = new Map<string, number[]>()
  for (const [index, char] of [...bits].entries()) {
    const bit = 31 - index
    if (char === '0' || char === '1') {
      mask |= 1 << bit
      value |= Number(char) << bit
    } else if (char !== '.') places.set(char, [...(places.get(char) ?? []), bit])
  }
  const byOpcode = new Map<number, { name: string; allocated: (f: Fields) => boolean }[]>()
  for (const [, opcodeText, name, rule] of lines.matchAll(/((?:[01]+ +)*)([A-Z]\w*) (\w+)/g)) {
    const opcode = opcodeText!.replaceAll(' ', '')
    if (opcode.length !== (places.get('o')?.length ?? 0))
      throw new Error(`${name}: opcode ${opcode} in '${bits}'`)
    const allocated = rules[rule!]
    if (!allocated) throw new Error(`${name}: there is no rule ${rule}`)
    const key = Number.parseInt(opcode || '0', 2)
    byOpcode.set(key, [...(byOpcode.get(key) ?? []), { name: name!, allocated }])
  }
  return { form, mask: mask >>> 0, value: value >>> 0, places, byOpcode }
}

const compiled = groups.map(compile)

const gather = (word: number, bits: readonly number[]): number =>
  bits.reduce((value, bit) => (value << 1) | ((word >>> bit) & 1), 0)

/** `FADD (vector)` for a word that the features allocate and the machine does not execute; else null. */
export function notModelledName(word: number): string | null {
  for (const { form, mask, value, places, byOpcode } of compiled) {
    if ((word & mask) >>> 0 !== value) continue
    const lines = byOpcode.get(gather(word, places.get('o') ?? []))
    if (!lines) continue
    const fields = Object.fromEntries([...places].map(([letter, bits]) => [letter, gather(word, bits)]))
    const line = lines.find(({ allocated }) => allocated(fields))
    if (line) return `${line.name} (${form})`
  }
  return null
}
