import { expect, it } from 'vitest'
import { computePac } from './qarma5.ts'

it('gives the ciphertext of the published example, QARMA-64 with r = 5 and sigma 2', () => {
  // R. Avanzi, "The QARMA Block Cipher Family", table of test vectors: P, T, w0, k0, C.
  const [plain, tweak] = [0xfb62_3599_da6e_8127n, 0x477d_469d_ec0b_8762n]
  expect(computePac(plain, tweak, 0x84be_85ce_9804_e94bn, 0xec28_02d4_e0a4_88e9n)).toBe(
    0xc003_b939_99b3_3765n,
  )
})

it('gives what QEMU’s PACGA gave: value, modifier, key Hi and Lo, bits 63:32', () => {
  const recorded = [
    [
      0x97b7_5092_3ceb_3ffdn,
      0x2163_6369_8b52_9b4an,
      0x795b_929e_9a9a_80fdn,
      0xea7b_5bf5_5eb5_61a4n,
      0x50de_a9d8n,
    ],
    [
      0x94b2_b8fd_a02f_34a6n,
      0x9b08_923d_10c6_7fd9n,
      0x781f_9c58_d664_5fa9n,
      0xe8a8_529f_035e_fa25n,
      0x77d9_e270n,
    ],
    [
      0x8d00_38ec_4265_0644n,
      0x3116_2427_3bfd_1d33n,
      0x8a7d_43b5_7863_3074n,
      0xb797_0386_fee2_9476n,
      0x88f9_b0d5n,
    ],
  ] as const
  for (const [value, modifier, high, low, code] of recorded)
    expect(computePac(value, modifier, high, low) >> 32n).toBe(code)
})
