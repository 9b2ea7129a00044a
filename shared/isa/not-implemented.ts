/** A part of A64 that the machine leaves out. Its words decode to nothing and so are UNDEFINED, as the ID registers say. */
export interface NotImplemented {
  name: string
  /** What would bring the words: names of the manual, none of them a feature of ours. */
  feature: string
  /** As in an instruction row: 0 and 1 are fixed, letters are free. Together they need not be the exact set of words. */
  bits: readonly string[]
}

/**
 * No pattern here meets a row, and no feature named here is one of shared/arch/features.ts; a test holds them against each
 * other. What a machine may have or not (FEAT_MTE, FEAT_PAuth) does not stand here: its rows say what they need.
 */
export const notImplemented: readonly NotImplemented[] = [
  { name: 'SME', feature: 'FEAT_SME', bits: ['1aa0000aaaaaaaaaaaaaaaaaaaaaaaaa'] },
  { name: 'SVE', feature: 'FEAT_SVE', bits: ['aaa0010aaaaaaaaaaaaaaaaaaaaaaaaa'] },
  {
    name: 'Half-precision arithmetic',
    feature: 'FEAT_FP16',
    bits: [
      'a001111a11aaaaaaaaaaaaaaaaaaaaaa',
      '0aa01110a10aaaaa00aaa1aaaaaaaaaa',
      '01a11110a10aaaaa00aaa1aaaaaaaaaa',
      '0aa01110a111100aaaaa10aaaaaaaaaa',
      '01a11110a111100aaaaa10aaaaaaaaaa',
      '0a001110a011000011aa10aaaaaaaaaa',
      '01011110a011000011aa10aaaaaaaaaa',
      '0aa011110001aaaa111aa1aaaaaaaaaa',
      '01a111110001aaaa111aa1aaaaaaaaaa',
      '0aa0111100aaaaaaaa01a0aaaaaaaaaa',
      '01a1111100aaaaaaaa01a0aaaaaaaaaa',
      '0a00111100000aaa111111aaaaaaaaaa',
    ],
  },
  {
    name: 'Rounding multiply-accumulate',
    feature: 'FEAT_RDM',
    bits: [
      '0a101110aa0aaaaa1000a1aaaaaaaaaa',
      '01111110aa0aaaaa1000a1aaaaaaaaaa',
      '0a101111aaaaaaaa11a1a0aaaaaaaaaa',
      '01111111aaaaaaaa11a1a0aaaaaaaaaa',
    ],
  },
  {
    name: 'Dot products',
    feature: 'FEAT_DotProd',
    bits: ['0aa01110aa0aaaaa100101aaaaaaaaaa', '0aa01111aaaaaaaa1110a0aaaaaaaaaa'],
  },
  {
    name: 'Complex arithmetic',
    feature: 'FEAT_FCMA',
    bits: [
      '0a101110aa0aaaaa110aa1aaaaaaaaaa',
      '0a101110aa0aaaaa111a01aaaaaaaaaa',
      '0a101111aaaaaaaa0aa1a0aaaaaaaaaa',
    ],
  },
  {
    name: 'Integer matrix multiplication',
    feature: 'FEAT_I8MM',
    bits: [
      '0aa01110100aaaaa1010a1aaaaaaaaaa',
      '0a001110100aaaaa100111aaaaaaaaaa',
      '0a001111a0aaaaaa1111a0aaaaaaaaaa',
    ],
  },
  {
    name: 'BFloat16',
    feature: 'FEAT_BF16',
    bits: [
      '0a101110a10aaaaa111a11aaaaaaaaaa',
      '0a001111a1aaaaaa1111a0aaaaaaaaaa',
      '0001111001100011010000aaaaaaaaaa',
      '0a00111010100001011010aaaaaaaaaa',
    ],
  },
  {
    name: 'Widening half-precision multiply-accumulate',
    feature: 'FEAT_FHM',
    bits: [
      '0a001110aa1aaaaa111011aaaaaaaaaa',
      '0a101110aa1aaaaa110011aaaaaaaaaa',
      '0a00111110aaaaaa0a00a0aaaaaaaaaa',
      '0a10111110aaaaaa1a00a0aaaaaaaaaa',
    ],
  },
  { name: 'FJCVTZS', feature: 'FEAT_JSCVT', bits: ['0001111001111110000000aaaaaaaaaa'] },
  {
    name: 'Rounding to a number of bits',
    feature: 'FEAT_FRINTTS',
    bits: ['000111100a10100aa10000aaaaaaaaaa', '0aa011100a100001111a10aaaaaaaaaa'],
  },
  { name: 'AES', feature: 'FEAT_AES', bits: ['0100111000101000aaaa10aaaaaaaaaa'] },
  { name: 'PMULL (64-bit)', feature: 'FEAT_PMULL', bits: ['0a001110111aaaaa111000aaaaaaaaaa'] },
  {
    name: 'SHA-1 and SHA-256',
    feature: 'FEAT_SHA256',
    bits: ['01011110000aaaaa0aaa00aaaaaaaaaa', '0101111000101000aaaa10aaaaaaaaaa'],
  },
  {
    name: 'SHA-512, SHA-3, SM3 and SM4',
    feature: 'FEAT_SHA3',
    bits: ['11001110aaaaaaaaaaaaaaaaaaaaaaaa'],
  },
  {
    name: 'Min, max, absolute value and bit counts',
    bits: [
      'a001000111aaaaaaaaaaaaaaaaaaaaaa',
      'a0011010110 aaaaa 0110aa aaaaa aaaaa',
      'a101101011000000 00011a aaaaa aaaaa',
      'a101101011000000 001000 aaaaa aaaaa',
    ],
    feature: 'FEAT_CSSC',
  },
  {
    name: 'Memory copy and set',
    bits: ['aa011a01aa0 aaaaa aaaa01 aaaaa aaaaa'],
    feature: 'FEAT_MOPS',
  },
  { name: 'BC.cond', bits: ['01010100 aaaaaaaaaaaaaaaaaaa 1 aaaa'], feature: 'FEAT_HBC' },
  {
    name: 'DCPS1, DCPS2, DCPS3, DRPS',
    bits: ['11010100101 aaaaaaaaaaaaaaaa 000aa', '11010110101111110000001111100000'],
    feature: 'Halting debug',
  },
  { name: 'DSB nXS', bits: ['11010101000000110011 aa10 00111111'], feature: 'FEAT_XS' },
  {
    name: 'Transactional memory',
    bits: [
      '11010100011 aaaaaaaaaaaaaaaa 00000',
      '11010101000000110011000001111111',
      '110101010010001100110000011 aaaaa',
    ],
    feature: 'FEAT_TME',
  },
  {
    name: 'Loads and stores of 64 bytes',
    bits: [
      '11111000001 aaaaa 10a100 aaaaa aaaaa',
      '11111000001 aaaaa 101000 aaaaa aaaaa',
      '11111000001 aaaaa 110100 aaaaa aaaaa',
    ],
    feature: 'FEAT_LS64',
  },
  {
    name: 'LDIAPP, STILP and other RCpc3 forms',
    bits: ['aa011001aa0 aaaaaaaaa 10 aaaaa aaaaa'],
    feature: 'FEAT_LRCPC3',
  },
  {
    name: '128-bit atomics',
    bits: ['00011001aa1 aaaaa aaaa00 aaaaa aaaaa'],
    feature: 'FEAT_LSE128',
  },
  {
    name: 'Read-check-write atomics',
    bits: [
      '0a111000aa1 aaaaa 101a00 aaaaa aaaaa',
      '0a111000aa1 aaaaa 100100 aaaaa aaaaa',
      '0a011001aa1 aaaaa aaaa10 aaaaa aaaaa',
    ],
    feature: 'FEAT_THE',
  },
  {
    name: '128-bit system registers and instructions',
    bits: ['1101010101aaaaaaaaaaaaaaaaaaaaaa'],
    feature: 'FEAT_SYSREG128',
  },
]
