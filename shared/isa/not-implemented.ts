/** A part of A64 that the machine leaves out. Its words decode to nothing and so are UNDEFINED. */
export interface NotImplemented {
  name: string
  /** As in an instruction row: 0 and 1 are fixed, letters are free. Together they need not be the exact set of words. */
  bits: readonly string[]
  reason: string
}

const noFeature = (feature: string): string => `No machine of ours has ${feature}.`
const generalOnly = 'The supported code is built for general registers only (-mgeneral-regs-only).'

/** No pattern here meets a row; a test holds them against each other. */
export const notImplemented: readonly NotImplemented[] = [
  { name: 'SME', bits: ['1aa0000aaaaaaaaaaaaaaaaaaaaaaaaa'], reason: noFeature('FEAT_SME') },
  { name: 'SVE', bits: ['aaa0010aaaaaaaaaaaaaaaaaaaaaaaaa'], reason: noFeature('FEAT_SVE') },
  {
    name: 'Scalar floating point and AdvSIMD',
    bits: ['aaaa111aaaaaaaaaaaaaaaaaaaaaaaaa'],
    reason: generalOnly,
  },
  { name: 'SIMD&FP loads and stores', bits: ['aaaa110aaaaaaaaaaaaaaaaaaaaaaaaa'], reason: generalOnly },
  {
    name: 'Pointer authentication',
    bits: [
      '1101101011000001aaaaaaaaaaaaaaaa',
      '10011010110 aaaaa 001100 aaaaa aaaaa',
      '1101011 aaaa 11111 00001 a aaaaa aaaaa',
      '11111000aa1 aaaaaaaaa a1 aaaaa aaaaa',
    ],
    reason: `${noFeature('FEAT_PAuth')} The forms in the hint space are hints.`,
  },
  {
    name: 'Min, max, absolute value and bit counts',
    bits: [
      'a001000111aaaaaaaaaaaaaaaaaaaaaa',
      'a0011010110 aaaaa 0110aa aaaaa aaaaa',
      'a101101011000000 00011a aaaaa aaaaa',
      'a101101011000000 001000 aaaaa aaaaa',
    ],
    reason: noFeature('FEAT_CSSC'),
  },
  {
    name: 'Memory copy and set',
    bits: ['aa011a01aa0 aaaaa aaaa01 aaaaa aaaaa'],
    reason: noFeature('FEAT_MOPS'),
  },
  { name: 'BC.cond', bits: ['01010100 aaaaaaaaaaaaaaaaaaa 1 aaaa'], reason: noFeature('FEAT_HBC') },
  {
    name: 'DCPS1, DCPS2, DCPS3, DRPS',
    bits: ['11010100101 aaaaaaaaaaaaaaaa 000aa', '11010110101111110000001111100000'],
    reason: 'Halting debug is not implemented.',
  },
  { name: 'WFET, WFIT', bits: ['11010101000000110001000000a aaaaa'], reason: noFeature('FEAT_WFxT') },
  { name: 'DSB nXS', bits: ['11010101000000110011 aa10 00111111'], reason: noFeature('FEAT_XS') },
  {
    name: 'Transactional memory',
    bits: [
      '11010100011 aaaaaaaaaaaaaaaa 00000',
      '11010101000000110011000001111111',
      '110101010010001100110000011 aaaaa',
    ],
    reason: noFeature('FEAT_TME'),
  },
  {
    name: 'Loads and stores of 64 bytes',
    bits: [
      '11111000001 aaaaa 10a100 aaaaa aaaaa',
      '11111000001 aaaaa 101000 aaaaa aaaaa',
      '11111000001 aaaaa 110100 aaaaa aaaaa',
    ],
    reason: noFeature('FEAT_LS64'),
  },
  {
    name: 'LDIAPP, STILP and other RCpc3 forms',
    bits: ['aa011001aa0 aaaaaaaaa 10 aaaaa aaaaa'],
    reason: noFeature('FEAT_LRCPC3'),
  },
  {
    name: '128-bit atomics',
    bits: ['00011001aa1 aaaaa aaaa00 aaaaa aaaaa'],
    reason: noFeature('FEAT_LSE128'),
  },
  {
    name: 'Read-check-write atomics',
    bits: [
      '0a111000aa1 aaaaa 101a00 aaaaa aaaaa',
      '0a111000aa1 aaaaa 100100 aaaaa aaaaa',
      '0a011001aa1 aaaaa aaaa10 aaaaa aaaaa',
    ],
    reason: noFeature('FEAT_THE'),
  },
  {
    name: '128-bit system registers and instructions',
    bits: ['1101010101aaaaaaaaaaaaaaaaaaaaaa'],
    reason: noFeature('FEAT_SYSREG128'),
  },
]
